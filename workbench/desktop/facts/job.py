"""Long work beside the window: one thread, progress and cancel, and how it ended as a signal."""

import sys
import threading
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal

from workbench.errors import Cancelled

TELL_S = 0.05  # at least, between two reports of progress
YIELD_S = 0.001  # given to the window at each report asked for
SWITCH_S = 0.0005  # how long Python may keep the window waiting; its own default is ten times that


class Job(QThread):
    """``work`` runs in the thread, calls ``tell`` often, and may not touch widgets."""

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)  # the exception
    cancelled = Signal()

    def __init__(self, work: Callable[["Job"], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._told = 0.0
        self.error: Exception | None = None  # set once it failed
        self.result: object = None  # set once it succeeded
        self.stop = threading.Event()

    def run(self) -> None:
        usual = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        try:
            result = self._work(self)
        except Cancelled:
            self.cancelled.emit()
        except Exception as error:
            self.error = error
            self.failed.emit(error)
        else:
            self.result = result
            self.succeeded.emit(result)
        finally:
            sys.setswitchinterval(usual)

    def tell(self, progress: object) -> None:
        """Lets the window draw. Raises Cancelled once ``cancel`` was called."""
        if self.stop.is_set():
            raise Cancelled("It was cancelled; nothing was changed.")
        time.sleep(YIELD_S)
        now = time.monotonic()
        if now - self._told >= TELL_S:
            self._told = now
            self.progressed.emit(progress)

    def cancel(self) -> None:
        self.stop.set()

    def end(self) -> None:
        """Cancels and waits; for whoever goes away while it runs."""
        self.cancel()
        self.wait()
