"""The filter: words that must all occur, and states of which one must hold."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.states import IntArray, State
from workbench.facts.text import fold

SHORTEST_STATE = 3  # letters of a state's word that name it


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
    for word in query.words:
        found = found[_holds(facts, word, found)]
    return found


def _holds(facts: FactList, word: str, found: IntArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    whole = len(found) == len(facts)
    keys: Sequence[str] = facts.keys if whole else [facts.keys[i] for i in found.tolist()]
    hits = np.frombuffer(bytearray([word in key for key in keys]), np.bool_)
    if states := _named_states(word):
        hits |= np.isin(facts.states()[found], states)
    return hits


def _named_states(word: str) -> list[State]:
    if len(word) < SHORTEST_STATE:
        return []
    return [state for state in State if state.word.startswith(word)]
