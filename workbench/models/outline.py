"""What can be said of a model before its weights are read: shape, modules, parameters."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, PretrainedConfig

from workbench.errors import ModelLoadError
from workbench.models import folders, gguf, hub
from workbench.models.loaded import window_of
from workbench.models.modules import EditableModule, editable_modules
from workbench.models.sources import Source, SourceKind, parse_source

MOST_LAYERS = 1_000  # several times what any published model has; each is built to see its modules
_SIZES = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "intermediate_size",
    "vocab_size",
    "max_position_embeddings",
)


@dataclass(frozen=True, slots=True)
class Outline:
    """Read from the config alone, on the meta device."""

    config: PretrainedConfig = field(repr=False)
    architecture: str  # "LlamaForCausalLM"
    parameters: int  # tied ones counted once
    hidden: int  # width of the residual stream
    vocabulary: int
    layers: int
    window: int  # positions that the model reads at most
    modules: tuple[EditableModule, ...] = field(repr=False)


def outline(source: str) -> Outline | None:
    """None for a hub model that is not in the local cache: nothing is downloaded to look at it.

    Raises ModelLoadError like loading does.
    """
    with folders.foreign(source):
        config = config_of(parse_source(source))
        return None if config is None else outline_of(config)


def config_of(source: Source) -> PretrainedConfig | None:
    """The config alone; None for a hub model that is not cached."""
    match source.kind:
        case SourceKind.HUB:
            cached = hub.cached_folder(source.repository)
            return None if cached is None else folders.read_config(cached)
        case SourceKind.FOLDER:
            return folders.read_config(source.existing_path())
        case SourceKind.GGUF | SourceKind.STARTER:
            return _gguf_config(source.existing_path())


def _gguf_config(file: Path) -> PretrainedConfig:
    """From the conversion where there is one, since a GGUF header takes seconds to read."""
    folder = gguf.known_conversion(file)
    return gguf.read_config(file) if folder is None else folders.read_config(folder)


def _require_sizes(config: PretrainedConfig) -> None:
    text = config.get_text_config(decoder=True)
    for name in _SIZES:
        value = getattr(text, name, None)
        if value is None or isinstance(value, list | tuple):  # one for each layer
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise ModelLoadError(f"The config makes no model: {name} is {value!r} and no number above 0.")
    if text.num_hidden_layers > MOST_LAYERS:
        raise ModelLoadError(
            f"The config asks for {text.num_hidden_layers:,} layers, and models of up to {MOST_LAYERS:,} can be "
            "edited: choose another."
        )


def outline_of(config: PretrainedConfig) -> Outline:
    """Builds the model without storage. Raises ModelLoadError for a config that makes no model."""
    _require_sizes(config)
    try:
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config)
    except folders.LIBRARY_ERRORS as error:
        raise ModelLoadError(f"The config makes no model: {folders.first_line(error)}.") from error
    text = config.get_text_config(decoder=True)
    return Outline(
        config=config,
        architecture=type(model).__name__,
        parameters=sum(p.numel() for p in model.parameters()),
        hidden=int(text.hidden_size),
        vocabulary=int(text.vocab_size),
        layers=int(text.num_hidden_layers),
        window=window_of(config),
        modules=editable_modules(model),
    )
