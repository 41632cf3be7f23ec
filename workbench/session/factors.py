"""What one step did, as tensors: the factors of its shifts and the rows behind statistics and memory."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from workbench.editing.shift import Shift
from workbench.editing.tracing import Traced
from workbench.errors import SessionError
from workbench.models.modules import EditableModule

_THREADS = "threads"
MOST_THREADS = 1024


def step_tensors(shifts: Mapping[str, Shift], traced: Traced) -> dict[str, Tensor]:
    """By module: ``keys`` (n, d_k), ``values`` (n, d_v); where weights changed ``right`` (r, d_v), and ``left``
    (r, d_k) unless it is ``keys`` itself, or ``dense`` (d_k, d_v). Of the batch: ``losses``, ``success``, ``facts``;
    ``threads`` (1,) that compute here."""
    tensors = {"losses": traced.losses, "success": traced.success, "facts": traced.facts}
    tensors[_THREADS] = torch.tensor([torch.get_num_threads()])
    for module, keys in traced.keys.items():
        tensors |= {f"{module}/keys": keys, f"{module}/values": traced.values[module]}
    for module, shift in shifts.items():
        if shift.left is None:
            tensors[f"{module}/dense"] = shift.right
            continue
        tensors[f"{module}/right"] = shift.right
        if shift.left is not traced.keys[module]:
            tensors[f"{module}/left"] = shift.left
    return tensors


def threads_of(tensors: Mapping[str, Tensor], otherwise: int) -> int:
    """How many the step was computed with; ``otherwise`` where an earlier version did not keep it."""
    kept = tensors.get(_THREADS)
    if kept is None or kept.dtype != torch.int64 or kept.numel() != 1:
        return otherwise
    return max(1, min(int(kept), MOST_THREADS))


def step_from(
    tensors: Mapping[str, Tensor], modules: Sequence[EditableModule], device: torch.device
) -> tuple[dict[str, Shift], Traced]:
    """What ``step_tensors`` was given. Raises SessionError where shapes do not fit the modules."""
    traced = Traced(
        keys={m.name: _rows(tensors, m.name, "keys", m.d_in).to(device) for m in modules},
        values={m.name: _rows(tensors, m.name, "values", m.d_out).to(device) for m in modules},
        losses=_present(tensors, "losses"),
        success=_present(tensors, "success"),
        facts=_present(tensors, "facts"),
    )
    if any(len(part) != traced.rows for parts in (traced.keys, traced.values) for part in parts.values()):
        raise SessionError("A step of the session has keys and values of different lengths: it is damaged.")
    shifts = {
        m.name: _shift(tensors, m, traced.keys[m.name], device) for m in modules if _changed(tensors, m)
    }
    return shifts, traced


def _changed(tensors: Mapping[str, Tensor], module: EditableModule) -> bool:
    return f"{module.name}/right" in tensors or f"{module.name}/dense" in tensors


def _shift(
    tensors: Mapping[str, Tensor], module: EditableModule, keys: Tensor, device: torch.device
) -> Shift:
    if f"{module.name}/dense" in tensors:
        dense = _rows(tensors, module.name, "dense", module.d_out)
        if len(dense) != module.d_in:
            raise _misfit(module.name, "dense", dense)
        return Shift(None, dense.to(device))
    right = _rows(tensors, module.name, "right", module.d_out).to(device)
    left = keys
    if f"{module.name}/left" in tensors:
        left = _rows(tensors, module.name, "left", module.d_in).to(device)
    if len(left) != len(right):
        raise _misfit(module.name, "right", right)
    return Shift(left, right)


def _rows(tensors: Mapping[str, Tensor], module: str, part: str, width: int) -> Tensor:
    tensor = _present(tensors, f"{module}/{part}")
    if tensor.dtype != torch.float32 or tensor.dim() != 2 or tensor.shape[1] != width:
        raise _misfit(module, part, tensor)
    return tensor


def _present(tensors: Mapping[str, Tensor], name: str) -> Tensor:
    if name not in tensors:
        raise SessionError(f"A step of the session lacks {name}: it is damaged or belongs to other modules.")
    return tensors[name]


def _misfit(module: str, part: str, tensor: Tensor) -> SessionError:
    return SessionError(
        f"The {part} of a step do not fit {module} (shape {tuple(tensor.shape)}, {tensor.dtype}): the session is "
        "damaged or belongs to another model."
    )
