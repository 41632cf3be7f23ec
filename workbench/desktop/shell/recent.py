"""Sessions opened last, and those that were open when the program ended without closing them."""

from pathlib import Path

from PySide6.QtCore import QSettings

from workbench.desktop.shell.settings import texts_of
from workbench.session.lock import is_held
from workbench.session.paths import is_session

RECENT, MOST = "sessions/recent", 10
OPEN = "sessions/open"


def recent_sessions(settings: QSettings) -> list[Path]:
    """Newest first; those that are gone are left out."""
    return [path for path in map(Path, texts_of(settings, RECENT)) if is_session(path)]


def remember_session(settings: QSettings, folder: Path) -> None:
    kept = [str(folder), *(text for text in texts_of(settings, RECENT) if text != str(folder))]
    settings.setValue(RECENT, kept[:MOST])


def rename_remembered(settings: QSettings, old: Path, new: Path) -> None:
    texts = texts_of(settings, RECENT)
    settings.setValue(RECENT, [str(new) if text == str(old) else text for text in texts])


def forget_session(settings: QSettings, folder: Path) -> None:
    settings.setValue(RECENT, [text for text in texts_of(settings, RECENT) if text != str(folder)])


def mark_open(settings: QSettings, folder: Path) -> None:
    """Written at once, so that it outlives a crash."""
    _set_open(settings, [*_marked_open(settings), str(folder)])


def mark_closed(settings: QSettings, folder: Path) -> None:
    _set_open(settings, [text for text in _marked_open(settings) if text != str(folder)])


def left_open(settings: QSettings) -> list[Path]:
    """Those that no window has open now."""
    found = [path for path in map(Path, _marked_open(settings)) if is_session(path)]
    return [path for path in found if not is_held(path)]


def _marked_open(settings: QSettings) -> list[str]:
    """Of every window that uses the settings, not of this one alone."""
    settings.sync()
    return texts_of(settings, OPEN)


def _set_open(settings: QSettings, folders: list[str]) -> None:
    settings.setValue(OPEN, list(dict.fromkeys(folders)))
    settings.sync()
