"""Files and folders in the making, beside where they will be. Each is noted in the cache by its process, which holds a
lock on the note; a later start removes what nobody holds any more."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.storage import places
from workbench.storage.durable import take_name
from workbench.storage.locks import try_lock

IN_THE_MAKING = re.compile(r"\.partial-([0-9a-f]{8})$")  # ends the name of such a folder
_LONGEST_PATH = 1 << 16  # bytes


@contextmanager
def partial_beside(destination: Path) -> Iterator[Path]:
    """A new empty folder, this process's own until the block is left; what is still there then is removed."""
    token = secrets.token_hex(4)
    partial = destination.with_name(f"{destination.name}.partial-{token}")
    with _noted(token, partial.absolute()):
        try:
            partial.mkdir()
            yield partial
        finally:
            shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def whole_file(destination: Path) -> Iterator[Path]:
    """Yields where to write it. When the block is left it is on the disk under its name, in place of what had it; on
    any error nothing of it is left."""
    with partial_beside(destination) as folder:
        partial = folder / destination.name
        yield partial
        take_name(partial, destination)


def is_noted(partial: Path) -> bool:
    """Whether ``clear_abandoned`` will decide on it."""
    found = IN_THE_MAKING.search(partial.name)
    return found is not None and (_notes() / found[1]).exists()


def clear_abandoned() -> None:
    """Removes what processes were making that have ended. Nothing is raised: it is tried again at the next start."""
    with suppress(OSError):
        for note in sorted(_notes().iterdir()):
            with suppress(OSError):
                _clear(note)


def _notes() -> Path:
    return places.cache_folder() / "partials"


@contextmanager
def _noted(token: str, partial: Path) -> Iterator[None]:
    """Where no note can be kept, a killed process leaves ``partial`` for good, and nothing worse."""
    note, descriptor = _notes() / token, -1
    with suppress(OSError):
        descriptor = _written(note, partial)
    try:
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)
            with suppress(OSError):
                note.unlink()


def _written(note: Path, partial: Path) -> int:
    """The descriptor that holds the lock; −1 where there are no locks: a note that nobody holds counts as left."""
    note.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(note, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        if try_lock(descriptor):
            os.write(descriptor, os.fsencode(partial))
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    note.unlink()
    return -1


def _clear(note: Path) -> None:
    descriptor = os.open(note, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        if not try_lock(descriptor):
            return
        partial = Path(os.fsdecode(os.read(descriptor, _LONGEST_PATH)))
        found = IN_THE_MAKING.search(partial.name)
        if found is not None and found[1] == note.name and partial.is_absolute() and partial.is_dir():
            shutil.rmtree(partial)
    finally:
        os.close(descriptor)
    note.unlink()
