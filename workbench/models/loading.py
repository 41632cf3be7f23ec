"""From a model's name to a model in memory."""

from contextlib import nullcontext
from pathlib import Path
from threading import Event
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from workbench.errors import ModelLoadError, OutOfMemory
from workbench.models import folders, gguf, hub
from workbench.models.caching import require_caching
from workbench.models.devices import choose_device, choose_dtype
from workbench.models.encoding import encode_prompt
from workbench.models.files import weights_sha256
from workbench.models.loaded import LoadedModel, as_loaded
from workbench.models.memory import estimate, require_memory
from workbench.models.outline import config_of, outline_of
from workbench.models.progress import Progress, Watch, quiet
from workbench.models.sources import Source, SourceKind, parse_source


def load(
    source: str,
    device: str = "auto",
    dtype: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
    *,
    hash_again: bool = False,
) -> LoadedModel:
    """Downloads or converts first where that is needed. ``hash_again``: for what must be the very model that was
    edited, whatever hash of it is remembered.

    Raises ModelLoadError (not found, refused, too large), SettingError, DiskFull, OutOfMemory or Cancelled.
    """
    with folders.foreign(source):
        return _load(source, device, dtype, Watch(progress, cancel), hash_again)


def _load(source: str, device: str, dtype: str, watch: Watch, hash_again: bool) -> LoadedModel:
    chosen_device = choose_device(device)
    chosen_dtype = choose_dtype(dtype, chosen_device)
    origin = parse_source(source)
    with gguf.parsed_once() if origin.is_gguf else nullcontext():
        _require_fit(origin, chosen_dtype, chosen_device)
        folder, sha256 = _brought_here(origin, watch, hash_again)
    if origin.kind is SourceKind.HUB:  # its config may only now be here
        _require_fit(Source(SourceKind.FOLDER, source, folder), chosen_dtype, chosen_device)
    model = _read_model(folder, chosen_dtype, chosen_device, watch)
    require_caching(model)
    tokenizer = _read_tokenizer(folder)
    _require_embedded(folder, tokenizer, model)
    return as_loaded(model, tokenizer, _lasting_name(origin), sha256, folder)


def _lasting_name(origin: Source) -> str:
    """What finds the model again from any working folder."""
    if origin.kind is SourceKind.STARTER or origin.path is None:
        return origin.text
    return str(origin.path.absolute())


def _require_fit(origin: Source, dtype: torch.dtype, device: torch.device) -> None:
    """A GGUF file still to be converted must fit in main memory in float32 too."""
    config = config_of(origin)
    if config is None:
        return
    outline = outline_of(config)
    require_memory(estimate(outline, dtype), device)
    if origin.is_gguf and gguf.known_conversion(origin.existing_path()) is None:
        require_memory(estimate(outline, torch.float32), torch.device("cpu"))


def _brought_here(origin: Source, watch: Watch, hash_again: bool) -> tuple[Path, str]:
    """(folder in the Hugging Face layout, SHA-256 of the weights as they came)."""
    match origin.kind:
        case SourceKind.STARTER | SourceKind.GGUF:
            return gguf.convert(origin.existing_path(), watch, hash_again)
        case SourceKind.HUB:
            folder = hub.cached_folder(origin.repository) or hub.download(origin.repository, watch)
        case SourceKind.FOLDER:
            folder = origin.existing_path()
    folders.read_config(folder)
    return folder, weights_sha256(folders.weight_files(folder), watch, hash_again)


def _read_model(folder: Path, dtype: torch.dtype, device: torch.device, watch: Watch) -> PreTrainedModel:
    try:
        with quiet(watch, "loading the weights"):
            read: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=dtype,
                device_map=None if device.type == "cpu" else device,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(
            f"The memory of {device} ran out while loading {folder.name}: close other programs or choose "
            "another device."
        ) from error
    except folders.LIBRARY_ERRORS as error:
        raise ModelLoadError(
            f"The weights in {folder} cannot be read: {folders.first_line(error)}."
        ) from error
    model: PreTrainedModel = read[0]
    _require_complete(folder, read[1])
    return model


def _require_complete(folder: Path, report: dict[str, Any]) -> None:
    """A tensor that is missing or of another shape would silently be random."""
    absent = sorted(str(name) for name in report["missing_keys"])
    absent += sorted(str(entry[0]) for entry in report["mismatched_keys"])
    if absent:
        raise ModelLoadError(
            f"The weights in {folder} lack {len(absent):,} tensors that the config asks for "
            f"({absent[0]}, …): fetch the model again."
        )


def _read_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    try:
        with quiet(Watch(), ""):
            tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except folders.LIBRARY_ERRORS as error:
        raise ModelLoadError(
            f"The tokenizer in {folder} cannot be read: {folders.first_line(error)}."
        ) from error
    return tokenizer


def _require_embedded(folder: Path, tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel) -> None:
    """Ids beyond the embeddings would end a run in the middle."""
    embeddings = model.get_input_embeddings().weight
    assert isinstance(embeddings, torch.Tensor)
    rows = len(embeddings)
    vocabulary, added = tokenizer.get_vocab(), tokenizer.get_added_vocab()  # of these some are never used
    used = [number for token, number in vocabulary.items() if token not in added]
    highest = max([*used, *encode_prompt(tokenizer, "a")], default=-1)
    if highest >= rows:
        raise ModelLoadError(
            f"The tokenizer in {folder} gives token ids up to {highest:,} and the model has embeddings for {rows:,}: "
            "give it the tokenizer that belongs to it."
        )
