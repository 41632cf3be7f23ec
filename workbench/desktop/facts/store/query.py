"""The filter: words that must all occur, and states of which one must hold."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import contains

import numpy as np

from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.states import IntArray, State
from workbench.facts.text import fold

SHORTEST_STATE = 3  # letters of a state's word that name it
SAMPLED = 1_000  # facts that tell how common a word is


@dataclass(frozen=True, slots=True)
class Query:
    words: tuple[str, ...] = ()  # folded
    states: frozenset[State] = frozenset()  # empty: any

    def __bool__(self) -> bool:
        return bool(self.words or self.states)

    def narrows(self, earlier: "Query") -> bool:
        """Whether every match of this one also matches ``earlier``, whatever the facts."""
        fewer_states = not earlier.states or (bool(self.states) and self.states <= earlier.states)
        return fewer_states and all(
            any(_implies(longer, word) for longer in self.words) for word in earlier.words
        )


def _implies(longer: str, word: str) -> bool:
    return word in longer and set(_named_states(longer)) <= set(_named_states(word))


def parse(text: str, states: frozenset[State] = frozenset()) -> Query:
    """Words in double quotes belong together."""
    splitter = shlex.shlex(text, posix=True)
    splitter.whitespace_split, splitter.commenters, splitter.quotes, splitter.escape = True, "", '"', ""
    try:
        parts = list(splitter)
    except ValueError:  # a quote not closed yet
        parts = text.replace('"', " ").split()
    return Query(tuple(filter(None, map(fold, parts))), states)


def matches(facts: FactList, query: Query, within: IntArray | None = None) -> IntArray:
    """Indices, ascending, of the facts that match; ``within`` (ascending) limits where to look."""
    found = np.arange(len(facts)) if within is None else within
    if query.states:
        found = found[np.isin(facts.states()[found], list(query.states))]
    for word in _rarest_first(facts, query.words):
        found = found[_holds(facts, word, found)]
    return found


def _rarest_first(facts: FactList, words: Sequence[str]) -> Sequence[str]:
    """By a sample, so that the words after the first have few facts to be looked for in."""
    if len(words) < 2:
        return words
    sample = facts.keys[:: max(1, len(facts) // SAMPLED)]
    return sorted(words, key=lambda word: sum(word in key for key in sample))


def _holds(facts: FactList, word: str, found: IntArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    whole = len(found) == len(facts)
    keys: Iterable[str] = facts.keys if whole else map(facts.keys.__getitem__, found.tolist())
    hits = np.frombuffer(bytearray(map(contains, keys, repeat(word))), np.bool_)
    if states := _named_states(word):
        hits |= np.isin(facts.states()[found], states)
    return hits


def _named_states(word: str) -> list[State]:
    if len(word) < SHORTEST_STATE:
        return []
    return [state for state in State if state.word.startswith(word) or state.name.lower().startswith(word)]
