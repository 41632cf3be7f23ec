"""Where a file that is dragged over the window would go."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLabel, QWidget

from workbench.desktop.facts import FactsPanel
from workbench.desktop.shell.handlers import dropped_path
from workbench.desktop.theme import mark

WORDS = "Drop the file to import its facts"


class DropMark(QLabel):
    """Lies over the facts while a file of facts is over ``window``."""

    def __init__(self, window: QWidget, facts: FactsPanel) -> None:
        super().__init__("", facts, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._facts = facts
        self.setObjectName("drop-mark")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        mark(self, role="drop")
        self.hide()
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.DragLeave, QEvent.Type.Drop):
            self.hide()
        elif isinstance(event, QDropEvent) and event.type() == QEvent.Type.DragEnter:
            path = dropped_path(event)
            if path is not None and path.is_file() and path.suffix.lower() not in (".gguf", ".db"):
                self.setText(self._facts.history.lock_reason or WORDS)
                self.setGeometry(self._facts.rect())
                self.show()
                self.raise_()
        return super().eventFilter(watched, event)
