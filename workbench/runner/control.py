"""The run's control that opens the gate between minibatches and while paused."""

from collections.abc import Callable

from workbench.editing.control import BETWEEN_STEPS, Control
from workbench.editing.events import Event, Progressed, StepApplied, StepSkipped, WarmupProgressed
from workbench.runner.events import PauseChanged
from workbench.runner.gate import Gate


class GatedControl(Control):
    def __init__(self, gate: Gate, tell: Callable[[Progressed | PauseChanged], None]) -> None:
        super().__init__(self._heard)
        self._gate, self._tell = gate, tell
        self._in_step = False

    def is_set(self) -> bool:
        """Waits while paused, with the gate open."""
        self._gate.let_in()
        if self.paused and not self._stop.is_set():
            self._tell(PauseChanged(True))
            with self._gate.opened():
                self._going.wait()
            self._tell(PauseChanged(False))
        return self._stop.is_set()

    def stop_after_step(self) -> None:
        """At once where no step is in hand."""
        super().stop_after_step()
        if not self._in_step:
            self.stop()

    def follow(self, event: Event) -> None:
        """Every event of the run's generator: tells where in a step it is."""
        match event:
            case WarmupProgressed() | StepApplied() | StepSkipped():
                self._in_step = event.facts_done < event.facts_total

    def _heard(self, event: Progressed) -> None:
        self._in_step = event.phase not in BETWEEN_STEPS
        if event.phase in BETWEEN_STEPS and event.done >= event.total:
            self._in_step = True
        self._tell(event)
