"""What a table says while it has nothing to show: one sentence and what to do about it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from workbench.desktop.facts.widgets import plain_label


class EmptyPage(QWidget):
    def __init__(self, sentence: str, *buttons: QPushButton) -> None:
        super().__init__()
        self.label = plain_label(sentence, "facts-invitation", "dim")
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for button in buttons:
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(12)
        column.addStretch(2)
        column.addWidget(self.label)
        column.addLayout(row)
        column.addStretch(3)
