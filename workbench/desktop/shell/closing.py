"""The window goes once nothing works for it any more; where that takes long it says so, and can be forced."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from workbench.desktop.background import drop_all, still_working
from workbench.desktop.questions import may_stop
from workbench.desktop.widgets import ProgressRow, label, push_button, row

if TYPE_CHECKING:
    from workbench.desktop.main_window import MainWindow

GRACE_S = 0.5  # without a word
LIMIT_S = 10.0  # then it says that it takes long, and may be forced
LOOK_MS = 50
STOPPING = "What is under way stops first; then the window closes."
LATE = (
    "It has not stopped yet. Every finished step is saved, and quitting now loses only the step in progress: wait, or "
    "quit now."
)


class Closing(QObject):
    """Closes the window by itself once all has stopped."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._dialog: ClosingDialog | None = None
        self._late_at = 0.0
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)

    def may_close(self) -> bool:
        """Whether nothing works any more; else it was asked to stop, or the person thought better of it."""
        window = self._window
        if window.ending:
            return True
        if (
            self._dialog is None
            and window.desk.run.activity
            and not may_stop(window, window.desk.run.activity)
        ):
            return False
        until = time.monotonic() + (GRACE_S if self._dialog is None else 0)
        while not self._stopped():
            if time.monotonic() >= until:
                self._wait()
                return False
            time.sleep(0.005)
        self._end_waiting()
        return True

    def _stopped(self) -> bool:
        """Asks again each time: what ends may have something begin."""
        run = self._window.desk.run
        run.stop()
        drop_all()
        return not run.runner.busy and not still_working()

    def _wait(self) -> None:
        if self._dialog is None:
            self._late_at = time.monotonic() + LIMIT_S
            self._dialog = ClosingDialog(self._window)
            self._dialog.quit_button.clicked.connect(self.force)
            self._dialog.open()
            self._timer.start()

    @Slot()
    def _look(self) -> None:
        if self._stopped():
            self._window.close()
        elif self._dialog is not None and time.monotonic() > self._late_at:
            self._dialog.say_late()

    def _end_waiting(self) -> None:
        self._timer.stop()
        if self._dialog is not None:
            self._dialog.done(0)
            self._dialog.deleteLater()
            self._dialog = None

    @Slot()
    def force(self) -> None:
        """Ends the program under its threads; the next start offers to open the session that was left open."""
        if self._window.desk.keeper.may_leave():
            self._window.settings.sync()
            os._exit(1)


class ClosingDialog(QDialog):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("closing-dialog")
        self.setWindowTitle("Closing")
        self.setWindowModality(Qt.WindowModality.ApplicationModal)
        self.says = label(STOPPING)
        self.says.setMinimumWidth(380)
        progress = ProgressRow("closing-progress")
        progress.begin("Stopping…")
        self.quit_button = push_button(
            "Quit now", "closing-quit", "The step in progress is lost; all else is saved"
        )
        self.quit_button.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(12)
        column.addWidget(self.says)
        column.addWidget(progress)
        column.addLayout(row(1, self.quit_button))

    def say_late(self) -> None:
        if self.quit_button.isHidden():
            self.says.setText(LATE)
            self.quit_button.show()

    def reject(self) -> None:
        """Escape would leave a window whose work was stopped: it waits, or is forced."""
