"""The rows of a file that became no fact, with their reasons."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSettings,
    Qt,
    Slot,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.facts.table_model import one_line, tip
from workbench.desktop.facts.widgets import named, plain_label, push_button, set_up_rows
from workbench.desktop.theme import mark
from workbench.errors import WorkbenchError
from workbench.facts import BadRow, write_bad_rows
from workbench.facts.text import count

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
TITLES = ("Row", "Column", "Reason", "What stood there")
WIDTHS = (64, 120, 480, 200)  # pixels
FOLDER = "facts/export-folder"


class BadRowsModel(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.bad: Sequence[BadRow] = ()

    def show(self, bad: Sequence[BadRow]) -> None:
        self.beginResetModel()
        self.bad = bad
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.bad)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if role == Role.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        horizontal = orientation == Qt.Orientation.Horizontal
        return TITLES[section] if role == Role.DisplayRole and horizontal else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if role not in (Role.DisplayRole, Role.ToolTipRole):
            return None
        bad = self.bad[index.row()]
        text = (f"{bad.row:,}", bad.column, bad.reason, bad.content)[index.column()]
        return one_line(text) if role == Role.DisplayRole else tip(text)


class BadRowsView(QWidget):
    def __init__(self, settings: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.model = BadRowsModel(self)
        self.title = plain_label("Rows left out", role="group")
        self.export = push_button("Export bad rows…", "import-export-bad")
        self.export.clicked.connect(self._export)
        self.said = plain_label(name="import-bad-said")
        self.said.hide()
        self.table = named(QTableView(), "import-bad-rows", "Bad rows")
        set_up_rows(self.table)
        self.table.setModel(self.model)
        for number, width in enumerate(WIDTHS):
            self.table.setColumnWidth(number, width)
        self.table.horizontalHeader().setStretchLastSection(True)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.export)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.said)
        column.addWidget(self.table, 1)

    def show_rows(self, bad: Sequence[BadRow]) -> None:
        self.model.show(bad)
        self.said.hide()
        self.setVisible(bool(bad))

    @Slot()
    def _export(self) -> None:
        start = str(Path(str(self._settings.value(FOLDER, ""))) / "bad rows.csv")
        name, _ = QFileDialog.getSaveFileName(self, "Export bad rows", start, "CSV (*.csv)")
        if name:
            self.write(Path(name))

    def write(self, path: Path) -> None:
        try:
            number = write_bad_rows(path, self.model.bad)
        except WorkbenchError as error:
            self.said.setText(str(error))
            mark(self.said, level="bad")
        else:
            self.said.setText(f"{count(number, 'row')} written to {path}.")
            mark(self.said, level="good")
        self.said.show()
