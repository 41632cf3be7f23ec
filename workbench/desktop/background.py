"""Long work beside the window: one callable in a thread, everything it says delivered in the window's thread."""

import threading
import traceback
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot

Tell = Callable[[object], None]
Work = Callable[[Tell, threading.Event], object]  # (progress, cancel) → result

_started: "set[Background]" = set()  # kept alive until their threads are gone


class Background(QObject):
    """Runs one piece of work at a time; starting another drops what runs.

    Ends in exactly one of ``finished`` and ``failed``, unless it was dropped. The exception of ``failed`` is the
    object that was raised, ``Cancelled`` among them; the frames of its traceback hold nothing any more.
    """

    progressed = Signal(object)
    finished = Signal(object)
    failed = Signal(object)
    busy_changed = Signal(bool)
    _woken = Signal()

    def __init__(self, owner: QObject | None = None, told_to_the_end: bool = False) -> None:
        """Without a Qt parent: it must outlive ``owner`` while its thread runs, and is dropped with it.
        ``told_to_the_end``: ``drop_all`` leaves it alone."""
        super().__init__()
        self.told_to_the_end = told_to_the_end
        self._told: deque[tuple[_Thread, str, object]] = deque()
        self._current: _Thread | None = None
        self._threads: set[_Thread] = set()
        self._woken.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        if owner is not None:
            owner.destroyed.connect(self._abandon)

    @property
    def busy(self) -> bool:
        return self._current is not None

    def start(self, work: Work) -> None:
        was_busy = self.busy
        self._drop_current()
        self._current = _Thread(work, self._tell)
        self._threads.add(self._current)
        _started.add(self)
        self._current.start()
        if not was_busy:
            self.busy_changed.emit(True)

    def cancel(self) -> None:
        """Asks the work to stop; how it ended is still told."""
        if self._current is not None:
            self._current.cancel.set()

    def drop(self) -> None:
        """Asks the work to stop and returns at once; nothing of it is told any more."""
        if self.busy:
            self._drop_current()
            self.busy_changed.emit(False)

    @property
    def working(self) -> bool:
        """Whether a thread is left, dropped ones among them."""
        return any(thread.is_alive() for thread in tuple(self._threads))

    def close(self) -> None:
        """Drops the work and waits for its thread."""
        self.drop()
        for thread in tuple(self._threads):
            thread.join()
        self._deliver()

    @Slot()
    def _abandon(self) -> None:
        """The owner is going: its slots must not be called any more."""
        self._drop_current()

    def _drop_current(self) -> None:
        if self._current is not None:
            self._current.cancel.set()
            self._current = None

    def _tell(self, thread: "_Thread", kind: str, payload: object) -> None:
        """In the work's thread."""
        self._told.append((thread, kind, payload))
        self._woken.emit()

    @Slot()
    def _deliver(self) -> None:
        while self._told:
            thread, kind, payload = self._told.popleft()
            if kind == "left":
                self._forget(thread)
            elif thread is self._current:
                self._deliver_one(kind, payload)

    def _deliver_one(self, kind: str, payload: object) -> None:
        if kind == "progressed":
            self.progressed.emit(payload)
            return
        self._current = None
        self.busy_changed.emit(False)
        (self.finished if kind == "finished" else self.failed).emit(payload)

    def _forget(self, thread: "_Thread") -> None:
        thread.join()
        self._threads.discard(thread)
        if not self._threads:
            _started.discard(self)


class _Thread(threading.Thread):
    def __init__(self, work: Work, tell: "Callable[[_Thread, str, object], None]") -> None:
        super().__init__(name="background")
        self._work, self._report = work, tell
        self.cancel = threading.Event()

    def run(self) -> None:
        try:
            result = self._work(self._progress, self.cancel)
        except BaseException as error:
            _let_go(error)
            self._report(self, "failed", error)
        else:
            self._report(self, "finished", result)
        finally:
            del self._work
            self._report(self, "left", None)

    def _progress(self, value: object) -> None:
        self._report(self, "progressed", value)


def _let_go(error: BaseException) -> None:
    """Clears the frames behind an error and its causes: their locals may hold gigabytes of tensors."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        traceback.clear_frames(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__


def drop_all() -> None:
    """Asks whatever runs anywhere to stop, and returns at once."""
    for background in tuple(_started):
        if not background.told_to_the_end:
            background.drop()


def still_working() -> bool:
    return any(background.working for background in tuple(_started))


def close_all() -> None:
    """Drops whatever still runs anywhere and waits for it; for the end of the application."""
    for background in tuple(_started):
        background.close()
