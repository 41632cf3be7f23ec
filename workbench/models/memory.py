"""How much memory a model and its edits take, against what is free."""

from collections.abc import Sequence
from dataclasses import dataclass

import psutil
import torch

from workbench.errors import ModelLoadError
from workbench.models.files import GIB
from workbench.models.modules import EditableModule
from workbench.models.outline import Outline

_MASTER = 4  # bytes of a float32
_STATISTIC = 8  # bytes of a float64, the most that statistics use
_ROWS = 1_000  # answer tokens of a step: 100 facts, up to 10 tokens each
_MINIBATCHES = 10  # of a step
_TOKENS = 10 * 64  # of a minibatch: 10 facts, 64 tokens each
_KEPT_PER_LAYER = 16  # activations that a block keeps for the backward pass, in widths of the hidden state


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """All in bytes."""

    weights: int
    masters: int = 0  # float32 copies of the edited modules
    statistics: int = 0  # Ψ (d_v²), means and M2 (d_k + d_v each), per module
    preconditioners: int = 0  # A (d_k²) per module, with key protection or edit memory
    activations: int = 0  # of a minibatch, and the keys and gradients of a step

    @property
    def total(self) -> int:
        return sum(self.parts().values())

    def parts(self) -> dict[str, int]:
        """In words → bytes, what is zero left out."""
        named = {
            "weights": self.weights,
            "master copies": self.masters,
            "statistics": self.statistics,
            "protection and memory": self.preconditioners,
            "activations": self.activations,
        }
        return {name: size for name, size in named.items() if size}


def estimate(
    outline: Outline,
    dtype: torch.dtype,
    edited: Sequence[EditableModule] = (),
    *,
    preconditioned: bool = False,
    rows: int = _ROWS,
    tokens: int = _TOKENS,
) -> MemoryEstimate:
    """For the model alone, or with the modules to be edited. ``rows``: answer tokens of a step;
    ``tokens``: of a minibatch, padding included; ``preconditioned``: key protection or edit memory is on."""
    weights = outline.parameters * dtype.itemsize
    if not edited:
        return MemoryEstimate(weights)
    depth = outline.layers - min(m.layer for m in edited)  # blocks that the backward pass goes through
    kept = tokens * outline.hidden * _KEPT_PER_LAYER * depth * dtype.itemsize
    logits = (
        3 * rows // _MINIBATCHES * outline.vocabulary * _MASTER
    )  # with softmax and gradient, of a minibatch
    traced = sum(rows * (m.d_in + m.d_out) * _MASTER for m in edited)
    return MemoryEstimate(
        weights=weights,
        masters=sum(m.d_in * m.d_out * _MASTER for m in edited),
        statistics=sum((m.d_out**2 + 2 * (m.d_in + m.d_out)) * _STATISTIC for m in edited),
        preconditioners=sum(m.d_in**2 * _MASTER for m in edited) if preconditioned else 0,
        activations=kept + logits + traced,
    )


def free_memory(device: torch.device) -> int:
    """Bytes that can be taken now on a CUDA device, else in main memory."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)


def require_memory(needed: MemoryEstimate, device: torch.device) -> None:
    """Raises ModelLoadError, with figures, where it cannot fit."""
    free = free_memory(device)
    if needed.total <= free:
        return
    parts = ", ".join(f"{name} {size / GIB:.2f}" for name, size in needed.parts().items())
    raise ModelLoadError(
        f"This takes {needed.total / GIB:.2f} GiB ({parts}) and {free / GIB:.2f} GiB are free on {device}: "
        "close other programs, or choose a smaller model, fewer modules, bfloat16 or another device."
    )
