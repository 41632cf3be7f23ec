"""What another thread may ask of a run, and what the run asks back between minibatches."""

import threading
import time
from collections.abc import Callable

from workbench.editing.events import Phase, Progressed

REPORT_INTERVAL = 0.1  # seconds between two Progressed events of one phase
# What has no step in hand: nothing that is computed in them has to be computed again in the same way.
BETWEEN_STEPS = frozenset({Phase.TEXT, Phase.PROTECTION, Phase.BASELINE, Phase.EVALUATION})


class Control:
    """Stands in for a cancel event: ``is_set`` waits while paused and tells whether to stop at once.

    ``listener`` gets the Progressed events of long pieces of work, on the run's own thread and between two
    events of its generator."""

    def __init__(self, listener: Callable[[Progressed], None] | None = None) -> None:
        self._listener = listener
        self.look: Callable[[], object] | None = (
            None  # at how many threads are the fastest, for ``look_again``
        )
        self._last_report = (Phase.EDITING, 0.0)
        self._stop = threading.Event()
        self._after_step = threading.Event()
        self._going = threading.Event()
        self._going.set()

    def pause(self) -> None:
        """The run waits before its next minibatch."""
        self._going.clear()

    def resume(self) -> None:
        self._going.set()

    def stop(self) -> None:
        """Before the next minibatch; the step in flight is dropped and the last whole one kept."""
        self._stop.set()
        self._going.set()

    def stop_after_step(self) -> None:
        self._after_step.set()
        self._going.set()

    @property
    def paused(self) -> bool:
        return not self._going.is_set()

    @property
    def stopping(self) -> bool:
        """Whether either kind of stop was asked for; never waits."""
        return self._stop.is_set() or self._after_step.is_set()

    def is_set(self) -> bool:
        """Whether to stop now. Waits while paused."""
        self._going.wait()
        return self._stop.is_set()

    def look_again(self) -> None:
        """Called where the number of threads may change: before a step, never within one."""
        if self.look is not None:
            self.look()

    def progress(self, phase: Phase, unit: str) -> Callable[[int, int], None]:
        """A callback (done, total) that reports at most ten times a second, and always the last."""

        def report(done: int, total: int) -> None:
            if phase in BETWEEN_STEPS:
                self.look_again()
            if self._listener is None:
                return
            last_phase, last_time = self._last_report
            now = time.monotonic()
            if done >= total or phase != last_phase or now - last_time >= REPORT_INTERVAL:
                self._last_report = (phase, now)
                self._listener(Progressed(phase, done, total, unit))

        return report
