"""A delta onto its base: the edited model again, bit for bit."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.exports.delta_file import Delta, read_tensors
from workbench.models.export import export_hf
from workbench.models.loaded import LoadedModel
from workbench.models.modules import module_of
from workbench.models.progress import Progress, Watch
from workbench.session.provenance import base_name

_SHORT = 12  # digits of a hash that a person compares


def apply_delta(
    delta: Delta,
    loaded: LoadedModel,
    destination: Path,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Path:
    """Writes base and delta as a Hugging Face folder. ``loaded`` holds the unedited base in the delta's dtype, and
    the edited weights afterwards.

    Raises InputError for another base or a delta that does not fit it, ExportError, DiskFull or Cancelled; nothing
    is written then."""
    require_base(delta, loaded)
    tensors = read_tensors(delta, Watch(progress, cancel))
    _put(loaded, tensors)
    card = replace(
        delta.provenance,
        base=base_name(loaded.source),
        base_sha256=loaded.sha256,
        notes=[*delta.provenance.notes, f"Made by applying {delta.path.name} to the base model."],
        created=datetime.now(UTC).date().isoformat(),
    )
    return export_hf(loaded, destination, card, progress, cancel)


def require_base(delta: Delta, loaded: LoadedModel) -> None:
    """Raises InputError where the model is not the one that the delta was made from."""
    if loaded.sha256 != delta.base_sha256:
        raise InputError(
            f"{delta.path.name} changes {delta.provenance.base[:200]} with SHA-256 {delta.base_sha256[:_SHORT]}… and "
            f"{loaded.source} has {loaded.sha256[:_SHORT]}…: give the model that the delta was made from."
        )
    dtype = str(loaded.dtype).removeprefix("torch.")
    if dtype != delta.dtype:
        raise InputError(
            f"{delta.path.name} is in {delta.dtype} and the model in {dtype}: load it in {delta.dtype}."
        )
    weights = _weights(loaded)
    for name, shape in delta.shapes.items():
        if name not in weights:
            raise InputError(
                f"{delta.path.name} changes {name[:200]!r}, which {loaded.source} does not have."
            )
        if shape != tuple(weights[name].shape):
            raise InputError(
                f"{delta.path.name} has {name} of shape {shape} and {loaded.source} of shape "
                f"{tuple(weights[name].shape)}: it is damaged or made for another model."
            )


def _put(loaded: LoadedModel, tensors: Mapping[str, Tensor]) -> None:
    weights = _weights(loaded)
    with torch.no_grad():
        for name, tensor in tensors.items():
            weights[name].copy_(tensor)


def _weights(loaded: LoadedModel) -> dict[str, Tensor]:
    found = ((f"{m.name}.weight", module_of(loaded.model, m).weight) for m in loaded.modules)
    return {name: weight for name, weight in found if isinstance(weight, Tensor)}
