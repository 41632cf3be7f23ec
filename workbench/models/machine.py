"""What this computer is, for whoever shows it, and how much of its cores torch takes."""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import psutil
import torch

T = TypeVar("T")
R = TypeVar("R")

_LOOK_S, _BUSY = 0.2, 0.5  # seconds; cores

_NICENESS = 5  # a third of an ordinary thread's share: low enough to give way, never starved


def give_way(threads: int = 0) -> int:
    """Sets and returns how many threads torch computes with in the calling thread, so that a window stays quick.

    0: all cores, at a lower priority than other threads' where the system has one for each thread (Linux). All but one
    where it has not, or where other programs compute too: torch's threads wait for their slowest. At most
    OMP_NUM_THREADS. A thread's priority stays lower until it ends, and threads that it starts have the same.
    """
    lowered = _lower_priority()
    chosen = threads or _threads_to_take(lowered)
    torch.set_num_threads(chosen)
    return chosen


def _threads_to_take(lowered: bool) -> int:
    alone = lowered and busy_elsewhere() < _BUSY
    asked = os.environ.get("OMP_NUM_THREADS", "")
    most = int(asked) if asked.isdecimal() and int(asked) else cores()
    return max(1, min(most, cores() if alone else cores() - 1))


def busy_elsewhere() -> float:
    """How many cores other programs keep busy; looks for _LOOK_S seconds."""
    process = psutil.Process()
    process.cpu_percent()
    everything: float = psutil.cpu_percent(_LOOK_S) * (psutil.cpu_count() or 1)
    own: float = process.cpu_percent()
    return max(0.0, everything - own) / 100


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
