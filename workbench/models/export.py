"""The edited model as a folder that any transformers program loads."""

import shutil
from pathlib import Path
from threading import Event

from transformers import GenerationConfig

from workbench.errors import ExportError
from workbench.models.files import require_space, whole_folder
from workbench.models.loaded import LoadedModel
from workbench.models.progress import Progress, Watch, quiet
from workbench.models.provenance import Provenance, model_card
from workbench.models.sources import hub_id_of

SHARD_BYTES = 2_000_000_000  # also how much is written between two looks at the cancel event
_SIDE_BYTES = 64 << 20  # room for tokenizer, config and card
_OF_PROCESSORS = ("preprocessor_config.json", "processor_config.json", "video_preprocessor_config.json")


def export_hf(
    loaded: LoadedModel,
    destination: Path,
    card: Provenance,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Path:
    """Writes safetensors in the model's dtype, config, tokenizer, README.md and provenance.json.

    Raises ExportError for a destination in use, DiskFull or Cancelled; nothing is left then.
    """
    watch = Watch(progress, cancel)
    destination = destination.expanduser().absolute()
    require_free(destination)
    require_space(destination, weight_bytes(loaded) + _SIDE_BYTES, "The export")
    try:
        with whole_folder(destination, "The export") as partial:
            _write_model(loaded, partial, watch)
            _write_sides(loaded, partial, destination.name, card)
            watch.check()
    except OSError as error:
        raise ExportError(
            f"{destination} cannot be written ({error.strerror}): choose another folder."
        ) from error
    return destination


def require_free(destination: Path) -> None:
    """Raises ExportError where something is already there; an empty folder may be."""
    if destination.is_dir():
        if any(destination.iterdir()):
            raise ExportError(f"{destination} is not empty: choose a new folder, or empty it first.")
    elif destination.exists() or destination.is_symlink():
        raise ExportError(f"{destination} is a file: choose a new folder.")


def weight_bytes(loaded: LoadedModel) -> int:
    """What the weights take on disk; tied ones are written once."""
    return sum(p.numel() * p.element_size() for p in loaded.model.parameters())


def _write_model(loaded: LoadedModel, folder: Path, watch: Watch) -> None:
    """The generation config is written past the library's check, which refuses some that models came with."""
    model = loaded.model
    generation = model.generation_config
    try:
        model.generation_config = GenerationConfig()
        with quiet(watch, "writing the weights"):
            model.save_pretrained(folder, max_shard_size=SHARD_BYTES)
    finally:
        model.generation_config = generation
    if generation is not None:
        generation.to_json_file(folder / "generation_config.json", use_diff=True)


def _write_sides(loaded: LoadedModel, folder: Path, title: str, card: Provenance) -> None:
    loaded.tokenizer.save_pretrained(folder)
    for name in _OF_PROCESSORS:
        if loaded.folder is not None and (loaded.folder / name).is_file():
            shutil.copyfile(loaded.folder / name, folder / name)
    (folder / "README.md").write_text(model_card(title, card, hub_id_of(card.base)), "utf-8")
    (folder / "provenance.json").write_text(card.as_json(), "utf-8")
