"""Several texts in one table cell, and cells that a spreadsheet would run."""

import functools
import json
import re
from collections.abc import Sequence

from workbench.facts.text import clean

SEPARATORS = ("|",)
TAG_SEPARATORS = ("|", ",", ";")
MAX_TEXTS = 10_000  # in one cell

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")


def neutralised(cell: str) -> str:
    """With a leading apostrophe where a spreadsheet would take the cell for a formula."""
    return "'" + cell if _FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """The inverse of ``neutralised``."""
    return cell[1:] if cell[:1] == "'" and _NEUTRALISED.match(cell) else cell


def joined(texts: Sequence[str], separators: tuple[str, ...] = SEPARATORS) -> str:
    """Plain text where ``parted`` gives the same back, otherwise a JSON list."""
    if not any(texts):
        return ""
    plain = f" {separators[0]} ".join(texts)
    return plain if parted(plain, separators) == tuple(texts) else json.dumps(list(texts), ensure_ascii=False)


def held_at_most(cell: str, separators: tuple[str, ...] = SEPARATORS) -> int:
    """No fewer than the texts that ``parted`` gives, without taking them apart."""
    if cell.lstrip()[:1] == "[":
        return max(cell.count('"') // 2, _marks(cell, separators) + 1)
    return _marks(cell, separators) + 1


def _marks(cell: str, separators: tuple[str, ...]) -> int:
    return sum(cell.count(mark) for mark in separators if mark)


def parted(cell: str, separators: tuple[str, ...] = SEPARATORS) -> tuple[str, ...]:
    """A JSON list of strings, or texts between any of the separators, of which empty ones are left out."""
    if cell.lstrip()[:1] == "[" and (listed := _json_list(cell)) is not None:  # uncleaned: NFC alters escapes
        return listed
    if not (cell := clean(cell)):
        return ()
    if not any(separators) or not (between := _either(separators)).search(cell):
        return (cell,)
    return tuple(filter(None, map(clean, between.split(cell))))


@functools.cache
def _either(separators: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, filter(None, separators))))


def _json_list(cell: str) -> tuple[str, ...] | None:
    try:
        values = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return None
    return tuple(map(clean, values))
