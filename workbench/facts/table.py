"""CSV and TSV as rows of cells, with the line each row starts on; what is broken stays within its row."""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator

from workbench.facts.mapping import recognised
from workbench.facts.source import MAX_ROW, TextSource
from workbench.facts.text import clean, count

DELIMITERS = (",", ";", "\t", "|")
GUESS_ROWS = 50

_UNCLOSED = "a quotation mark opens and never closes: close it or double it."
_MISPAIRED = "a quotation mark opens in it and closes in a row further down: close it or double it."
_TOO_LONG = (
    f"it is longer than {MAX_ROW:,} characters; perhaps a quotation mark opens and never closes: mend it."
)


def guess_delimiter(head: str) -> str:
    """The delimiter under which the header is best understood and the rows agree with it most."""
    if head[:4].lower() == "sep=" and len(head) > 4:  # a line that spreadsheets write and read
        return head[4]
    return max(DELIMITERS, key=lambda delimiter: _fit(head, delimiter))


def _fit(head: str, delimiter: str) -> tuple[int, float, int]:
    """Columns recognised, share of rows as wide as the header, its width."""
    csv.field_size_limit(MAX_ROW)
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    rows = [row for row, _ in zip(reader, range(GUESS_ROWS), strict=False) if row]
    if len(rows) > 2:
        rows.pop()  # the head may end inside it
    if not rows or len(rows[0]) == 1:
        return recognised(rows[0] if rows else []), 0.0, 1
    width = len(rows[0])
    return recognised(rows[0]), sum(len(row) == width for row in rows) / len(rows), width


def column_names(header: list[str]) -> tuple[str, ...]:
    """Cleaned; an empty or repeated name is told apart by a number."""
    names: dict[str, int] = {}  # → how many columns have that name before the number
    for number, cell in enumerate(header, 1):
        name = unique = clean(cell) or f"column {number}"
        while unique in names:
            names[name] += 1
            unique = f"{name} ({names[name]})"
        names[unique] = 1
    return tuple(names)


class Rows:
    """Iterates (line, cells), or (line, reason) for a broken row. Blank rows are left out.

    The first row gives the width. A row whose quotation marks do not pair up gives back all its lines but the
    first, so that a lone mark does not swallow the rows below it. A later row that is open at the end of one of
    these lines would go the same way, and is not read again to see it: reading takes time linear in the file.
    """

    def __init__(self, source: TextSource, delimiter: str) -> None:
        csv.field_size_limit(MAX_ROW)  # process-wide; the module's own default is 131,072
        self.width = 0
        self.short = 0  # rows with fewer cells than the header, so far
        self._lines = _Lines(source)
        self._reader = csv.reader(self._lines, delimiter=delimiter)

    def __iter__(self) -> Iterator[tuple[int, list[str] | str]]:
        return self

    def __next__(self) -> tuple[int, list[str] | str]:
        while True:
            line = self._lines.number + 1
            cells = self._parsed()
            if isinstance(cells, str):
                self._lines.give_back(cells)
                return line, cells
            if _blank(cells) or (line == 1 and cells[0][:4].lower() == "sep="):
                continue
            self.width = self.width or len(cells)
            self.short += len(cells) < self.width
            return line, self._fitted(cells)

    def _parsed(self) -> list[str] | str:
        lines = self._lines
        lines.held.clear()
        lines.size = 0
        try:
            cells = next(self._reader)
        except _Broken as broken:
            return broken.reason
        except csv.Error as error:
            return f"it cannot be read as a row ({error}): mend it."
        if lines.ended:  # the reader asked for more than there is
            return _UNCLOSED
        return _MISPAIRED if len(lines.held) > 1 and _odd(lines.held) else cells

    def _fitted(self, cells: list[str]) -> list[str] | str:
        if len(cells) > self.width and not _blank(cells[self.width :]):
            return (
                f"it has {count(len(cells), 'cell')} and the header {self.width:,}: put quotation marks "
                "around a cell that holds the delimiter, and double those inside it."
            )
        return cells[: self.width]


def _blank(cells: list[str]) -> bool:
    return not "".join(cells).strip()


def _odd(lines: Iterable[str]) -> bool:
    """Whether they hold an odd number of quotation marks."""
    return sum(line.count('"') for line in lines) % 2 == 1


class _Broken(Exception):
    """The row in hand cannot be read; ends the csv module's asking for more."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Lines:
    """The source's lines, with those of the row in hand kept so that they can be read again."""

    def __init__(self, source: TextSource) -> None:
        self.number = 0  # of the last line handed out
        self.held: list[str] = []
        self.size = 0  # characters held
        self.ended = False
        self._source = source
        self._again: deque[str] = deque()
        self._again_odd = False  # whether these hold an odd number of quotation marks
        self._reason = ""  # why the row that gave them back is broken

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._again:
            self._require_hope()
            line = self._again.popleft()
            self._again_odd ^= _odd([line])
        else:
            line = self._source.readline()
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        self.held.append(line)
        self.size += len(line)
        if self.size >= MAX_ROW:
            raise _Broken(_TOO_LONG)
        return line

    def _require_hope(self) -> None:
        """A row that is open where the broken one was ends where that did: whole only if its marks pair up there."""
        if self.held and (self._reason != _MISPAIRED or self._again_odd ^ _odd(self.held)):
            raise _Broken(self._reason)

    def give_back(self, reason: str) -> None:
        """All held lines but the first will be handed out again; ``reason``: why their row is broken."""
        if len(self.held) > 1:
            self._again.extendleft(reversed(self.held[1:]))
            self._again_odd ^= _odd(self.held[1:])
            self._reason = reason
        self.number -= len(self.held) - 1
        self.ended = False
