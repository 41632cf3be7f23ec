"""An editor's whole state as tensors, and back, bit for bit."""

from collections.abc import Mapping

import torch
from torch import Tensor

from workbench.editing.editor import Editor
from workbench.editing.precision import Precision
from workbench.errors import SessionError

_ODD = 0x1E3779B97F4A7C15  # any large odd number spreads the positions over 64 bits
_WORDS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # bytes of an element → integers of its bits


def state_tensors(editor: Editor) -> dict[str, Tensor]:
    """The live tensors: ``moved/MODULE`` (d_k, d_v) where not zero, ``statistics/NAME/PART`` and ``…/rows`` where
    rows were seen, ``inverse/MODULE`` (d_k, d_k) where there is a precision."""
    tensors = {f"moved/{name}": moved for name, moved in editor.model.delta().items() if bool(moved.any())}
    for name, moments in editor.statistics.items():
        if moments.rows:
            tensors[f"statistics/{name}/rows"] = torch.tensor([moments.rows])
            tensors |= {f"statistics/{name}/{part}": t for part, t in moments.tensors().items()}
    return tensors | {f"inverse/{name}": p.inverse for name, p in editor.precisions.items()}


def load_state(editor: Editor, tensors: Mapping[str, Tensor]) -> None:
    """Into the state that ``state_tensors`` gave. Raises SessionError, before anything changes, where it does
    not fit."""
    _require_fit(editor, tensors)
    editor.restore()
    for name, moved in editor.model.delta().items():
        if f"moved/{name}" in tensors:
            moved.copy_(tensors[f"moved/{name}"])
    for name, moments in editor.statistics.items():
        if f"statistics/{name}/rows" in tensors:
            parts = {part: tensors[f"statistics/{name}/{part}"] for part in moments.tensors()}
            moments.load(int(tensors[f"statistics/{name}/rows"][0]), parts)
    prefix = "inverse/"
    editor.precisions = {
        name.removeprefix(prefix): Precision(tensor.to(editor.loaded.device))
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
    editor.model.write_weights()


def fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """16 hexadecimal digits that change with any bit of any tensor; made where the tensors are, in one pass."""
    total = 0
    for number, name in enumerate(sorted(tensors), start=1):
        total = (total * 31 + number * _bits(tensors[name])) % (1 << 64)
    return f"{total:016x}"


def _bits(tensor: Tensor) -> int:
    """Sum of the elements' bit patterns, each row weighted by its place, modulo 2⁶⁴."""
    tensor = tensor.cpu() if tensor.device.type == "mps" else tensor  # which lacks 64-bit sums
    laid = tensor if tensor.is_contiguous() or tensor.dim() != 2 else tensor.T
    words = laid.contiguous().view(_WORDS[tensor.element_size()])
    rows = words.reshape(-1) if words.dim() < 2 else words.sum(-1, dtype=torch.int64).reshape(-1)
    places = torch.arange(1, len(rows) + 1, device=rows.device) * _ODD | 1
    return int((rows.long() * places).sum())


def _require_fit(editor: Editor, tensors: Mapping[str, Tensor]) -> None:
    shapes = _wanted_shapes(editor)
    for name, tensor in tensors.items():
        if name not in shapes or tuple(tensor.shape) != shapes[name]:
            raise SessionError(
                f"The saved state has {name} of shape {tuple(tensor.shape)}, which is none of this run: "
                "restore the session from a copy."
            )
    for name in editor.statistics:
        wanted = {key for key in shapes if key.startswith(f"statistics/{name}/")}
        if wanted & tensors.keys() and not wanted <= tensors.keys():
            raise SessionError(
                f"The saved state lacks part of the statistics of {name}: restore the session from a copy."
            )


def _wanted_shapes(editor: Editor) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for name, moved in editor.model.delta().items():
        shapes[f"moved/{name}"] = tuple(moved.shape)
        if editor.keeps_precision:
            shapes[f"inverse/{name}"] = (moved.shape[0], moved.shape[0])
    for name, moments in editor.statistics.items():
        shapes[f"statistics/{name}/rows"] = (1,)
        shapes |= {f"statistics/{name}/{part}": tuple(t.shape) for part, t in moments.tensors().items()}
    return shapes
