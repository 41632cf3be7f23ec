"""The facts of one tab, in the order in which they will be edited, with their states. No Qt."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from workbench.desktop.facts.store.batch import Batch, chosen, conflicting, prepared, repeated
from workbench.desktop.facts.store.states import IntArray, State, StateArray
from workbench.facts.fact import Fact

T = TypeVar("T")
StepArray = NDArray[np.int32]

ONE_BY_ONE = 64  # up to so many rows, moving them singly beats rebuilding a list of a million
UNTOUCHED, AGAIN = -1, -2  # steps of facts that no step has edited, and of those that are to be edited again
FEW_PROMPTS = 256  # up to so many touched prompts, comparing beats sorting all


@dataclass(frozen=True, slots=True)
class Rows:
    """Facts taken out of a list with all that is needed to put them back. ``steps`` as those of a FactList."""

    batch: Batch
    states: StateArray
    steps: StepArray

    def __len__(self) -> int:
        return len(self.batch)


class Observer(Protocol):
    """Told of every change. Indices ascend; None means all. ``removing`` comes before, the others after."""

    def inserted(self, indices: IntArray) -> None: ...
    def removing(self, indices: IntArray) -> None: ...
    def removed(self, indices: IntArray) -> None: ...
    def replaced(self, indices: IntArray) -> None: ...
    def states_changed(self, indices: IntArray | None) -> None: ...


class FactList:
    """``resting`` is the state of a fact that no step has touched: NEW, or WARM_UP in the warm-up list."""

    def __init__(self, resting: State = State.NEW) -> None:
        self.resting = resting
        self.observers: list[Observer] = []
        self._facts: list[Fact] = []
        self._keys: list[str] = []
        self._prompts = np.empty(0, np.int64)
        self._answers = np.empty(0, np.int64)
        self._states = np.empty(0, np.uint8)
        self._steps = np.empty(0, np.int32)
        self._marks = np.empty(0, np.uint8)  # CONFLICT or DUPLICATE, shown over the resting state; 0: neither

    def __len__(self) -> int:
        return len(self._facts)

    def __getitem__(self, index: int) -> Fact:
        return self._facts[index]

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts)

    @property
    def facts(self) -> Sequence[Fact]:
        """The list itself, to read and not to change."""
        return self._facts

    @property
    def keys(self) -> Sequence[str]:
        """What each fact is searched by: folded prompt, target and tags, one a line."""
        return self._keys

    @property
    def prompts(self) -> IntArray:
        """(n,) hash of each folded prompt; to read and not to change."""
        return self._prompts

    @property
    def steps(self) -> StepArray:
        """(n,) the step that edited each fact, below 0 for none (UNTOUCHED, AGAIN); to read and not to change."""
        return self._steps

    def state(self, index: int) -> State:
        if self._marks[index] and self._states[index] == self.resting:
            return State(self._marks[index])
        return State(self._states[index])

    def states(self) -> StateArray:
        """(n,) a copy, with CONFLICT and DUPLICATE over the resting state."""
        marked = (self._marks != 0) & (self._states == self.resting)
        return np.where(marked, self._marks, self._states)

    def state_counts(self) -> dict[State, int]:
        counts = np.bincount(self.states(), minlength=len(State))
        return {state: int(counts[state]) for state in State}

    def same_prompt(self, fact: Fact) -> IntArray:
        """Indices of the facts whose prompt equals this one's but for case and spacing."""
        return np.flatnonzero(self._prompts == prepared([fact]).prompts[0])

    def batch(self, indices: IntArray | None = None) -> Batch:
        whole = Batch(self._facts, self._keys, self._prompts, self._answers)
        return whole if indices is None else chosen(whole, indices)

    def rows(self, indices: IntArray) -> Rows:
        return Rows(self.batch(indices), self._states[indices], self._steps[indices])

    def append(self, batch: Batch) -> IntArray:
        """The indices that the facts got."""
        indices = np.arange(len(self), len(self) + len(batch), dtype=np.int64)
        self.insert(indices, self.untouched(batch))
        return indices

    def untouched(self, batch: Batch) -> Rows:
        return Rows(
            batch, np.full(len(batch), self.resting, np.uint8), np.full(len(batch), UNTOUCHED, np.int32)
        )

    def insert(self, indices: IntArray, rows: Rows) -> None:
        """``indices`` ascend and are the places of ``rows`` once they are in."""
        if not len(indices):
            return
        before = indices - np.arange(len(indices))
        _spread(self._facts, indices, rows.batch.facts)
        _spread(self._keys, indices, rows.batch.keys)
        self._prompts = np.insert(self._prompts, before, rows.batch.prompts)
        self._answers = np.insert(self._answers, before, rows.batch.answers)
        self._states = np.insert(self._states, before, rows.states)
        self._steps = np.insert(self._steps, before, rows.steps)
        self._marks = np.insert(self._marks, before, 0)
        marked = self._mark(rows.batch.prompts)
        for observer in self.observers:
            observer.inserted(indices)
        self._tell_states(marked)

    def remove(self, indices: IntArray) -> Rows:
        """``indices`` ascend."""
        taken = self.rows(indices)
        if not len(indices):
            return taken
        for observer in self.observers:
            observer.removing(indices)
        _drop(self._facts, indices)
        _drop(self._keys, indices)
        for name in ("_prompts", "_answers", "_states", "_steps", "_marks"):
            setattr(self, name, np.delete(getattr(self, name), indices))
        marked = self._mark(taken.batch.prompts)
        for observer in self.observers:
            observer.removed(indices)
        self._tell_states(marked)
        return taken

    def replace(self, indices: IntArray, rows: Rows) -> Rows:
        """Puts ``rows`` in the places ``indices`` and gives what was there."""
        taken = self.rows(indices)
        if not len(indices):
            return taken
        for place, fact, key in zip(indices.tolist(), rows.batch.facts, rows.batch.keys, strict=True):
            self._facts[place] = fact
            self._keys[place] = key
        self._prompts[indices], self._answers[indices] = rows.batch.prompts, rows.batch.answers
        self._states[indices], self._steps[indices] = rows.states, rows.steps
        marked = self._mark(np.concatenate([taken.batch.prompts, rows.batch.prompts]))
        for observer in self.observers:
            observer.replaced(indices)
        self._tell_states(marked)
        return taken

    def set_states(
        self, indices: IntArray, states: StateArray | State, steps: StepArray | int | None = None
    ) -> None:
        """One notice for all. ``steps`` None keeps the steps."""
        self._states[indices] = states
        if steps is not None:
            self._steps[indices] = steps
        self._tell_states(np.sort(indices))

    def reset_states(self) -> None:
        """As if no step had run."""
        self._states[:] = self.resting
        self._steps[:] = UNTOUCHED
        self._tell_states(None)

    def _mark(self, touched: IntArray) -> IntArray:
        """Looks again at the facts with these prompt hashes; gives those whose mark changed."""
        if len(touched) > FEW_PROMPTS:
            marks = _marks(self._prompts, self._answers)
            different = np.flatnonzero(marks != self._marks)
            self._marks = marks
            return different
        rows = np.flatnonzero(np.isin(self._prompts, touched))
        marks = _marks(self._prompts[rows], self._answers[rows])
        changed: IntArray = rows[marks != self._marks[rows]]
        self._marks[rows] = marks
        return changed

    def _tell_states(self, indices: IntArray | None) -> None:
        if indices is None or len(indices):
            for observer in self.observers:
                observer.states_changed(indices)


def _marks(prompts: IntArray, answers: IntArray) -> StateArray:
    """Of facts in the order of the list, all with the same prompts among them."""
    found = np.zeros(len(prompts), np.uint8)
    found[repeated(prompts, answers)] = State.DUPLICATE
    found[conflicting(prompts, answers)] = State.CONFLICT
    return found


def _spread(held: list[T], indices: IntArray, new: Sequence[T]) -> None:
    if indices[0] == len(held):
        held.extend(new)
    elif len(new) <= ONE_BY_ONE:
        for place, item in zip(indices.tolist(), new, strict=True):
            held.insert(place, item)
    else:
        mine = np.zeros(len(held) + len(new), np.bool_)
        mine[indices] = True
        old, fresh = iter(held), iter(new)
        held[:] = [next(fresh) if here else next(old) for here in mine.tolist()]


def _drop(held: list[T], indices: IntArray) -> None:
    if len(indices) <= ONE_BY_ONE:
        for place in reversed(indices.tolist()):
            del held[place]
    else:
        keep = np.ones(len(held), np.bool_)
        keep[indices] = False
        held[:] = compress(held, keep.tolist())
