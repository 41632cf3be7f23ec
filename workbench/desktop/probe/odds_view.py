"""Probabilities as bars beside their figures."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from workbench.desktop.probe.cell import Index, draw_background, set_up
from workbench.desktop.probe.odds import SHARE_ROLE, OddsModel

ROW_HEIGHT, BAR, FIGURE_WIDTH = 20, 8, 58  # pixels
LEAST_ROOM = 24  # for bars; narrower ones would all look alike


class BarDelegate(QStyledItemDelegate):
    """``quiet``: the original's bars are the paler ones."""

    def __init__(self, quiet: bool, parent: QTableView) -> None:
        super().__init__(parent)
        self._quiet = quiet

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        text, room, tokens = draw_background(self, painter, option, index)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = room.width() - FIGURE_WIDTH
        share = float(index.data(SHARE_ROLE) or 0.0)
        if share > 0 and width >= LEAST_ROOM:
            colour = QColor(tokens.accent)
            colour.setAlphaF(0.6 if self._quiet else 1.0)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            top = room.center().y() + 1 - BAR / 2
            painter.drawRoundedRect(QRectF(room.left(), top, max(2.0, width * share), BAR), 2, 2)
        painter.setPen(QColor(tokens.dim if text.startswith("<") else tokens.ink))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


class OddsView(QTableView):
    def __init__(self, model: OddsModel) -> None:
        super().__init__()
        self.setObjectName("probe-odds")
        self.setAccessibleName("Likeliest next tokens of both models")
        self.setModel(model)
        self.setItemDelegateForColumn(1, BarDelegate(True, self))
        self.setItemDelegateForColumn(2, BarDelegate(False, self))
        columns = set_up(self, ROW_HEIGHT)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        columns.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        columns.resizeSection(0, 110)
