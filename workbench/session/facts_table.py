"""Ordered lists of facts: the person's two, and one snapshot for each run. Equal facts are stored once."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Literal

from workbench.errors import SessionError
from workbench.facts.fact import Fact, Probe
from workbench.session.database import Database, Transaction

FactKind = Literal["edit", "warmup"]

_DIGESTS = "SELECT digest FROM entry JOIN fact ON fact.id = entry.fact WHERE list = ? ORDER BY position"
FIELDS = ("prompt", "target", "subject", "old", "rephrases", "locality", "portability", "tags", "key")
_FIELDS = ", ".join(FIELDS)
_RANGE = "list = ? AND position >= ? AND position < ?"
_UNUSED = "NOT EXISTS (SELECT 1 FROM entry WHERE entry.fact = fact.id)"
_PER_ROUND = 10_000  # facts in memory as rows at a time
_EMPTY = "[]"


class FactsTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, kind: FactKind) -> int:
        query = "SELECT count(*) FROM entry JOIN fact_list l ON l.id = list WHERE l.name = ?"
        return int(self._database.rows(query, (kind,))[0][0])

    def read(self, kind: FactKind, start: int = 0, count: int | None = None) -> list[Fact]:
        """``count`` facts from position ``start`` on; all that follow where it is None."""
        found = self._database.rows("SELECT id FROM fact_list WHERE name = ?", (kind,))
        return self.read_list(found[0][0], start, count) if found else []

    def read_list(self, list_id: int, start: int = 0, count: int | None = None) -> list[Fact]:
        rows = self._database.rows(
            f"SELECT {_FIELDS} FROM entry JOIN fact ON fact.id = entry.fact WHERE list = ? AND position >= ? "
            "ORDER BY position LIMIT ?",
            (list_id, start, -1 if count is None else count),
        )
        try:
            return [_fact(row) for row in rows]
        except (ValueError, TypeError) as error:
            raise SessionError(
                f"The facts of the session are damaged ({error}): restore it from a copy."
            ) from error

    def digest(self, list_id: int) -> str:
        """16 hexadecimal digits of what the list says, in its order."""
        return _list_digest(self._database.rows(_DIGESTS, (list_id,)))

    def replace(self, kind: FactKind, facts: Iterable[Fact]) -> None:
        """The whole list becomes ``facts``."""
        with self._database.transaction() as transaction:
            list_id = _list_named(transaction, kind)
            transaction.run("DELETE FROM entry WHERE list = ?", (list_id,))
            _insert(transaction, list_id, 0, facts)
            transaction.run(f"DELETE FROM fact WHERE {_UNUSED}")

    def splice(self, kind: FactKind, start: int, removed: int, facts: Sequence[Fact]) -> None:
        """``facts`` in place of ``removed`` ones from position ``start`` on; those behind move up or down."""
        with self._database.transaction() as transaction:
            list_id = _list_named(transaction, kind)
            taken = (list_id, start, start + removed)
            out = transaction.rows(f"SELECT DISTINCT fact FROM entry WHERE {_RANGE}", taken)
            transaction.run(f"DELETE FROM entry WHERE {_RANGE}", taken)
            _move(transaction, list_id, start + removed, len(facts) - removed)
            _insert(transaction, list_id, start, facts)
            transaction.run_many(f"DELETE FROM fact WHERE id = ? AND {_UNUSED}", out)


def keep_snapshot(transaction: Transaction, facts: Iterable[Fact]) -> int:
    """The id of a new unnamed list that holds ``facts``."""
    list_id = transaction.run("INSERT INTO fact_list (name) VALUES (NULL)")
    _insert(transaction, list_id, 0, facts)
    digest = _list_digest(transaction.rows(_DIGESTS, (list_id,)))
    transaction.run("INSERT INTO list_digest (list, digest) VALUES (?, ?)", (list_id, digest))
    return list_id


def forget_lists(transaction: Transaction, lists: Iterable[int]) -> None:
    """With the facts that no other list holds."""
    transaction.run_many("DELETE FROM fact_list WHERE id = ?", ((list_id,) for list_id in lists))
    transaction.run(f"DELETE FROM fact WHERE {_UNUSED}")


def _list_named(transaction: Transaction, kind: FactKind) -> int:
    found = transaction.rows("SELECT id FROM fact_list WHERE name = ?", (kind,))
    return found[0][0] if found else transaction.run("INSERT INTO fact_list (name) VALUES (?)", (kind,))


def _move(transaction: Transaction, list_id: int, start: int, by: int) -> None:
    """Through negative numbers, since no position may be taken twice on the way."""
    if by:
        transaction.run(
            "UPDATE entry SET position = -1 - position - ? WHERE list = ? AND position >= ?",
            (by, list_id, start),
        )
        transaction.run(
            "UPDATE entry SET position = -1 - position WHERE list = ? AND position < 0", (list_id,)
        )


def _insert(transaction: Transaction, list_id: int, start: int, facts: Iterable[Fact]) -> None:
    rows, position = _rows(facts), start
    while chunk := list(islice(rows, _PER_ROUND)):
        transaction.run_many(
            f"INSERT OR IGNORE INTO fact (digest, {_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", chunk
        )
        transaction.run_many(
            "INSERT INTO entry (list, position, fact) SELECT ?, ?, id FROM fact WHERE digest = ?",
            ((list_id, number, row[0]) for number, row in enumerate(chunk, start=position)),
        )
        position += len(chunk)


def _rows(facts: Iterable[Fact]) -> Iterator[tuple[Any, ...]]:
    for fact in facts:
        row = (
            fact.prompt,
            fact.target,
            fact.subject,
            fact.old,
            _listed(fact.rephrases),
            _probes_listed(fact.locality),
            _probes_listed(fact.portability),
            _listed(fact.tags),
            fact.key,
        )
        yield (digest_of(row), *row)


def _list_digest(rows: Iterable[tuple[bytes]]) -> str:
    return hashlib.blake2b(b"".join(digest for (digest,) in rows), digest_size=8).hexdigest()


def digest_of(row: tuple[str, ...]) -> bytes:
    """Lengths come first, so that no two rows run together to the same text."""
    text = ",".join(str(len(part)) for part in row) + ":" + "".join(row)
    try:
        return hashlib.blake2b(text.encode(), digest_size=16).digest()
    except UnicodeEncodeError as error:
        raise SessionError(
            f"The fact {row[0]!r} holds half a character (a lone surrogate), which no text file can: retype it."
        ) from error


def _listed(texts: Sequence[str]) -> str:
    return json.dumps(texts) if texts else _EMPTY


def _probes_listed(probes: Sequence[Probe]) -> str:
    return json.dumps([(p.prompt, p.answer, p.kind) for p in probes]) if probes else _EMPTY


def _fact(row: tuple[str, ...]) -> Fact:
    prompt, target, subject, old, rephrases, locality, portability, tags, key = row
    return Fact(
        prompt=prompt,
        target=target,
        subject=subject,
        old=old,
        rephrases=_texts(rephrases),
        locality=_probes(locality),
        portability=_probes(portability),
        tags=_texts(tags),
        key=key,
    )


def _texts(text: str) -> tuple[str, ...]:
    return () if text == _EMPTY else tuple(str(part) for part in json.loads(text))


def _probes(text: str) -> tuple[Probe, ...]:
    if text == _EMPTY:
        return ()
    return tuple(Probe(str(prompt), str(answer), str(kind)) for prompt, answer, kind in json.loads(text))
