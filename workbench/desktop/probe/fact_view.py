"""The table of a fact's probes: answers with hit or miss in word and colour."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from workbench.desktop.probe.cell import Index, draw_background, set_up
from workbench.desktop.probe.fact_rows import EDITED, EXPECTED, KIND, ORIGINAL, PROMPT, VERDICT_ROLE, FactRows

ROW_HEIGHT, SQUARE, WORD_WIDTH = 26, 8, 66  # pixels
WIDTHS = {KIND: 104, EXPECTED: 120, ORIGINAL: 210, EDITED: 210}


class VerdictDelegate(QStyledItemDelegate):
    """A coloured square and the word, then the answer."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        text, room, tokens = draw_background(self, painter, option, index)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        verdict = index.data(VERDICT_ROLE)
        if verdict:
            word, good = verdict
            colour = QColor(tokens.good if good else tokens.bad)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            top = room.center().y() + 1 - SQUARE / 2
            painter.drawRoundedRect(QRectF(room.left(), top, SQUARE, SQUARE), 2, 2)
            painter.setPen(colour)
            painter.drawText(room.adjusted(SQUARE + 6, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, word)
            room = room.adjusted(SQUARE + 6 + WORD_WIDTH, 0, 0, 0)
        painter.setPen(QColor(tokens.ink))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()


class FactView(QTableView):
    def __init__(self, model: FactRows) -> None:
        super().__init__()
        self.setObjectName("probe-fact-table")
        self.setAccessibleName("The fact's probes, before and after")
        self.setModel(model)
        for column in (ORIGINAL, EDITED):
            self.setItemDelegateForColumn(column, VerdictDelegate(self))
        columns = set_up(self, ROW_HEIGHT)
        for column, width in WIDTHS.items():
            columns.resizeSection(column, width)
        columns.setSectionResizeMode(PROMPT, QHeaderView.ResizeMode.Stretch)
