"""Sessions opened last, and those that were open when the program ended without closing them."""

from pathlib import Path

from PySide6.QtCore import QSettings

from workbench.desktop.shell.settings import texts_of
from workbench.session.paths import is_session

RECENT, MOST = "sessions/recent", 10
OPEN = "sessions/open"


def recent_sessions(settings: QSettings) -> list[Path]:
    """Newest first; those that are gone are left out."""
    return [path for path in map(Path, texts_of(settings, RECENT)) if is_session(path)]


def remember_session(settings: QSettings, folder: Path) -> None:
    kept = [str(folder), *(text for text in texts_of(settings, RECENT) if text != str(folder))]
    settings.setValue(RECENT, kept[:MOST])


def forget_session(settings: QSettings, folder: Path) -> None:
    settings.setValue(RECENT, [text for text in texts_of(settings, RECENT) if text != str(folder)])


def mark_open(settings: QSettings, folder: Path) -> None:
    """Written at once, so that it outlives a crash."""
    settings.setValue(OPEN, list(dict.fromkeys([*texts_of(settings, OPEN), str(folder)])))
    settings.sync()


def mark_closed(settings: QSettings, folder: Path) -> None:
    settings.setValue(OPEN, [text for text in texts_of(settings, OPEN) if text != str(folder)])
    settings.sync()


def left_open(settings: QSettings) -> list[Path]:
    return [path for path in map(Path, texts_of(settings, OPEN)) if is_session(path)]
