"""Which device and which number format a model is loaded in."""

import torch

from workbench.errors import SettingError

DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("auto", "float32", "bfloat16", "float16")


def choose_device(name: str = "auto") -> torch.device:
    """``auto``: CUDA where there is one, else the CPU. Raises SettingError("device", …)."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in DEVICES:
        raise SettingError("device", f"The device is {name!r}: choose one of {', '.join(DEVICES)}.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise SettingError("device", f"There is no CUDA device {name!r} here: choose auto or cpu.")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise SettingError("device", "There is no Apple GPU here: choose auto or cpu.")
    return device


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """``auto``: bfloat16 on a CUDA device that has it, else float32. Raises SettingError("dtype", …)."""
    if name not in DTYPES:
        raise SettingError("dtype", f"The number format is {name!r}: choose one of {', '.join(DTYPES)}.")
    if name == "float16" and device.type == "cpu":
        raise SettingError(
            "dtype",
            "float16 loses gradients on the CPU: choose float32, or bfloat16 where the processor has it.",
        )
    if name != "auto":
        dtype: torch.dtype = getattr(torch, name)
        return dtype
    fast = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if fast else torch.float32


def cpu_has_bf16() -> bool:
    """Whether this processor multiplies bfloat16 natively, so that it is faster than float32."""
    if not hasattr(torch.cpu, "get_capabilities"):  # torch before 2.12
        return False
    has = torch.cpu.get_capabilities()
    return any(bool(has.get(name)) for name in ("avx512_bf16", "amx_bf16", "bf16"))
