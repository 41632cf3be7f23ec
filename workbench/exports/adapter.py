"""The change as a LoRA adapter in the form that PEFT reads."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from workbench.errors import ExportError
from workbench.exports.decomposition import Decomposition, Factors
from workbench.models.loaded import LoadedModel
from workbench.models.modules import module_of
from workbench.models.sources import hub_id_of

if TYPE_CHECKING:
    from workbench.editing.editor import Editor

WEIGHTS = "adapter_model.safetensors"
_PREFIX = "base_model.model."
_ADAPTER = "default"


def adapter_bytes(decomposition: Decomposition, rank: int) -> int:
    """What the weights take on disk."""
    return sum(rank * (f.module.d_in + f.module.d_out) * 4 for f in decomposition.factors)


def adapter_tensors(decomposition: Decomposition, rank: int) -> dict[str, Tensor]:
    """PEFT's names → float32, A (rank, d_k) and B (d_v, rank) with Δᵀ ≈ B·A; zeros beyond what a module has."""
    tensors: dict[str, Tensor] = {}
    for part in decomposition.factors:
        a, b = _pair(part, rank)
        tensors[f"{_PREFIX}{part.module.name}.lora_A.weight"] = a
        tensors[f"{_PREFIX}{part.module.name}.lora_B.weight"] = b
    return tensors


def _pair(part: Factors, rank: int) -> tuple[Tensor, Tensor]:
    """The singular values are split evenly between both sides."""
    known = min(rank, len(part.singular))
    root = part.singular[:known].sqrt()
    a, b = torch.zeros(rank, part.module.d_in), torch.zeros(part.module.d_out, rank)
    a[:known] = (part.left[:, :known] * root).T
    b[:, :known] = part.right[:, :known] * root
    return a, b


def write_adapter(folder: Path, decomposition: Decomposition, rank: int, base: str) -> None:
    """adapter_config.json and the weights, into a folder that exists. ``base``: as the person named it."""
    from peft import LoraConfig

    modules = [part.module for part in decomposition.factors]
    config = LoraConfig(
        r=rank,
        lora_alpha=rank,  # a scaling of one: A and B hold the change as it is
        lora_dropout=0.0,
        bias="none",
        target_modules=[m.name for m in modules],
        fan_in_fan_out=modules[0].transposed,  # all of a model's maps are stored one way
        task_type="CAUSAL_LM",
        inference_mode=True,
        base_model_name_or_path=hub_id_of(base) or base,
    )
    config.save_pretrained(str(folder))
    save_file(adapter_tensors(decomposition, rank), folder / WEIGHTS, {"format": "pt"})


@contextmanager
def adapted(editor: "Editor", folder: Path) -> Iterator[LoadedModel]:
    """Within it the model is the unedited one with the folder's adapter, as PEFT loads it.

    Raises ExportError where PEFT does not read what was written. The model is in any case what it was afterwards."""
    loaded = editor.loaded
    modules = {m.name: module_of(loaded.model, m) for m in editor.modules}
    with editor.model.unedited():
        try:
            _load(loaded, folder)
            yield loaded
        finally:
            for name, module in modules.items():
                parent, _, leaf = name.rpartition(".")
                setattr(loaded.model.get_submodule(parent), leaf, module)
            vars(loaded.model).pop("peft_config", None)
            loaded.model.requires_grad_(False).eval()


def _load(loaded: LoadedModel, folder: Path) -> None:
    from peft import PeftModel
    from safetensors.torch import load_file

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", FutureWarning
        )  # PEFT asks transformers in a way it will have to change
        PeftModel.from_pretrained(loaded.model, str(folder))
    loaded.model.eval()
    for name, written in load_file(folder / WEIGHTS).items():
        path, _, _ = name.removeprefix(_PREFIX).rpartition(".weight")
        module, _, side = path.rpartition(".")
        read = getattr(loaded.model.get_submodule(module), side, None)
        layer = read[_ADAPTER] if isinstance(read, nn.ModuleDict) and _ADAPTER in read else None
        weight = getattr(layer, "weight", None)
        if not isinstance(weight, Tensor) or not torch.equal(weight.float().cpu(), written):
            raise ExportError(
                f"PEFT does not read {path} as it was written: update peft, or export another format."
            )
