"""The style sheet, filled from the tokens. Widgets opt into a variant by a property, see ``mark``."""

from dataclasses import asdict
from string import Template

from PySide6.QtWidgets import QWidget

from workbench.desktop.theme.tokens import Tokens

BUTTONS = """
QPushButton { background: $raised; color: $ink; border: 1px solid $edge; border-radius: 6px;
  padding: 4px 12px; min-height: 18px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed, QPushButton:checked { background: $selection; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $disabled; background: $pane; border-color: $line; }
QPushButton::menu-indicator { image: url("$chevron"); width: 12px; height: 12px; right: 6px;
  subcontrol-origin: padding; subcontrol-position: center right; }
QPushButton[primary="true"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton[primary="true"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[primary="true"]:focus { border-color: $ink; }
QPushButton[primary="true"]:disabled { background: $raised; color: $disabled; border-color: $line; }
QPushButton[quiet="true"] { background: transparent; border-color: transparent; padding: 4px 8px; }
QPushButton[quiet="true"]:hover { background: $hover; }
QPushButton[quiet="true"]:focus { border-color: $accent; }
QPushButton[danger="true"] { color: $bad; }
QPushButton[danger="true"]:disabled { color: $disabled; }
QToolButton { background: transparent; color: $ink; border: 1px solid transparent; border-radius: 6px; padding: 3px; }
QToolButton:hover, QToolButton:open { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $selection; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $disabled; }
QToolButton::menu-indicator { image: none; }
QToolButton[popupMode="1"] { padding-right: 16px; }
QToolButton::menu-button { border: none; width: 14px; }
QToolButton::menu-arrow { image: url("$chevron"); width: 10px; height: 10px; }
"""

FIELDS = """
QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox { background: $raised; color: $ink;
  placeholder-text-color: $dim;
  border: 1px solid $edge; border-radius: 6px; selection-background-color: $selection; selection-color: $ink; }
QLineEdit, QAbstractSpinBox, QComboBox { padding: 3px 8px; min-height: 18px; }
QPlainTextEdit, QTextEdit { padding: 4px; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {
  border-color: $accent; }
QLineEdit:disabled, QPlainTextEdit:disabled, QTextEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {
  background: $pane; color: $disabled; border-color: $line; }
QLineEdit[invalid="true"], QAbstractSpinBox[invalid="true"], QComboBox[invalid="true"],
  QPlainTextEdit[invalid="true"] { border-color: $bad; }
QAbstractSpinBox QLineEdit, QComboBox QLineEdit { background: transparent; border: none; padding: 0 4px;
  min-height: 0; }
QAbstractItemView QLineEdit { border-radius: 0; padding: 0 6px; min-height: 0; }
QComboBox { padding-right: 0; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url("$chevron"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $edge; outline: none; padding: 2px;
  selection-background-color: $selection; selection-color: $ink; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; background: transparent; width: 18px; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $hover; }
QAbstractSpinBox::up-arrow { image: url("$chevron_up"); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url("$chevron"); width: 10px; height: 10px; }
QCheckBox, QRadioButton { spacing: 8px; color: $ink; }
QCheckBox:disabled, QRadioButton:disabled { color: $disabled; }
QCheckBox::indicator, QRadioButton::indicator, QAbstractItemView::indicator, QMenu::indicator,
  QGroupBox::indicator { width: 14px; height: 14px; border: 1px solid $dim; border-radius: 4px; background: $raised; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus, QCheckBox::indicator:hover,
  QRadioButton::indicator:hover { border-color: $accent; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked, QMenu::indicator:checked,
  QGroupBox::indicator:checked { background: $accent; border-color: $accent; image: url("$check"); }
QCheckBox::indicator:indeterminate, QAbstractItemView::indicator:indeterminate { background: $accent;
  border-color: $accent; image: url("$dash"); }
QRadioButton::indicator:checked { background: $accent; border-color: $accent; image: url("$dot"); }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: $line; background: $pane; }
QCheckBox::indicator:checked:disabled, QRadioButton::indicator:checked:disabled { background: $disabled; }
QSlider::groove:horizontal { height: 4px; background: $hover; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal { width: 14px; margin: -5px 0; border-radius: 7px; background: $ink; }
"""

VIEWS = """
QAbstractItemView { background: $pane; alternate-background-color: $raised; color: $ink; border: none;
  outline: none; selection-background-color: $selection; selection-color: $ink; }
QTableView { gridline-color: $line; }
QTableView::item, QTreeView::item { padding: 0 6px; border: none; }
QTreeView::item, QListView::item { min-height: 26px; }
QAbstractItemView::item:hover { background: $raised; }
QAbstractItemView::item:selected { background: $selection; color: $ink; }
QHeaderView { background: $raised; border: none; }
QHeaderView::section { background: $raised; color: $dim; border: none; border-bottom: 1px solid $line;
  padding: 0 8px; min-height: 26px; font-weight: normal; }
QHeaderView::section:hover { color: $ink; }
QHeaderView::section:vertical { border-bottom: none; border-right: 1px solid $line; }
QHeaderView::up-arrow { image: url("$chevron_up"); width: 10px; height: 10px; }
QHeaderView::down-arrow { image: url("$chevron"); width: 10px; height: 10px; }
QTableCornerButton::section { background: $raised; border: none; }
QAbstractScrollArea { border: none; }
QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }
QScrollBar { background: transparent; border: none; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: $edge; border-radius: 3px; margin: 2px; }
QScrollBar::handle:hover { background: $disabled; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
"""

