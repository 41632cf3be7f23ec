"""What this computer is, for whoever shows it, and how much of its cores torch takes."""

import math
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")

_NICENESS = 5  # a third of an ordinary thread's share: low enough to give way, never starved
_LOOK_SHARE = 20  # of the time, one part in so many is spent on looks
_ROUNDS, _ROWS, _WIDTH = 3, 256, 1024  # products of a look, for each number of threads, and their size


class Threads:
    """How many threads torch computes with in the calling thread: what is fastest while other programs do what they do
    now. Fixed where a person fixed it, here or by OMP_NUM_THREADS."""

    def __init__(self, choices: Sequence[int]) -> None:
        self._choices = tuple(choices)
        self._due = -math.inf  # on the clock of time.monotonic

    def look(self) -> int:
        """Sets and returns the number; measured again where the last look is long enough ago."""
        began = time.monotonic()
        if len(self._choices) == 1:
            torch.set_num_threads(self._choices[0])
        elif began >= self._due:
            torch.set_num_threads(_fastest(self._choices))
            ended = time.monotonic()
            self._due = ended + (_LOOK_SHARE - 1) * (ended - began)
        return torch.get_num_threads()


def give_way(threads: int = 0) -> Threads:
    """Lowers the calling thread's priority where the system has one for each thread (Linux), so that a window stays
    quick; where it has not, a core is left. It stays lower until the thread ends, and threads that it starts have the
    same. ``threads``: 0 for what is fastest, looked at for the first time."""
    most = cores() if _lower_priority() else max(1, cores() - 1)
    asked = os.environ.get("OMP_NUM_THREADS", "")
    fixed = threads or (int(asked) if asked.isdecimal() else 0)
    chosen = Threads([fixed] if fixed else sorted({most, max(1, most - 1), (most + 1) // 2}))
    chosen.look()
    return chosen


def _fastest(choices: Sequence[int]) -> int:
    """By the median of products that take some milliseconds each, in turns, as threads wait for their slowest."""
    a, b = torch.ones(_ROWS, _WIDTH), torch.ones(_WIDTH, _WIDTH)
    taken: dict[int, list[float]] = {threads: [] for threads in choices}
    for _ in range(_ROUNDS):
        for threads, seconds in taken.items():
            torch.set_num_threads(threads)
            torch.mm(a, b)  # wakes them
            seconds.append(_seconds(lambda: torch.mm(a, b)))
    return min(choices, key=lambda threads: (median(taken[threads]), -threads))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _lower_priority() -> bool:
    """Of the calling thread; whether it could be done."""
    if sys.platform != "linux" or threading.current_thread() is threading.main_thread():
        return False
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
    except OSError:
        return False
    return True


def one_a_thread(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """``work`` of each, in order, each computed by one thread and as many at once as torch has threads here: what
    does not divide well among threads, and rounds the same however many there are."""
    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(work, items))
    finally:
        torch.set_num_threads(threads)  # the default of threads to come


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def device_title(device: torch.device) -> str:
    """``cuda:0 · NVIDIA H100``, ``CPU``."""
    if device.type == "cuda":
        return f"{device} · {torch.cuda.get_device_name(device)}"
    return "CPU" if device.type == "cpu" else str(device)


def total_memory(device: torch.device) -> int:
    """Bytes of a CUDA device."""
    return int(torch.cuda.mem_get_info(device)[1])
