"""Text as facts hold it: no surrogates, Unicode NFC, no space at either end."""

import functools
import re
import unicodedata

MARKS = 30  # combining marks in a row, as Unicode's stream-safe text has at most; sorting more takes quadratic time
_JOINER = "\u034f"  # combining grapheme joiner: unseen, and starts a new run

_LONE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile("[\udc80-\udcff]")


def clean(text: str) -> str:
    """Idempotent. A lone surrogate (a broken ``\\ud83d`` escape in JSON) becomes U+FFFD."""
    if not text.isascii():
        text = _composed(_LONE.sub("\ufffd", text))
    return text.strip()


def fold(text: str) -> str:
    """The same for texts that differ in case, spacing or Unicode form only; to compare, never to edit."""
    if not text.isascii():
        text = _composed(text)
    return " ".join(text.casefold().split())


def _composed(text: str) -> str:
    """Unicode NFC, with a joiner in runs of more than ``MARKS`` combining marks (UAX 15, stream-safe)."""
    while _may_run_long(text) and (parted := _long_runs().sub(lambda run: run[0] + _JOINER, text)) != text:
        text = unicodedata.normalize("NFC", parted)  # may lengthen a run: some marks stand for two or three
    return unicodedata.normalize("NFC", text)


def _may_run_long(text: str) -> bool:
    """False for nearly all texts, at a fraction of the time: a long run covers one sign in ``MARKS``, and an exact
    class that reaches beyond U+FFFF is slow."""
    sign, run = _near_marks()
    return sign.search(text[::MARKS]) is not None and run.search(text) is not None


@functools.cache
def _near_marks() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A mark, or any sign of the planes where some are; and a long run of them."""
    near = "".join(mark for mark in _marks() if mark < "\U00010000") + "\U00010000-\U0001efff"
    return re.compile(f"[{near}]"), re.compile(f"[{near}]{{{MARKS}}}(?=[{near}])")


@functools.cache
def _marks() -> str:
    decomposed = ((sign, unicodedata.normalize("NFD", sign)) for sign in map(chr, range(0x300, 0x1F000)))
    return "".join(sign for sign, parts in decomposed if unicodedata.combining(parts[0]))


@functools.cache
def _long_runs() -> re.Pattern[str]:
    marks = _marks()
    return re.compile(f"[{marks}]{{{MARKS}}}(?=[{marks}])")


def cut(text: str, length: int) -> str:
    """At most ``length`` characters, the last an ellipsis where something was left out."""
    return text if len(text) <= length else text[: length - 1] + "…"


def count(number: int, noun: str) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def repair(text: str) -> tuple[str, int]:
    """Bytes that decoding kept as U+DC80–U+DCFF, read as Windows-1252; and how many there were."""
    if text.isascii():
        return text, 0
    return _ESCAPED.subn(lambda found: _windows_1252(ord(found[0]) - 0xDC00), text)


def _windows_1252(byte: int) -> str:
    """Latin-1 for the five bytes that Windows-1252 leaves undefined."""
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)
