"""What the actions of the ledger do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QInputDialog, QLineEdit

from workbench.desktop.facts.store.states import IntArray
from workbench.desktop.ledger.choices import RunSteps, positions_of
from workbench.desktop.ledger.dialogs import BranchDialog, ReplayDialog
from workbench.desktop.ledger.panel import Chosen
from workbench.desktop.shell.situation import Choice
from workbench.desktop.widgets import literal
from workbench.errors import WorkbenchError
from workbench.runner.bench import BranchOrder

if TYPE_CHECKING:
    from workbench.desktop.main_window import MainWindow
    from workbench.session.records import RunRecord


class LedgerHandlers(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def choice(self) -> Choice:
        """What is chosen in the ledger, for what can be done with it."""
        chosen = self._window.ledger.chosen()
        record = self._record(chosen.run)
        if record is None:
            return Choice()
        run, step = self._window.desk.run, self._step(chosen, record)
        bench = self._window.desk.bench
        last = bench.chain[-1] if bench.chain else 0
        in_table = record.facts and len(self._chosen_in_table())
        return Choice(
            run=record.id,
            whole=not chosen.step,
            amiss=_amiss(chosen, record),
            foreign=self._foreign(record),
            here=last == record.id
            and bench.cuts.get(last, record.steps_done) == step
            and not chosen.warming_up,
            left=max(record.facts - self._window.ledger.book.model.facts_after(record.id, step), 0),
            facts=len(chosen.facts) or in_table,
            going=run.running and run.bridge.progress.run == record.id,
        )

    @Slot()
    def rewind(self) -> None:
        chosen, record = self._chosen()
        if record is not None:
            step = self._step(chosen, record)
            self._try("Rewinding", lambda: self._window.desk.run.rewind(record.id, step))

    @Slot()
    def branch(self) -> None:
        chosen, record = self._chosen()
        if record is None:
            return
        desk, step = self._window.desk, self._step(chosen, record)
        recipe = desk.method.recipe()
        dialog = BranchDialog(record, step, recipe, [m.name for m in desk.modules], self._window)
        if dialog.exec():
            session = desk.keeper.need()
            order = BranchOrder(session, record.id, step, recipe, name=dialog.run_name)
            self._try("Starting the branch", lambda: desk.run.branch(order))
        dialog.deleteLater()

    @Slot()
    def replay(self) -> None:
        chosen, record = self._chosen()
        if record is None:
            return
        desk = self._window.desk
        session = desk.keeper.need()
        table = [self._window.facts.facts[i] for i in self._chosen_in_table().tolist()]
        facts = session.job(record.id).facts
        in_table = positions_of(table, facts) if table else ()
        steps = RunSteps(record, facts, session.step_sizes(record.id))
        dialog = ReplayDialog(steps, chosen.facts, in_table, self._window)
        if dialog.exec() and dialog.removed():
            order = BranchOrder(session, record.id, removed=dialog.removed(), name=dialog.run_name)
            self._try("Starting the replay", lambda: desk.run.branch(order))
        dialog.deleteLater()

    @Slot()
    def name_run(self) -> None:
        _, record = self._chosen()
        if record is None:
            return
        title = f"Name of run {record.id}"
        name, agreed = QInputDialog.getText(
            self._window, "Rename run", title, QLineEdit.EchoMode.Normal, record.name
        )
        if agreed and name.strip():
            self._rename(record.id, name.strip(), record.note)

    @Slot()
    def note_run(self) -> None:
        _, record = self._chosen()
        if record is None:
            return
        note, agreed = QInputDialog.getMultiLineText(
            self._window, "Note", literal(f"Note on run {record.id}, {record.name}"), record.note
        )
        if agreed:
            self._rename(record.id, record.name, note.strip())

    def _rename(self, run: int, name: str, note: str) -> None:
        def rename() -> None:
            self._window.desk.keeper.need().name_run(run, name, note)
            self._window.ledger.book.refresh_run(run)
            self._window.compare.runs_changed()

        self._try("Naming the run", rename)

    def _chosen(self) -> tuple[Chosen, RunRecord | None]:
        """As it is in the session now."""
        chosen, session = self._window.ledger.chosen(), self._window.desk.keeper.session
        if not chosen.run or session is None:
            return chosen, None
        try:
            return chosen, session.run(chosen.run)
        except WorkbenchError as error:
            self._window.handlers.tell_failure("Reading the run", error)
            return chosen, None

    def _record(self, run: int) -> RunRecord | None:
        """As the ledger shows it, without looking into the session."""
        model = self._window.ledger.book.model
        row = model.row_of(run) if run else None
        return None if row is None else model.runs[row].record

    def _step(self, chosen: Chosen, record: RunRecord) -> int:
        """The editing step whose state is meant; of the run itself its end."""
        if chosen.warming_up:
            return 0
        return chosen.step or record.steps_done

    def _foreign(self, record: RunRecord) -> str:
        loaded = self._window.desk.loaded
        if loaded is None or loaded.sha256 == record.model.sha256:
            return ""
        from workbench.desktop.model.card import name_of

        return f"Run {record.id} edited {name_of(record.model.source)}, not the model that is loaded: load that one."

    def _chosen_in_table(self) -> IntArray:
        return self._window.facts.facts_page.table.chosen()

    def _try(self, what: str, act: object) -> None:
        try:
            act()  # type: ignore[operator]
        except WorkbenchError as error:
            self._window.handlers.tell_failure(what, error)


def _amiss(chosen: Chosen, record: RunRecord) -> str:
    batches = -(-record.warmup // record.recipe.batch)
    if chosen.warming_up and record.parent is None and chosen.step < batches:
        return "Within a warm-up there is no way back: choose its last batch or an editing step."
    return ""
