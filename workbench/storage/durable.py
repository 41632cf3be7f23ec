"""New names that survive a power cut: contents are flushed before them, the folder that holds them after."""

import errno
import os
from pathlib import Path

_WINDOWS = os.name == "nt"  # which keeps names durable by itself and flushes only what is open for writing
_UNSUPPORTED = {errno.EINVAL, errno.ENOTSUP}  # of a folder, on some network file systems


def take_name(partial: Path, destination: Path) -> None:
    """A finished file or folder, with all that is in it, under the name that it was made for. A file takes the place
    of another, a folder that of an empty one."""
    for inner in partial.rglob("*") if partial.is_dir() else ():
        if not inner.is_symlink():
            flush(inner)
    flush(partial)
    if partial.is_dir() and destination.exists():
        destination.rmdir()
    partial.replace(destination)
    flush(destination.parent)


def make_folder(folder: Path) -> list[Path]:
    """With its parents; returns those that were not there, innermost first."""
    made = [p for p in (folder, *folder.parents) if not p.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for new in made:
        flush(new.parent)
    return made


def flush(path: Path) -> None:
    """A file's contents, or the names in a folder. Raises OSError."""
    is_folder = path.is_dir()
    if is_folder and _WINDOWS:
        return
    descriptor = os.open(path, os.O_RDWR if _WINDOWS else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if not is_folder or error.errno not in _UNSUPPORTED:
            raise
    finally:
        os.close(descriptor)
