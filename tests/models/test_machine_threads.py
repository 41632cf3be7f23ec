"""Work that does not divide among threads is done side by side, each piece by one."""

import os
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest
import torch

from workbench.models import machine
from workbench.models.machine import cores, give_way, one_a_thread


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


def in_a_thread(threads: int = 0) -> tuple[int, int, int]:
    """What ``give_way`` says, what torch does and the thread's niceness."""
    found: list[tuple[int, int, int]] = []

    def work() -> None:
        chosen = give_way(threads)
        own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) if sys.platform == "linux" else 0
        found.append((chosen, torch.get_num_threads(), own))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize(("elsewhere", "left"), [(0.1, 0), (1.4, 1)])
def test_all_cores_are_taken_where_nobody_else_needs_them(
    monkeypatch: pytest.MonkeyPatch, elsewhere: float, left: int
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(machine, "busy_elsewhere", lambda: elsewhere)
    left = left if sys.platform == "linux" else 1
    chosen, used, _ = in_a_thread()
    assert chosen == used == max(1, cores() - left)


def test_the_persons_number_counts_and_the_environments_bounds_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "busy_elsewhere", lambda: 0.0)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert in_a_thread()[:2] == (1, 1)
    assert in_a_thread(3)[:2] == (3, 3)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
def test_the_thread_gives_way_and_the_others_do_not() -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert in_a_thread(1)[2] > before
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_what_this_process_computes_is_not_what_others_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "cpu_count", lambda: 4)
    monkeypatch.setattr(psutil, "cpu_percent", lambda _seconds: 100.0)  # of all four
    monkeypatch.setattr(psutil.Process, "cpu_percent", lambda _self: 250.0)  # of one
    assert machine.busy_elsewhere() == 1.5
