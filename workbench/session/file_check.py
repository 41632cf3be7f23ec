"""Whether the tensor files of a session hold what its rows say, as far as that shows without the model."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from workbench.errors import SessionError
from workbench.models.modules import EditableModule
from workbench.session.factors import step_from
from workbench.session.paths import CHECKPOINTS, STEPS
from workbench.session.records import CheckpointRecord, RunRecord, StepRecord
from workbench.session.tensor_files import read_tensors

Widths = dict[str, tuple[int, int]]  # module → (d_k, d_v)


def step_fault(folder: Path, record: RunRecord, step: StepRecord, widths: Widths) -> str:
    """One sentence; empty where it is sound. ``widths`` takes what the first step of a run shows."""
    try:
        tensors = read_tensors(folder / STEPS, step.file)
        modules = [_module(tensors, name) for name in record.modules]
        _, traced = step_from(tensors, modules, torch.device("cpu"))
    except SessionError as error:
        return _short(error)
    found = {m.name: (m.d_in, m.d_out) for m in modules}
    if not widths:
        widths |= found
    if widths != found or (traced.rows, len(traced.losses)) != (step.rows, step.facts):
        return f"{step.file.name} holds tensors of other shapes than its step"
    return ""


def checkpoint_fault(folder: Path, checkpoint: CheckpointRecord, widths: Widths) -> str:
    """As ``step_fault``, by the widths that the steps of the run showed."""
    try:
        tensors = read_tensors(folder / CHECKPOINTS, checkpoint.file)
    except SessionError as error:
        return _short(error)
    if not all(_fits(name, tensor, widths) for name, tensor in tensors.items()):
        return f"{checkpoint.file.name} holds tensors of other shapes than its run"
    return ""


def _fits(name: str, tensor: Tensor, widths: Widths) -> bool:
    kind, _, module = name.partition("/")
    if kind == "statistics":
        return True  # their shapes depend on the recipe: found out where the model is at hand
    if module not in widths:
        return kind in ("moved", "inverse") and not widths
    d_k, d_v = widths[module]
    return tuple(tensor.shape) == ((d_k, d_v) if kind == "moved" else (d_k, d_k))


def _module(tensors: Mapping[str, Tensor], name: str) -> EditableModule:
    """As wide as its rows. Raises SessionError where it has none."""
    keys, values = tensors.get(f"{name}/keys"), tensors.get(f"{name}/values")
    if keys is None or values is None or keys.dim() != 2 or values.dim() != 2:
        raise SessionError(f"A step lacks the keys or values of {name}.")
    return EditableModule(name, 0, "", keys.shape[1], values.shape[1])


def _short(error: SessionError) -> str:
    """Without what to do, which depends on the other files."""
    return str(error).partition(": restore the session")[0].rstrip(".")
