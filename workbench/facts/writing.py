"""Facts and bad rows to files: a temporary sibling first, then its name, so that nothing is half-written."""

import contextlib
import csv
import errno
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TextIO

from workbench.errors import DiskFull, ExportError
from workbench.facts.cells import TAG_SEPARATORS, joined, neutralised
from workbench.facts.fact import Fact, Probe
from workbench.facts.summary import BadRow
from workbench.storage.partials import whole_file

_FACT_FIELDS = tuple(field.name for field in fields(Fact))
_PROBE_FIELDS = tuple(field.name for field in fields(Probe))

COLUMNS = (
    "prompt",
    "target",
    "subject",
    "old",
    "rephrases",
    "locality_prompt",
    "locality_answer",
    "locality_kind",
    "portability_prompt",
    "portability_answer",
    "portability_kind",
    "tags",
    "key",
)


def write_csv(path: Path | str, facts: Iterable[Fact]) -> int:
    """UTF-8 with a byte order mark, which spreadsheets ask for. Returns the number of facts.

    Raises DiskFull, or ExportError where the place cannot be written to; the old file is then unchanged.
    """
    return write_table(path, COLUMNS, map(_cells, facts))


def write_jsonl(path: Path | str, facts: Iterable[Fact]) -> int:
    """One object of Fact's fields a line, UTF-8. Returns and raises as ``write_csv``."""
    written = 0
    with _replacing(Path(path), "utf-8") as file:
        for fact in facts:
            file.write(json.dumps(_record(fact), ensure_ascii=False) + "\n")
            written += 1
    return written


def write_bad_rows(path: Path | str, bad: Iterable[BadRow]) -> int:
    """Row, column, reason and the start of what stood there, as CSV. Returns and raises as ``write_csv``."""
    rows = ((str(row.row), row.column, row.reason, row.content) for row in bad)
    return write_table(path, ("row", "column", "reason", "content"), rows)


def write_table(path: Path | str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Rows as CSV. Returns their number and raises as ``write_csv``."""
    written = 0
    with _replacing(Path(path), "utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for row in rows:
            writer.writerow(map(neutralised, row))
            written += 1
    return written


def as_tabbed(rows: Iterable[Sequence[str]]) -> str:
    """For a spreadsheet to paste: cells between tabs, quoted where they must be."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter="\t", lineterminator="\r\n")
    writer.writerows([neutralised(cell) for cell in row] for row in rows)
    return out.getvalue()


def _cells(fact: Fact) -> tuple[str, ...]:
    return (
        fact.prompt,
        fact.target,
        fact.subject,
        fact.old,
        joined(fact.rephrases),
        *_probe_cells(fact.locality),
        *_probe_cells(fact.portability),
        joined(fact.tags, TAG_SEPARATORS),
        fact.key,
    )


def _probe_cells(probes: tuple[Probe, ...]) -> tuple[str, str, str]:
    return (
        joined([probe.prompt for probe in probes]),
        joined([probe.answer for probe in probes]),
        joined([probe.kind for probe in probes]),
    )


def _record(fact: Fact) -> dict[str, object]:
    named: dict[str, object] = {name: getattr(fact, name) for name in _FACT_FIELDS}
    for part in ("locality", "portability"):
        named[part] = [
            {name: getattr(probe, name) for name in _PROBE_FIELDS} for probe in getattr(fact, part)
        ]
    return named


@contextlib.contextmanager
def _replacing(path: Path, encoding: str) -> Iterator[TextIO]:
    """A file that takes the name ``path`` once it is complete and on the disk. Lone surrogates become "?"."""
    try:
        with (
            whole_file(path) as partial,
            open(partial, "w", encoding=encoding, errors="replace", newline="") as file,
        ):
            yield file
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"{path}: the disk is full; free some space and write it again.") from error
        raise ExportError(
            f"{path}: it cannot be written ({error.strerror}): choose another place."
        ) from error
