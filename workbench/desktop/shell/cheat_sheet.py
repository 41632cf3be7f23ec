"""Every key of the window on one sheet, taken from the actions themselves."""

from collections.abc import Sequence

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.theme import mark
from workbench.desktop.widgets import label, row, scrolled

FRAME = 60  # logical pixels around the columns
Group = tuple[str, list[tuple[str, str]]]  # heading, (keys, what they do)

# Keys of widgets, which no action of the window has.
OF_WIDGETS: Sequence[Group] = (
    ("In a plot", [("← →", "Read the values of the step before, after"), ("Shift+← →", "Ten steps on"),
                   ("F or Return", "Fill the grid, and back"), ("Return", "On a small plot: make it large"),
                   ("Esc", "Back to all plots"), ("L", "Legend"), ("Ctrl+wheel", "Zoom along the steps"),
                   ("Space", "Follow the newest steps, or freeze"), ("Home", "Show the whole run"),
                   ("↑ ↓ Return", "In retention: another step, its facts")]),
    ("In the grid of modules", [("← → ↑ ↓", "Move"), ("Space", "Tick or untick"), ("Shift+← → ↑ ↓", "Extend")]),
    ("Anywhere", [("Tab", "Next control"), ("Alt+letter", "Open a menu")]),
)  # fmt: skip


def group_of(title: str, actions: Sequence[QAction]) -> Group:
    """Actions without a key are left out."""
    keyed = [(_keys(action), action.text().replace("&", "").rstrip("…")) for action in actions]
    return title, [(keys, text) for keys, text in keyed if keys]


class CheatSheet(QDialog):
    def __init__(self, groups: Sequence[Group], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cheat-sheet")
        self.setWindowTitle("Keyboard shortcuts")
        content = _fitting([*groups, *OF_WIDGETS], self.screen().availableSize().width() - FRAME)
        area = scrolled(content, "Keys")
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        mark(close.button(QDialogButtonBox.StandardButton.Close), primary=True)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 16, 16, 12)
        outer.addWidget(area)
        outer.addLayout(row(1, close))
        area.setMinimumWidth(content.sizeHint().width() + 24)
        self.resize(area.minimumWidth() + 32, min(content.sizeHint().height() + 84, 720))


def _fitting(groups: Sequence[Group], room: int) -> QWidget:
    """In as many columns, up to three, as there is ``room`` for, in pixels."""
    for count in (3, 2):
        content = _content(groups, count)
        if content.sizeHint().width() <= room:
            return content
    return _content(groups, 1)


def _content(groups: Sequence[Group], count: int) -> QWidget:
    columns = QHBoxLayout()
    columns.setSpacing(32)
    for part in _balanced(groups, count):
        columns.addLayout(_column(part))
    content = QWidget()
    content.setLayout(columns)
    return content


def _keys(action: QAction) -> str:
    return " or ".join(k.toString(QKeySequence.SequenceFormat.NativeText) for k in action.shortcuts())


def _balanced(groups: Sequence[Group], count: int) -> list[list[Group]]:
    """In their order, in columns of about one height."""
    total = sum(len(entries) + 2 for _, entries in groups)
    columns: list[list[Group]] = [[]]
    height = 0
    for group in groups:
        if columns[-1] and height + len(group[1]) / 2 > total / count and len(columns) < count:
            columns.append([])
            height = 0
        columns[-1].append(group)
        height += len(group[1]) + 2
    return columns


def _column(groups: Sequence[Group]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(6)
    for title, entries in groups:
        column.addWidget(label(title, "group"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for number, (keys, text) in enumerate(entries):
            grid.addWidget(label(keys, "figure", wrap=False), number, 0)
            grid.addWidget(label(text, wrap=False), number, 1)
        column.addLayout(grid)
        column.addSpacing(10)
    column.addStretch(1)
    return column
