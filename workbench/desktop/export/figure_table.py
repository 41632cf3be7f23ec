"""A small table of figures that is read and not edited."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableWidget, QTableWidgetItem

from workbench.desktop.widgets import tip

ROW, MOST_ROWS = 26, 9  # of more it asks for no more room and scrolls


class FigureTable(QTableWidget):
    """The first column takes the room that is left; the others are as wide as their figures."""

    def __init__(self, object_name: str, head: Sequence[str], accessible_name: str) -> None:
        super().__init__(0, len(head))
        self.setObjectName(object_name)
        self.setAccessibleName(accessible_name)
        for column, text in enumerate(head):
            item = QTableWidgetItem(text)
            item.setTextAlignment(_side(column))
            self.setHorizontalHeaderItem(column, item)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setHighlightSections(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)

    def explain(self, column: int, help: str) -> None:
        """A tooltip for the head of a column."""
        head = self.horizontalHeaderItem(column)
        assert head is not None
        head.setToolTip(tip(help))

    def show_rows(self, rows: Sequence[Sequence[str]], tips: Sequence[str] = ()) -> None:
        """``tips``: a tooltip for each row."""
        self.setRowCount(len(rows))
        for number, cells in enumerate(rows):
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setTextAlignment(_side(column))
                if tips:
                    item.setToolTip(tip(tips[number]))
                self.setItem(number, column, item)
        self.updateGeometry()

    def texts(self) -> list[list[str]]:
        return [
            [item.text() if (item := self.item(row, column)) else "" for column in range(self.columnCount())]
            for row in range(self.rowCount())
        ]

    def sizeHint(self) -> QSize:
        height = (
            self.horizontalHeader().sizeHint().height()
            + ROW * min(self.rowCount(), MOST_ROWS)
            + 2 * self.frameWidth()
        )
        return QSize(super().sizeHint().width(), height)


def _side(column: int) -> Qt.AlignmentFlag:
    horizontal = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    return horizontal | Qt.AlignmentFlag.AlignVCenter
