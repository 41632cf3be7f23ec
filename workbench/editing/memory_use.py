"""How much memory a run took at its peak."""

import sys

import torch


def peak_memory_bytes(device: torch.device) -> int:
    """Of the device where it is a GPU, of the process otherwise; 0 where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
