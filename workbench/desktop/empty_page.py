"""What a panel says while it has nothing to show: one sentence and what to do about it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QVBoxLayout, QWidget

from workbench.desktop.widgets import label, row


class EmptyPage(QWidget):
    def __init__(self, sentence: str, *buttons: QAbstractButton) -> None:
        super().__init__()
        self.label = label(sentence, "dim")
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 12, 24, 12)
        column.setSpacing(12)
        column.addStretch(2)
        column.addWidget(self.label)
        column.addLayout(row(1, *buttons, 1))
        column.addStretch(3)
