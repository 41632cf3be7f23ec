"""Why a fact may not hold, as far as the other facts of its run tell: conflicts, repeats, prompts that others watch."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from workbench.facts.fact import Fact
from workbench.facts.text import cut, fold

_WORD = re.compile(r"\w+")
_ARTICLES = {"a", "an", "the"}
_QUOTED = 48  # characters of a text that a sentence quotes


class Cause(Enum):
    """``value``: the word in tables."""

    CONFLICT = "conflict"
    DUPLICATE = "duplicate"
    SIMILAR = "similar prompt"
    REPHRASE_OF_ANOTHER = "prompt is another's rephrase"
    REPHRASE_EDITED = "rephrase edited"
    LOCALITY_OF_ANOTHER = "prompt is another's locality"
    LOCALITY_EDITED = "locality edited"
    NOTHING_NEW = "target is the old answer"
    TOKENS = "not a single continuation"
    UNKNOWN_TOKEN = "unknown token"
    UNREACHABLE = "cannot be generated"
    LONG_TARGET = "long target"
    SKIPPED = "skipped"
    MISSED = "did not take"
    LOST = "lost"
    KNOWN_BEFORE = "known before"
    FORCED_ONLY = "teacher forcing only"
    ONE_FORM = "one form only"
    PROMPT_ONLY = "own prompt only"


@dataclass(frozen=True, slots=True)
class Reason:
    cause: Cause
    sentence: str
    other: int | None = None  # place of the other fact that it speaks of


def quoted(text: str) -> str:
    return f"“{cut(' '.join(text.split()), _QUOTED)}”"


class Neighbours:
    """All facts of a run by what they ask. Prompts count as equal without case, spacing and Unicode form."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._facts = facts
        self._prompts = _index(facts, lambda fact: [fold(fact.prompt)])
        self._loose = _index(facts, lambda fact: [_loose(fact.prompt)])
        self._rephrases = _index(facts, lambda fact: map(fold, fact.rephrases))
        self._locality = _index(facts, lambda fact: (fold(probe.prompt) for probe in fact.locality))

    def reasons(self, place: int) -> list[Reason]:
        """Of the fact at this place, gravest first."""
        fact = self._facts[place]
        found = [
            *self._same_prompt(place),
            *self._similar(place),
            *self._watched(place),
            *self._probes(place),
        ]
        if fact.old and fold(fact.old) == fold(fact.target):
            sentence = "Its target is also its old answer: there is nothing to change."
            found.append(Reason(Cause.NOTHING_NEW, sentence))
        return found

    def _same_prompt(self, place: int) -> Iterator[Reason]:
        target = fold(self._facts[place].target)
        others = self._others(self._prompts, fold(self._facts[place].prompt), place)
        against = [i for i in others if fold(self._facts[i].target) != target]
        if against:
            yield self._reason(
                Cause.CONFLICT,
                against,
                place,
                "has the same prompt and the target {target}: the model can give only one of them",
            )
        if same := [i for i in others if i not in against]:
            yield self._reason(Cause.DUPLICATE, same, place, "says the same")

    def _similar(self, place: int) -> Iterator[Reason]:
        fact = self._facts[place]
        near = [
            i
            for i in self._others(self._loose, _loose(fact.prompt), place)
            if fold(self._facts[i].prompt) != fold(fact.prompt)
            and fold(self._facts[i].target) != fold(fact.target)
        ]
        if near:
            yield self._reason(
                Cause.SIMILAR, near, place, "asks nearly the same, {prompt}, with the target {target}"
            )

    def _watched(self, place: int) -> Iterator[Reason]:
        """What other facts say of this one's prompt."""
        fact = self._facts[place]
        prompt, target = fold(fact.prompt), fold(fact.target)
        rephrased = [i for i in self._others(self._rephrases, prompt, place) if self._differs(i, target)]
        if rephrased:
            yield self._reason(
                Cause.REPHRASE_OF_ANOTHER,
                rephrased,
                place,
                "has this prompt as a rephrase, with the target {target}",
            )
        if watching := [
            i for i in self._others(self._locality, prompt, place) if self._guards(i, prompt, target)
        ]:
            yield self._reason(
                Cause.LOCALITY_OF_ANOTHER,
                watching,
                place,
                "has this prompt as a locality probe: what this edit changes counts as damage there",
            )

    def _probes(self, place: int) -> Iterator[Reason]:
        """What other facts do to this one's own probes."""
        fact = self._facts[place]
        for text in dict.fromkeys(map(fold, fact.rephrases)):
            edited = [
                i for i in self._others(self._prompts, text, place) if self._differs(i, fold(fact.target))
            ]
            if edited and text != fold(fact.prompt):
                yield self._reason(
                    Cause.REPHRASE_EDITED, edited, place, "edits its rephrase {prompt} to {target}"
                )
        for probe in fact.locality:
            edited = self._others(self._prompts, fold(probe.prompt), place)
            edited = [i for i in edited if self._differs(i, fold(probe.answer))]
            if edited:
                yield self._reason(
                    Cause.LOCALITY_EDITED,
                    edited,
                    place,
                    "edits its locality prompt {prompt} to {target}: it cannot stay as it was",
                )

    def _differs(self, place: int, target: str) -> bool:
        return fold(self._facts[place].target) != target

    def _guards(self, place: int, prompt: str, target: str) -> bool:
        """Whether a locality probe of that fact expects something else than ``target`` after the prompt."""
        probes = self._facts[place].locality
        return any(fold(p.prompt) == prompt and fold(p.answer) != target for p in probes)

    def _others(self, index: dict[str, list[int]], key: str, place: int) -> list[int]:
        return [i for i in index.get(key, ()) if i != place] if key else []

    def _reason(self, cause: Cause, others: Sequence[int], place: int, says: str) -> Reason:
        """The nearest later fact is named where there is one: it was edited last."""
        later = [i for i in others if i > place]
        named = later[0] if later else others[-1]
        other = self._facts[named]
        when = "Later" if named > place else "Earlier"
        more = f" (and {len(others) - 1:,} more)" if len(others) > 1 else ""
        said = says.format(prompt=quoted(other.prompt), target=quoted(other.target))
        return Reason(cause, f"{when} fact {named + 1:,}{more} {said}.", named)


def _index(facts: Iterable[Fact], keys: Callable[[Fact], Iterable[str]]) -> dict[str, list[int]]:
    """key → places of the facts that have it, ascending, each once."""
    found: dict[str, list[int]] = {}
    for place, fact in enumerate(facts):
        for key in keys(fact):
            held = found.setdefault(key, [])
            if not held or held[-1] != place:
                held.append(place)
    return found


def _loose(text: str) -> str:
    """Without punctuation and articles."""
    return " ".join(word for word in _WORD.findall(fold(text)) if word not in _ARTICLES)
