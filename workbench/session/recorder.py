"""Keeps a run in its session while it goes: a StepSink whose calls return once all is on the disk."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from torch import Tensor

from workbench.editing.editor import Editor
from workbench.editing.events import (
    EndReason,
    Evaluated,
    Event,
    MinibatchHalved,
    Report,
    RunEnded,
    StepApplied,
    StepSkipped,
    WarmupProgressed,
)
from workbench.editing.shift import Shift
from workbench.editing.tracing import Traced
from workbench.errors import DiskFull, SessionError
from workbench.session.factors import step_tensors
from workbench.session.keeping import GIB, Keeping, to_thin_out
from workbench.session.paths import CHECKPOINTS, STEPS, TENSORS, file_prefix
from workbench.session.rebuild import restore
from workbench.session.records import CheckpointRecord, Position, StepRecord
from workbench.session.runs_table import RunsTable, now
from workbench.session.state import fingerprint, state_tensors
from workbench.session.tensor_files import KeptFile, keep_tensors


class RunRecorder:
    """Of one run. Where a call raises, nothing of it is kept and the session is as it was before the call."""

    def __init__(
        self,
        folder: Path,
        runs: RunsTable,
        run: int,
        editor: Editor,
        keeping: Keeping,
        at: Position,
        facts: int = 0,
        known: str = "",
    ) -> None:
        """``at``: where the editor stands in the run; ``facts``: how many the steps of that kind have done;
        ``known``: fingerprint of a state from which the run's steps can be repeated."""
        self.run = run
        self._folder, self._runs, self._editor, self._keeping = folder, runs, editor, keeping
        self._at, self._facts = at, facts
        self._start = known
        self._last = ""  # fingerprint of the state after the last step kept here
        self.keep_start()

    def keep_step(
        self, step: int, warming_up: bool, shifts: dict[str, Shift], traced: Traced, report: Report
    ) -> None:
        """File first, then row. Raises DiskFull or SessionError, with the editor back in the state kept last."""
        try:
            self._keep_step(Position(not warming_up, step), shifts, traced, report)
        except Exception:
            self._take_back()
            raise

    def _keep_step(
        self, position: Position, shifts: dict[str, Shift], traced: Traced, report: Report
    ) -> None:
        if position <= self._at:
            raise SessionError(
                f"Step {position.step} of run {self.run} is saved already: branch the run to do it again."
            )
        self._runs.require_there()
        state = fingerprint(state_tensors(self._editor))
        name = self._name(position, state)
        file = self._keep_file(STEPS, name, step_tensors(shifts, traced))
        if not (self._last or self._is_reachable()):
            self._keep_checkpoint(state, pinned=True, at=position)
        first = self._facts if position.editing == self._at.editing else 0
        count = len(traced.losses)
        record = StepRecord(self.run, position, first, count, traced.rows, file, state, now(), report)
        try:
            self._runs.keep_step(record)
        except BaseException:
            with suppress(OSError):
                (self._folder / STEPS / name).unlink()
            raise
        self._at, self._facts, self._last = position, first + count, state

    def _take_back(self) -> None:
        """Unedited where the way back cannot be read either."""
        with suppress(SessionError):
            restore(self._folder, self._runs, self._editor, self.run)

    def keep_event(self, event: Event) -> None:
        """Raises DiskFull or SessionError."""
        match event:
            case StepApplied():
                self._keep_report(event, due=event.step % self._keeping.checkpoint_every == 0)
            case WarmupProgressed():
                self._keep_report(event, due=event.facts_done >= event.facts_total, pinned=True)
            case StepSkipped():
                last = event.warming_up and event.facts_done >= event.facts_total
                self._keep_report(event, due=last, pinned=True)
            case Evaluated():
                self._runs.keep_scores(self.run, event)
            case MinibatchHalved():
                self._runs.set_minibatch(self.run, event.minibatch)
            case RunEnded():
                self._keep_end(event)

    def keep_start(self) -> None:
        """The state before the first step here, where no earlier step or checkpoint leads to it."""
        tensors = {} if self._last else state_tensors(self._editor)
        if tensors and fingerprint(tensors) != self._start:
            self._start = fingerprint(tensors)
            self._keep_checkpoint(self._start, pinned=True, at=self._at)

    def _is_reachable(self) -> bool:
        """Whether the run's steps lead to its states: key protection is in none of them, and what a warm-up starts from
        is not kept."""
        return not self._editor.recipe.protection or bool(self._runs.checkpoints(self.run))

    def _keep_report(self, report: Report, *, due: bool, pinned: bool = False) -> None:
        self._runs.report(self.run, self._at, report)
        if due:
            self._try_checkpoint(pinned)

    def _keep_end(self, event: RunEnded) -> None:
        """A run that failed for want of space may find none for its end either; it then counts as interrupted."""
        if event.reason is not EndReason.FAILED:  # whose state may be none that was kept
            with suppress(DiskFull):
                self.keep_start()
        if self._last and fingerprint(state_tensors(self._editor)) == self._last:
            self._try_checkpoint(pinned=False)
        if event.reason is EndReason.FAILED:
            with suppress(DiskFull):
                self._runs.end(self.run, event)
        else:
            self._runs.end(self.run, event)

    def _try_checkpoint(self, pinned: bool) -> None:
        """Only a short cut: where it does not fit, the steps still lead there."""
        with suppress(DiskFull):
            self._keep_checkpoint(self._last or self._start, pinned, self._at)
            self._thin_out()

    def _keep_checkpoint(self, state: str, pinned: bool, at: Position) -> None:
        name = self._name(at, state)
        if any(c.position == at and c.file.name == name for c in self._runs.checkpoints(self.run)):
            return
        file = self._keep_file(CHECKPOINTS, name, state_tensors(self._editor))
        self._runs.keep_checkpoint(CheckpointRecord(self.run, at, pinned, file))

    def _keep_file(self, place: str, name: str, tensors: Mapping[str, Tensor]) -> KeptFile:
        try:
            return keep_tensors(self._folder / place, name, tensors)
        except SessionError:
            self._runs.require_there()  # gone while it was written: that is what to say
            raise

    def _thin_out(self) -> None:
        """Row first, so that no row ever names a file that is gone."""
        for gone in to_thin_out(self._runs.checkpoints(), self._keeping.budget_gib * GIB):
            self._runs.drop_checkpoint(gone.run, gone.position)
            with suppress(OSError):
                (self._folder / CHECKPOINTS / gone.file.name).unlink()

    def _name(self, position: Position, state: str) -> str:
        """With the state in it, so that a file is never written over by another."""
        return f"{file_prefix(self.run)}{position.kind}{position.step:06}-{state}{TENSORS}"
