"""What is asked of an import, what a file looks like, and what came of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from workbench.facts.fact import Fact
from workbench.facts.mapping import Mapping

Format = Literal["", "csv", "json", "jsonl"]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """An empty option is guessed from the file."""

    format: Format = ""
    form: str = ""  # a Form's name
    encoding: str = ""
    delimiter: str = ""  # one character
    header: bool = True  # False: the columns are called "column 1", "column 2", …
    mapping: Mapping | None = None  # instead of any form
    target: Literal["alt", "answers"] = "alt"  # where the form leaves the choice (FileSummary.targets)
    strict: bool = False  # raise FactFormatError at the first bad row


@dataclass(frozen=True, slots=True)
class BadRow:
    """``row``: the line a CSV row or JSON Lines record starts on, or the number of a JSON record, from 1."""

    row: int
    column: str  # "" where the whole row is meant
    reason: str
    content: str = ""  # the start of what stood there

    def __str__(self) -> str:
        place = f"row {self.row}" + (f", column {self.column!r}" if self.column else "")
        return f"{place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class FileSummary:
    """What the head of a file tells, and how it will be read."""

    path: Path
    size: int  # bytes
    format: Format
    encoding: str
    delimiter: str  # "" for JSON
    columns: tuple[str, ...]  # columns of a table; fields of the first records
    form: str  # "" where ``mapping`` is used
    title: str  # of the form, for people
    targets: tuple[str, ...]  # the choice of target to ask for; empty where there is none
    mapping: Mapping | None  # None where a form is used
    rows: tuple[tuple[str, ...], ...] = field(repr=False)  # the first rows' cells, shortened, by ``columns``
    sample: tuple[Fact | BadRow, ...] = field(repr=False)  # what these rows become; empty with a problem
    notes: tuple[str, ...]
    problem: str  # why facts cannot be read yet and what to do; "" when they can


@dataclass(frozen=True, slots=True)
class Import:
    """``notes``: what was assumed or changed, a sentence each."""

    facts: tuple[Fact, ...] = field(repr=False)
    bad: tuple[BadRow, ...]
    notes: tuple[str, ...]
    summary: FileSummary
