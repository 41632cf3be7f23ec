"""Remembers how the columns of a file were mapped, by the names of its columns."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields

from PySide6.QtCore import QSettings

from workbench.facts import Mapping

PREFIX = "facts/mappings"


def signature(columns: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(columns).encode("utf-8", "replace")).hexdigest()[:16]


def remember(settings: QSettings, columns: Sequence[str], mapping: Mapping) -> None:
    settings.setValue(f"{PREFIX}/{signature(columns)}", json.dumps(asdict(mapping)))


def recall(settings: QSettings, columns: Sequence[str]) -> Mapping | None:
    """None where these columns were never mapped, or what is kept cannot be read."""
    try:
        held = json.loads(str(settings.value(f"{PREFIX}/{signature(columns)}", "")))
    except ValueError:
        return None
    known = {f.name for f in fields(Mapping)}
    if not isinstance(held, dict) or not held.keys() <= known:
        return None
    named = [name for name, value in held.items() if name not in ("rephrases", "separator") and value]
    if not all(held[name] in columns for name in named) or not set(held.get("rephrases", ())) <= set(columns):
        return None
    return Mapping(**{**held, "rephrases": tuple(held.get("rephrases", ()))})
