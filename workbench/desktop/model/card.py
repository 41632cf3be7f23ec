"""What the model panel says of a loaded model."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.desktop.words import parameters_in_words

if TYPE_CHECKING:
    from workbench.models.loaded import LoadedModel

UNBOUNDED_WINDOW = 1 << 20  # models.loaded's, for models that state no limit


@dataclass(frozen=True, slots=True)
class ModelCard:
    """In words."""

    name: str
    source: str  # as the person gave it
    summary: str  # "Llama · 134.5 M parameters · float32 · CPU"
    tokenizer: str  # "49,152 tokens, BPE"
    tokenizer_class: str
    window: str  # "8,192 tokens"
    sha256: str


def card_of(loaded: "LoadedModel") -> ModelCard:
    parts = [
        loaded.architecture.removesuffix("ForCausalLM").removesuffix("LMHeadModel"),
        f"{parameters_in_words(loaded.parameters)} parameters",
        dtype_in_words(str(loaded.dtype)),
        "CPU" if str(loaded.device) == "cpu" else str(loaded.device),
    ]
    window = "no limit stated" if loaded.window >= UNBOUNDED_WINDOW else f"{loaded.window:,} tokens"
    return ModelCard(
        name=name_of(loaded.source),
        source=loaded.source,
        summary=" · ".join(parts),
        tokenizer=_tokenizer(loaded),
        tokenizer_class=type(loaded.tokenizer).__name__,
        window=window,
        sha256=loaded.sha256,
    )


def _tokenizer(loaded: "LoadedModel") -> str:
    """The kind of its model (BPE, Unigram, …) only where it has a fast backend."""
    backend = getattr(loaded.tokenizer, "backend_tokenizer", None)
    kind = f", {type(backend.model).__name__}" if backend is not None else ""
    return f"{len(loaded.tokenizer):,} tokens{kind}"


def dtype_in_words(dtype: str) -> str:
    """``torch.bfloat16`` → bf16 with fp32 masters: the edited modules keep their sums in float32."""
    short = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
    plain = dtype.removeprefix("torch.")
    name = short.get(plain, plain)
    return name if name == "fp32" else f"{name} with fp32 masters"


def name_of(source: str) -> str:
    """The last part of a path or hub id."""
    if source == "starter":
        from workbench.models.starter import TITLE

        return TITLE
    name = Path(source).name or source
    return name.removesuffix(".gguf")
