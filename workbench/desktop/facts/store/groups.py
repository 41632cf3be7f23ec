"""Facts with the same prompt, side by side: some in the table, some about to join it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.desktop.facts.store.batch import Batch
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.states import IntArray
from workbench.facts import find_conflicts
from workbench.facts.fact import Fact
from workbench.facts.text import fold


@dataclass(frozen=True, slots=True)
class Candidate:
    fact: Fact
    index: int  # in the table, or among the new facts
    new: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Candidates in order: those of the table first."""

    candidates: tuple[Candidate, ...]
    conflict: bool  # whether their targets differ; otherwise they are duplicates

    @property
    def prompt(self) -> str:
        return self.candidates[0].fact.prompt


def groups_in(table: FactList, new: Batch | None = None) -> tuple[Group, ...]:
    """Without ``new`` all groups of the table; with it those that a new fact belongs to."""
    held = table.prompts
    if new is not None:
        near = np.flatnonzero(np.isin(held, new.prompts))
        hashes = np.concatenate([held[near], new.prompts])
    else:
        near, hashes = np.arange(len(held)), held
    suspects = _repeated(hashes)
    candidates = _candidates(table, new, near, suspects)
    found = find_conflicts([candidate.fact for candidate in candidates])
    within = {index for group in found.conflicts for index in group}
    places = sorted([*found.conflicts, *(group for group in found.duplicates if group[0] not in within)])
    groups = (tuple(candidates[place] for place in group) for group in places)
    return tuple(
        _group(group) for group in groups if new is None or any(candidate.new for candidate in group)
    )


def _repeated(hashes: IntArray) -> IntArray:
    """Places, ascending, of values that occur more than once."""
    order = np.argsort(hashes)
    same = np.r_[False, np.diff(hashes[order]) == 0, False]
    return np.sort(order[same[:-1] | same[1:]])


def _candidates(table: FactList, new: Batch | None, near: IntArray, suspects: IntArray) -> list[Candidate]:
    made = [
        Candidate(table[int(near[place])], int(near[place]), False)
        for place in suspects.tolist()
        if place < len(near)
    ]
    if new is not None:
        places = (suspects[suspects >= len(near)] - len(near)).tolist()
        made += [Candidate(new.facts[place], place, True) for place in places]
    return made


def _group(candidates: tuple[Candidate, ...]) -> Group:
    targets = {fold(candidate.fact.target) for candidate in candidates}
    return Group(candidates, len(targets) > 1)


def limited(groups: Sequence[Group], limit: int) -> tuple[Group, ...]:
    """As if only the first ``limit`` new facts were there."""
    cut = (
        tuple(candidate for candidate in group.candidates if not candidate.new or candidate.index < limit)
        for group in groups
    )
    return tuple(
        _group(candidates) for candidates in cut if len(candidates) > 1 and any(c.new for c in candidates)
    )
