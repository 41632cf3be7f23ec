"""Who may use the model: one run, which lets visitors in between two minibatches."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from workbench.errors import Cancelled

_LOOK_AGAIN_S = 0.1  # how often a waiting visitor looks at its cancel event


class Cancel(Protocol):
    """A ``threading.Event``, or a run's control."""

    def is_set(self) -> bool: ...


class Gate:
    """Visitors wait for a minibatch at most; the run goes on once all who waited have left. A window's thread never
    waits here: what it wants done to the model is ``when_free``."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy = False
        self._running = False  # within ``held``, whoever is in
        self._visitors = 0  # waiting
        self._to_do: deque[Callable[[], object]] = deque()

    def when_free(self, act: Callable[[], object]) -> None:
        """At once where nobody is in; else by whoever leaves last, before anybody else comes in. Never waits."""
        with self._changed:
            self._to_do.append(act)
            if self._busy or self._running:
                return
            self._busy = True
        self._leave()

    @contextmanager
    def held(self) -> Iterator[None]:
        """For a run, from its first to its last touch of the model."""
        self._enter()
        self._running = True
        try:
            yield
        finally:
            self._running = False
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
    def visit(self, cancel: Cancel | None = None) -> Iterator[None]:
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
            act = self._to_do.popleft() if self._to_do and not self._running else None
            if act is None:
                self._busy = False
                self._changed.notify_all()
        if act is not None:
            try:
                act()
            finally:
                self._leave()
