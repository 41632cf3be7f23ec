"""What this computer is, for whoever shows it, and how many of its cores torch takes."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")


def leave_a_core(threads: int = 0) -> int:
    """Sets and returns how many threads torch computes with in the calling thread; 0: all cores but one."""
    chosen = threads or max(1, cores() - 1)
    torch.set_num_threads(chosen)
    return chosen


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
