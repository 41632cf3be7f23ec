"""The models loaded last, newest first, in the person's settings."""

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
