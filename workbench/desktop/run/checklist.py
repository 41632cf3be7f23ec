"""The parts of a run as a list: what is done, what goes on, what is to come."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from workbench.desktop.run.stages import Item, Standing
from workbench.desktop.theme import icon, mark
from workbench.desktop.widgets import label

PICTURES = {Standing.DONE: ("check", "good"), Standing.NOW: ("play", "accent")}
SIDE = 14  # logical pixels of a picture


class Checklist(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("run-checklist")
        self._rows: list[_Row] = []
        self._items: list[Item] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)

    def show_items(self, items: list[Item]) -> None:
        if items == self._items:
            return
        self._items = items
        while len(self._rows) < len(items):
            row = _Row(len(self._rows) + 1)
            for column, part in enumerate(row.parts):
                self._grid.addWidget(part, len(self._rows), column)
            self._rows.append(row)
        for i, row in enumerate(self._rows):
            row.show_item(items[i] if i < len(items) else None)
        self.setAccessibleName("; ".join(f"{i.words}: {i.standing.value} {i.detail}".rstrip() for i in items))

    def text(self) -> str:
        """As one line, for those who read it elsewhere."""
        said = (f"{i.words} ✓" if i.standing is Standing.DONE else i.words for i in self._items)
        return " · ".join(said)


class _Row:
    def __init__(self, number: int) -> None:
        self.picture, self.words, self.detail = _Picture(), label(wrap=False), label("", "dim", wrap=False)
        self.words.setObjectName(f"run-part-{number}")

    @property
    def parts(self) -> tuple[QWidget, QLabel, QLabel]:
        return self.picture, self.words, self.detail

    def show_item(self, item: Item | None) -> None:
        for part in self.parts:
            part.setVisible(item is not None)
        if item is None:
            return
        self.picture.show_standing(item.standing)
        self.words.setText(item.words)
        self.detail.setText(item.detail)
        role = "title" if item.standing is Standing.NOW else "dim"
        if self.words.property("role") != role:
            mark(self.words, role=role)


class _Picture(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(SIDE, SIDE)
        self._standing = Standing.AHEAD

    def show_standing(self, standing: Standing) -> None:
        self._standing = standing
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        if named := PICTURES.get(self._standing):
            icon(*named).paint(QPainter(self), self.rect(), Qt.AlignmentFlag.AlignCenter)
