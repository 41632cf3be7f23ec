"""Facts with what the table searches, sorts and compares by, made before they reach the window."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from workbench.desktop.facts.store.states import IntArray
from workbench.facts.fact import Fact
from workbench.facts.text import fold


@dataclass(frozen=True, slots=True)
class Batch:
    """Parallel sequences of one length. Hashes hold for this process only."""

    facts: list[Fact]
    keys: list[str]  # folded prompt, target and tags, one a line
    prompts: IntArray  # hash of the folded prompt
    answers: IntArray  # hash of the folded target

    def __len__(self) -> int:
        return len(self.facts)


def prepared(facts: Iterable[Fact]) -> Batch:
    """About 3 µs a fact: for more than some ten thousand call it outside the window's thread, in chunks."""
    held = list(facts)
    keys: list[str] = []
    prompts = np.empty(len(held), np.int64)
    answers = np.empty(len(held), np.int64)
    for i, fact in enumerate(held):
        prompt, target = fold(fact.prompt), fold(fact.target)
        keys.append(
            f"{prompt}\n{target}\n{fold(' '.join(fact.tags))}" if fact.tags else f"{prompt}\n{target}"
        )
        prompts[i], answers[i] = hash(prompt), hash(target)
    return Batch(held, keys, prompts, answers)


def together(batches: Iterable[Batch]) -> Batch:
    parts = list(batches)
    if not parts:
        return prepared(())
    return Batch(
        [fact for part in parts for fact in part.facts],
        [key for part in parts for key in part.keys],
        np.concatenate([part.prompts for part in parts]),
        np.concatenate([part.answers for part in parts]),
    )


def chosen(batch: Batch, indices: IntArray) -> Batch:
    places = indices.tolist()
    return Batch(
        [batch.facts[i] for i in places],
        [batch.keys[i] for i in places],
        batch.prompts[indices],
        batch.answers[indices],
    )


def conflicting(prompts: IntArray, answers: IntArray) -> IntArray:
    """Places, in no order, of facts that share their prompt with a fact of another target."""
    if not len(prompts):
        return np.empty(0, np.int64)
    order = np.argsort(prompts, kind="stable")
    sorted_prompts, sorted_answers = prompts[order], answers[order]
    first = np.flatnonzero(np.r_[True, sorted_prompts[1:] != sorted_prompts[:-1]])
    differ = np.minimum.reduceat(sorted_answers, first) != np.maximum.reduceat(sorted_answers, first)
    clashing: IntArray = order[np.repeat(differ, np.diff(np.r_[first, len(prompts)]))]
    return clashing


def repeated(prompts: IntArray, answers: IntArray) -> IntArray:
    """Places, in no order, of facts that say what an earlier one says."""
    order = np.lexsort((answers, prompts))
    later, earlier = order[1:], order[:-1]
    same = (prompts[later] == prompts[earlier]) & (answers[later] == answers[earlier])
    again: IntArray = later[same]
    return again
