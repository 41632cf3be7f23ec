"""Takes what the runner told and hands it on in the window's thread, once a tick."""

import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from workbench.desktop.run.progress import RunProgress
from workbench.desktop.series import RunSeries
from workbench.editing.events import Progressed
from workbench.runner.events import JobEnded, RunBegan, RunnerEvent
from workbench.runner.runner import Runner

TICK_MS = 33
BUDGET_S = 0.02  # of one tick for taking events in; the rest waits for the next


class Bridge(QObject):
    """``progress`` and ``series`` hold what was told; whoever shows them is told once a tick."""

    ticked = Signal(object)  # list of RunnerEvents since the last tick
    ended = Signal()  # the job's thread has gone

    def __init__(self, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runner = runner
        self.progress = RunProgress()
        self.series = RunSeries()
        self._of_series = 0  # the run that it holds
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.drain)

    @property
    def watching(self) -> bool:
        return self._timer.isActive()

    def expect(self, warming_up: bool) -> None:
        """A new run is about to begin."""
        self.progress.expect("Warm-up" if warming_up else "Run", warming_up)
        self.ticked.emit([])

    def watch(self) -> None:
        """Until the job has ended."""
        self._timer.start()

    def show_again(self, told: list[RunnerEvent]) -> None:
        """What an earlier run told; empty: nothing has run yet."""
        self.progress.reset()
        self.series, self._of_series = RunSeries(), 0
        for event in told:
            self._add(event)
        self.ticked.emit(told)

    def close(self) -> None:
        self._timer.stop()

    @Slot()
    def drain(self) -> None:
        told = self._take()
        if not told:
            return
        self.ticked.emit(told)
        if isinstance(told[-1], JobEnded):
            self._timer.stop()
            self.runner.join()
            self.ended.emit()

    def _take(self) -> list[RunnerEvent]:
        told: list[RunnerEvent] = []
        until = time.perf_counter() + BUDGET_S
        while not self.runner.events.empty() and time.perf_counter() < until:
            event = self.runner.events.get()
            if isinstance(event, Progressed) and told and isinstance(told[-1], Progressed):
                told.pop()
            told.append(event)
            self._add(event)
        return told

    def _add(self, event: RunnerEvent) -> None:
        if isinstance(event, RunBegan) and event.run != self.progress.run and not event.warming_up:
            self._begin_series(event)
        if isinstance(event, RunBegan) and not event.warming_up:
            self._of_series = event.run
        self.progress.add(event)
        self.series.add(event)  # type: ignore[arg-type]  # what it does not know it passes over

    def _begin_series(self, event: RunBegan) -> None:
        """A branch takes over what is shown of the run that it comes from."""
        if event.parent and event.parent == self._of_series:
            self.series.rewind(event.steps_before)
            self.series.name = event.name
        else:
            self.series = RunSeries(event.name)
