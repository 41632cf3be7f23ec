"""Facts from a file: looked at, streamed, or loaded whole."""

import threading
from collections.abc import Callable, Generator, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from workbench.errors import Cancelled, FactFormatError
from workbench.facts.build import Tally
from workbench.facts.fact import Fact
from workbench.facts.layout import Layout, Records, find_layout
from workbench.facts.plan import Plan, cell, make_plan
from workbench.facts.records import Record
from workbench.facts.source import Look, TextSource
from workbench.facts.summary import BadRow, FileSummary, Import, ImportOptions

HEAD_RECORDS = 20
HEAD_CHARACTERS = 1 << 20  # of the head, after which no further record is looked at
LOOK_EVERY = 256  # rows between two looks at cancel
LONG = 1 << 16  # characters of a row, which is looked at before it is cleaned

Progress = Callable[[int, int], None]  # bytes read, bytes in all

_GUESS = ImportOptions()


def inspect(path: Path | str, options: ImportOptions = _GUESS) -> FileSummary:
    """Reads only the head. Raises FactFormatError where the file holds no records at all."""
    return _look(Path(path), options)[2]


def _head(source: TextSource, records: Records) -> list[tuple[int, Record | str]]:
    head: list[tuple[int, Record | str]] = []
    for entry in islice(records, HEAD_RECORDS):
        head.append(entry)
        if source.taken > HEAD_CHARACTERS:
            break
    return head


def _look(path: Path, options: ImportOptions, look: Look | None = None) -> tuple[Layout, Plan, FileSummary]:
    layout = find_layout(path, options)
    tally = Tally()
    with TextSource(path, layout.encoding, look) as source:
        records = Records(source, layout)
        head = _head(source, records)
        notes = records.notes()
        plan = make_plan(layout, records.columns, [entry for _, entry in head], options)
    sample = () if plan.problem else tuple(plan.outcome(row, entry, tally) for row, entry in head)
    known = [entry for _, entry in head if isinstance(entry, dict)]
    summary = FileSummary(
        path=path,
        size=source.size,
        format=layout.format,
        encoding=layout.encoding,
        delimiter=layout.delimiter,
        columns=plan.columns,
        form=plan.form.name if plan.form else "",
        title=plan.form.title if plan.form else f"{layout.format.upper()} with columns of its own",
        targets=plan.form.targets if plan.form else (),
        mapping=None if plan.form else plan.mapping,
        rows=tuple(tuple(cell(record.get(name)) for name in plan.columns) for record in known),
        sample=sample,
        notes=(*notes, *plan.notes(), *tally.notes()),
        problem=plan.problem,
    )
    return layout, plan, summary


class FactReader(Iterator[Fact | BadRow]):
    """The file's facts and bad rows in its order, one in memory at a time."""

    def __init__(
        self,
        path: Path | str,
        options: ImportOptions = _GUESS,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        layout, self._plan, self.summary = _look(Path(path), options, partial(_look_up, progress, cancel))
        if self.summary.problem:
            raise FactFormatError(path, self.summary.problem)
        self.notes: tuple[str, ...] = ()  # set when reading ends
        self._items = self._outcomes(layout, options.strict, partial(_look_up, progress, cancel))

    def __next__(self) -> Fact | BadRow:
        return next(self._items)

    def close(self) -> None:
        """Ends reading early; ``notes`` then tells of what was read."""
        self._items.close()

    def _outcomes(self, layout: Layout, strict: bool, look: Look) -> Generator[Fact | BadRow, None, None]:
        tally, taken = Tally(), 0
        with TextSource(layout.path, layout.encoding, look) as source:
            records = Records(source, layout)
            try:
                for number, (row, entry) in enumerate(records):
                    if number % LOOK_EVERY == 0 or source.taken - taken > LONG:
                        look(source)
                    taken = source.taken
                    outcome = self._plan.outcome(row, entry, tally)
                    if strict and isinstance(outcome, BadRow):
                        raise FactFormatError(layout.path, outcome.reason, row, outcome.column or None)
                    yield outcome
            finally:
                self.notes = (*records.notes(), *self._plan.notes(), *tally.notes())
            look(source)


def _look_up(progress: Progress | None, cancel: threading.Event | None, source: TextSource) -> None:
    if progress is not None:
        progress(source.position, source.size)
    if cancel is not None and cancel.is_set():
        raise Cancelled(f"Reading {source.path} was stopped; nothing was imported.")


def read(
    path: Path | str,
    options: ImportOptions = _GUESS,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> FactReader:
    """Streams the file's facts and bad rows.

    Raises FactFormatError where the file as a whole cannot be read (at once, or at the JSON record that is
    broken) and, with ``strict``, at the first bad row; Cancelled within LOOK_EVERY rows or 65,536 characters of
    ``cancel``.
    """
    return FactReader(path, options, progress, cancel)


def load(
    path: Path | str,
    options: ImportOptions = _GUESS,
    limit: int | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Import:
    """All facts, or the first ``limit`` good ones with the bad rows before them. Raises as ``read``."""
    reader = read(path, options, progress, cancel)
    facts: list[Fact] = []
    bad: list[BadRow] = []
    while limit is None or len(facts) < limit:
        outcome = next(reader, None)
        if outcome is None:
            break
        if isinstance(outcome, Fact):
            facts.append(outcome)
        else:
            bad.append(outcome)
    reader.close()
    return Import(tuple(facts), tuple(bad), reader.notes, reader.summary)
