"""Reads a fact file beside the window: facts made ready for the table, bad rows, conflicts with what is there."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.desktop.courtesy import Courteous
from workbench.desktop.facts.store.batch import Batch, prepared, together
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.groups import Group, groups_in
from workbench.facts import BadRow, Fact, ImportOptions, read

CHUNK = 1_000  # facts made ready between two looks at the window


@dataclass(frozen=True, slots=True)
class Progress:
    facts: int
    bad: int
    done: int  # bytes
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Result:
    """``groups``: by the name of each list that the facts may join."""

    facts: Batch
    bad: tuple[BadRow, ...]
    notes: tuple[str, ...]
    groups: Mapping[str, tuple[Group, ...]]


@contextmanager
def without_collection() -> Iterator[None]:
    """Facts make no cycles; looking for some among a million of them would hold up the window."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # and back: young objects become old without being visited
        gc.unfreeze()
        if enabled:
            gc.enable()


def read_all(
    listener: Courteous, path: Path, options: ImportOptions, tables: Mapping[str, FactList]
) -> Result:
    """Raises FactFormatError, and Cancelled."""
    with without_collection():
        batches: list[Batch] = []
        bad: list[BadRow] = []
        waiting: list[Fact] = []
        number = 0

        def progressed(done: int, size: int) -> None:
            listener(Progress(number, len(bad), done, size))

        reader = read(path, options, progressed)
        for item in reader:
            if isinstance(item, BadRow):
                bad.append(item)
                continue
            number += 1
            waiting.append(item)
            if len(waiting) == CHUNK:
                batches.append(prepared(waiting))
                waiting.clear()
        facts = together([*batches, prepared(waiting)])
        listener(Progress(number, len(bad), 1, 1))
        groups = {name: groups_in(table, facts) for name, table in tables.items()}
        return Result(facts, tuple(bad), reader.notes, groups)
