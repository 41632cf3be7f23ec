"""Ordinary text from a file, and its two halves."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from workbench.errors import FactFormatError
from workbench.facts.records import Record, is_json_lines, json_lines, json_list
from workbench.facts.source import TextSource, guess_encoding, read_head

FIELD = "Text"


def read_texts(path: Path | str, limit: int | None = None) -> tuple[str, ...]:
    """Plain lines, or JSON (a list or lines) with a ``Text`` field per record; at most ``limit`` of them.

    Raises FactFormatError.
    """
    path = Path(path)
    if path.is_file() and not path.stat().st_size:
        raise FactFormatError(path, "it is empty: write one text per line.")
    head = read_head(path)
    encoding, _note = guess_encoding(path, head)
    with TextSource(path, encoding) as source:
        found = _texts(source, head.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n"))
        texts = tuple(islice(found, limit))
    if not texts:
        raise FactFormatError(path, "it holds no text: write one text per line.")
    return texts


def split_texts(texts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(for key protection, for perplexity): every second text, disjoint even where a text stands twice."""
    distinct = tuple(dict.fromkeys(texts))
    return distinct[::2], distinct[1::2]


def _texts(source: TextSource, head: str) -> Iterator[str]:
    if head.startswith("["):
        yield from _fields(source.path, json_list(source))
    elif head.startswith("{") and is_json_lines(head):
        yield from _fields(source.path, json_lines(source))
    elif source.path.suffix.lower() in (".json", ".jsonl"):
        raise FactFormatError(source.path, f"it is not a JSON list of records with a {FIELD!r} field.")
    else:
        while line := source.readline():
            if "\0" in line:
                raise FactFormatError(source.path, "it holds binary data and not text: choose another file.")
            if text := line.strip():
                yield text


def _fields(path: Path, records: Iterator[tuple[int, Record | str]]) -> Iterator[str]:
    for row, record in records:
        if isinstance(record, str):
            raise FactFormatError(path, record, row)
        text = record.get(FIELD)
        if not isinstance(text, str):
            kind = "missing" if FIELD not in record else "not a text"
            raise FactFormatError(path, f"it is {kind}: give each record one.", row, FIELD)
        if text.strip():
            yield text.strip()
