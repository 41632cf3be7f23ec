"""Runs to choose on the left; their scores, the settings that differ and how facts were kept on the right."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

from PySide6.QtCore import QItemSelectionModel, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QRadioButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.background import Background, Tell
from workbench.desktop.compare.models import GridModel, Row, RunsModel, score_rows
from workbench.desktop.compare.reading import Candidate, candidates, candidates_in
from workbench.desktop.compare.retention import RetentionMap, ShareBar
from workbench.desktop.empty_page import EmptyPage
from workbench.desktop.facts.widgets import set_up_rows
from workbench.desktop.series import RunSeries
from workbench.desktop.theme import mark
from workbench.desktop.widgets import Sentence, label, line, permit, push_button, row, tool_button
from workbench.desktop.workspace.keeper import SessionKeeper

EMPTY = "Runs that edited facts are compared here, those of this session and of others."
DIFFERENT = "The runs were scored on different facts: their scores are not of one and the same thing."
RUN_WIDTHS = {1: 56, 2: 124}


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
        self.runs, self.scores, self.settings = RunsModel(self), GridModel(self), GridModel(self)
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
        self.in_plots.toggled.connect(self._tell_overlays)
        self.axis.buttonClicked.connect(self._tell_axis)
        self.run_table.selectionModel().selectionChanged.connect(self._permit_remove)
        for button in (self.add_button, self.first_add):
            button.clicked.connect(self.choose_session)
        self.remove_button.clicked.connect(self._remove)
        self.copy_button.clicked.connect(self._copy)

    @Slot()
    def runs_changed(self) -> None:
        """Reads this session's runs anew, in a worker."""
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

        chosen = QFileDialog.getExistingDirectory(self, "A session to compare with", str(sessions_folder()))
        if chosen:
            self.add_session(Path(chosen))

    def add_session(self, folder: Path) -> None:
        self._adding.start(lambda _tell, _cancel: candidates_in(folder))

    def show_axis(self, axis: str) -> None:
        (self.by_facts if axis == "facts" else self.by_step).setChecked(True)

    def close_threads(self) -> None:
        self._reading.close()
        self._adding.close()

    # Parts

    def _make_parts(self) -> None:
        self.run_table = _table("compare-runs", "Runs to compare", self.runs)
        columns = self.run_table.horizontalHeader()
        for number, width in RUN_WIDTHS.items():
            columns.resizeSection(number, width)
        columns.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.add_button = push_button("Add a session…", "compare-add", "Read the runs of another session too")
        self.remove_button = push_button("Remove", "compare-remove")
        self.first_add = push_button(
            "Add a session…", "compare-first-add", "Read the runs of another session"
        )
        self.in_plots = QCheckBox("In the plots")
        self.in_plots.setObjectName("compare-in-plots")
        self.in_plots.setToolTip("Draw the curves of the ticked runs behind those of the run that is shown")
        self.by_step, self.by_facts = QRadioButton("by step"), QRadioButton("by edits")
        self.by_step.setObjectName("compare-by-step")
        self.by_facts.setObjectName("compare-by-facts")
        self.by_step.setChecked(True)
        self.axis = QButtonGroup(self)
        self.axis.addButton(self.by_step)
        self.axis.addButton(self.by_facts)
        self.copy_button = tool_button("copy", "compare-copy", "Copy this table")
        self.score_table = _table("compare-scores", "Scores before and after", self.scores)
        self.setting_table = _table("compare-settings", "Settings that differ", self.settings)
        self.same = label("All settings of the ticked runs are the same.", "dim")
        self.different = Sentence("compare-different")

    def _new_content(self) -> QWidget:
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setObjectName("compare-splitter")
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._new_left())
        splitter.addWidget(self._new_right())
        splitter.setSizes([430, 538])
        splitter.setStretchFactor(0, 2)
        splitter.setStretchFactor(1, 3)
        return splitter

    def _new_left(self) -> QWidget:
        left = QWidget()
        for button in (self.add_button, self.remove_button):
            mark(button, quiet=True)
        bar = row(self.add_button, self.remove_button, 1)
        bar.setContentsMargins(12, 6, 12, 6)
        plots = row(self.in_plots, self.by_step, self.by_facts, 1)
        plots.setContentsMargins(12, 6, 12, 6)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(line())
        column.addWidget(self.run_table, 1)
        column.addWidget(line())
        column.addLayout(plots)
        return left

    def _new_right(self) -> QWidget:
        self.maps = QWidget()
        self.map_row = QHBoxLayout(self.maps)
        self.map_row.setContentsMargins(4, 0, 4, 0)
        self.map_row.setSpacing(8)
        area = QScrollArea(widgetResizable=True)
        area.setWidget(self.maps)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        settings = QWidget()
        stack = QVBoxLayout(settings)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.addWidget(self.setting_table)
        self.same.setContentsMargins(12, 8, 12, 8)
        stack.addWidget(self.same, 1, Qt.AlignmentFlag.AlignTop)
        scores = QWidget()
        column = QVBoxLayout(scores)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.different.setContentsMargins(12, 4, 12, 4)
        column.addWidget(self.different)
        column.addWidget(self.score_table, 1)
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.setObjectName("compare-tabs")
        for page, title in ((scores, "Scores"), (settings, "Settings"), (area, "Retention")):
            self.tabs.addTab(page, title)
        self.tabs.setCornerWidget(self.copy_button)
        self.tabs.currentChanged.connect(self._permit_copy)
        return self.tabs

    # What is shown

    @Slot(object)
    def _take_own(self, found: list[Candidate]) -> None:
        self.runs.set_own(found)

    @Slot(object)
    def _take_other(self, found: list[Candidate]) -> None:
        self.runs.add_other(found)

    @Slot()
    def _show(self) -> None:
        ticked = self.runs.ticked()
        self.pages.setCurrentIndex(1 if self.runs.candidates else 0)
        self._show_scores(ticked)
        self._show_settings(ticked)
        self._show_maps(ticked)
        self._permit_remove()
        self._permit_copy()
        self._tell_overlays()

    def _show_scores(self, ticked: Sequence[Candidate]) -> None:
        found = [c.compared for c in ticked]
        headings = [h for c in ticked for h in (f"{c.short}, before", f"step {c.compared.scored_step:,}")]
        self.scores.show(["Score", *headings], score_rows(found) if found else [])
        _fit(self.score_table, 170)
        if found:
            from workbench.session.compare import same_facts

            self.different.say("" if same_facts(found) else DIFFERENT, "warning")

    def _show_settings(self, ticked: Sequence[Candidate]) -> None:
        rows: list[Row] = []
        if len(ticked) > 1:
            from workbench.session.compare import differences

            rows = [Row(d.title, d.values) for d in differences([c.compared for c in ticked])]
        self.settings.show(["Setting", *(c.short for c in ticked)] if rows else [], rows)
        _fit(self.setting_table, 170)
        self.setting_table.setVisible(bool(rows))
        self.same.setVisible(not rows)
        self.same.setText(
            "All settings of the ticked runs are the same."
            if len(ticked) > 1
            else "Tick two runs to see what differs."
        )

    def _show_maps(self, ticked: Sequence[Candidate]) -> None:
        while (item := self.map_row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        scored = [c for c in ticked if c.compared.retention]
        for candidate in scored:
            found = candidate.compared
            self.map_row.addWidget(RetentionMap(candidate.name, found.scored_steps, found.retention), 1)
        if scored:
            self.map_row.addWidget(ShareBar())
        else:
            said = label(
                "A map of how each step's facts were kept appears here once a ticked run was scored.", "dim"
            )
            said.setContentsMargins(12, 8, 12, 8)
            self.map_row.addWidget(said, 1, Qt.AlignmentFlag.AlignTop)

    @Slot()
    def _tell_overlays(self) -> None:
        shown = self.runs.ticked() if self.in_plots.isChecked() else []
        overlays: dict[tuple[Path, int], RunSeries] = {c.key: c.series for c in shown}
        self.overlays_changed.emit(overlays)

    @Slot()
    def _tell_axis(self) -> None:
        self.axis_wanted.emit("facts" if self.by_facts.isChecked() else "step")

    @Slot()
    def _permit_remove(self) -> None:
        others = [c for c in self._selected() if not c.own]
        reason = "" if others else "Choose a run of another session: those of this one stay."
        permit(self.remove_button, reason, "Compare with it no longer; its session stays as it is")

    @Slot()
    def _permit_copy(self) -> None:
        table = self._shown_table()
        reason = "" if table is not None and table.rows else "There is no table here to copy."
        permit(self.copy_button, reason, "Copy this table")

    def _shown_table(self) -> GridModel | None:
        return {0: self.scores, 1: self.settings}.get(self.tabs.currentIndex())

    def _selected(self) -> list[Candidate]:
        rows = {index.row() for index in self.run_table.selectionModel().selectedIndexes()}
        return [self.runs.candidates[i] for i in sorted(rows)]

    @Slot()
    def _remove(self) -> None:
        self.runs.remove([c.key for c in self._selected() if not c.own])

    @Slot()
    def _copy(self) -> None:
        table = self._shown_table()
        if table is not None:
            QGuiApplication.clipboard().setText(table.as_text())


def _table(name: str, title: str, model: RunsModel | GridModel) -> QTableView:
    table = QTableView()
    table.setObjectName(name)
    table.setAccessibleName(title)
    table.setModel(model)
    set_up_rows(table)
    table.setTabKeyNavigation(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    columns = table.horizontalHeader()
    columns.setSelectionModel(QItemSelectionModel(model, columns))
    return table


def _fit(table: QTableView, first: int) -> None:
    """Columns as wide as their headings and cells; few rows, so that this is quick."""
    table.resizeColumnsToContents()
    columns = table.horizontalHeader()
    if columns.count():
        columns.resizeSection(0, max(first, columns.sectionSize(0)))
