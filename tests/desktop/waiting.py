"""Waits in the event loop, which sleeps between events: processEvents with a time limit would spin."""

import time
from collections.abc import Callable

from PySide6.QtCore import QEventLoop, QTimer

_LOOK_MS = 20


def events_until(holds: Callable[[], object], patience_s: float = 600) -> bool:
    """Whether ``holds`` came true in time."""
    loop, timer, end = QEventLoop(), QTimer(interval=_LOOK_MS), time.monotonic() + patience_s
    timer.timeout.connect(loop.quit)
    timer.start()
    while not (held := bool(holds())) and time.monotonic() < end:
        loop.exec()
    timer.stop()
    return held
