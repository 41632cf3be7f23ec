"""Work that does not divide among threads is done side by side, each piece by one."""

import os
import sys
import threading
from collections.abc import Iterator

import pytest
import torch

from workbench.models import machine
from workbench.models.machine import Threads, give_way, one_a_thread


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_results_come_in_order_and_each_is_made_by_one_thread() -> None:
    def look(item: int) -> tuple[int, int]:
        return item * 2, torch.get_num_threads()

    assert one_a_thread(look, [3, 1, 2]) == [(6, 1), (2, 1), (4, 1)]
    assert torch.get_num_threads() == 2


def test_threads_that_come_later_compute_as_before() -> None:
    one_a_thread(lambda item: item, [1, 2, 3])
    found: list[int] = []
    later = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert found == [2]


def test_an_error_of_one_is_raised() -> None:
    def fail(item: int) -> int:
        raise ValueError(str(item))

    with pytest.raises(ValueError, match="7"):
        one_a_thread(fail, [7])
    assert torch.get_num_threads() == 2


def in_a_thread(threads: int = 0) -> tuple[int, int]:
    """What torch does there after ``give_way``, and the thread's niceness."""
    found: list[tuple[int, int]] = []

    def work() -> None:
        give_way(threads)
        own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) if sys.platform == "linux" else 0
        found.append((torch.get_num_threads(), own))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]


class Machine:
    """Takes as long for a look as ``seconds`` says for each number of threads."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now, self.looks = 0.0, 0
        self.seconds: dict[int, float] = {}
        patch.setattr(machine, "_seconds", self._take)
        patch.setattr("workbench.models.machine.time.monotonic", lambda: self.now)

    def _take(self, _work: object) -> float:
        took = self.seconds[torch.get_num_threads()]
        self.now += took
        self.looks += 1
        return took


IDLE, BUSY = {2: 0.005, 1: 0.009}, {2: 0.02, 1: 0.009}  # another program has one of two cores


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


@pytest.mark.parametrize(("seconds", "fastest"), [(IDLE, 2), (BUSY, 1), ({2: 0.009, 1: 0.009}, 2)])
def test_the_number_that_is_fastest_is_taken(
    simulated: Machine, seconds: dict[int, float], fastest: int
) -> None:
    simulated.seconds = seconds
    assert Threads([1, 2]).look() == torch.get_num_threads() == fastest


def test_it_is_looked_at_again_and_takes_little_of_the_time(simulated: Machine) -> None:
    threads, spent = Threads([1, 2]), 0.0
    for second in range(100):
        simulated.seconds = IDLE if second < 50 else BUSY
        before = simulated.now
        used = threads.look()
        spent += simulated.now - before
        simulated.now += 1
        assert used == (2 if second < 50 else 1) or second in (50, 51)
    assert simulated.looks > 100
    assert spent < 0.1 * simulated.now


def test_a_number_that_a_person_fixed_is_not_looked_at(
    simulated: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert in_a_thread()[0] == 2
    assert in_a_thread(3)[0] == 3
    assert simulated.looks == 0


def test_a_core_is_left_where_the_thread_cannot_give_way(
    simulated: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(machine, "cores", lambda: 2)
    monkeypatch.setattr(machine, "_lower_priority", lambda: False)
    simulated.seconds = IDLE
    assert in_a_thread()[0] == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
def test_the_thread_gives_way_and_the_others_do_not() -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert in_a_thread(1)[1] > before
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
