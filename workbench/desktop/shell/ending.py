"""Ctrl-C, TERM and HUP, reported where the window lives: Qt's loop runs no handler of Python's by itself."""

import signal
import socket
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, Signal, Slot

from workbench.signals import ending_signals


class EndingSignals(QObject):
    """Installs itself. ``received``: the first of them; a second one ends the program at once."""

    received = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._here, self._there = socket.socketpair()
        self._here.setblocking(False)
        self._there.setblocking(False)
        self._notifier = QSocketNotifier(self._here.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._woken)
        self._before = {number: signal.signal(number, self._handle) for number in ending_signals()}
        self._wakes_before = signal.set_wakeup_fd(self._there.fileno(), warn_on_full_buffer=False)

    def remove(self) -> None:
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._wakes_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._here.close()
        self._there.close()

    def _handle(self, _signal: int, _frame: FrameType | None) -> None:
        for number in self._before:
            signal.signal(number, signal.SIG_DFL)

    @Slot()
    def _woken(self) -> None:
        numbers = self._here.recv(64)  # every signal that Python handles, others too
        if self._before.keys() & set(numbers):
            self.received.emit()
