"""How many threads torch computes with, in the thread that asks."""

import os

import torch


def leave_a_core(threads: int = 0) -> int:
    """Sets and returns the number; 0 chooses all cores but one."""
    chosen = threads or max(1, _cores() - 1)
    torch.set_num_threads(chosen)
    return chosen


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
