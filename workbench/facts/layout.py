"""How a file is laid out (format, encoding, delimiter), and its records in that layout."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from workbench.errors import FactFormatError
from workbench.facts.cells import restored
from workbench.facts.records import MAX_COLUMNS, Record, is_json_lines, json_lines, json_list, too_wide
from workbench.facts.source import HEAD_BYTES, TextSource, guess_encoding, read_head
from workbench.facts.summary import Format, ImportOptions
from workbench.facts.table import Rows, column_names, guess_delimiter
from workbench.facts.text import clean, count, cut
from workbench.facts.writing import COLUMNS


@dataclass(frozen=True, slots=True)
class Layout:
    path: Path
    format: Format
    encoding: str
    delimiter: str = ""
    header: bool = True
    note: str = ""  # what had to be assumed


def find_layout(path: Path, options: ImportOptions) -> Layout:
    """Raises FactFormatError where there is no such file, or it is no text of facts."""
    head = read_head(path)
    encoding, note = (options.encoding, "") if options.encoding else guess_encoding(path, head)
    with TextSource(path, encoding) as source:
        text = source.read(HEAD_BYTES)
    if not text.strip():
        raise FactFormatError(path, "it is empty: add a header and rows, or choose another file.")
    format = options.format or _format(path, text)
    if format != "csv":
        return Layout(path, format, encoding, note=note)
    if len(options.delimiter) > 1 or options.delimiter in ('"', "\r", "\n"):
        raise FactFormatError(
            path, f"the delimiter {options.delimiter!r} is not one plain character: choose one."
        )
    tabbed = path.suffix.lower() in (".tsv", ".tab")
    delimiter = options.delimiter or ("\t" if tabbed else guess_delimiter(text))
    return Layout(path, format, encoding, delimiter, options.header, note)


def _format(path: Path, head: str) -> Format:
    """By the content; a table's suffix is believed."""
    suffix, start = path.suffix.lower(), head.lstrip()[:1]
    if suffix in (".csv", ".tsv", ".tab"):
        return "csv"
    if start == "[":
        return "json"
    if suffix in (".jsonl", ".ndjson"):
        return "jsonl"
    if start == "{":
        if is_json_lines(head) or "\n" not in head.strip():
            return "jsonl"
        message = "it is a single JSON object and not a list of records: put the records between [ and ]."
        raise FactFormatError(path, message)
    if suffix == ".json":
        message = f"it is not JSON (it starts with {cut(clean(head), 20)!r}): give a list of records."
        raise FactFormatError(path, message)
    return "csv"


class Records:
    """Iterates (row, record), or (row, reason) for a broken one. A CSV row is keyed by the header's names."""

    def __init__(self, source: TextSource, layout: Layout) -> None:
        self.columns: tuple[str, ...] = ()  # of a table
        self._source = source
        self._note = layout.note
        self._rows: Rows | None = None
        if layout.format == "csv":
            self._rows = Rows(source, layout.delimiter)
            self._entries = self._table(self._rows, layout.header)
        else:
            self._entries = {"json": json_list, "jsonl": json_lines}[layout.format](source)

    def __iter__(self) -> Iterator[tuple[int, Record | str]]:
        return self._entries

    def notes(self) -> tuple[str, ...]:
        """What has been assumed so far."""
        notes = [self._note] if self._note else []
        if repaired := self._source.repaired:
            how = f"not valid {self._source.encoding.upper()} and read as Windows-1252"
            notes.append(f"{count(repaired, 'byte')} {'was' if repaired == 1 else 'were'} {how}.")
        if self._rows and self._rows.short:
            short = self._rows.short
            notes.append(
                f"{count(short, 'row')} {'has' if short == 1 else 'have'} fewer cells than the header."
            )
        return tuple(notes)

    def _table(self, rows: Rows, header: bool) -> Iterator[tuple[int, Record | str]]:
        line, first = next(rows, (1, "it holds no row: add a header and rows."))
        if isinstance(first, str):
            raise FactFormatError(self._source.path, first, line)
        if len(first) > MAX_COLUMNS:
            raise FactFormatError(self._source.path, too_wide(len(first), "column"), line)
        self.columns = column_names(first if header else [""] * len(first))
        return self._named(rows if header else chain([(line, first)], rows))

    def _named(self, rows: Iterable[tuple[int, list[str] | str]]) -> Iterator[tuple[int, Record | str]]:
        columns, ours = self.columns, set(COLUMNS) <= set(self.columns)
        for line, cells in rows:
            if isinstance(cells, str):
                yield line, cells
            else:
                yield line, dict(zip(columns, map(restored, cells) if ours else cells, strict=False))
