"""Ctrl-C during a run: the first stops it within a minibatch and keeps its steps, the second ends the program."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_on_interrupt(stop: Callable[[], None], tell: Callable[[str], None]) -> Iterator[None]:
    """Within it, SIGINT calls ``stop`` once; a second one raises KeyboardInterrupt."""
    asked = False

    def handle(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        stop()
        tell("Stopping… (once more to end at once)")

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
