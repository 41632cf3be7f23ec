"""Facts that say the same twice, and facts that contradict each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from workbench.facts.fact import Fact
from workbench.facts.text import fold

Group = tuple[int, ...]  # indices of facts, ascending


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Prompts and targets are compared without case, spacing and Unicode form. Groups are ascending."""

    duplicates: tuple[Group, ...] = ()  # same prompt, same target
    conflicts: tuple[Group, ...] = ()  # same prompt, two targets or more
    repeated: Group = ()  # facts with a rephrase equal to their prompt

    def __bool__(self) -> bool:
        return bool(self.duplicates or self.conflicts or self.repeated)


def find_conflicts(facts: Sequence[Fact]) -> Conflicts:
    """Takes 16 bytes a fact besides the facts: prompts are compared by hash first, then by text."""
    number = len(facts)
    hashes = np.fromiter((hash(fold(fact.prompt)) for fact in facts), np.int64, number)
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if number else np.empty(0, np.int64)
    ends = np.r_[starts[1:], number]
    shared = ends - starts > 1
    duplicates: list[Group] = []
    conflicts: list[Group] = []
    for start, end in zip(starts[shared].tolist(), ends[shared].tolist(), strict=True):
        for group in _by_text(order[start:end].tolist(), [facts[i].prompt for i in order[start:end]]):
            same = _by_text(group, [facts[i].target for i in group])
            duplicates += [places for places in same if len(places) > 1]
            if len(same) > 1:
                conflicts.append(group)
    repeated = tuple(i for i, fact in enumerate(facts) if fact.rephrases and _repeats(fact))
    return Conflicts(tuple(sorted(duplicates)), tuple(sorted(conflicts)), repeated)


def _by_text(indices: Iterable[int], texts: Iterable[str]) -> list[Group]:
    """Indices grouped by equal folded text."""
    groups: dict[str, list[int]] = {}
    for index, text in zip(indices, texts, strict=True):
        groups.setdefault(fold(text), []).append(index)
    return [tuple(group) for group in groups.values()]


def _repeats(fact: Fact) -> bool:
    prompt = fold(fact.prompt)
    return any(fold(rephrase) == prompt for rephrase in fact.rephrases)


def resolve(
    facts: Sequence[Fact], conflicts: Conflicts, keep: Literal["first", "last", "all"]
) -> tuple[Fact, ...]:
    """One fact of every group is kept, in the old order; ``all`` changes nothing."""
    if keep == "all":
        return tuple(facts)
    kept = slice(1, None) if keep == "first" else slice(None, -1)
    dropped = {index for group in (*conflicts.duplicates, *conflicts.conflicts) for index in group[kept]}
    return tuple(fact for index, fact in enumerate(facts) if index not in dropped)