FRAMES = """
QMainWindow { background: $window; }
QMainWindow::separator { background: $line; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $accent; }
QSplitter::handle { background: $line; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QDockWidget { color: $dim; titlebar-close-icon: url("$close"); titlebar-normal-icon: url("$float"); }
QDockWidget::title { background: $pane; padding: 6px 12px; border-bottom: 1px solid $line; text-align: left; }
QDockWidget > QWidget { background: $pane; }
QDockWidget::close-button, QDockWidget::float-button { border: none; border-radius: 4px; icon-size: 14px; }
QDockWidget::close-button:hover, QDockWidget::float-button:hover { background: $hover; }
QToolBar { background: $pane; border: none; border-bottom: 1px solid $line; spacing: 8px; padding: 8px 12px; }
QToolBar::separator { background: $line; width: 1px; margin: 4px; }
QMenuBar { background: $pane; padding: 2px 6px; }
QMenuBar::item { padding: 4px 9px; border-radius: 6px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $raised; border: 1px solid $edge; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 10px; border-radius: 4px; }
QMenu::item:selected { background: $selection; color: $ink; }
QMenu::item:disabled { color: $disabled; background: transparent; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator { margin-left: 8px; }
QMenu::separator { height: 1px; background: $line; margin: 4px 6px; }
QStatusBar { background: $pane; color: $dim; border-top: 1px solid $line; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $dim; }
QProgressBar { background: $hover; border: none; border-radius: 3px; max-height: 6px; min-height: 6px;
  text-align: center; color: transparent; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QToolTip { background: $raised; color: $ink; border: 1px solid $edge; padding: 4px 6px; }
QTabWidget::pane { border: none; border-top: 1px solid $line; }
QTabBar { qproperty-drawBase: 0; background: transparent; }
QTabBar::tab { background: transparent; color: $dim; padding: 7px 12px 6px 12px; border: none;
  border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: $ink; }
QTabBar::tab:selected { color: $ink; border-bottom-color: $accent; }
QTabBar::tab:disabled { color: $disabled; }
QTabBar::tab:focus { color: $accent; }
QTabBar::close-button { image: url("$close"); }
QGroupBox { border: none; margin-top: 22px; padding: 0; color: $dim; font-weight: 600; }
QGroupBox::title { subcontrol-origin: margin; subcontrol-position: top left; padding: 2px 0; }
"""

VARIANTS = """
QLabel[role="dim"] { color: $dim; }
QLabel[role="caption"] { color: $dim; font-size: 12px; }
QLabel[role="group"] { color: $dim; font-weight: 600; font-size: 12px; }
QLabel[role="title"] { color: $ink; font-weight: 600; }
QLabel[role="headline"] { color: $ink; font-weight: 600; font-size: 20px; }
QLabel[role="drop"] { background: $pane; color: $accent; border: 2px dashed $accent; border-radius: 6px;
  padding: 24px; font-weight: 600; }
QLabel[role="figure"] { color: $ink; font-weight: 600; }
QLabel[level="good"] { color: $good; }
QLabel[level="warning"] { color: $warning; }
QLabel[level="bad"] { color: $bad; }
QLabel:disabled { color: $disabled; }
QFrame[role="card"] { background: $raised; border: 1px solid $line; border-radius: 6px; }
QFrame[role="line"] { background: $line; border: none; max-height: 1px; min-height: 1px; }
QFrame[role="upright"] { background: $line; border: none; max-width: 1px; min-width: 1px; margin: 4px 0; }
QFrame[role="notice"] { background: $raised; border: 1px solid $edge; border-left: 3px solid $accent;
  border-radius: 6px; }
QFrame[role="notice"][level="good"] { border-left-color: $good; }
QFrame[role="notice"][level="warning"] { border-left-color: $warning; }
QFrame[role="notice"][level="bad"] { border-left-color: $bad; }
QFrame[role="notice"] QLabel { background: transparent; }
"""

# Pictures a style sheet can only take from files: key in the sheet → icon name, colour token.
IMAGES = {
    "chevron": ("chevron-down", "dim"),
    "chevron_up": ("chevron-up", "dim"),
    "check": ("check", "on_accent"),
    "dash": ("minus", "on_accent"),
    "dot": ("dot", "on_accent"),
    "close": ("close", "dim"),
    "float": ("float", "dim"),
}


def style_sheet(tokens: Tokens, images: dict[str, str]) -> str:
    """``images``: the path of a file for every key of IMAGES."""
    return Template(BUTTONS + VIEWS + FIELDS + FRAMES + VARIANTS).substitute(asdict(tokens), **images)


def mark(widget: QWidget, **properties: object) -> None:
    """Sets what the sheet looks at: ``primary``, ``quiet``, ``danger``, ``invalid`` (bool), ``role`` (dim, caption,
    group, title, headline, figure, card, line, upright, notice), ``level`` (good, warning, bad)."""
    for name, value in properties.items():
        widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
