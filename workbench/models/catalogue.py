"""What can be loaded on this computer without asking anybody."""

from dataclasses import dataclass
from pathlib import Path

from workbench.errors import ModelLoadError
from workbench.models import folders, gguf, hub
from workbench.models.presets import Preset, presets
from workbench.models.starter import TITLE, find_starter


@dataclass(frozen=True, slots=True)
class StarterState:
    title: str
    file: Path | None  # None: not on this computer, fetch_starter gets it
    converted: bool  # opens in seconds


@dataclass(frozen=True, slots=True)
class CachedModel:
    """A hub model in the local cache."""

    repository: str
    size: int  # bytes on disk, all its revisions
    problem: str = ""  # why it cannot be loaded, one sentence; empty if it can


@dataclass(frozen=True, slots=True)
class Catalogue:
    starter: StarterState
    cached: tuple[CachedModel, ...]  # by name
    presets: tuple[Preset, ...]


def available() -> Catalogue:
    """Looks at files and their headers only; takes well under a second."""
    return Catalogue(_starter(), _cached(), presets())


def _starter() -> StarterState:
    file = find_starter()
    return StarterState(TITLE, file, file is not None and gguf.known_conversion(file) is not None)


def _cached() -> tuple[CachedModel, ...]:
    return tuple(CachedModel(name, size, _problem(name)) for name, size in hub.cached_repositories().items())


def _problem(repository: str) -> str:
    folder = hub.cached_folder(repository)
    if folder is None:
        return "Incomplete, or without weights in the safetensors format."
    try:
        folders.read_config(folder)
    except ModelLoadError as error:
        return str(error)
    return ""
