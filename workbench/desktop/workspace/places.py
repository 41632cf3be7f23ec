"""Where sessions come from and go to: a new one, and a copy that is checked before anything relies on it. No Qt."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from workbench.desktop.workspace.opened import Opened, read_session
from workbench.errors import Cancelled, SessionError

if TYPE_CHECKING:
    from workbench.session.folder import Session
    from workbench.session.keeping import Keeping

_UNTITLED = re.compile(r"Untitled( \d+)?")


@dataclass(frozen=True, slots=True)
class Copied:
    original: "Session"
    session: "Session"  # the copy, open
    changes: int  # of the original, when both held the same
    opened: Opened | None  # the copy as read anew, where the window's facts may be older

    @property
    def original_is_spare(self) -> bool:
        """Nobody named it, and all that it holds is in the copy."""
        original = self.original
        return not original.read_only and is_untitled(original.folder) and original.changes == self.changes


def is_untitled(folder: Path) -> bool:
    """One that the workbench named itself, in its own folder."""
    from workbench.session.paths import sessions_folder

    return folder.parent == sessions_folder() and _UNTITLED.fullmatch(folder.stem) is not None


def new_session(keeping: "Keeping") -> "Session":
    """Untitled, in the person's data folder. Raises SessionError, DiskFull."""
    from workbench.session.folder import Session
    from workbench.session.paths import new_session_path

    path = new_session_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SessionError(f"{path.parent} cannot be made ({error.strerror}): save elsewhere.") from error
    return Session.create(path, keeping=keeping)


def still_wanted(opened: Opened, cancel: Event) -> Opened:
    """Closes it again where nobody waits for it any more."""
    if cancel.is_set():
        opened.session.close()
        raise Cancelled("The session was not opened.")
    return opened


def copied_to(session: "Session", path: Path, keeping: "Keeping", cancel: Event) -> Copied:
    """Raises SessionError, DiskFull; then no copy is left."""
    changes = session.changes
    copy = _verified_copy(session, path, keeping)
    if cancel.is_set():
        copy.close()
        raise Cancelled(f"The copy is in {copy.folder}.")
    return Copied(session, copy, changes, read_session(copy) if session.read_only else None)


def _verified_copy(session: "Session", path: Path, keeping: "Keeping") -> "Session":
    """Open, and the same as the original in facts, settings, runs and files."""
    from workbench.session.folder import Session

    folder = session.copy_to(path)
    copy: Session | None = None
    try:
        copy = Session.open(folder, keeping=keeping)
        if copy.read_only or not session.holds_the_same(copy):
            raise SessionError(f"{folder} does not hold what {session.folder} holds: choose another place.")
    except BaseException:
        if copy is not None:
            copy.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return copy
