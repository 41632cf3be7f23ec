"""What nobody foresaw: logged, told with what was saved, and the window goes on."""

import logging
import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from workbench.desktop.theme import mark
from workbench.desktop.widgets import label, row

_log = logging.getLogger("workbench")


class CrashCatcher(QObject):
    """Installs itself as the interpreter's and the threads' last resort. ``caught``: (exception, details)."""

    caught = Signal(object, str)
    _told = Signal(object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._told.connect(self.caught, Qt.ConnectionType.QueuedConnection)
        self._before = (sys.excepthook, threading.excepthook)

    def install(self) -> None:
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook

    def remove(self) -> None:
        sys.excepthook, threading.excepthook = self._before

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._before[0](kind, error, trace)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        _log.error("Not foreseen: %s", details.rstrip())
        self._told.emit(error, details)

    def _thread_hook(self, told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None and told.exc_type is not SystemExit:
            self._hook(told.exc_type, told.exc_value, told.exc_traceback)


class CrashDialog(QDialog):
    """``saved``: what is safe, in words."""

    quit_wanted = Signal()

    def __init__(self, error: BaseException, details: str, saved: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("crash-dialog")
        self.setWindowTitle("Something went wrong")
        self._details = details
        self.text = QPlainTextEdit(details, readOnly=True)
        self.text.setObjectName("crash-details")
        self.text.setAccessibleName("Details")
        copy, leave, go_on = QPushButton("Copy details"), QPushButton("Quit"), QPushButton("Go on working")
        for button, name in ((copy, "copy"), (leave, "quit"), (go_on, "go-on")):
            button.setObjectName(f"crash-{name}")
        mark(go_on, primary=True)
        go_on.setDefault(True)
        copy.clicked.connect(self._copy)
        leave.clicked.connect(self._quit)
        go_on.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 12)
        column.setSpacing(12)
        column.addWidget(label("Something unexpected went wrong", "title"))
        self.saved = label(saved)
        self.saved.setObjectName("crash-saved")
        column.addWidget(self.saved)
        column.addWidget(label(f"{type(error).__name__}: {error}", "dim"))
        column.addWidget(self.text, 1)
        column.addLayout(row(copy, 1, leave, go_on))
        self.resize(620, 420)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)

    @Slot()
    def _quit(self) -> None:
        self.quit_wanted.emit()
        self.accept()
