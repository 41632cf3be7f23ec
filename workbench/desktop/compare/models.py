"""Tables of the compare dock: the runs to choose from, and what is said of the chosen ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from workbench.desktop.compare.reading import Candidate, Key
from workbench.desktop.widgets import tip
from workbench.evaluation.scores import PROTOCOLS, Scores
from workbench.evaluation.titles import TITLES

if TYPE_CHECKING:
    from workbench.session.compare import Compared

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
MOST_TICKED = 3  # without being asked for
RUN_TITLES = ("Run", "Facts", "Says it")
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class RunsModel(QAbstractTableModel):
    """Ticked rows are compared."""

    ticked_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.candidates: list[Candidate] = []
        self._ticked: set[Key] = set()
        self._seen: set[Key] = set()

    def set_own(self, found: Sequence[Candidate]) -> None:
        """The runs of the session that is open; those of others stay. The newest few that come are ticked."""
        others = [c for c in self.candidates if not c.own]
        new = [c.key for c in found if c.key not in self._seen]
        self._seen |= set(new)
        self._set([*found, *others])
        self._ticked |= set(new[::-1][: max(MOST_TICKED - len(self._ticked), 0)])
        self.ticked_changed.emit()

    def add_other(self, found: Sequence[Candidate]) -> None:
        """Runs of another session, ticked; in place of those of the same session that are here already."""
        folders = {c.key[0] for c in found}
        self._set([*(c for c in self.candidates if c.own or c.key[0] not in folders), *found])
        self._ticked |= {c.key for c in found}
        self.ticked_changed.emit()

    def remove(self, keys: Sequence[Key]) -> None:
        self._set([c for c in self.candidates if c.key not in keys])
        self.ticked_changed.emit()

    def ticked(self) -> list[Candidate]:
        return [c for c in self.candidates if c.key in self._ticked]

    def _set(self, found: list[Candidate]) -> None:
        self.beginResetModel()
        self.candidates = found
        self._ticked &= {c.key for c in found}
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.candidates)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(RUN_TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.DisplayRole:
            return RUN_TITLES[section]
        if role == Role.TextAlignmentRole:
            return LEFT if section == 0 else RIGHT
        about = f"Before and after. {PROTOCOLS['generated']}" if section == 2 else ""
        return tip(about) if role == Role.ToolTipRole else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == 0 else flags

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        candidate = self.candidates[index.row()]
        match role:
            case Role.CheckStateRole if index.column() == 0:
                return Qt.CheckState.Checked if candidate.key in self._ticked else Qt.CheckState.Unchecked
            case Role.DisplayRole:
                return self._text(candidate, index.column())
            case Role.ToolTipRole:
                return tip("\n".join(filter(None, [candidate.name, candidate.compared.record.note,
                                                   str(candidate.compared.session)])))  # fmt: skip
            case Role.TextAlignmentRole:
                return LEFT if index.column() == 0 else RIGHT
        return None

    def setData(self, index: Index, value: object, role: int = Role.EditRole) -> bool:  # noqa: ARG002
        if role != Role.CheckStateRole or index.column():
            return False
        self._ticked ^= {self.candidates[index.row()].key}
        self.dataChanged.emit(index, index, [Role.CheckStateRole])
        self.ticked_changed.emit()
        return True

    def _text(self, candidate: Candidate, column: int) -> str:
        found = candidate.compared
        match column:
            case 0:
                return candidate.name
            case 1:
                return f"{found.record.facts_done - found.skipped:,}"
        return f"{figure(found.before, 'generated')} → {figure(found.after, 'generated')}"


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    cells: tuple[str, ...]
    about: str = ""  # tooltip of the whole row


class GridModel(QAbstractTableModel):
    """Texts under headings; the first column is the rows' titles."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.headings: tuple[str, ...] = ()
        self.rows: tuple[Row, ...] = ()

    def show(self, headings: Sequence[str], rows: Sequence[Row]) -> None:
        """``headings``: of the first column too."""
        self.beginResetModel()
        self.headings, self.rows = tuple(headings), tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.headings)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        match role:
            case Role.DisplayRole:
                return self.headings[section]
            case Role.ToolTipRole:
                return tip(self.headings[section])
            case Role.TextAlignmentRole:
                return LEFT if section == 0 else RIGHT
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        row = self.rows[index.row()]
        match role:
            case Role.DisplayRole:
                return row.title if index.column() == 0 else row.cells[index.column() - 1]
            case Role.ToolTipRole:
                text = row.title if index.column() == 0 else row.cells[index.column() - 1]
                return tip(row.about or text)
            case Role.TextAlignmentRole:
                return LEFT if index.column() == 0 else RIGHT
        return None

    def as_text(self) -> str:
        """Tab-separated, for a spreadsheet."""
        lines = ["\t".join(self.headings), *("\t".join((row.title, *row.cells)) for row in self.rows)]
        return "\n".join(lines)


def score_rows(runs: "Sequence[Compared]") -> list[Row]:
    """Two cells a run: the unedited model, then the edited one."""
    return [
        Row(
            title,
            tuple(figure(scores, name) for run in runs for scores in (run.before, run.after)),
            PROTOCOLS[name],
        )
        for name, title in TITLES.items()
    ]


def figure(scores: Scores | None, name: str) -> str:
    value = float("nan") if scores is None else float(getattr(scores, name))
    if value != value:
        return "–"
    return f"{value:,.1f}" if name == "perplexity" else f"{value:.3f}"
