"""Finding, locking and copying the folder of a session."""

import filecmp
import os
import shutil
from pathlib import Path

from workbench.errors import DiskFull, SessionError
from workbench.models.files import is_disk_full
from workbench.session.lock import SessionLock, lock_holder, take_lock
from workbench.session.paths import DATABASE, is_session


def existing(path: Path) -> Path:
    """The session's folder. Raises SessionError where there is none."""
    folder = path.expanduser().resolve()
    if folder.name == DATABASE and folder.is_file():
        folder = folder.parent
    if not is_session(folder):
        what = "does not exist" if not folder.exists() else "is not a session folder"
        raise SessionError(f"{path} {what}: choose a folder that holds {DATABASE}.")
    return folder


def lock(folder: Path) -> tuple[SessionLock | None, str]:
    """The lock, or who holds it; neither where the folder cannot be written."""
    if not os.access(folder, os.W_OK):
        return None, ""
    try:
        taken = take_lock(folder)
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(f"There is no space left for {folder}: make room and open it again.") from error
        return None, ""
    return taken, "" if taken else lock_holder(folder)


def require_free(folder: Path) -> None:
    if is_session(folder):
        raise SessionError(f"{folder} is a session already: open it, or choose another name.")
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise SessionError(f"{folder} is in use: choose a new folder.")


def in_words(error: OSError, what: str) -> Exception:
    if is_disk_full(error):
        return DiskFull(f"{what}: there is no space left; make room or choose another place.")
    return SessionError(f"{what} ({error.strerror}): choose another place.")


def is_same_file(one: Path, other: Path) -> bool:
    """The content, byte for byte."""
    try:
        return one.samefile(other) or filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False


def share(source: Path, target: Path) -> None:
    """One file under two names where the file system can, else a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
