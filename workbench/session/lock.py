"""One writer a session: an advisory lock that ends with the process, however it ends."""

import os
import socket
from pathlib import Path

from workbench.session.paths import LOCK
from workbench.storage.locks import try_lock


class SessionLock:
    """Held until ``release`` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Closing the file gives the lock up; the file stays, since removing it would race with the next opener."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def take_lock(folder: Path) -> SessionLock | None:
    """None where somebody else writes to the session. A file system without locks counts as locked: the lock is
    advisory. Raises OSError where the folder cannot be written."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(folder / LOCK, flags, 0o600)
    try:
        if try_lock(descriptor) is False:
            os.close(descriptor)
            return None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode())
    except BaseException:
        os.close(descriptor)
        raise
    return SessionLock(descriptor)


def is_held(folder: Path) -> bool:
    """Whether somebody writes to the session now; False where that cannot be found out."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        return try_lock(descriptor) is False
    except OSError:
        return False
    finally:
        os.close(descriptor)


def lock_holder(folder: Path) -> str:
    """Who holds the lock, in words: ``process 4711 on bench``."""
    try:
        text = (folder / LOCK).read_text("utf-8", errors="replace")[:200]
    except OSError:
        text = ""
    return "".join(c for c in text if c.isprintable()) or "another program"
