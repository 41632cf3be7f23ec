"""The warm-up facts in three disjoint parts, none of them among the facts that are to be edited."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from workbench.errors import InputError
from workbench.facts.fact import Fact, Probe
from workbench.facts.text import fold

FEWEST = 12  # facts below which three parts say nothing
_STEPS = 2  # of each part that is edited, where there are facts enough: edit memory acts from the second on
_SHARE = 0.2  # of the facts, for each part that is edited, at most


@dataclass(frozen=True, slots=True)
class Split:
    """``statistics`` warm up, ``edits`` are edited in every trial, ``held_out`` only with the settings found."""

    statistics: tuple[Fact, ...] = field(repr=False)
    edits: tuple[Fact, ...] = field(repr=False)
    held_out: tuple[Fact, ...] = field(repr=False)
    left_out: int  # facts that are among those to be edited, or stand twice
    borrowed_probes: bool  # locality is read on prompts of the other part, as no fact brings a probe

    def counts(self) -> dict[str, int]:
        return {
            "statistics": len(self.statistics),
            "edits": len(self.edits),
            "held_out": len(self.held_out),
            "left_out": self.left_out,
        }


def split_facts(facts: Sequence[Fact], batch: int, seed: int, avoid: Iterable[Fact] = ()) -> Split:
    """A fifth of the facts, at most two steps of ``batch``, to edit; as many held out; the rest for statistics.

    A prompt is in one part only. Raises InputError where too few facts are left."""
    kept = usable(facts, avoid)
    if why := lacking(len(kept)):
        raise InputError(why)
    random.Random(f"calibration/{seed}").shuffle(kept)
    size = max(1, min(_STEPS * batch, int(_SHARE * len(kept))))
    edits, held_out, statistics = kept[:size], kept[size : 2 * size], kept[2 * size :]
    borrows = not any(probe.prompt.strip() for fact in (*edits, *held_out) for probe in fact.locality)
    if borrows:
        edits, held_out = _probed(edits, held_out), _probed(held_out, edits)
    left_out = len(facts) - len(kept)
    return Split(tuple(statistics), tuple(edits), tuple(held_out), left_out, borrows)


def usable(facts: Iterable[Fact], avoid: Iterable[Fact]) -> list[Fact]:
    """Each prompt once, without those of ``avoid``."""
    seen = {fold(fact.prompt) for fact in avoid}
    kept: list[Fact] = []
    for fact in facts:
        if (key := fold(fact.prompt)) not in seen:
            seen.add(key)
            kept.append(fact)
    return kept


def lacking(facts: int) -> str:
    """Why so many usable facts are too few; empty where they are enough."""
    if facts >= FEWEST:
        return ""
    return (
        f"Calibration needs at least {FEWEST} warm-up facts that are not edited themselves, and there are {facts}: "
        "give more warm-up facts."
    )


def _probed(facts: list[Fact], others: list[Fact]) -> list[Fact]:
    """Each with the prompt of a fact that is not edited with it, to see whether its next token is kept."""
    return [replace(f, locality=(Probe(o.prompt),)) for f, o in zip(facts, others, strict=True)]
