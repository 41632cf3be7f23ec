"""The change alone: the edited weights as they are, so that base and delta give the edited model bit for bit."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file
from torch import Tensor

from workbench.errors import ExportError
from workbench.exports.edited import NO_EDITS
from workbench.exports.places import new_file
from workbench.models.modules import module_of
from workbench.models.progress import Progress, Watch
from workbench.models.provenance import Provenance

if TYPE_CHECKING:
    from workbench.editing.editor import Editor

SUFFIX = ".delta.safetensors"
FORMAT, VERSION = "stableedit-delta", "1"
_SIDE_BYTES = 1 << 20  # room for the header


def write_delta(
    editor: "Editor",
    destination: Path,
    card: Provenance,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Path:
    """One safetensors file: of every module that differs from the base its whole weight, in the model's dtype.

    The header names base, modules, recipe, edits and scores. Raises ExportError, DiskFull or Cancelled; nothing is
    left then."""
    watch = Watch(progress, cancel)
    weights = changed_weights(editor)
    if not weights:
        raise ExportError(NO_EDITS)
    needed = sum(t.numel() * t.element_size() for t in weights.values()) + _SIDE_BYTES
    with new_file(destination, needed, "The delta") as partial:
        metadata = {
            "format": FORMAT,
            "version": VERSION,
            "base_sha256": editor.loaded.sha256,
            "dtype": str(editor.loaded.dtype).removeprefix("torch."),
            "tensors_sha256": tensors_sha256(weights, watch),
            "provenance": card.as_json(),
        }
        watch.report("writing the delta", 0, 1, "files")
        save_file(weights, partial, metadata)
        watch.report("writing the delta", 1, 1, "files")
    return destination.expanduser().absolute()


def changed_weights(editor: "Editor") -> dict[str, Tensor]:
    """Parameter name → edited weight on the CPU, of the modules whose weight is not the base's."""
    found: dict[str, Tensor] = {}
    base = editor.model.base()
    for module in editor.modules:
        weight = module_of(editor.loaded.model, module).weight
        assert isinstance(weight, Tensor)
        if not torch.equal(weight, base[module.name]):
            found[f"{module.name}.weight"] = weight.detach().cpu().contiguous()
    return found


def delta_bytes(editor: "Editor") -> int:
    """About what the file takes."""
    return sum(t.numel() * t.element_size() for t in editor.model.base().values()) + _SIDE_BYTES


def tensors_sha256(tensors: Mapping[str, Tensor], watch: Watch) -> str:
    """Of names, shapes and bits, by name."""
    digest = hashlib.sha256()
    for done, name in enumerate(sorted(tensors)):
        watch.report("hashing the delta", done, len(tensors), "modules")
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(memoryview(tensor.view(torch.uint8).numpy()))  # type: ignore[arg-type]
    return digest.hexdigest()
