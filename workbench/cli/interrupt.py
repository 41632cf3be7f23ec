"""Ctrl-C during a run: the first stops it within a minibatch and keeps its steps, the second ends the program."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread
from types import FrameType


@contextmanager
def stop_on_interrupt(stop: Callable[[], None], tell: Callable[[str], None]) -> Iterator[None]:
    """Within it, the first SIGINT has ``stop`` and ``tell`` called on another thread; a second one raises
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
    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
        wanted.put(False)
        listener.join()
