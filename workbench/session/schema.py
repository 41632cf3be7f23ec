"""The tables of session.db and how older ones become today's. Migrations are only ever appended."""

import sqlite3
from contextlib import closing
from functools import cache

APPLICATION_ID = 0x57424553  # "WBES"

_FIRST = """
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL  -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE fact (  -- what a fact says; never changed, shared by all lists that hold it
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    prompt TEXT NOT NULL,
    target TEXT NOT NULL,
    subject TEXT NOT NULL,
    old TEXT NOT NULL,
    rephrases TEXT NOT NULL,  -- JSON: list of texts
    locality TEXT NOT NULL,  -- JSON: list of [prompt, answer, kind]
    portability TEXT NOT NULL,  -- as locality
    tags TEXT NOT NULL,  -- JSON: list of texts
    key TEXT NOT NULL
) STRICT;

CREATE TABLE fact_list (
    id INTEGER PRIMARY KEY,
    name TEXT UNIQUE  -- "edit", "warmup"; NULL: the facts of a run as they were
) STRICT;

CREATE TABLE entry (
    list INTEGER NOT NULL REFERENCES fact_list ON DELETE CASCADE,
    position INTEGER NOT NULL,  -- from 0, without gaps
    fact INTEGER NOT NULL REFERENCES fact,
    PRIMARY KEY (list, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX entry_of_fact ON entry (fact);

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    note TEXT NOT NULL,
    recipe TEXT NOT NULL,  -- JSON: every setting
    modules TEXT NOT NULL,  -- JSON: full names
    model TEXT NOT NULL,  -- JSON: ModelIdentity
    environment TEXT NOT NULL,  -- JSON: Environment
    texts TEXT NOT NULL,  -- JSON: the job's own texts
    facts INTEGER NOT NULL REFERENCES fact_list,
    warmup INTEGER NOT NULL REFERENCES fact_list,
    parent INTEGER REFERENCES run,
    parent_step INTEGER,
    minibatch INTEGER NOT NULL,  -- what it came down to when memory ran out
    started TEXT NOT NULL,  -- ISO 8601, UTC
    ended TEXT,
    reason TEXT,
    message TEXT NOT NULL,
    seconds REAL NOT NULL  -- of work, over all sittings
) STRICT;

CREATE TABLE step (
    run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('warmup', 'edit')),
    step INTEGER NOT NULL,  -- from 1 within its kind
    first_fact INTEGER NOT NULL,
    facts INTEGER NOT NULL,
    rows INTEGER NOT NULL,  -- answer tokens
    file TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    fingerprint TEXT NOT NULL,  -- of weights, statistics and precision after it
    kept TEXT NOT NULL,  -- ISO 8601, UTC
    report TEXT,  -- JSON: the event without its spectra; NULL until told
    spectra BLOB,  -- float64, one module after the other
    PRIMARY KEY (run, kind, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('warmup', 'edit')),
    step INTEGER NOT NULL,  -- 0: before the first of its kind
    pinned INTEGER NOT NULL,  -- 1: never thinned out
    file TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (run, kind, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE score (
    run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    step INTEGER NOT NULL,
    scores TEXT NOT NULL,  -- JSON
    fields TEXT NOT NULL,  -- JSON: names of the per-fact rows
    facts INTEGER NOT NULL,
    per_fact BLOB NOT NULL,  -- zlib of float64 (fields, facts)
    retention BLOB NOT NULL,  -- zlib of float64 (step,)
    PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;
"""

_LIST_DIGESTS = """
CREATE TABLE list_digest (  -- of the facts of runs, which never change; those of earlier versions have none
    list INTEGER PRIMARY KEY REFERENCES fact_list ON DELETE CASCADE,
    digest TEXT NOT NULL
) STRICT;
"""

_ANSWERS = """
CREATE TABLE answer (  -- what the model wrote by itself when it was scored; earlier versions kept none
    run INTEGER NOT NULL,
    step INTEGER NOT NULL,
    written BLOB NOT NULL,  -- zlib of JSON: [plain, in the chat], each a text a fact or empty
    PRIMARY KEY (run, step),
    FOREIGN KEY (run, step) REFERENCES score ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _LIST_DIGESTS, _ANSWERS)
VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def application_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """From whatever version it has to today's, each migration in its own transaction."""
    for number in range(version_of(connection), VERSION):
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{MIGRATIONS[number]}\n"
            f"PRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {number + 1};\nCOMMIT;"
        )


def has_own_tables_only(connection: sqlite3.Connection) -> bool:
    """Whether the schema is exactly that of its version: no view, trigger or table that somebody slipped in."""
    return _objects(connection) == _expected(version_of(connection))


@cache
def _expected(version: int) -> frozenset[tuple[str, str, str | None]]:
    with closing(sqlite3.connect(":memory:")) as fresh:
        for script in MIGRATIONS[:version]:
            fresh.executescript(script)
        return _objects(fresh)


def _objects(connection: sqlite3.Connection) -> frozenset[tuple[str, str, str | None]]:
    return frozenset(connection.execute("SELECT type, name, sql FROM sqlite_schema"))
