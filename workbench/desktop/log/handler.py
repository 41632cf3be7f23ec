"""The program's log records, kept for the log dock and told in the window's thread."""

import logging
import threading
import traceback
from collections import deque
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal, Slot

from workbench.storage.log_file import OWN

MOST = 5_000  # entries kept


@dataclass(frozen=True, slots=True)
class Entry:
    time: float  # seconds since the epoch
    level: int
    source: str  # the logger's name
    text: str  # plain, with the traceback where there is one


class LogKeeper(QObject):
    """``entries`` holds the newest; ``added`` comes once for many."""

    added = Signal()
    _woken = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: deque[Entry] = deque(maxlen=MOST)
        self.total = 0
        self._waiting: list[Entry] = []
        self._lock = threading.Lock()
        self._woken.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._handler = _Handler(self)

    def install(self) -> None:
        """What libraries say is in the log file only."""
        logger = logging.getLogger(OWN)
        logger.addHandler(self._handler)
        if logger.level > logging.INFO or logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)

    def remove(self) -> None:
        logging.getLogger(OWN).removeHandler(self._handler)

    def put(self, entry: Entry) -> None:
        """From any thread."""
        with self._lock:
            self._waiting.append(entry)
            first = len(self._waiting) == 1
        if first:
            self._woken.emit()

    @Slot()
    def _take(self) -> None:
        with self._lock:
            taken, self._waiting = self._waiting, []
        self.entries.extend(taken)
        self.total += len(taken)
        self.added.emit()


class _Handler(logging.Handler):
    def __init__(self, keeper: LogKeeper) -> None:
        super().__init__(logging.INFO)
        self._keeper = keeper

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
            if record.exc_info and record.exc_info[1] is not None:
                text = f"{text}\n{''.join(traceback.format_exception(record.exc_info[1])).rstrip()}"
            self._keeper.put(Entry(record.created, record.levelno, record.name, text))
        except Exception:
            self.handleError(record)
