"""Runs of any sessions as a table on the left; what is said of those that are ticked on the right."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QRadioButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.background import Background, Tell
from workbench.desktop.compare.export import write_picture, write_table
from workbench.desktop.compare.figures import Figures, new_table
from workbench.desktop.compare.reading import Candidate, candidates, candidates_in
from workbench.desktop.compare.runs import RunsModel
from workbench.desktop.empty_page import EmptyPage
from workbench.desktop.plots.plot import XAxis
from workbench.desktop.series import RunSeries
from workbench.desktop.theme import mark
from workbench.desktop.widgets import Sentence, clearable, line, permit, push_button, row, tip, tool_button
from workbench.desktop.workspace.keeper import SessionKeeper

EMPTY = "Runs that edited facts are compared here, those of this session and of others."
FILTER_HELP = (
    "Words of a run's name, session, note or settings, and conditions on any column, as in es>0.9 seed=1: "
    'names may be cut short, and have _ for a space; "words in quotes" belong together.'
)
BASELINE_HELP = "Show how the scores and curves of all other runs differ from those of the selected run"
ADD_HELP = "A session, or a folder that holds sessions"
WIDEST, MARKS = 280, 32  # logical pixels: of a column, of the tick and the colour before a name
MEASURED_ROWS = 50  # for the width of columns


class ComparePanel(QWidget):
    overlays_changed = Signal(
        object
    )  # {(session folder, run): RunSeries} to draw behind the run that is shown
    axis_wanted = Signal(str)  # "step" or "facts"
    failed = Signal(str, object)  # what was tried, the exception

    def __init__(self, keeper: SessionKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare-panel")
        self._keeper = keeper
        self.runs = RunsModel(self)
        self._reading, self._adding = Background(self), Background(self)
        self._make_parts()
        self.pages = QStackedWidget()
        self.pages.addWidget(EmptyPage(EMPTY, self.first_add))
        self.pages.addWidget(self._new_content())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pages)
        self._connect()
        self._show()

    def _connect(self) -> None:
        self._keeper.changed.connect(self.runs_changed)
        self._reading.finished.connect(self._take_own)
        self._reading.failed.connect(lambda error: self.failed.emit("Reading the runs", error))
        self._adding.finished.connect(self._take_other)
        self._adding.failed.connect(lambda error: self.failed.emit("Adding a session", error))
        self.runs.ticked_changed.connect(self._show)
        self.runs.shown_changed.connect(self._rows_changed)
        self.in_plots.toggled.connect(self._tell_overlays)
        self.axis.buttonClicked.connect(self._tell_axis)
        self.run_table.selectionModel().selectionChanged.connect(self._permit)
        self.filter.textChanged.connect(self.runs.set_filter)
        self.grouped.toggled.connect(self.runs.set_grouped)
        self.all_settings.toggled.connect(self.runs.set_all_settings)
        for button in (self.add_button, self.first_add):
            button.clicked.connect(self.choose_session)
        self.baseline_button.clicked.connect(self._set_baseline)
        self.remove_button.clicked.connect(self._remove)
        self.copy_button.clicked.connect(self._copy)
        self.figures.currentChanged.connect(self._permit)
        self.figures.row_wanted.connect(self.run_table.selectRow)

    @Slot()
    def runs_changed(self) -> None:
        """Reads this session's runs again, in a worker."""
        session = self._keeper.session
        if session is None:
            self._reading.drop()
            self._take_own([])
            return

        def work(_tell: Tell, _cancel: Event) -> object:
            return candidates(session)

        self._reading.start(work)

    @Slot()
    def choose_session(self) -> None:
        from workbench.session.paths import sessions_folder

        chosen = QFileDialog.getExistingDirectory(self, ADD_HELP, str(sessions_folder()))
        if chosen:
            self.add_session(Path(chosen))

    def add_session(self, folder: Path) -> None:
        own = self._keeper.session.folder if self._keeper.session else None
        self._adding.start(lambda _tell, _cancel: candidates_in(folder, own))

    def show_axis(self, axis: str) -> None:
        (self.by_facts if axis == "facts" else self.by_step).setChecked(True)

    def close_threads(self) -> None:
        self._reading.close()
        self._adding.close()

    # Parts

    def _make_parts(self) -> None:
        self.run_table = new_table("compare-runs", "Runs to compare", self.runs)
        self.run_table.setSortingEnabled(True)
        self.run_table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.filter = QLineEdit(placeholderText="Filter runs")
        self.filter.setObjectName("compare-filter")
        self.filter.setAccessibleName("Filter runs")
        self.filter.setToolTip(tip(FILTER_HELP))
        clearable(self.filter)
        self.problem = Sentence("compare-problem")
        self.add_button = tool_button("plus", "compare-add", f"Add {ADD_HELP[0].lower()}{ADD_HELP[1:]}")
        self.remove_button = tool_button("minus", "compare-remove", "Remove")
        self.baseline_button = push_button("Baseline", "compare-baseline", BASELINE_HELP)
        self.baseline_button.setCheckable(True)
        self.first_add = push_button("Add a session…", "compare-first-add", ADD_HELP)
        self.in_plots = _check(
            "In the plots", "compare-in-plots", "Draw the curves of the ticked runs in the plots above"
        )
        self.grouped = _check(
            "Group seeds",
            "compare-grouped",
            "Runs that differ in their seed alone as one row: mean ± standard deviation",
        )
        self.all_settings = _check(
            "All settings", "compare-all-settings", "Also those that are the same in all runs"
        )
        self.by_step, self.by_facts = QRadioButton("by step"), QRadioButton("by edits")
        self.by_step.setObjectName("compare-by-step")
        self.by_facts.setObjectName("compare-by-facts")
        self.by_step.setChecked(True)
        self.axis = QButtonGroup(self)
        self.axis.addButton(self.by_step)
        self.axis.addButton(self.by_facts)
        self.figures = Figures(self.runs)
        self.copy_button = tool_button("copy", "compare-copy", "Copy this table")
        self.export_button = tool_button("export", "compare-export", "Export")
        self._make_exports()

    def _make_exports(self) -> None:
        self.as_csv, self.as_png = QAction(self), QAction("This view as PNG…", self)
        self.as_csv.triggered.connect(self._export_csv)
        self.as_png.triggered.connect(self._export_png)
        self.export_menu = QMenu(self)
        self.export_menu.addActions([self.as_csv, self.as_png])
        self.export_button.clicked.connect(self._open_export)

    def _new_content(self) -> QWidget:
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setObjectName("compare-splitter")
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._new_left())
        splitter.addWidget(self._new_right())
        splitter.setSizes([468, 500])
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 1)
        return splitter

    def _new_left(self) -> QWidget:
        left = QWidget()
        mark(self.baseline_button, quiet=True)
        bar = row(self.filter, self.baseline_button, self.add_button, self.remove_button)
        bar.setContentsMargins(12, 6, 12, 6)
        below = row(self.grouped, self.all_settings, 1)
        below.setContentsMargins(12, 6, 12, 6)
        self.problem.setContentsMargins(12, 0, 12, 4)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.problem)
        column.addWidget(line())
        column.addWidget(self.run_table, 1)
        column.addWidget(line())
        column.addLayout(below)
        return left

    def _new_right(self) -> QWidget:
        right = QWidget()
        below = row(self.in_plots, self.by_step, self.by_facts, 1, self.copy_button, self.export_button)
        below.setContentsMargins(12, 2, 12, 2)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.figures, 1)
        column.addWidget(line())
        column.addLayout(below)
        return right

    # What is shown

    @Slot(object)
    def _take_own(self, found: list[Candidate]) -> None:
        self.runs.set_own(found)

    @Slot(object)
    def _take_other(self, found: list[Candidate]) -> None:
        self.runs.add_other(found)

    @Slot()
    def _rows_changed(self) -> None:
        nothing = "" if self.runs.rows or not self.runs.candidates else "No run matches."
        self.problem.say(self.runs.problem or nothing, "bad" if self.runs.problem else "")
        self.run_table.horizontalHeader().setResizeContentsPrecision(MEASURED_ROWS)
        self.run_table.resizeColumnsToContents()
        columns = self.run_table.horizontalHeader()
        for i in range(columns.count()):
            columns.resizeSection(i, min(columns.sectionSize(i) + MARKS * (i == 0), WIDEST))
        self.figures.show_frontier()
        self._permit()

    @Slot()
    def _show(self) -> None:
        self.pages.setCurrentIndex(1 if self.runs.candidates else 0)
        self.figures.show_runs()
        self._permit()
        self._tell_overlays()

    @Slot()
    def _tell_overlays(self) -> None:
        shown = self.runs.ticked() if self.in_plots.isChecked() else []
        overlays: dict[tuple[Path, int], RunSeries] = {c.key: c.series for c in shown}
        self.overlays_changed.emit(overlays)

    @Slot()
    def _tell_axis(self) -> None:
        axis = XAxis.FACTS if self.by_facts.isChecked() else XAxis.STEP
        self.figures.curves.set_x_axis(axis)
        self.axis_wanted.emit(str(axis))

    @Slot()
    def _permit(self) -> None:
        selected = self._selected()
        others = [c for c in selected if not c.own]
        reason = "" if others else "Choose a run of another session: those of this one stay."
        permit(self.remove_button, reason, "Take it out of the comparison; its session stays as it is")
        permit(self.baseline_button, "" if selected else "Select a run first.", BASELINE_HELP)
        self.baseline_button.setChecked(any(c.key == self.runs.baseline for c in selected))
        table = self.figures.table()
        reason = "" if table is not None and table.rows else "There is no table here to copy."
        permit(self.copy_button, reason, "Copy this table")

    def _selected(self) -> list[Candidate]:
        rows = {index.row() for index in self.run_table.selectionModel().selectedIndexes()}
        return [
            member for i in sorted(rows) if i < len(self.runs.rows) for member in self.runs.rows[i].members
        ]

    @Slot()
    def _set_baseline(self) -> None:
        key = self._selected()[0].key
        self.runs.set_baseline(None if key == self.runs.baseline else key)
        found = next((i for i, r in enumerate(self.runs.rows) if any(m.key == key for m in r.members)), None)
        if found is not None:
            self.run_table.selectRow(found)

    @Slot()
    def _remove(self) -> None:
        self.runs.remove([c.key for c in self._selected() if not c.own])

    # Taking it along

    @Slot()
    def _copy(self) -> None:
        table = self.figures.table()
        if table is not None:
            QGuiApplication.clipboard().setText(table.as_text())

    @Slot()
    def _open_export(self) -> None:
        ticked = len(self.runs.ticked())
        self.as_csv.setText(f"{'Ticked runs' if ticked else 'All runs shown'} as CSV…")
        self.export_menu.popup(self.export_button.mapToGlobal(QPoint(0, self.export_button.height())))

    @Slot()
    def _export_csv(self) -> None:
        shown = [member for r in self.runs.rows for member in r.members]
        found = self.runs.ticked() or shown
        if path := self._where("Export the runs", "runs.csv", "CSV (*.csv)"):
            self._written(lambda: write_table(found, self.runs.columns, path))

    @Slot()
    def _export_png(self) -> None:
        if path := self._where("Export this view", "compare.png", "PNG picture (*.png)"):
            self._written(lambda: write_picture(self.figures.picture(), path))

    def _where(self, title: str, name: str, kinds: str) -> Path | None:
        chosen, _ = QFileDialog.getSaveFileName(self, title, name, kinds)
        path = Path(chosen)
        return (path if path.suffix else path.with_suffix(Path(name).suffix)) if chosen else None

    def _written(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            self.failed.emit("Exporting", error)


def _check(text: str, name: str, about: str) -> QCheckBox:
    made = QCheckBox(text)
    made.setObjectName(name)
    made.setToolTip(tip(about))
    return made
