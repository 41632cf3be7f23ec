"""The person's settings, in an ini file where the system keeps such files."""

import os
from pathlib import Path

from platformdirs import user_config_dir
from PySide6.QtCore import QSettings

APPLICATION = "stableedit-workbench"


def person_settings() -> QSettings:
    folder = Path(user_config_dir(APPLICATION, appauthor=False))
    os.makedirs(folder, exist_ok=True)
    return QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)


def texts_of(settings: QSettings, key: str) -> list[str]:
    """An ini file gives a list of one back as a string."""
    value = settings.value(key)
    if isinstance(value, str):
        return [value] if value else []
    return [str(v) for v in value] if isinstance(value, (list, tuple)) else []


def number_of(settings: QSettings, key: str, default: float) -> float:
    try:
        return float(str(settings.value(key, default)))
    except ValueError:
        return default
