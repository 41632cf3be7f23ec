"""Where sessions are kept, and what is called what inside one."""

import re
from pathlib import Path

from workbench.errors import SessionError
from workbench.storage.places import data_folder

SUFFIX = ".stableedit"
DATABASE = "session.db"
LOCK = "session.lock"
STEPS = "steps"
CHECKPOINTS = "checkpoints"
TENSORS = ".safetensors"

_KEPT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.safetensors")


def sessions_folder() -> Path:
    """Where sessions live that were given no place of their own; made when first used."""
    return data_folder() / "sessions"


def new_session_path(title: str = "Untitled", folder: Path | None = None) -> Path:
    """A path that is still free: ``Untitled.stableedit``, ``Untitled 2.stableedit``, …"""
    parent = folder or sessions_folder()
    path, number = parent / f"{title}{SUFFIX}", 1
    while path.exists():
        number += 1
        path = parent / f"{title} {number}{SUFFIX}"
    return path


def is_session(path: Path) -> bool:
    return (path / DATABASE).is_file()


def file_prefix(run: int) -> str:
    """How the names of all files of a run begin."""
    return f"run{run:04}-"


def state_named(file: str) -> str:
    """The fingerprint of the state that the name of a step's or checkpoint's file ends with."""
    return file.removesuffix(TENSORS)[-16:]


def require_kept_name(name: str, session: Path) -> str:
    """A file name from the database before it becomes part of a path. Raises SessionError for any other text."""
    if not _KEPT_NAME.fullmatch(name):
        raise SessionError(
            f"{session} names a tensor file {name[:80]!r}, which no session has: it is damaged or not to be trusted."
        )
    return name


def require_own(folder: Path) -> None:
    """Raises SessionError where a part of the session is a link, so that nothing outside is ever written."""
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", LOCK, STEPS, CHECKPOINTS):
        if (folder / name).is_symlink():
            raise SessionError(
                f"{folder / name} is a link to another place: a session keeps its own files; copy them in."
            )
