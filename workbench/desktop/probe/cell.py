"""Cells of a table that draw their text themselves."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from workbench.desktop.theme import Tokens, tokens_of

MARGIN = 8  # left and right of a cell, pixels
Index = QModelIndex | QPersistentModelIndex


def draw_background(
    delegate: QStyledItemDelegate, painter: QPainter, option: QStyleOptionViewItem, index: Index
) -> tuple[str, QRect, Tokens]:
    """Draws the cell as the style has it but for its text; returns the text, the room for it and the colours."""
    drawn = QStyleOptionViewItem(option)
    delegate.initStyleOption(drawn, index)
    text, drawn.text = drawn.text, ""
    style = drawn.widget.style() if drawn.widget else QApplication.style()
    style.drawControl(QStyle.ControlElement.CE_ItemViewItem, drawn, painter, drawn.widget)
    return text, drawn.rect.adjusted(MARGIN, 0, -MARGIN, 0), tokens_of(drawn.palette)


def set_up(view: QTableView, row_height: int) -> QHeaderView:
    """Plain rows of one height; returns the heading of the columns."""
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    rows, columns = view.verticalHeader(), view.horizontalHeader()
    rows.hide()
    rows.setMinimumSectionSize(row_height)
    rows.setDefaultSectionSize(row_height)
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    columns.setHighlightSections(False)
    columns.setSectionsClickable(False)
    columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return columns
