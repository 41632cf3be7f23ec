"""What this computer is, for whoever shows it, and how many of its cores torch takes."""

import os

import torch


def leave_a_core(threads: int = 0) -> int:
    """Sets and returns how many threads torch computes with in the calling thread; 0: all cores but one."""
    chosen = threads or max(1, cores() - 1)
    torch.set_num_threads(chosen)
    return chosen


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
