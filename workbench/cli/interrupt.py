"""Ctrl-C, TERM and HUP: the first stops a run within a minibatch and keeps its steps, the second ends the program."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from types import FrameType
from typing import NoReturn

from workbench.signals import ending_signals

Handler = Callable[[int, FrameType | None], None]


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Within it a signal ends the program where it stands: while it starts there is nothing to remove, and libraries
    swallow exceptions in their imports."""

    def handle(_signal: int, _frame: FrameType | None) -> None:
        _end_at_once()

    with _handled_by(handle):
        yield


@contextmanager
def interrupts() -> Iterator[None]:
    """Within it TERM and HUP raise KeyboardInterrupt as Ctrl-C does, so that what is half-made is removed; while
    something is imported they end the program."""

    def handle(_signal: int, frame: FrameType | None) -> None:
        if _is_importing(frame):
            _end_at_once()
        raise KeyboardInterrupt

    with _handled_by(handle):
        yield


@contextmanager
def stop_on_interrupt(stop: Callable[[], None], tell: Callable[[str], None]) -> Iterator[None]:
    """Within it, the first signal has ``stop`` and ``tell`` called on another thread; a second one raises
    KeyboardInterrupt. A handler interrupts the main thread wherever it is, so that it may take no lock which that
    thread could be holding: an Event's for one."""
    asked = False
    wanted: SimpleQueue[bool] = SimpleQueue()  # its put is made for handlers; False: nobody asks any more

    def handle(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        wanted.put(True)

    def listen() -> None:
        if wanted.get():
            stop()
            tell("Stopping… (once more to end at once)")

    listener = Thread(target=listen, name="interrupt", daemon=True)
    listener.start()
    try:
        with _handled_by(handle):
            yield
    finally:
        wanted.put(False)
        listener.join()


@contextmanager
def _handled_by(handle: Handler) -> Iterator[None]:
    """Only the main thread may say what handles signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    terminals = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]

    def handle_one(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT and number != signal.SIGTERM:
            _leave(terminals)
        handle(number, frame)

    before = {number: signal.signal(number, handle_one) for number in ending_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_at_once() -> NoReturn:
    with suppress(OSError):
        os.write(2, b"workbench: stopped.\n")
    os._exit(128 + signal.SIGINT)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _leave(terminals: list[int]) -> None:
    """After a hang-up every write to the terminal fails."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in terminals:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
