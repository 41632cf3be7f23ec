"""The button that brings the newest steps back into view."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QPushButton, QWidget

from workbench.desktop.theme import icon

GAP = 4  # logical pixels to the edges of the view


class FollowButton(QPushButton):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(icon("follow"), "Follow", parent)
        self.setToolTip("Keep the newest steps in view (Space)")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def stand_in(self, view: QRectF) -> None:
        """In the lower right corner."""
        size = self.sizeHint()
        left, top = view.right() - size.width() - GAP, view.bottom() - size.height() - GAP
        self.setGeometry(round(left), round(top), size.width(), size.height())
