"""Draws a fact's state: a coloured square, its word, and the step where there is room."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.desktop.facts.store.states import TOKEN
from workbench.desktop.facts.table_model import STATE_ROLE
from workbench.desktop.theme import tokens_of

SQUARE, GAP, MARGIN = 8, 6, 8  # pixels


class StateDelegate(QStyledItemDelegate):
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        drawn = QStyleOptionViewItem(option)
        self.initStyleOption(drawn, index)
        word, drawn.text = drawn.text, ""
        widget = drawn.widget
        style = widget.style() if widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, drawn, painter, widget)
        palette: QPalette = drawn.palette
        tokens = tokens_of(palette)
        room: QRect = drawn.rect.adjusted(MARGIN, 0, -2, 0)
        state = index.data(STATE_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state is not None:
            top = room.center().y() + 1 - SQUARE / 2
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(tokens, TOKEN[state[0]])))
            painter.drawRoundedRect(QRectF(room.left(), top, SQUARE, SQUARE), 2, 2)
            room.setLeft(room.left() + SQUARE + GAP)
        painter.setPen(QColor(tokens.ink if state is not None else tokens.warning))
        _draw_words(painter, room, word, "" if state is None or state[1] < 0 else f"step {state[1]:,}")
        painter.restore()


def _draw_words(painter: QPainter, room: QRect, word: str, step: str) -> None:
    flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    metrics = painter.fontMetrics()
    painter.drawText(room, flags, metrics.elidedText(word, Qt.TextElideMode.ElideRight, room.width()))
    left = room.left() + metrics.horizontalAdvance(word) + GAP
    if step and left + metrics.horizontalAdvance(step) <= room.right():
        colour = painter.pen().color()
        colour.setAlphaF(0.65)
        painter.setPen(colour)
        painter.drawText(room.adjusted(left - room.left(), 0, 0, 0), flags, step)
