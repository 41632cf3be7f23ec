"""What is said of the compared runs, in tabs: scores, settings that differ, curves, frontier, retention."""

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QScrollArea,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.compare.curves import CompareCurves, Drawn, fields_of, title_of
from workbench.desktop.compare.frontier import FrontierPlot
from workbench.desktop.compare.models import GridModel, Row, score_rows
from workbench.desktop.compare.reading import Candidate
from workbench.desktop.compare.retention import RetentionMap, ShareBar
from workbench.desktop.compare.runs import RunsModel
from workbench.desktop.facts.widgets import set_up_rows
from workbench.desktop.plots.plot import Plot
from workbench.desktop.widgets import Sentence, label, permit, row, stacked

DIFFERENT = "The runs were scored on different facts: their scores cannot be compared directly."
NO_BASELINE = "Choose a baseline first: select a run and press Baseline."
DIFFERENCE_HELP = "Draw how far each run is from the baseline"
AXES = ("perplexity", "es")  # of the frontier, at first
FIRST_COLUMN, COLOUR = 170, 10  # logical pixels


class Figures(QTabWidget):
    """``show_runs`` of the model, whose rows are the points of the frontier."""

    row_wanted = Signal(int)  # a point of the frontier was chosen

    def __init__(self, runs: RunsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent, documentMode=True)
        self.setObjectName("compare-tabs")
        self._runs = runs
        self.scores, self.settings = GridModel(self), GridModel(self)
        self.score_table = new_table("compare-scores", "Scores before and after", self.scores)
        self.setting_table = new_table("compare-settings", "Settings that differ", self.settings)
        self.same = label("", "dim")
        self.different = Sentence("compare-different")
        self.curves, self.frontier = CompareCurves(), FrontierPlot()
        self.field = _choice("compare-curve", "Which curve")
        self.less = QCheckBox("minus the baseline")
        self.less.setObjectName("compare-difference")
        self.x_axis, self.y_axis = _choice("compare-x", "Along x"), _choice("compare-y", "Along y")
        self._axes: tuple[str, str] = AXES  # as the person wants them, whether or not they can be had
        self.maps = QWidget()
        pages = (
            (self._score_page(), "Scores"),
            (self._setting_page(), "Settings"),
            (_plot_page(self.curves, self.field, self.less), "Curves"),
            (
                _plot_page(self.frontier, label("x", "dim"), self.x_axis, label("y", "dim"), self.y_axis),
                "Frontier",
            ),
            (self._map_page(), "Retention"),
        )
        for page, title in pages:
            self.addTab(page, title)
        self.setMinimumWidth(self.tabBar().sizeHint().width())  # else arrows cover the last one
        self.field.activated.connect(self._show_curves)
        self.less.toggled.connect(self._show_curves)
        for axis in (self.x_axis, self.y_axis):
            axis.activated.connect(self._choose_axes)
        self.frontier.selected.connect(self.row_wanted)

    def show_runs(self) -> None:
        ticked = self._runs.ticked()
        self._show_scores(ticked)
        self._show_settings(ticked)
        self._show_maps(ticked)
        self._show_curves()
        self.show_frontier()

    def table(self) -> GridModel | None:
        """The one that is shown, where it is a table."""
        return {0: self.scores, 1: self.settings}.get(self.currentIndex())

    def picture(self) -> QWidget:
        """What a picture is taken of."""
        page = self.currentWidget()
        return page.findChild(Plot) or page

    # Pages

    def _score_page(self) -> QWidget:
        self.different.setContentsMargins(12, 4, 12, 4)
        return stacked(self.different, self.score_table)

    def _setting_page(self) -> QWidget:
        self.same.setContentsMargins(12, 8, 12, 8)
        page = stacked(self.setting_table, self.same)
        self.same.setAlignment(Qt.AlignmentFlag.AlignTop)
        return page

    def _map_page(self) -> QWidget:
        self.map_row = QHBoxLayout(self.maps)
        self.map_row.setContentsMargins(4, 0, 4, 0)
        self.map_row.setSpacing(8)
        area = QScrollArea(widgetResizable=True)
        area.setWidget(self.maps)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return area

    # What is shown

    def _show_scores(self, ticked: Sequence[Candidate]) -> None:
        found = [c.compared for c in ticked]
        headings = [h for c in ticked for h in (f"{c.short}, before", f"step {c.compared.scored_step:,}")]
        self.scores.show(["Score", *headings], score_rows(found) if found else [])
        _fit(self.score_table)
        if found:
            from workbench.session.compare import same_facts

            self.different.say("" if same_facts(found) else DIFFERENT, "warning")

    def _show_settings(self, ticked: Sequence[Candidate]) -> None:
        rows: list[Row] = []
        if len(ticked) > 1:
            from workbench.session.compare import differences

            rows = [Row(d.title, d.values) for d in differences([c.compared for c in ticked])]
        self.settings.show(["Setting", *(c.short for c in ticked)] if rows else [], rows)
        _fit(self.setting_table)
        self.setting_table.setVisible(bool(rows))
        self.same.setVisible(not rows)
        same = "All settings of the ticked runs are the same."
        self.same.setText(same if len(ticked) > 1 else "Tick two runs to see what differs.")

    @Slot()
    def _show_curves(self) -> None:
        base = self._runs.base()
        drawn = [self._drawn(c) for c in self._runs.ticked()]
        fields = fields_of(drawn)
        _offer(self.field, [(name, title_of(name)) for name in fields], self.field.currentData())
        permit(self.less, "" if base else NO_BASELINE, DIFFERENCE_HELP)
        less = self._drawn(base) if base and self.less.isChecked() else None
        self.curves.show_runs(drawn if fields else [], self.field.currentData() or "success", less)

    def _drawn(self, candidate: Candidate) -> Drawn:
        folder, run = candidate.key
        return Drawn(f"{folder}/{run}", candidate.short, candidate.series, self._runs.slot(candidate))

    @Slot()
    def _choose_axes(self) -> None:
        self._axes = self.x_axis.currentData(), self.y_axis.currentData()
        self.show_frontier()

    @Slot()
    def show_frontier(self) -> None:
        runs = self._runs
        figures = [
            (i, c)
            for i, c in enumerate(runs.columns)
            if not any(isinstance(r.values[i], str) for r in runs.rows)
        ]
        for axis, wanted in zip((self.x_axis, self.y_axis), self._axes, strict=True):
            _offer(axis, [(c.key, c.title) for _, c in figures], wanted)
        if not figures:
            return
        places = {c.key: i for i, c in figures}
        axes = places[self.x_axis.currentData()], places[self.y_axis.currentData()]
        ticked = {c.key for c in runs.ticked()}
        self.frontier.show_rows(
            runs.rows,
            runs.columns,
            axes,
            [runs.slot(r.members[0]) for r in runs.rows],
            [any(m.key in ticked for m in r.members) for r in runs.rows],
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
            return
        said = label("A map of how each step's facts held appears here once a ticked run was scored.", "dim")
        said.setContentsMargins(12, 8, 12, 8)
        self.map_row.addWidget(said, 1, Qt.AlignmentFlag.AlignTop)


def new_table(name: str, title: str, model: RunsModel | GridModel) -> QTableView:
    table = QTableView()
    table.setObjectName(name)
    table.setAccessibleName(title)
    table.setModel(model)
    set_up_rows(table)
    table.setTabKeyNavigation(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setIconSize(QSize(COLOUR, COLOUR))
    columns = table.horizontalHeader()
    columns.setSelectionModel(QItemSelectionModel(model, columns))
    return table


def _choice(name: str, title: str) -> QComboBox:
    made = QComboBox()
    made.setObjectName(name)
    made.setAccessibleName(title)
    made.setToolTip(title)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return made


def _offer(choice: QComboBox, offered: Sequence[tuple[str, str]], chosen: str) -> None:
    """The first one is chosen where ``chosen`` is not offered."""
    choice.clear()
    for key, title in offered:
        choice.addItem(title, key)
    choice.setCurrentIndex(max(choice.findData(chosen), 0) if offered else -1)


def _plot_page(plot: Plot, *controls: QWidget) -> QWidget:
    bar = row(*controls, 1)
    bar.setContentsMargins(12, 4, 12, 4)
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addLayout(bar)
    column.addWidget(plot, 1)
    return page


def _fit(table: QTableView) -> None:
    """Columns as wide as their headings and cells; few rows, so that this is quick."""
    table.resizeColumnsToContents()
    columns = table.horizontalHeader()
    if columns.count():
        columns.resizeSection(0, max(FIRST_COLUMN, columns.sectionSize(0)))
