"""What a person may give as a model: a folder, a hub id, a GGUF file, or ``starter``."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from workbench.errors import ModelLoadError
from workbench.models import hub
from workbench.models.folders import PICKLES, pickle_refusal
from workbench.models.starter import find_starter, require_starter

STARTER = "starter"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


class SourceKind(StrEnum):
    FOLDER = "folder"
    HUB = "hub"
    GGUF = "gguf"
    STARTER = "starter"


@dataclass(frozen=True, slots=True)
class Source:
    """A model's origin; nothing of it is read yet."""

    kind: SourceKind
    text: str  # as the person gave it
    path: Path | None = (
        None  # of a folder or a GGUF file; None for a hub model, and for a starter that is not here
    )
    repository: str = ""  # "org/name" of a hub model

    @property
    def is_gguf(self) -> bool:
        return self.kind in (SourceKind.GGUF, SourceKind.STARTER)

    def existing_path(self) -> Path:
        """Raises ModelLoadError for a starter that is not on this computer."""
        return require_starter() if self.path is None else self.path


def parse_source(text: str) -> Source:
    """Raises ModelLoadError for what is neither on this computer nor a hub id."""
    given = text.strip()
    if given == STARTER:
        return Source(SourceKind.STARTER, given, find_starter())
    path = _path(given)
    if given and path.is_dir():
        return Source(SourceKind.FOLDER, given, path)
    if given and path.is_file():
        return _file(given, path)
    repository = hub_id_of(given)
    if repository is not None:
        return Source(SourceKind.HUB, given, repository=repository)
    raise ModelLoadError(_not_found(given, path))


def _path(given: str) -> Path:
    """Raises ModelLoadError for what no file can be called or nobody may look at."""
    try:
        path = Path(given).expanduser()
        path.exists()
    except (OSError, RuntimeError) as error:  # RuntimeError: nobody has that home
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ModelLoadError(f"{given[:80]} cannot be a model ({reason}): check the path.") from error
    return path


def hub_id_of(text: str) -> str | None:
    """The text if it is a hub id and names no file or folder here."""
    path = Path(text).expanduser()
    is_file_name = path.suffix.lower() in (".gguf", ".safetensors", *PICKLES)
    return text if _HUB_ID.fullmatch(text) and not is_file_name and not path.exists() else None


def _file(given: str, path: Path) -> Source:
    suffix = path.suffix.lower()
    if suffix == ".gguf":
        return Source(SourceKind.GGUF, given, path)
    if suffix in PICKLES:
        raise ModelLoadError(pickle_refusal(str(path)))
    if suffix == ".safetensors":
        raise ModelLoadError(
            f"{path} holds weights alone: give the folder that it lies in, with config.json."
        )
    raise ModelLoadError(f"{path} is no model: give a model folder, a .gguf file or a hub id (org/name).")


def _not_found(given: str, path: Path) -> str:
    near = near_matches(given, path)
    hint = (
        f"did you mean {', '.join(near)}?"
        if near
        else "give a model folder, a .gguf file, a hub id (org/name) or starter."
    )
    return f"There is no such file or folder: {given or 'the name is empty'}; {hint}"


def near_matches(given: str, path: Path) -> list[str]:
    """Up to three names that exist: neighbours on disk, cached hub models, ``starter``."""
    try:
        neighbours = [str(p) for p in path.parent.iterdir() if p.is_dir() or p.suffix == ".gguf"]
    except OSError:
        neighbours = []
    return get_close_matches(given, [STARTER, *neighbours, *hub.cached_repositories()], n=3, cutoff=0.75)
