"""GGUF files: unpacked once into the cache as a Hugging Face folder, which then opens in seconds."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from functools import lru_cache
from pathlib import Path

import gguf
import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    GgufConfig,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from workbench.errors import ModelLoadError
from workbench.models.files import remembered_sha256, require_space, weights_sha256, whole_folder
from workbench.models.folders import LIBRARY_ERRORS, first_line, refuse_unsuitable, weight_files
from workbench.models.progress import Watch, quiet
from workbench.storage import places
from workbench.storage.partials import is_noted

_STALE_SECONDS = 86_400  # a partial conversion this old that nobody noted was left by an earlier version
_HASH = "weights.sha256"  # in a converted folder: of its weights, as they were written
_SIDE_BYTES = 64 << 20  # room for tokenizer and config
_reading = threading.RLock()


def converted_folder(sha256: str) -> Path:
    """Where the conversion of the GGUF file with this hash lies, once it exists."""
    return places.cache_folder() / "models" / sha256


def known_conversion(file: Path) -> Path | None:
    """The finished conversion, where the file's hash is remembered; nothing is hashed."""
    sha256 = remembered_sha256(file)
    folder = converted_folder(sha256) if sha256 else None
    return folder if folder is not None and folder.is_dir() else None


def convert(file: Path, watch: Watch, hash_again: bool = False) -> tuple[Path, str]:
    """(folder, SHA-256 of the GGUF file). Converts in float32 unless the cache holds it already.
    ``hash_again``: as for ``weights_sha256``.

    Raises ModelLoadError, DiskFull or Cancelled; the cache then is as it was.
    """
    require_gguf(file)
    sha256 = weights_sha256([file], watch, hash_again)
    folder = converted_folder(sha256)
    if folder.is_dir():
        if _is_as_written(folder, watch, hash_again):
            return folder, sha256
        shutil.rmtree(folder)
    _clear_stale(folder)
    with parsed_once():
        model = read_model(file, watch)
        size = sum(p.numel() * p.element_size() for p in model.parameters())
        require_space(folder, size + _SIDE_BYTES, f"Converting {file.name}")
        try:
            _write(model, file, folder, watch)
        except OSError:
            if not folder.is_dir():  # else another process was first with the same conversion
                raise
    return folder, sha256


@contextmanager
def parsed_once() -> Iterator[None]:
    """Within it transformers parses a file once, and not again for its config, weights and tokenizer, and asks for
    its tensors' names once, and not again for every submodule: seconds each time."""
    with _reading:
        own = {name: getattr(gguf, name) for name in ("GGUFReader", "get_tensor_name_map")}
        try:
            for name, made in own.items():
                setattr(gguf, name, lru_cache(1)(made))
            yield
        finally:
            for name, made in own.items():
                setattr(gguf, name, made)


def _write(model: PreTrainedModel, file: Path, folder: Path, watch: Watch) -> None:
    with whole_folder(folder, f"Converting {file.name}") as partial:
        with quiet(watch, "writing the converted model"):
            model.save_pretrained(partial)
            _tokenizer(file).save_pretrained(partial)
        with quiet(watch, "checking the converted model"):
            _require_equal(model, partial)
        (partial / _HASH).write_text(weights_sha256(weight_files(partial), watch), "utf-8")


def _is_as_written(folder: Path, watch: Watch, hash_again: bool) -> bool:
    """Not where the cache was changed, nor where an earlier version kept no hash of what it wrote."""
    try:
        kept = (folder / _HASH).read_text("utf-8")
        return weights_sha256(weight_files(folder), watch, hash_again) == kept
    except (OSError, ValueError, ModelLoadError):
        return False


def read_config(file: Path) -> PretrainedConfig:
    """From the file's header; a few seconds the first time, since the vocabulary lies in it too."""
    require_gguf(file)
    stat = file.stat()
    return deepcopy(_config(file.absolute(), stat.st_size, stat.st_mtime_ns))


@lru_cache(8)
def _config(file: Path, _size: int, _mtime_ns: int) -> PretrainedConfig:
    try:
        with quiet(Watch(), ""):
            config: PretrainedConfig = AutoConfig.from_pretrained(file.parent, gguf_file=file.name)
    except LIBRARY_ERRORS as error:
        raise ModelLoadError(f"{file} cannot be read: {first_line(error)}.") from error
    refuse_unsuitable(
        {"model_type": config.model_type, "is_encoder_decoder": config.is_encoder_decoder}, str(file)
    )
    return config


def read_model(file: Path, watch: Watch) -> PreTrainedModel:
    """The model in float32 on the CPU; asked to unpack, transformers leaves no quantizer that would refuse saving."""
    try:
        with quiet(watch, "unpacking the GGUF file"):
            model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
                file.parent,
                gguf_file=file.name,
                quantization_config=GgufConfig(dequantize=True),
                dtype=torch.float32,
                local_files_only=True,
                trust_remote_code=False,
            )
    except LIBRARY_ERRORS as error:
        raise ModelLoadError(f"{file} cannot be unpacked: {first_line(error)}.") from error
    return model


def require_gguf(file: Path) -> None:
    with file.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise ModelLoadError(f"{file} is no GGUF file, whatever its name says: fetch it again.")


def _tokenizer(file: Path) -> PreTrainedTokenizerBase:
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            file.parent, gguf_file=file.name, local_files_only=True
        )
    except LIBRARY_ERRORS as error:
        raise ModelLoadError(f"{file} carries no usable tokenizer: {first_line(error)}.") from error
    return tokenizer


def _require_equal(model: PreTrainedModel, folder: Path) -> None:
    """What was written reads back bit for bit, on the same code path that will open it."""
    written = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True
    ).state_dict()
    ours = model.state_dict()
    if written.keys() != ours.keys() or not all(torch.equal(ours[name], written[name]) for name in ours):
        raise ModelLoadError(
            "The converted weights do not read back as they were written: check the disk and try again."
        )


def _clear_stale(folder: Path) -> None:
    for partial in folder.parent.glob(f"{folder.name}.partial-*"):
        with suppress(OSError):
            if not is_noted(partial) and time.time() - partial.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(partial, ignore_errors=True)
