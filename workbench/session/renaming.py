"""Another name for a session that nobody has open."""

from pathlib import Path

from workbench.errors import SessionError
from workbench.session.lock import is_held

_LONGEST = 100  # characters; a file system takes 255 bytes


def renamed(folder: Path, name: str) -> Path:
    """Where the session is from then on. Raises SessionError where it is open, or there is such a folder already."""
    if is_held(folder):
        raise SessionError(f"{folder.stem} is open: Save as gives it another name.")
    if not name or name.startswith(".") or set(name) & {"/", "\\", "\0"} or len(name) > _LONGEST:
        raise SessionError(f"A session cannot be called {name!r}: give a short name without slashes.")
    target = folder.with_name(f"{name}{folder.suffix}")
    if target.exists():
        raise SessionError(f"There is a {target.name} already: choose another name.")
    try:
        return folder.rename(target)
    except OSError as error:
        raise SessionError(f"{folder.stem} could not be renamed: {error.strerror}.") from error
