"""A folder in the Hugging Face layout: what it must hold, and what is refused, before any weight is read."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import AutoConfig, PretrainedConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)

from workbench.errors import ModelLoadError, WorkbenchError

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")

_IMPLEMENTATION = "_implementation"  # how the names of such settings end

# What transformers and its readers raise for files that they cannot use.
LIBRARY_ERRORS = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    ImportError,
    StrictDataclassError,
    SafetensorError,
)


_log = logging.getLogger("workbench")


@contextmanager
def foreign(name: str) -> Iterator[None]:
    """Around all that reads a model's files: whatever these make a library raise becomes a ModelLoadError."""
    try:
        yield
    except WorkbenchError:
        raise
    except Exception as error:
        _log.info("%s could not be used", name, exc_info=error)
        if isinstance(error, OSError) and error.strerror:
            raise ModelLoadError(
                f"{error.filename or name} cannot be read ({error.strerror}): check its permissions and the disk."
            ) from error
        raise ModelLoadError(
            f"{name} cannot be used as a model ({type(error).__name__}: {first_line(error)}): fetch it again or "
            "choose another."
        ) from error


def read_config(folder: Path) -> PretrainedConfig:
    """The folder's config. Raises ModelLoadError where the model is not one that can be edited safely."""
    settings = _config_json(folder)
    refuse_unsuitable(settings, str(folder))
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except LIBRARY_ERRORS as error:
        raise ModelLoadError(f"{folder / 'config.json'} cannot be used: {first_line(error)}.") from error
    return config


def _config_json(folder: Path) -> dict[str, Any]:
    file = folder / "config.json"
    try:
        settings = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelLoadError(_no_config(folder)) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelLoadError(f"{file} cannot be read ({first_line(error)}): fetch it again.") from error
    if not isinstance(settings, dict):
        raise ModelLoadError(f"{file} holds no settings: fetch it again.")
    return settings


def _no_config(folder: Path) -> str:
    ggufs = sorted(p.name for p in folder.glob("*.gguf"))
    if ggufs:
        return f"{folder} has no config.json but GGUF files: give one of them, {', '.join(ggufs[:3])}."
    return f"{folder} has no config.json, so it is no model folder: give the folder that holds config.json."


def refuse_unsuitable(settings: dict[str, Any], where: str) -> None:
    """Raises ModelLoadError for foreign code, unknown architectures, quantised weights and non-decoders."""
    kind = str(settings.get("model_type", ""))
    if kind not in CONFIG_MAPPING:
        if "auto_map" in settings:
            raise ModelLoadError(
                f"{where} asks to run its own Python code ({kind or 'no model_type'}), which is never done: "
                "choose a model that transformers knows."
            )
        raise ModelLoadError(
            f"{where} has the architecture {kind or '(none named)'}, which this version of transformers does "
            "not know: choose another model or update transformers."
        )
    if kernel := _foreign_kernel(settings):
        raise ModelLoadError(
            f"{where} asks for code from elsewhere ({kernel}), which is never run: remove that from its config.json "
            "or choose another model."
        )
    if quantised := settings.get("quantization_config"):
        method = quantised.get("quant_method", "some method") if isinstance(quantised, dict) else quantised
        raise ModelLoadError(
            f"{where} holds weights quantised with {method}, which cannot be edited: choose the model's "
            "full-precision version."
        )
    classes = settings.get("architectures") or []
    if not isinstance(classes, list):
        raise ModelLoadError(
            f"{where} names its architectures as {str(classes)[:40]!r} and not in a list: fetch it again."
        )
    if not _is_decoder(kind, settings):
        named = ", ".join(map(str, classes or [kind]))
        raise ModelLoadError(
            f"{where} is no decoder-only language model ({named}): choose one that continues "
            "text, such as Llama or GPT-2."
        )


def _foreign_kernel(settings: dict[str, Any]) -> str:
    """An implementation of attention or experts that names a repository, which transformers would fetch and run."""
    waiting: list[tuple[str, object]] = list(settings.items())
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [
                (name if name.endswith(_IMPLEMENTATION) else key, held) for key, held in value.items()
            ]
        elif name.endswith(_IMPLEMENTATION) and isinstance(value, str) and "/" in value:
            return value
    return ""


def _is_decoder(kind: str, settings: dict[str, Any]) -> bool:
    if kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or settings.get("is_encoder_decoder"):
        return False
    if kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not settings.get("is_decoder"):
        return False
    classes = settings.get("architectures") or []
    known = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values()
    return not classes or any(c in known or str(c).endswith("ForCausalLM") for c in classes)


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files that transformers reads. Raises ModelLoadError for missing or pickled weights."""
    if (folder / SINGLE).is_file():
        return (folder / SINGLE,)
    index = folder / INDEX
    if not index.is_file():
        raise ModelLoadError(_no_weights(folder))
    files = tuple(folder / name for name in indexed_files(index))
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise ModelLoadError(f"{folder} lacks the weights {', '.join(missing[:3])}: fetch the model again.")
    return files


def indexed_files(index: Path) -> tuple[str, ...]:
    """Names in a safetensors index, sorted; all are plain names beside the index."""
    try:
        names = {str(name) for name in json.loads(index.read_text("utf-8"))["weight_map"].values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelLoadError(f"{index} cannot be read ({first_line(error)}): fetch it again.") from error
    if not names or any(Path(name).name != name or Path(name).suffix != ".safetensors" for name in names):
        raise ModelLoadError(f"{index} does not name safetensors files beside it: fetch it again.")
    return tuple(sorted(names))


def _no_weights(folder: Path) -> str:
    pickled = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in PICKLES)
    if pickled:
        return pickle_refusal(str(folder / pickled[0]))
    return f"{folder} has no {SINGLE}: give a folder with weights in the safetensors format."


def pickle_refusal(name: str) -> str:
    return (
        f"{name} is a pickled checkpoint, which can run any program when it is opened: "
        "convert it to safetensors first, for example with its publisher's safe copy."
    )


def first_line(error: BaseException, length: int = 160) -> str:
    """The gist of a library's message, for one sentence."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return text.rstrip(".:") if len(text) <= length else text[: length - 1] + "…"
