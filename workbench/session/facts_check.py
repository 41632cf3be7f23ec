"""Whether the facts of a session are those that were written."""

from collections.abc import Collection, Iterator
from typing import Any

from workbench.errors import SessionError
from workbench.session.database import Database
from workbench.session.facts_table import FIELDS, FactsTable, digest_of

_PER_ROUND = 10_000  # facts in memory at a time
_SHOWN = 60  # characters of a text in a sentence
_AS_BYTES = ", ".join(f"CAST({name} AS BLOB)" for name in FIELDS)  # damaged text may not be text any more
_TITLES = {"edit": "facts to edit", "warmup": "warm-up facts"}
_REMEDY = "restore the session from a copy"


def require_sound_facts(database: Database, run: int) -> None:
    """Raises SessionError where the run would go on with other facts than it was given."""
    for fault in fact_faults(database, run):
        raise SessionError(fault)


def fact_faults(database: Database, run: int | None = None) -> Iterator[str]:
    """One sentence for each fact and each list of facts that is not what was written; of one run or of all."""
    names = _list_names(database, run)
    for fact, prompt in _damaged(database, names):
        places = database.rows("SELECT list, position FROM entry WHERE fact = ? ORDER BY list", (fact,))
        where = ", ".join(f"fact {at + 1:,} of {names[of]}" for of, at in places if of in names)
        yield (
            f"{where[:1].upper()}{where[1:]} ({prompt[:_SHOWN]!r}…) is not the text that was written: {_REMEDY}, or "
            "type it again in the list; a run can be replayed without it."
        )
    kept = dict(database.rows("SELECT list, digest FROM list_digest"))
    for of, name in names.items():
        count, first, last = database.rows(
            "SELECT count(*), coalesce(min(position), 0), coalesce(max(position), -1) FROM entry WHERE list = ?",
            (of,),
        )[0]
        if (first, last) != (0, count - 1):
            yield f"The {name} lack some that they had: {_REMEDY}."
        elif of in kept and FactsTable(database).digest(of) != kept[of]:
            yield f"The {name} are not those that it was given, or not in their order: {_REMEDY}."


def runs_without_digest(database: Database) -> list[int]:
    """Those of earlier versions."""
    rows = database.rows("SELECT id FROM run WHERE facts NOT IN (SELECT list FROM list_digest) ORDER BY id")
    return [run for (run,) in rows]


def fact_count(database: Database) -> int:
    return int(database.rows("SELECT count(*) FROM fact")[0][0])


def _list_names(database: Database, only: int | None) -> dict[int, str]:
    names: dict[int, str] = {}
    if only is None:
        named = database.rows("SELECT id, name FROM fact_list WHERE name NOTNULL")
        names = {of: _TITLES.get(name, name) for of, name in named}
    for run, facts, warmup in database.rows("SELECT id, facts, warmup FROM run"):
        if only in (None, run):
            names |= {facts: f"facts of run {run}", warmup: f"warm-up facts of run {run}"}
    return names


def _damaged(database: Database, lists: Collection[int]) -> Iterator[tuple[int, str]]:
    """(row, prompt as it is now) of what those lists hold."""
    numbers = ", ".join(str(int(of)) for of in lists) or "NULL"
    held = f"EXISTS (SELECT 1 FROM entry WHERE entry.fact = fact.id AND list IN ({numbers}))"
    query = f"SELECT id, digest, {_AS_BYTES} FROM fact WHERE id > ? AND {held} ORDER BY id LIMIT {_PER_ROUND}"
    last = -1
    while rows := database.rows(query, (last,)):
        for fact, digest, *parts in rows:
            texts = tuple(_text(part) for part in parts)
            if digest_of(texts) != digest:
                yield fact, texts[0]
        last = rows[-1][0]


def _text(part: Any) -> str:
    return bytes(part or b"").decode("utf-8", errors="replace")
