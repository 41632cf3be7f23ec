"""A widget that stands large in the grid, or small in the strip below until it is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

LARGE, SMALL_TILE = (300, 150), (116, 84)  # logical pixels, at least
PICTURE = (640, 360)  # logical pixels of the picture of a small one


class Tile(QWidget):
    swap_wanted = Signal()  # the person wants to see it large

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.small = False

    def set_small(self, small: bool) -> None:
        """Subclasses leave out what has no room then."""
        self.small = small
        self.setMinimumSize(*(SMALL_TILE if small else LARGE))
        self.setCursor(Qt.CursorShape.PointingHandCursor if small else Qt.CursorShape.ArrowCursor)

    @contextmanager
    def enlarged(self) -> Iterator[None]:
        """A small one is as large as a picture of it is meant to be."""
        small, size = self.small, self.size()
        if small:
            self.set_small(False)
            self.resize(*PICTURE)
        try:
            yield
        finally:
            if small:
                self.set_small(True)
                self.resize(size)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if self.small and inside and event.button() == Qt.MouseButton.LeftButton:
            self.swap_wanted.emit()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.small and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.swap_wanted.emit()
        else:
            super().keyPressEvent(event)
