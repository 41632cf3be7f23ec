"""The models loaded last, newest first, in the person's settings."""

from pathlib import Path

from PySide6.QtCore import QSettings

KEY, MOST = "model/recent", 8


def recent_models(settings: QSettings) -> list[str]:
    value = settings.value(KEY)
    if isinstance(value, str):
        return [value] if value else []  # how an ini file gives back a list of one
    return [str(v) for v in value] if isinstance(value, (list, tuple)) else []


def remember_model(settings: QSettings, source: str) -> None:
    kept = [source, *(s for s in recent_models(settings) if s != source)]
    settings.setValue(KEY, kept[:MOST])


def is_path(source: str) -> bool:
    """Of a folder or a file, not a hub id or a part of one."""
    return source.startswith(("~", ".")) or Path(source).is_absolute()


def why_gone(source: str) -> str:
    """Why a source used before cannot be loaded any more; in a worker, since its disk may be a slow one."""
    try:
        there = not is_path(source) or Path(source).expanduser().exists()
    except (OSError, RuntimeError):  # RuntimeError: nobody has that home
        there = False
    return "" if there else f"{source} is not there any more."
