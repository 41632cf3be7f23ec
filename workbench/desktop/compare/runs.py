"""The table of runs: those to compare are ticked; one of them may be the baseline of all others."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QGuiApplication

from workbench.desktop.compare.columns import Column, columns_of, score_in_words
from workbench.desktop.compare.reading import Candidate, Key
from workbench.desktop.compare.rows import RunRow, in_order, parse, rows_of
from workbench.desktop.theme import tokens_of
from workbench.desktop.widgets import tip

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
MOST_TICKED = 3  # without being asked for
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class RunsModel(QAbstractTableModel):
    """Column 0 names the run; ``columns`` follow it. The baseline stands first, however the rest is sorted."""

    ticked_changed = Signal()
    shown_changed = Signal()  # other rows or columns

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.candidates: list[Candidate] = []
        self.columns: list[Column] = []
        self.rows: list[RunRow] = []  # as shown
        self.baseline: Key | None = None
        self.problem = ""  # of the filter
        self._ticked: set[Key] = set()
        self._slots: dict[Key, int] = {}
        self._text, self._grouped, self._all_settings = "", False, False
        self._sorted: tuple[str, bool] | None = None  # key of a column, "" for the name; descending

    # Which runs there are

    def set_own(self, found: Sequence[Candidate]) -> None:
        """The runs of the session that is open; those of others stay. The newest few that come are ticked."""
        others = [c for c in self.candidates if not c.own]
        new = [c.key for c in found if c.key not in self._slots]
        self._set([*found, *others])
        self._tick(set(new[::-1][: max(MOST_TICKED - len(self._ticked), 0)]))

    def add_other(self, found: Sequence[Candidate]) -> None:
        """Runs of other sessions, ticked; in place of those of the same sessions that are here already."""
        folders = {c.key[0] for c in found}
        self._set([*(c for c in self.candidates if c.own or c.key[0] not in folders), *found])
        self._tick({c.key for c in found if not c.own})

    def remove(self, keys: Sequence[Key]) -> None:
        self._set([c for c in self.candidates if c.key not in keys])
        self._tick(set())

    def ticked(self) -> list[Candidate]:
        return [c for c in self.candidates if c.key in self._ticked]

    def slot(self, candidate: Candidate) -> int:
        """Of its colour: the same for as long as the dock lives."""
        return self._slots[candidate.key]

    def base(self) -> Candidate | None:
        return next((c for c in self.candidates if c.key == self.baseline), None)

    def _set(self, found: list[Candidate]) -> None:
        self.candidates = found
        keys = {c.key for c in found}
        for candidate in found:
            self._slots.setdefault(candidate.key, len(self._slots))
        self._ticked &= keys
        if self.baseline not in keys:
            self.baseline = None
        self._rebuild()

    def _tick(self, more: set[Key]) -> None:
        self._ticked |= more
        self._tell_ticks()
        self.ticked_changed.emit()

    # How they are shown

    def set_filter(self, text: str) -> None:
        self._text = text
        self._rebuild()

    def set_grouped(self, grouped: bool) -> None:
        """Whether runs that only their seed tells apart are one row."""
        self._grouped = grouped
        self._rebuild()

    def set_all_settings(self, whole: bool) -> None:
        """Whether settings that are the same in all runs are shown too."""
        self._all_settings = whole
        self._rebuild()

    def set_baseline(self, key: Key | None) -> None:
        self.baseline = key
        self._rebuild()
        self.ticked_changed.emit()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        key = "" if column <= 0 else self.columns[column - 1].key
        self._sorted = None if column < 0 else (key, order == Qt.SortOrder.DescendingOrder)
        self._rebuild()

    def _rebuild(self) -> None:
        self.beginResetModel()
        self.columns = columns_of(self.candidates, self._all_settings)
        wanted = parse(self._text, self.columns)
        self.problem = wanted.problem
        rows = [row for row in rows_of(self.candidates, self.columns, self._grouped) if wanted.holds(row)]
        keys = [column.key for column in self.columns]
        if self._sorted is not None and (not self._sorted[0] or self._sorted[0] in keys):
            key, descending = self._sorted
            rows = in_order(rows, keys.index(key) if key else None, descending)
        self.rows = sorted(rows, key=lambda row: not self._is_base(row))
        self.endResetModel()
        self.shown_changed.emit()

    def _is_base(self, row: RunRow) -> bool:
        return any(member.key == self.baseline for member in row.members)

    # What a table asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns) + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section <= len(self.columns):
            return None
        column = self.columns[section - 1] if section else None
        match role:
            case Role.DisplayRole:
                return column.title if column else "Run"
            case Role.TextAlignmentRole:
                return RIGHT if column and self._is_figure(section) else LEFT
            case Role.ToolTipRole:
                return tip(
                    column.about
                    if column
                    else "Runs to compare: tick those whose figures and curves you want"
                )
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == 0 else flags

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        row, section = self.rows[index.row()], index.column()
        match role:
            case Role.CheckStateRole if section == 0:
                return self._state(row)
            case Role.DecorationRole if section == 0:
                return QColor(self._colour(row))
            case Role.DisplayRole:
                return self.text(row, section)
            case Role.ToolTipRole:
                return tip(self._about(row, section))
            case Role.TextAlignmentRole:
                return RIGHT if section and self._is_figure(section) else LEFT
        return None

    def setData(self, index: Index, value: object, role: int = Role.EditRole) -> bool:
        if role != Role.CheckStateRole or index.column():
            return False
        keys = {member.key for member in self.rows[index.row()].members}
        on = Qt.CheckState(value) == Qt.CheckState.Checked
        self._ticked = self._ticked | keys if on else self._ticked - keys
        self._tick(set())
        return True

    def text(self, row: RunRow, section: int) -> str:
        if not section:
            return f"{row.name}, baseline" if self._is_base(row) else row.name
        column, value, spread = self.columns[section - 1], row.values[section - 1], row.spread[section - 1]
        said = column.words(value) if value == value else "–"
        if spread == spread and spread:
            said += f" ± {score_in_words(column.key, spread) if column.is_score else f'{spread:,.3g}'}"
        return said + self._delta(row, section)

    def _delta(self, row: RunRow, section: int) -> str:
        column, value = self.columns[section - 1], row.values[section - 1]
        base = next((r for r in self.rows if self._is_base(r)), None)
        if base is None or base is row or not column.is_score or isinstance(value, str):
            return ""
        difference = value - float(base.values[section - 1])
        return f" ({score_in_words(column.key, difference, '+')})" if difference == difference else ""

    def _about(self, row: RunRow, section: int) -> str:
        column = self.columns[section - 1] if section else None
        if column is None:
            told = ((m.name, m.compared.record.note, str(m.compared.session)) for m in row.members)
            return "\n".join(part for parts in told for part in parts if part)
        said = [column.about]
        for member in row.members if len(row.members) > 1 or column.before is not None else ():
            value = column.value(member)
            now = column.words(value) if value == value else "–"
            before = f", {column.words(column.before(member))} before any edit" if column.before else ""
            said.append(f"{member.name}: {now}{before}")
        return "\n".join(said)

    def _is_figure(self, section: int) -> bool:
        return not any(isinstance(row.values[section - 1], str) for row in self.rows)

    def _state(self, row: RunRow) -> Qt.CheckState:
        on = sum(member.key in self._ticked for member in row.members)
        whole = Qt.CheckState.Checked if on == len(row.members) else Qt.CheckState.PartiallyChecked
        return whole if on else Qt.CheckState.Unchecked

    def _colour(self, row: RunRow) -> str:
        curves = tokens_of(QGuiApplication.palette()).curves
        return curves[self.slot(row.members[0]) % len(curves)]

    def _tell_ticks(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, 0), [Role.CheckStateRole])
