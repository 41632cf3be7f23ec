"""What a run does to the facts of the table: which are in hand, applied, kept or lost."""

import numpy as np

from workbench.desktop.facts import FactsPanel, State
from workbench.desktop.facts.store.states import IntArray
from workbench.editing.events import Evaluated, Floats, RunStarted, StepApplied, StepSkipped
from workbench.runner.events import RunnerEvent

IS_KEPT = 0.999  # share of the target's tokens from which a fact counts as answered


class FactStates:
    """``rows``: where the run's facts are in the table, −1 for those that are not there any more."""

    def __init__(self, panel: FactsPanel) -> None:
        self._panel = panel
        self.rows: IntArray = np.empty(0, np.int64)
        self._batch = 0
        self._in_hand: IntArray = np.empty(0, np.int64)

    def begin(self, rows: IntArray, batch: int) -> None:
        self.rows, self._batch = rows, batch
        self._in_hand = np.empty(0, np.int64)

    def follow(self, events: list[RunnerEvent], next_fact: int) -> None:
        """``next_fact``: the first of the run's facts that no step has done."""
        done = [e for e in events if isinstance(e, (StepApplied, StepSkipped))]
        for step in done:
            here = slice(step.first_fact, step.first_fact + step.facts)
            if isinstance(step, StepApplied):
                self._set(here, State.EDITED, step.step)
            elif not step.warming_up:
                self._set(here, State.SKIPPED, -1)
        for event in events:
            if isinstance(event, Evaluated) and event.step:
                self._score(event.per_fact.exact)
        if done or any(isinstance(e, RunStarted) for e in events):
            self._take_in_hand(next_fact)

    def end(self) -> None:
        """No fact is in hand any more."""
        self._release(self._in_hand)
        self._in_hand = np.empty(0, np.int64)

    def _take_in_hand(self, next_fact: int) -> None:
        self._release(self._in_hand)
        rows = self.rows[next_fact : next_fact + self._batch]
        self._in_hand = rows[rows >= 0]
        if len(self._in_hand):
            self._panel.set_states(self._in_hand, State.EDITING)

    def _release(self, rows: IntArray) -> None:
        waiting = np.array(
            [r for r in rows.tolist() if self._panel.facts.state(r) is State.EDITING], np.int64
        )
        if len(waiting):
            self._panel.set_states(waiting, State.NEW)

    def _score(self, exact: Floats) -> None:
        """(facts scored,) of the run's first facts."""
        rows = self.rows[: len(exact)]
        present = (rows >= 0) & (self._panel.facts.steps[rows] >= 0)  # not those that were skipped
        states = np.where(exact[: len(rows)] >= IS_KEPT, State.KEPT, State.LOST).astype(np.uint8)
        if present.any():
            self._panel.set_states(rows[present], states[present])

    def _set(self, where: slice, state: State, step: int) -> None:
        rows = self.rows[where]
        rows = rows[rows >= 0]
        if len(rows):
            self._panel.set_states(rows, state, step)
