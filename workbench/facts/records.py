"""JSON lists and JSON Lines as records, one in memory at a time.

The standard decoder reads them because published files hold ``NaN``, which streaming parsers refuse.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from workbench.errors import FactFormatError
from workbench.facts.source import MAX_ROW, TextSource

Record = dict[str, Any]

CHUNK = 1 << 18  # characters
MAX_COLUMNS = 512  # columns of a table, fields of a record
MAX_DEPTH = 32  # lists and objects within each other
MAX_VALUES = 100_000  # in one record
_BLANK = " \t\r\n"
_TOO_LONG = f"it is longer than {MAX_ROW:,} characters: shorten it."
_TOO_MANY = f"it holds more than {MAX_VALUES:,} values: leave some out."
_TOO_DEEP = f"its lists and objects lie more than {MAX_DEPTH} deep in each other: flatten them."
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)

_decoder = json.JSONDecoder()


def is_json_lines(head: str) -> bool:
    """Whether a whole object stands on any single line of the head, which starts with a brace."""
    return any(isinstance(_object_or_reason(line), dict) for line in head.splitlines() if line.strip())


def json_lines(source: TextSource) -> Iterator[tuple[int, Record | str]]:
    """(line, record), or (line, reason) for a line that holds none. Blank lines are left out."""
    number = 0
    while line := source.readline():
        number += 1
        if len(line) >= MAX_ROW:
            yield number, _TOO_LONG
        elif not line.isspace():
            yield number, _object_or_reason(line)


def too_wide(columns: int, noun: str) -> str:
    return f"it has {columns:,} {noun}s and {MAX_COLUMNS:,} can be read: leave out those that hold no part of a fact."


def _object_or_reason(line: str) -> Record | str:
    if len(line) > CHUNK and _crowded(line):
        return _TOO_MANY
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        return f"it is not valid JSON ({error.msg}, character {error.pos + 1:,}): mend the line."
    except (ValueError, RecursionError):
        return "it holds a number too long or lists too deep to read: mend the line."
    return _record(value, line.count("[") + line.count("{"))


def _record(value: object, brackets: int) -> Record | str:
    """``value`` where it can be a record, else the reason why not. ``brackets``: no fewer than it has."""
    if not isinstance(value, dict):
        return _not_an_object(value)
    if len(value) > MAX_COLUMNS:
        return too_wide(len(value), "field")
    return _TOO_DEEP if brackets > MAX_DEPTH and _deep(value) else value


def _deep(value: object) -> bool:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        held = (item.values() if isinstance(item, dict) else item for item in level)
        level = [item for items in held for item in items if isinstance(item, list | dict)]
    return bool(level)


def _crowded(text: str) -> bool:
    """Whether too many values stand in it, not counting what its texts say."""
    if sum(map(text.count, ",[{")) <= MAX_VALUES:
        return False
    return sum(map(_STRING.sub("", text).count, ",[{")) > MAX_VALUES


def _not_an_object(value: object) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return f"it is {names.get(type(value), 'a number')} and not an object with fields: correct or remove it."


def json_list(source: TextSource) -> Iterator[tuple[int, Record | str]]:
    """(record from 1, record), or (record, reason) for an entry that is no object.

    Raises FactFormatError naming the record where the JSON itself is broken.
    """
    text = _Buffer(source)
    if text.next() != "[":
        raise FactFormatError(source.path, "it is not a list of records: put the records between [ and ].")
    text.start += 1
    number = 0
    while (mark := text.next()) != "]":
        number += 1
        if number > 1:
            if mark != ",":
                raise text.broken(number, "a comma is missing" if mark else "the closing ] is missing")
            text.start += 1
            text.next()
        yield number, text.record(number)
    text.start += 1
    if text.next():
        raise text.broken(number + 1, "something follows the closing ] of the list")


class _Buffer:
    """A window onto the source's text; ``start`` is where reading goes on."""

    def __init__(self, source: TextSource) -> None:
        self.start = 0
        self._source = source
        self._text = ""
        self._lines = 0  # line ends before the window

    def next(self) -> str:
        """The next character that is not blank, "" at the end of the file."""
        while True:
            while self.start < len(self._text):
                if self._text[self.start] not in _BLANK:
                    return self._text[self.start]
                self.start += 1
            if not self._more(CHUNK):
                return ""

    def record(self, number: int) -> Record | str:
        """The record at ``start``, or why there is none; ``number`` is its own."""
        size = CHUNK
        while True:
            try:
                value, end = _decoder.raw_decode(self._text, self.start)
            except json.JSONDecodeError as error:
                if not self._cut_off(error):
                    raise self.broken(number, error.msg, error.pos) from error
                if len(self._text) - self.start > MAX_ROW:
                    raise FactFormatError(self._source.path, _TOO_LONG, number) from error
                place = error.pos - self.start
                if size > CHUNK and _crowded(self._text):
                    raise FactFormatError(self._source.path, _TOO_MANY, number) from error
                if not self._more(size):
                    raise self.broken(number, self._reason_at_end(error.msg, place), place) from error
                size *= 2
            except (ValueError, RecursionError) as error:
                raise self.broken(number, "a number too long or lists too deep to read") from error
            else:
                if end < len(self._text) or isinstance(value, dict | list | str) or not self._more(size):
                    begin, self.start = self.start, end
                    return _record(
                        value, self._text.count("[", begin, end) + self._text.count("{", begin, end)
                    )

    def broken(self, number: int, reason: str, position: int | None = None) -> FactFormatError:
        position = self.start if position is None else position
        line = self._lines + self._text.count("\n", 0, position) + 1
        return FactFormatError(
            self._source.path, f"the JSON is broken at line {line:,} ({reason}): mend it there.", number
        )

    def _reason_at_end(self, message: str, place: int) -> str:
        open_ended = message.startswith("Unterminated") or place >= len(self._text.rstrip(_BLANK))
        return "the file ends inside the record" if open_ended else message

    def _cut_off(self, error: json.JSONDecodeError) -> bool:
        """Whether the window's end may be all that is wrong: a word or an escape is cut, or a string open."""
        return error.msg.startswith("Unterminated string") or error.pos > len(self._text) - 16

    def _more(self, characters: int) -> bool:
        """Moves the window on. False at the end of the file."""
        piece = self._source.read(characters)
        self._lines += self._text.count("\n", 0, self.start)
        self._text = self._text[self.start :] + piece
        self.start = 0
        return bool(piece)
