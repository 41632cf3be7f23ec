"""Small widgets as they are used throughout: named for tests, described for screen readers."""

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QToolButton,
    QWidget,
)

from workbench.desktop.theme import icon, mark

W = TypeVar("W", bound=QWidget)
ROW_HEIGHT = 26  # pixels, of every table


def named(widget: W, name: str, title: str = "") -> W:
    """``title`` is what a screen reader says."""
    widget.setObjectName(name)
    if title:
        widget.setAccessibleName(title)
    return widget


def plain_label(text: str = "", name: str = "", role: str = "") -> QLabel:
    """Wraps, and never takes its text for markup."""
    label = named(QLabel(text, wordWrap=True, textFormat=Qt.TextFormat.PlainText), name)
    if role:
        mark(label, role=role)
    return label


def label_of(field: QWidget, text: str = "") -> QLabel:
    """Says what a field is and takes the keyboard there; without ``text`` the field's accessible name."""
    label = QLabel(text or field.accessibleName(), textFormat=Qt.TextFormat.PlainText)
    label.setBuddy(field)
    return label


def push_button(text: str, name: str, primary: bool = False) -> QPushButton:
    """Only a primary button answers to Enter."""
    button = named(QPushButton(text, autoDefault=primary, default=primary), name)
    if primary:
        mark(button, primary=True)
    return button


def tool_button(icon_name: str, about: str, name: str) -> QToolButton:
    button = named(QToolButton(), name, about)
    button.setIcon(icon(icon_name))
    button.setToolTip(about)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def choice_box(name: str, title: str) -> QComboBox:
    box = named(QComboBox(), name, title)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return box


def set_up_rows(view: QTableView) -> None:
    """Rows of one height without numbers or grid, titles to the left, scrolling by pixels sideways."""
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setCornerWidget(QWidget())  # the style would frame the corner between two scroll bars
    rows, columns = view.verticalHeader(), view.horizontalHeader()
    rows.hide()
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    rows.setMinimumSectionSize(ROW_HEIGHT)
    rows.setDefaultSectionSize(ROW_HEIGHT)
    columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    columns.setHighlightSections(False)
