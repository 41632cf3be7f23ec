"""Python-heavy work in a thread that leaves the window its turns."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.desktop.background import Tell
from workbench.errors import Cancelled

TELL_S = 0.05  # at least, between two reports of progress
YIELD_S = 0.001  # given to the window at each report asked for
SWITCH_S = 0.0005  # how long Python may keep the window waiting; its own default is ten times that


class Courteous:
    """Called often with the progress: passes on some of it and lets the window draw in between."""

    def __init__(self, tell: Tell, cancel: threading.Event) -> None:
        self._tell, self._cancel = tell, cancel
        self._told = 0.0

    def __call__(self, progress: object) -> None:
        """Raises Cancelled once the work is to stop."""
        if self._cancel.is_set():
            raise Cancelled("It was cancelled; nothing was changed.")
        time.sleep(YIELD_S)
        now = time.monotonic()
        if now - self._told >= TELL_S:
            self._told = now
            self._tell(progress)


@contextmanager
def courteous(tell: Tell, cancel: threading.Event) -> Iterator[Courteous]:
    """For the length of one piece of work."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield Courteous(tell, cancel)
    finally:
        sys.setswitchinterval(usual)
