"""Ctrl-C while the main thread holds a lock that stopping needs, as it does for an instant in every minibatch."""

import signal
from threading import Lock

import pytest

from workbench.cli.interrupt import stop_on_interrupt

PATIENCE_S = 10  # only ever waited for where the handler itself takes the lock


def test_the_first_interrupt_stops_even_where_a_lock_is_held_and_the_second_ends_at_once() -> None:
    lock, took, told = Lock(), list[bool](), list[str]()

    def stop() -> None:
        took.append(lock.acquire(timeout=PATIENCE_S))

    before = signal.getsignal(signal.SIGINT)
    with stop_on_interrupt(stop, told.append):
        with lock:
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert took == [True]
    assert "Stopping" in told[0]
    assert signal.getsignal(signal.SIGINT) is before


def test_nothing_is_stopped_without_an_interrupt() -> None:
    told: list[str] = []
    with stop_on_interrupt(lambda: told.append("stopped"), told.append):
        pass
    assert told == []
