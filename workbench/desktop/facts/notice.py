"""One sentence in a strip, until it is closed or the next one comes."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from workbench.desktop.facts.widgets import plain_label, tool_button
from workbench.desktop.theme import mark


class NoticeStrip(QFrame):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("facts-notice")
        mark(self, role="notice")
        self.label = plain_label(name="facts-notice-text")
        self.label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        close = tool_button("close", "Close this notice", "facts-notice-close")
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(9, 4, 4, 4)
        row.setSpacing(8)
        row.addWidget(self.label, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @Slot(str)
    def say(self, text: str, level: str = "warning") -> None:
        """``level``: good, warning or bad. An empty text hides the strip."""
        self.label.setText(text)
        self.setAccessibleName(text)
        mark(self, level=level)
        self.setVisible(bool(text))
