"""Text as facts hold it: no surrogates, Unicode NFC, no space at either end."""

import re
import unicodedata

_LONE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile("[\udc80-\udcff]")


def clean(text: str) -> str:
    """Idempotent. A lone surrogate (a broken ``\\ud83d`` escape in JSON) becomes U+FFFD."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _LONE.sub("\ufffd", text))
    return text.strip()


def fold(text: str) -> str:
    """The same for texts that differ in case, spacing or Unicode form only; to compare, never to edit."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.casefold().split())


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
