"""What the model wrote for each edited fact of the run that is shown: to filter, sort, copy and export."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFileDialog,
    QHeaderView,
    QLineEdit,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.answers.model import NONE, NUMBER, PROMPT, STATE, TARGET, AnswersModel
from workbench.desktop.background import Background, Tell
from workbench.desktop.empty_page import EmptyPage
from workbench.desktop.facts.eliding import PromptDelegate
from workbench.desktop.facts.widgets import set_up_rows
from workbench.desktop.moving import SelectingTable
from workbench.desktop.run.controller import RunController
from workbench.desktop.theme import icon
from workbench.desktop.widgets import Sentence, label, line, permit, row, tool_button
from workbench.desktop.workspace.keeper import SessionKeeper
from workbench.editing.events import Evaluated, RunStarted, StepApplied, StepSkipped
from workbench.errors import WorkbenchError
from workbench.evaluation.before_after import Answers, states_in_words
from workbench.facts.fact import Fact

EMPTY = "What the model writes for each fact, before and after its edit, appears here once a run was scored."
NOT_KEPT = "The texts of this run were not saved: an earlier version of the workbench made it."
WIDTHS = {NUMBER: 44, STATE: 122, TARGET: 90}
Flag = QItemSelectionModel.SelectionFlag


class AnswersPanel(QWidget):
    fact_wanted = Signal(int)  # its place in the run that is shown
    said = Signal(str, str)  # a sentence about an export, and good or bad
    failed = Signal(str, object)  # what was tried, the exception

    def __init__(self, keeper: SessionKeeper, run: RunController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("answers-panel")
        self._keeper, self._run = keeper, run
        self._of: tuple[Path | None, int] = (None, 0)  # session and run that the facts are of
        self._facts: Sequence[Fact] = ()
        self._stale = False  # while it is out of sight
        self.model = AnswersModel(self)
        self._reading = Background(self)
        self._make_parts()
        self.pages = QStackedWidget()
        self.pages.addWidget(EmptyPage(EMPTY))
        self.pages.addWidget(self._new_content())
        self.setFocusProxy(self.pages)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pages)
        self._connect()
        self._show()

    def close_threads(self) -> None:
        self._reading.close()

    # Parts

    def _make_parts(self) -> None:
        self.field = QLineEdit(
            placeholderText="Filter prompt, target, answer or state", clearButtonEnabled=True
        )
        self.field.setObjectName("answers-filter")
        self.field.setAccessibleName("Filter answers")
        self.field.setMaximumWidth(360)
        self.field.addAction(icon("search", "dim"), QLineEdit.ActionPosition.LeadingPosition)
        self.not_said = QCheckBox("Only those it does not say")
        self.not_said.setObjectName("answers-not-said")
        self.counts = label("", "dim", wrap=False)
        self.counts.setObjectName("answers-counts")
        self.note = Sentence("answers-note")
        self.copy_button = tool_button("copy", "answers-copy", "Copy the rows")
        self.export_button = tool_button("export", "answers-export", "Export the rows as CSV…")
        self.table = self._new_table()

    def _new_table(self) -> QTableView:
        table = SelectingTable()
        table.setObjectName("answers-table")
        table.setAccessibleName("Answers before and after")
        table.setModel(self.model)
        set_up_rows(table)
        table.setTabKeyNavigation(False)
        table.setSortingEnabled(True)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setItemDelegateForColumn(PROMPT, PromptDelegate(table))
        columns = table.horizontalHeader()
        columns.setSelectionModel(QItemSelectionModel(self.model, columns))
        columns.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        columns.setSortIndicatorClearable(True)
        copy = QAction("Copy", table)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        table.addAction(copy)
        return table

    def _new_content(self) -> QWidget:
        page = QWidget()
        bar = row(self.field, self.not_said, self.counts, 1, self.copy_button, self.export_button)
        bar.setContentsMargins(12, 6, 8, 6)
        bar.setStretchFactor(self.field, 9)
        self.note.setContentsMargins(12, 4, 12, 4)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(line())
        column.addWidget(self.note)
        column.addWidget(self.table, 1)
        return page

    def _connect(self) -> None:
        self._run.advanced.connect(self._follow)
        self._keeper.left.connect(self._forget)
        self._reading.finished.connect(self._take)
        self._reading.failed.connect(lambda error: self.failed.emit("Reading the facts of the run", error))
        self.field.textChanged.connect(self._filter)
        self.not_said.toggled.connect(self._filter)
        self.copy_button.clicked.connect(self.copy)
        self.export_button.clicked.connect(self.choose_file)
        self.table.activated.connect(self._activate)
        self.table.selectionModel().selectionChanged.connect(self._permit)

    # What is shown

    @Slot(object)
    def _follow(self, events: Sequence[object]) -> None:
        """A run that is shown again tells its events anew; without any nothing has run."""
        if events and not any(
            isinstance(e, (RunStarted, StepApplied, StepSkipped, Evaluated)) for e in events
        ):
            return
        self._stale = True
        if self.isVisible():
            self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._refresh()

    def _refresh(self) -> None:
        """The run's facts are read once; what became of them is at hand."""
        session, run = self._keeper.session, self._run.bridge.progress.run
        of = (session.folder if session is not None else None, run)
        if session is None or not run or not self._run.bridge.series.fact_history.done:
            self._forget()
        elif of == self._of:
            self._show()
        elif not self._reading.busy:

            def work(_tell: Tell, _cancel: Event) -> object:
                return of, session.job(run).facts

            self._reading.start(work)

    @Slot(object)
    def _take(self, found: tuple[tuple[Path, int], Sequence[Fact]]) -> None:
        self._of, self._facts = found
        self._refresh()

    @Slot()
    def _forget(self) -> None:
        self._of, self._facts = (None, 0), ()
        self._show()

    def _show(self) -> None:
        self._stale = False
        history = self._run.bridge.series.fact_history
        answers = Answers(self._facts, history) if self._facts else NONE
        columns, chosen = self.model.columns, self._chosen_places()
        self.model.show(answers)
        if self.model.columns != columns:
            self._lay_out()
        self._choose(chosen)
        self.pages.setCurrentIndex(1 if len(answers) else 0)
        self.pages.setFocusProxy(self.table if len(answers) else None)  # type: ignore[arg-type]
        self.counts.setText(states_in_words(history) if len(answers) else "")
        self.note.say("" if answers.kept or not len(answers) else NOT_KEPT, "warning")
        self._permit()

    def _lay_out(self) -> None:
        """Numbers and states as wide as they are; the others share what is left."""
        columns = self.table.horizontalHeader()
        for column in range(self.model.columnCount()):
            fixed = column in WIDTHS
            columns.setSectionResizeMode(
                column, QHeaderView.ResizeMode.Interactive if fixed else QHeaderView.ResizeMode.Stretch
            )
            if fixed:
                columns.resizeSection(column, WIDTHS[column])

    @Slot()
    def _filter(self) -> None:
        self.model.filter(self.field.text(), self.not_said.isChecked())
        self._permit()

    def _rows(self) -> list[int]:
        return sorted(index.row() for index in self.table.selectionModel().selectedRows())

    def _chosen_places(self) -> set[int]:
        return {self.model.place(r) for r in self._rows()}

    def _choose(self, places: set[int]) -> None:
        selection = self.table.selectionModel()
        for r in range(self.model.rowCount()) if places else ():
            if self.model.place(r) in places:
                selection.select(self.model.index(r, 0), Flag.Select | Flag.Rows)

    @Slot(QModelIndex)
    def _activate(self, index: QModelIndex) -> None:
        self.fact_wanted.emit(self.model.place(index.row()))

    # What is taken along

    @Slot()
    def _permit(self) -> None:
        nothing = "" if self.model.rowCount() else "There is no row to take."
        which = "selected rows" if self._rows() else "rows shown"
        permit(self.copy_button, nothing, f"Copy the {which}, for a spreadsheet")
        permit(self.export_button, nothing, f"Export the {which} as CSV…")

    def lines(self) -> list[list[str]]:
        """Those selected, or all that are shown, under a heading."""
        return self.model.lines(self._rows() or None)

    @Slot()
    def copy(self) -> None:
        from workbench.facts.writing import as_tabbed

        QGuiApplication.clipboard().setText(as_tabbed(self.lines()))

    @Slot()
    def choose_file(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export answers", "answers.csv", "CSV (*.csv)")
        if name:
            self.export(Path(name))

    def export(self, path: Path) -> None:
        from workbench.facts.writing import write_table

        head, *rows = self.lines()
        try:
            write_table(path, head, rows)
        except WorkbenchError as error:
            self.said.emit(str(error), "bad")
        else:
            self.said.emit(f"Written to {path}.", "good")
