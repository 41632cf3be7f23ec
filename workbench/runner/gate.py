"""Who may use the model: one run, which lets visitors in between two minibatches."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.errors import Cancelled

_LOOK_AGAIN_S = 0.1  # how often a waiting visitor looks at its cancel event


class Gate:
    """Visitors wait for a minibatch at most; the run goes on once all who waited have left."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy = False
        self._visitors = 0  # waiting

    @contextmanager
    def held(self) -> Iterator[None]:
        """For a run, from its first to its last touch of the model."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Within ``held``: visitors may come and go, as while the run is paused."""
        self._leave()
        try:
            yield
        finally:
            self._enter()

    def let_in(self) -> None:
        """Within ``held``, between two minibatches: returns when nobody waits."""
        if self._visitors:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: not self._busy and not self._visitors)
                self._busy = True

    @contextmanager
    def visit(self, cancel: threading.Event | None = None) -> Iterator[None]:
        """For a short look at the model. Raises Cancelled where ``cancel`` is set while waiting."""
        with self._changed:
            self._visitors += 1
            try:
                while not self._changed.wait_for(lambda: not self._busy, _LOOK_AGAIN_S):
                    if cancel is not None and cancel.is_set():
                        raise Cancelled("Stopped; nothing was changed.")
                self._busy = True
            finally:
                self._visitors -= 1
                self._changed.notify_all()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)
            self._busy = True

    def _leave(self) -> None:
        with self._changed:
            self._busy = False
            self._changed.notify_all()
