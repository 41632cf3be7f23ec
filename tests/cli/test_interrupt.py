"""Ctrl-C while the main thread holds a lock that stopping needs, as it does for an instant in every minibatch."""

import signal
from pathlib import Path
from threading import Lock

import pytest

from workbench.cli.interrupt import interrupts, stop_on_interrupt
from workbench.models.files import whole_folder

PATIENCE_S = 10  # only ever waited for where the handler itself takes the lock


@pytest.mark.parametrize("by", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_the_first_interrupt_stops_even_where_a_lock_is_held_and_the_second_ends_at_once(by: str) -> None:
    number = getattr(signal, by)
    lock, took, told = Lock(), list[bool](), list[str]()

    def stop() -> None:
        took.append(lock.acquire(timeout=PATIENCE_S))

    before = signal.getsignal(number)
    with stop_on_interrupt(stop, told.append):
        with lock:
            signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert took == [True]
    assert "Stopping" in told[0]
    assert signal.getsignal(number) is before


def test_nothing_is_stopped_without_an_interrupt() -> None:
    told: list[str] = []
    with stop_on_interrupt(lambda: told.append("stopped"), told.append):
        pass
    assert told == []


@pytest.mark.parametrize("by", ["SIGTERM", "SIGHUP"])
def test_what_is_half_written_is_removed_when_the_program_is_asked_to_end(tmp_path: Path, by: str) -> None:
    number = getattr(signal, by)
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interrupts():
        half_written(tmp_path / "out", number)
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(number) is before


def half_written(destination: Path, then: signal.Signals) -> None:
    with whole_folder(destination, "The export") as partial:
        (partial / "shard").write_text("half")
        signal.raise_signal(then)


def test_a_hang_up_that_the_person_had_ignored_is_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with interrupts():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
