"""A short list typed into a table: a last empty row for the next entry, pasted lines become rows."""

import csv
import io
from collections.abc import Iterable

from PySide6.QtCore import QEvent, QItemSelectionModel, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from workbench.desktop.facts.widgets import ROW_HEIGHT, set_up_rows
from workbench.desktop.moving import Index, without_ctrl
from workbench.facts.text import clean


class LinesTable(QTableWidget):
    """Rows of texts; those whose first cell is empty do not count."""

    changed = Signal()

    def __init__(self, name: str, titles: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(0, len(titles), parent)
        self.setObjectName(name)
        self.setHorizontalHeaderLabels(titles)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setVisible(len(titles) > 1)
        for column in range(1, len(titles)):
            header.resizeSection(column, 130)
        set_up_rows(self)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.AllEditTriggers)
        self.setProperty("role", "card")
        self.cellChanged.connect(self._edited)
        self.set_rows(())

    def set_rows(self, rows: Iterable[tuple[str, ...]]) -> None:
        self.blockSignals(True)
        self.setRowCount(0)
        for row in (*rows, ("",) * self.columnCount()):
            self._append(row)
        self.blockSignals(False)
        self.setCurrentCell(-1, -1)
        self._fit()

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Cleaned; an entry that was not touched keeps its text."""
        held = [
            tuple(clean(self._text(row, column)) for column in range(self.columnCount()))
            for row in range(self.rowCount())
        ]
        return tuple(row for row in held if row[0])

    def incomplete(self) -> bool:
        """Whether a row has an answer and no prompt."""
        return any(
            not clean(self._text(row, 0))
            and any(self._text(row, column) for column in range(self.columnCount()))
            for row in range(self.rowCount())
        )

    def _text(self, row: int, column: int) -> str:
        item = self.item(row, column)
        return item.text() if item else ""

    def _append(self, row: tuple[str, ...]) -> None:
        at = self.rowCount()
        self.insertRow(at)
        for column, text in enumerate(row):
            self.setItem(at, column, QTableWidgetItem(text))

    @Slot()
    def _edited(self) -> None:
        last = self.rowCount() - 1
        if last < 0 or any(self._text(last, column) for column in range(self.columnCount())):
            self.blockSignals(True)
            self._append(("",) * self.columnCount())
            self.blockSignals(False)
            self._fit()
        self.changed.emit()

    def _fit(self) -> None:
        """As high as its rows, up to five."""
        header = ROW_HEIGHT + 2 if self.columnCount() > 1 else 0
        self.setFixedHeight(header + ROW_HEIGHT * min(max(self.rowCount(), 2), 5) + 2)

    def selectionCommand(
        self, index: Index, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        return super().selectionCommand(index, without_ctrl(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self._paste(QGuiApplication.clipboard().text())
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._delete()
        else:
            super().keyPressEvent(event)

    def _paste(self, text: str) -> None:
        lines = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter="\t")
        try:
            pasted = [row[: self.columnCount()] for row in lines if any(cell.strip() for cell in row)]
        except csv.Error:
            return
        filled = [tuple(row + [""] * (self.columnCount() - len(row))) for row in pasted]
        self.set_rows((*self.rows(), *filled))
        self.changed.emit()

    def _delete(self) -> None:
        """The rows with a selected cell."""
        gone = {index.row() for index in self.selectedIndexes()}
        kept = [
            tuple(self._text(row, column) for column in range(self.columnCount()))
            for row in range(self.rowCount() - 1)
            if row not in gone
        ]
        self.set_rows(kept)
        self.changed.emit()
