"""What one model writes, as it writes it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from workbench.desktop.probe.prober import Side
from workbench.desktop.widgets import label, row

FRAMELESS = "QPlainTextEdit { border: none; background: transparent; padding: 0; }"


class AnswerPane(QWidget):
    def __init__(self, side: Side) -> None:
        super().__init__()
        self.title, self.state = label(side.value, "title", wrap=False), label("", "caption", wrap=False)
        self.text = QPlainTextEdit(readOnly=True)
        self.text.setObjectName(f"probe-{side.name.lower()}")
        self.text.setAccessibleName(f"Answer of the {side.name.lower()} model")
        self.text.setStyleSheet(FRAMELESS)
        self.text.document().setDocumentMargin(0)
        self.text.setTabChangesFocus(True)
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text.setPlaceholderText(f"What the {side.name.lower()} model writes appears here.")
        self._side = side
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        column.addLayout(row(self.title, self.state, 1))
        column.addWidget(self.text, 1)

    def begin(self, title: str) -> None:
        self.title.setText(title)
        self.text.clear()
        self.set_state("waits")

    def set_state(self, word: str) -> None:
        self.state.setText(word)

    def end(self) -> None:
        """Nothing more comes: back to the beginning, which answers the prompt, unless the person scrolled up."""
        bar = self.text.verticalScrollBar()
        if bar.value() == bar.maximum():
            bar.setValue(0)

    def add(self, piece: str) -> None:
        """Keeps the end in sight unless the person scrolled up; a selection stays. A space after the prompt goes."""
        bar = self.text.verticalScrollBar()
        at_end = bar.value() == bar.maximum()
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(piece.lstrip(" ") if cursor.position() == 0 else piece)
        if at_end:
            bar.setValue(bar.maximum())
