"""Facts and texts that a command names, read with progress and with every bad row told."""

from collections.abc import Sequence
from pathlib import Path

from workbench.cli.progress import ProgressLine
from workbench.errors import InputError
from workbench.facts.fact import Fact
from workbench.facts.reading import load
from workbench.facts.summary import ImportOptions

SHOWN_BAD_ROWS = 5


def read_facts(
    path: Path, line: ProgressLine, limit: int | None, target: str = "alt", offset: int = 0
) -> tuple[Fact, ...]:
    """At most ``limit`` facts behind the first ``offset``. Raises FactFormatError, and InputError where no usable fact
    is left."""
    _require_sound(limit, offset)
    title = f"Reading {path.name}"
    found = load(
        path,
        ImportOptions(target="answers" if target == "answers" else "alt"),
        limit=None if limit is None else offset + limit,
        progress=lambda done, total: line.update(title, done, total, "bytes"),
    )
    line.close()
    for note in found.notes:
        line.note(f"{path.name}: {note}")
    for bad in found.bad[:SHOWN_BAD_ROWS]:
        line.note(f"{path.name}, {bad}")
    if len(found.bad) > SHOWN_BAD_ROWS:
        line.note(f"{path.name}: and {len(found.bad) - SHOWN_BAD_ROWS:,} more rows that were left out.")
    if not found.facts:
        raise InputError(f"{path} holds no fact that can be used: see the rows above.")
    return _behind(found.facts, offset, path)


def some_of(facts: Sequence[Fact], limit: int | None, offset: int, path: Path) -> tuple[Fact, ...]:
    """As ``read_facts``, of the facts that ``path`` is known to hold."""
    _require_sound(limit, offset)
    return _behind(facts, offset, path)[:limit]


def _require_sound(limit: int | None, offset: int) -> None:
    if limit is not None and limit < 1:
        raise InputError(f"--limit is {limit}: give a number of at least 1.")
    if offset < 0:
        raise InputError(f"--offset is {offset}: give a number of at least 0.")


def _behind(facts: Sequence[Fact], offset: int, path: Path) -> tuple[Fact, ...]:
    if offset >= len(facts):
        raise InputError(f"--offset is {offset:,} and {path} holds {len(facts):,} facts: give less.")
    return tuple(facts[offset:])


def read_plain_texts(path: Path | None) -> tuple[str, ...] | None:
    if path is None:
        return None
    from workbench.evaluation.texts import read_texts

    return read_texts(path)
