"""What a run does to the facts of the table: which are in hand, applied, said or lost."""

import numpy as np

from workbench.desktop.facts import FactsPanel, State
from workbench.desktop.facts.store.states import IntArray, StateArray
from workbench.editing.events import Evaluated, RunStarted, StepApplied, StepSkipped
from workbench.evaluation.explaining import wrote_in_words
from workbench.evaluation.fact_history import FATES, FactHistory, Fate
from workbench.evaluation.holding import Codes
from workbench.facts.fact import Fact
from workbench.runner.events import RunnerEvent

STATES = {
    Fate.NEW: State.NEW,
    Fate.SKIPPED: State.SKIPPED,
    Fate.EDITED: State.EDITED,
    Fate.SAID: State.SAID,
    Fate.FORCED: State.FORCED,
    Fate.LOST: State.LOST,
    Fate.MISSED: State.MISSED,
}
_SCORED = (Fate.SAID, Fate.FORCED, Fate.LOST, Fate.MISSED)


def judged(fates: Codes) -> tuple[IntArray, StateArray]:
    """Places in the run of the facts that were scored since their step, and the state of each."""
    codes = np.array([STATES[fate] for fate in FATES], np.uint8)
    scored = np.flatnonzero(np.isin(fates, [FATES.index(fate) for fate in _SCORED]))
    return scored, codes[fates[scored]]


class FactStates:
    """``rows``: where the run's facts are in the table, −1 for those that are not there any more; another array
    whenever the table changes."""

    def __init__(self, panel: FactsPanel) -> None:
        self._panel = panel
        self.rows: IntArray = np.empty(0, np.int64)
        self._missing: dict[
            Fact, list[int]
        ] = {}  # fact that was taken out of the table → its places in the run
        panel.facts.observers.append(self)
        self._ends: IntArray = np.empty(0, np.int64)  # (steps,) the place behind each step's last fact
        self._in_hand: IntArray = np.empty(0, np.int64)

    def stand(self, rows: IntArray) -> None:
        """Of a run that is shown."""
        self.rows, self._missing = rows, {}

    @property
    def complete(self) -> bool:
        """Whether there is a run and all its facts are in the table."""
        return bool(len(self.rows)) and bool((self.rows >= 0).all())

    def begin(self, rows: IntArray) -> None:
        self.stand(rows)
        self._in_hand = np.empty(0, np.int64)

    def follow(self, events: list[RunnerEvent], next_fact: int, history: FactHistory) -> None:
        """``next_fact``: the first of the run's facts that no step has done. ``history`` holds the events already."""
        done = [e for e in events if isinstance(e, (StepApplied, StepSkipped))]
        for started in (e for e in events if isinstance(e, RunStarted)):
            self._ends = np.cumsum(started.sizes, dtype=np.int64)
        for step in done:
            here = slice(step.first_fact, step.first_fact + step.facts)
            if isinstance(step, StepApplied):
                self._set(here, State.EDITED, step.step)
            elif not step.warming_up:
                self._set(here, State.SKIPPED, -1)
        if any(isinstance(event, Evaluated) and event.step for event in events):
            self._score(history)
        if done or any(isinstance(e, RunStarted) for e in events):
            self._take_in_hand(next_fact)

    def end(self) -> None:
        """No fact is in hand any more."""
        self._release(self._in_hand)
        self._in_hand = np.empty(0, np.int64)

    # The table's observer

    def inserted(self, indices: IntArray) -> None:
        if not len(self.rows):
            return
        rows = self.rows.copy()
        here = rows >= 0
        rows[here] += np.searchsorted(indices - np.arange(len(indices)), rows[here], side="right")
        self._find(rows, indices)

    def removing(self, indices: IntArray) -> None:
        gone = np.flatnonzero(np.isin(self.rows, indices))
        for place in gone.tolist():
            self._missing.setdefault(self._panel.facts[int(self.rows[place])], []).append(place)

    def removed(self, indices: IntArray) -> None:
        if not len(self.rows):
            return
        rows, gone = self.rows.copy(), np.isin(self.rows, indices)
        here = (rows >= 0) & ~gone
        rows[here] -= np.searchsorted(indices, rows[here])
        rows[gone] = -1
        self.rows = rows

    def replaced(self, indices: IntArray) -> None:
        """A fact with another text is another fact."""
        self._find(np.where(np.isin(self.rows, indices), -1, self.rows), indices)

    def states_changed(self, indices: IntArray | None) -> None: ...

    def _find(self, rows: IntArray, indices: IntArray) -> None:
        """``rows``, with facts that are back in the table at one of the ``indices``."""
        for index in indices.tolist() if self._missing else ():
            if places := self._missing.get(self._panel.facts[index]):
                rows[places.pop(0)] = index
        self.rows = rows

    def _take_in_hand(self, next_fact: int) -> None:
        self._release(self._in_hand)
        step = np.searchsorted(self._ends, next_fact, side="right")
        rows = self.rows[next_fact : self._ends[step]] if step < len(self._ends) else self.rows[:0]
        self._in_hand = rows[rows >= 0]
        if len(self._in_hand):
            self._panel.set_states(self._in_hand, State.EDITING)

    def _release(self, rows: IntArray) -> None:
        waiting = np.array(
            [r for r in rows.tolist() if self._panel.facts.state(r) is State.EDITING], np.int64
        )
        if len(waiting):
            self._panel.set_states(waiting, State.NEW)

    def _score(self, history: FactHistory) -> None:
        places, states = judged(history.fates()[: len(self.rows)])
        rows = self.rows[places]
        rows, states = rows[rows >= 0], states[rows >= 0]
        present = self._panel.facts.steps[rows] >= 0  # not those that are to be edited again
        if present.any():
            self._panel.set_states(rows[present], states[present])

    def wrote(self, row: int, history: FactHistory) -> str:
        """What the model wrote for the fact in this row when the run was last scored; "" where that is not known."""
        places = np.flatnonzero(self.rows == row)
        return wrote_in_words(history.of(int(places[0])).wrote) if len(places) else ""

    def rows_of(self, places: range) -> IntArray:
        """Where these of the run's facts are in the table, ascending, without those that are not there any more."""
        rows = self.rows[places.start : places.stop]
        return np.sort(rows[rows >= 0])

    def _set(self, where: slice, state: State, step: int) -> None:
        rows = self.rows[where]
        rows = rows[rows >= 0]
        if len(rows):
            self._panel.set_states(rows, state, step)
