"""A model in memory, with what the rest of the workbench needs to know of it."""

import gc
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from workbench.models.modules import EditableModule, editable_modules

UNBOUNDED_WINDOW = 1 << 20  # positions, for models whose config states no limit


@dataclass(slots=True)
class LoadedModel:
    """The model is in eval mode and asks for no gradients anywhere."""

    model: PreTrainedModel = field(repr=False)
    tokenizer: PreTrainedTokenizerBase = field(repr=False)
    source: str  # what the person gave: folder, hub id, GGUF file or "starter"
    sha256: str  # of the weights as they were read; see files.weights_sha256
    window: int  # positions that the model reads at most
    modules: tuple[EditableModule, ...] = field(repr=False)
    architecture: str  # "LlamaForCausalLM"
    parameters: int  # tied ones counted once
    dtype: torch.dtype
    device: torch.device
    folder: Path | None = (
        None  # where its files were read, for those that the model class does not write itself
    )

    def release(self) -> None:
        """Gives the weights' memory back; the object is of no use afterwards, and neither is the model."""
        if not hasattr(self, "model"):
            return
        nn.Module.to(self.model, "meta")  # frees the storage even where somebody still holds the model
        on_cuda = self.device.type == "cuda"
        del self.model, self.tokenizer
        gc.collect()
        if on_cuda:
            torch.cuda.empty_cache()


def as_loaded(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    source: str,
    sha256: str,
    folder: Path | None = None,
) -> LoadedModel:
    """Freezes the model and sets it to eval mode. Raises ModelLoadError without editable modules."""
    model.eval()
    model.requires_grad_(False)
    return LoadedModel(
        model=model,
        tokenizer=tokenizer,
        source=source,
        sha256=sha256,
        window=window_of(model.config),
        modules=editable_modules(model),
        architecture=type(model).__name__,
        parameters=sum(p.numel() for p in model.parameters()),
        dtype=model.dtype,
        device=model.device,
        folder=folder,
    )


def window_of(config: PretrainedConfig) -> int:
    """Positions that the model reads at most."""
    positions = getattr(config.get_text_config(decoder=True), "max_position_embeddings", None)
    return int(positions) if positions else UNBOUNDED_WINDOW
