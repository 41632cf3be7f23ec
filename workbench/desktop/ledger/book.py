"""Keeps the ledger's model in step with the session on the disk and with the run that goes on."""

from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from workbench.desktop.background import Background, Tell
from workbench.desktop.ledger.model import LedgerModel, Place
from workbench.desktop.ledger.reading import facts_of_run
from workbench.desktop.ledger.step_facts import RunFacts
from workbench.desktop.run.controller import RunController
from workbench.desktop.workspace.keeper import SessionKeeper
from workbench.editing.events import Evaluated, RunEnded, StepApplied, StepSkipped, WarmupProgressed
from workbench.errors import WorkbenchError
from workbench.runner.events import RunBegan, RunnerEvent

if TYPE_CHECKING:
    from workbench.session.ledger import LedgerRun, LedgerStep


class LedgerBook(QObject):
    about_to_read = Signal()
    read = Signal()  # the model holds another session's runs, or this one's anew
    facts_read = Signal(object)  # RunFacts
    scored = Signal(int)  # the run, by what it has kept
    failed = Signal(str, object)  # what was tried, the exception

    def __init__(self, keeper: SessionKeeper, run: RunController, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.model = LedgerModel(self)
        self._keeper, self._run = keeper, run
        self._going = 0  # the run that goes on
        self._last: LedgerStep | None = None
        self._meanwhile: list[LedgerStep] = []  # told while the session is being read
        self._reading, self._reading_facts = Background(self), Background(self)
        self._reading.finished.connect(self._take)
        self._reading.failed.connect(lambda error: self.failed.emit("Reading the ledger", error))
        self._reading_facts.finished.connect(self.facts_read)
        self._reading_facts.failed.connect(
            lambda error: self.failed.emit("Reading the facts of the run", error)
        )
        keeper.changed.connect(self.reread)
        run.advanced.connect(self._follow)
        run.changed.connect(self.show_standing)

    def close_threads(self) -> None:
        self._reading.close()
        self._reading_facts.close()

    @Slot()
    def reread(self) -> None:
        """In a worker; while a run goes on what it tells is enough."""
        session = self._keeper.session
        if session is None:
            self._reading.drop()
            self._take([])
            return

        def work(_tell: Tell, _cancel: Event) -> object:
            from workbench.session.ledger import ledger

            return ledger(session)

        self._meanwhile = []
        self._reading.start(work)

    def read_facts(self, run: int) -> None:
        """Ends in ``facts_read``."""
        session = self._keeper.session
        if session is None:
            return

        def work(_tell: Tell, _cancel: Event) -> RunFacts:
            return facts_of_run(session, run)

        self._reading_facts.start(work)

    def refresh_run(self, run: int) -> None:
        """Its name, note and how it ended."""
        session = self._keeper.session
        if session is not None:
            self.model.set_run(_without_steps(session, run))

    @Slot()
    def show_standing(self) -> None:
        """Marks where the model stands; nothing is marked while none is loaded."""
        bench = self._run.bench
        known = {run.record.id: run for run in self.model.runs}
        chain = [run for run in bench.chain if run in known]
        in_model: dict[int, int] = {}
        for run in chain:
            record, until = known[run].record, bench.cuts.get(run, self._steps_of(run))
            in_model[run] = until
            while record.parent is not None and record.parent in known:
                until = min(until, record.parent_step or 0)
                in_model[record.parent] = max(in_model.get(record.parent, 0), until)
                record = known[record.parent].record
        self.model.set_standing(self._last_place(chain, in_model), in_model)

    def _last_place(self, chain: list[int], in_model: dict[int, int]) -> Place | None:
        if not chain:
            return None
        run, step = chain[-1], in_model[chain[-1]]
        place = (run, True, step)
        if step and self.model.index_of(place).isValid():
            return place
        row = self.model.row_of(run)
        batches = [s for s in self.model.steps[row or 0] if s.warming_up]
        return (run, False, batches[-1].step) if batches else (run, False, 0)

    def _steps_of(self, run: int) -> int:
        row = self.model.row_of(run)
        steps = self.model.steps[row] if row is not None else []
        return steps[-1].step if steps and not steps[-1].warming_up else 0

    @Slot(object)
    def _take(self, runs: "list[LedgerRun]") -> None:
        self.about_to_read.emit()
        self.model.set_ledger(runs)
        if self._meanwhile:
            self.refresh_run(self._meanwhile[-1].run)
        for step in self._meanwhile:
            self.model.add_step(step)
        self._meanwhile = []
        self.show_standing()
        self.read.emit()

    @Slot(object)
    def _follow(self, events: list[RunnerEvent]) -> None:
        if not self._run.activity:
            return  # an earlier run, shown again
        try:
            for event in events:
                self._add(event)
        except WorkbenchError as error:
            self.failed.emit("Reading the ledger", error)
        if any(isinstance(e, (StepApplied, StepSkipped, WarmupProgressed)) for e in events):
            self.show_standing()

    def _add(self, event: RunnerEvent) -> None:
        from workbench.session.ledger import with_scores

        match event:
            case RunBegan():
                self._going, self._last = event.run, None
                self.refresh_run(event.run)
            case StepApplied() | StepSkipped() | WarmupProgressed():
                self._add_step(self._entry(event))
            case Evaluated() if event.step:
                if (step := self._step_of(event.step)) is not None:
                    self._add_step(with_scores(step, event.scores))
                self.scored.emit(self._going)
            case RunEnded() if self._going:
                self.refresh_run(self._going)

    def _step_of(self, number: int) -> "LedgerStep | None":
        """An editing step of the run that goes on; one of an earlier sitting is in the model."""
        if self._last is not None and (self._last.warming_up, self._last.step) == (False, number):
            return self._last
        index = self.model.index_of((self._going, True, number))
        return self.model.step(index) if index.isValid() else None

    def _add_step(self, step: "LedgerStep") -> None:
        self._last = step
        self.model.add_step(step)
        if self._reading.busy:
            self._meanwhile.append(step)

    def _entry(self, event: StepApplied | StepSkipped | WarmupProgressed) -> "LedgerStep":
        from workbench.session.ledger import entry_of
        from workbench.session.runs_table import now

        number, first = 1, 0
        row = self.model.row_of(self._going)
        if isinstance(event, WarmupProgressed) and row is not None:
            before = [s for s in self.model.steps[row] if s.warming_up and s.first_fact < event.facts_done]
            done = [s for s in before if s.first_fact + s.facts < event.facts_done]
            number, first = len(done) + 1, sum(s.facts for s in done)
        return entry_of(self._going, event, now(), number, first)


def _without_steps(session: object, run: int) -> "LedgerRun":
    """Its steps are in the model already."""
    from workbench.session.folder import Session
    from workbench.session.ledger import LedgerRun

    assert isinstance(session, Session)
    scores = {s.step: s.scores for s in session.scores(run)}
    return LedgerRun(session.run(run), (), scores.get(0))
