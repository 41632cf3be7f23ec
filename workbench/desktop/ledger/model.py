"""Runs and their steps as a tree of two levels; a step is reached by its run's place, nothing is made per cell."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication

from workbench.desktop.ledger.columns import COLUMNS, STATE, run_text, run_tip, step_text, step_tip
from workbench.desktop.theme import tokens_of
from workbench.desktop.widgets import tip

if TYPE_CHECKING:
    from workbench.session.ledger import LedgerRun, LedgerStep

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
Place = tuple[
    int, bool, int
]  # run, whether it is an editing step, its number; (run, False, 0) is the run itself
_RUN = 0  # internal id of runs; of a step, its run's row + 1


class LedgerModel(QAbstractItemModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runs: list[LedgerRun] = []
        self.steps: list[list[LedgerStep]] = []  # of each run, growing while it goes on
        self._stands: Place | None = None
        self._in_model: dict[int, int] = {}  # run → the editing step up to which the model has it

    def set_ledger(self, runs: "Sequence[LedgerRun]") -> None:
        self.beginResetModel()
        self.runs = list(runs)
        self.steps = [list(run.steps) for run in runs]
        self.endResetModel()

    def set_standing(self, stands: Place | None, in_model: dict[int, int]) -> None:
        """Where the model stands, and which steps of which runs it has."""
        moved = {place[0] for place in (self._stands, stands) if place is not None and self._stands != stands}
        known = in_model.keys() | self._in_model.keys()
        changed = {run for run in known if in_model.get(run) != self._in_model.get(run)} | moved
        self._stands, self._in_model = stands, dict(in_model)
        for run in changed:
            row = self.row_of(run)
            if row is not None:
                self._tell_whole(row)

    def _tell_whole(self, row: int) -> None:
        parent = self.index(row, 0)
        self._tell(parent)
        last = self.rowCount(parent) - 1
        if last >= 0:
            self.dataChanged.emit(self.index(0, 0, parent), self.index(last, len(COLUMNS) - 1, parent))

    def set_run(self, run: "LedgerRun") -> None:
        """A new one, or what is known of one that is there; its steps stay."""
        row = self.row_of(run.record.id)
        if row is None:
            self.beginInsertRows(QModelIndex(), len(self.runs), len(self.runs))
            self.runs.append(run)
            self.steps.append(list(run.steps))
            self.endInsertRows()
        else:
            self.runs[row] = replace(run, steps=tuple(self.steps[row]))
            self._tell(self.index(row, 0))

    def add_step(self, step: "LedgerStep") -> None:
        """In place of one of the same number, as when a step is done again."""
        row = self.row_of(step.run)
        if row is None:
            return
        self._count_in(row, step)
        steps, parent = self.steps[row], self.index(row, 0)
        at = bisect_left(steps, _order(step), key=_order)
        if at < len(steps) and _order(steps[at]) == _order(step):
            steps[at] = step
            self._tell(self.index(at, 0, parent))
            return
        self.beginInsertRows(parent, at, at)
        steps.insert(at, step)
        self.endInsertRows()

    def _count_in(self, row: int, step: "LedgerStep") -> None:
        run = self.runs[row]
        if not step.warming_up and step.step > run.record.steps_done:
            done = step.first_fact + step.facts
            record = replace(run.record, steps_done=step.step, facts_done=done)
            self.runs[row] = replace(run, record=record)
            self._tell(self.index(row, 0))

    def facts_after(self, run: int, step: int) -> int:
        """How many of the run's facts are behind an editing step, those before a branch included."""
        row = self.row_of(run)
        if row is None:
            return 0
        own = [s for s in self.steps[row] if not s.warming_up and s.step <= step]
        if own:
            return own[-1].first_fact + own[-1].facts
        record = self.runs[row].record
        return self.facts_after(record.parent, min(step, record.parent_step or 0)) if record.parent else 0

    def row_of(self, run: int) -> int | None:
        at = bisect_left(self.runs, run, key=lambda r: r.record.id)
        return at if at < len(self.runs) and self.runs[at].record.id == run else None

    def place(self, index: Index) -> Place | None:
        if not index.isValid():
            return None
        if index.internalId() == _RUN:
            return self.runs[index.row()].record.id, False, 0
        step = self.step(index)
        return (step.run, not step.warming_up, step.step) if step else None

    def index_of(self, place: Place) -> QModelIndex:
        row = self.row_of(place[0])
        if row is None:
            return QModelIndex()
        parent = self.index(row, 0)
        if not place[2]:
            return parent
        at = bisect_left(self.steps[row], place[1:], key=_order)
        found = at < len(self.steps[row]) and _order(self.steps[row][at]) == place[1:]
        return self.index(at, 0, parent) if found else QModelIndex()

    def run(self, index: Index) -> "LedgerRun":
        return self.runs[index.row() if index.internalId() == _RUN else index.internalId() - 1]

    def step(self, index: Index) -> "LedgerStep | None":
        """None for a run."""
        if index.internalId() == _RUN:
            return None
        return self.steps[index.internalId() - 1][index.row()]

    # Qt

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else _RUN)

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        if not index.isValid() or index.internalId() == _RUN:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, _RUN)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if not parent.isValid():
            return len(self.runs)
        return len(self.steps[parent.row()]) if parent.internalId() == _RUN and parent.column() == 0 else 0

    def columnCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(COLUMNS)

    def headerData(self, section: int, _orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        column = COLUMNS[section]
        match role:
            case Role.DisplayRole:
                return column.title
            case Role.ToolTipRole:
                return tip(column.about)
            case Role.TextAlignmentRole:
                return _aligned(column.figures)
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        match role:
            case Role.DisplayRole:
                return self._text(index)
            case Role.ToolTipRole:
                step = self.step(index)
                said = (
                    run_tip(self.run(index), index.column())
                    if step is None
                    else step_tip(step, index.column())
                )
                return tip(said)
            case Role.TextAlignmentRole:
                return _aligned(COLUMNS[index.column()].figures)
            case Role.ForegroundRole:
                return self._colour(index)
            case Role.FontRole if index.internalId() == _RUN and index.column() == 0:
                font = QFont(QGuiApplication.font())
                font.setWeight(QFont.Weight.DemiBold)
                return font
        return None

    def _text(self, index: Index) -> str:
        step, column = self.step(index), index.column()
        if column == STATE and self._stands is not None and self.place(index) == self._stands:
            return "model is here"
        return run_text(self.run(index), column) if step is None else step_text(step, column)

    def _colour(self, index: Index) -> QColor | None:
        tokens = tokens_of(QGuiApplication.palette())
        step = self.step(index)
        if index.column() == STATE:
            if self.place(index) == self._stands:
                return QColor(tokens.accent)
            return QColor(tokens.warning if step is not None and step.skipped else tokens.dim)
        if step is None or step.warming_up:
            return None
        inside = step.step <= self._in_model.get(step.run, -1)
        return None if inside else QColor(tokens.dim)

    def _tell(self, index: QModelIndex) -> None:
        self.dataChanged.emit(index, index.siblingAtColumn(len(COLUMNS) - 1))


def _order(step: "LedgerStep") -> tuple[bool, int]:
    return not step.warming_up, step.step


def _aligned(figures: bool) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if figures else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
