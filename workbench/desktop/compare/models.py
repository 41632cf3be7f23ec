"""What is said of the ticked runs: texts under headings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.desktop.compare.columns import figure
from workbench.desktop.widgets import tip
from workbench.evaluation.scores import PROTOCOLS
from workbench.evaluation.titles import TITLES

if TYPE_CHECKING:
    from workbench.session.compare import Compared

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


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
