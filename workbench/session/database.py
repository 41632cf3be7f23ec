"""session.db: one connection for all threads, whole transactions, and sentences in place of SQLite's errors."""

import hashlib
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from workbench.errors import DiskFull, SessionError, SessionMoved
from workbench.session import schema
from workbench.session.paths import DATABASE

_BUSY_SECONDS = 10
_LITTLE_SPACE = 1 << 20  # bytes
_MOST_FAULTS = 20  # reported at once
_LARGEST_VALUE = 1 << 29  # bytes of one text or blob


class Database:
    """Every call may come from any thread; transactions of two threads follow one another."""

    def __init__(self, folder: Path, read_only: bool = False, fresh: bool = False) -> None:
        """Opens an existing database and brings it to today's schema; ``fresh``: an empty one. Raises SessionError
        or DiskFull."""
        self._folder, self._read_only = folder, read_only
        self._file = folder / DATABASE
        self._mutex = threading.RLock()
        with self._in_words():
            self._connection = self._connected()
            try:
                if not fresh:
                    self._refuse_foreign()
                self._prepare()
            except BaseException:
                self._connection.close()
                raise
        self._identity = _identity(self._file)

    @classmethod
    def create(cls, folder: Path) -> "Database":
        """A new, empty one in ``folder``, which exists."""
        sqlite3.connect(folder / DATABASE).close()
        return cls(folder, fresh=True)

    def faults(self) -> list[str]:
        """What SQLite itself finds damaged, in its words."""
        found = [str(row[0]) for row in self.rows(f"PRAGMA integrity_check({_MOST_FAULTS})")]
        broken = self.rows("PRAGMA foreign_key_check")[:_MOST_FAULTS]
        return [line for line in found if line != "ok"] + [
            f"a row of {table} names one of {parent} that is not there" for table, _, parent, _ in broken
        ]

    def close(self) -> None:
        with self._mutex, suppress(sqlite3.Error):
            self._connection.close()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """Every row that the query gives, as tuples."""
        with self._mutex, self._in_words():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator["Transaction"]:
        """All of it or nothing; on disk when the block is left, and that of one within it with the outer one. Raises
        SessionError where read-only, DiskFull."""
        if self._read_only:
            raise SessionError(
                f"{self._folder} is open read-only and cannot be changed: save a copy to work on."
            )
        self.require_there()
        with self._mutex, self._in_words():
            if self._connection.in_transaction:  # this thread's own: it holds the mutex
                yield Transaction(self._connection)
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def require_writable(self) -> None:
        if self._read_only:
            raise SessionError(
                f"{self._folder} is open read-only and cannot be changed: save a copy to work on."
            )

    def require_there(self) -> None:
        """Raises SessionMoved where the folder does not hold the file that was opened any more."""
        if _identity(self._file) != self._identity:
            raise SessionMoved(
                f"{self._folder} was moved or removed while it was open: save the session under another name, or open "
                "it from where it is now."
            )

    def copy_to(self, folder: Path) -> None:
        """The database as it is now, as another one in ``folder``."""
        with self._mutex, self._in_words():
            target = sqlite3.connect(folder / DATABASE)
            try:
                self._connection.backup(target)
            finally:
                target.close()

    @property
    def changes(self) -> int:
        """How many rows were changed since it was opened."""
        return self._connection.total_changes

    def digest(self) -> str:
        """The same for databases that hold the same rows."""
        found = hashlib.sha256()
        with self._mutex, self._in_words():
            for line in self._connection.iterdump():
                found.update(line.encode("utf-8", "surrogatepass"))
        return found.hexdigest()

    def _connected(self) -> sqlite3.Connection:
        if not self._read_only:
            return _connected(self._folder, "rw")
        try:
            return _connected(self._folder, "ro")
        except sqlite3.OperationalError:
            if (self._folder / f"{DATABASE}-wal").exists():
                raise
            return _connected(self._folder, "ro&immutable=1")  # on a read-only medium

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA trusted_schema = OFF")
        execute("PRAGMA foreign_keys = ON")
        if self._read_only:
            if schema.version_of(self._connection) < schema.VERSION:
                self._connection = _migrated_copy(self._connection)
            self._connection.execute("PRAGMA query_only = ON")
        else:
            execute("PRAGMA journal_mode = WAL")
            execute("PRAGMA synchronous = FULL")  # a commit is on the disk, not in a cache
            schema.migrate(self._connection)

    def _refuse_foreign(self) -> None:
        """Before anything is written: only what this or an older version made is opened."""
        application, version = schema.application_of(self._connection), schema.version_of(self._connection)
        if application != schema.APPLICATION_ID:
            raise SessionError(f"{self._folder / DATABASE} is a database of another program, not a session.")
        if version > schema.VERSION:
            raise SessionError(
                f"{self._folder} was made by a newer version of the workbench (schema {version}; this one reads "
                f"{schema.VERSION}): update the workbench to open it."
            )
        if not schema.has_own_tables_only(self._connection):
            raise SessionError(
                f"{self._folder / DATABASE} holds tables, views or triggers that no session has: it is damaged or "
                "not to be trusted."
            )

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _in_words(error, self._folder) from error


class Transaction:
    """What may be done inside one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """The id of the row that was inserted, or how many rows were changed by anything else."""
        cursor = self._connection.execute(statement, values)
        return int(cursor.lastrowid or 0) if statement.startswith("INSERT") else cursor.rowcount

    def run_many(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(statement, values)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._connection.execute(query, values).fetchall()


def _connected(folder: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{(folder / DATABASE).absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=_BUSY_SECONDS,
    )
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE)
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _migrated_copy(connection: sqlite3.Connection) -> sqlite3.Connection:
    """In memory, of a session of an earlier version that cannot be written."""
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        connection.backup(copy)
        connection.close()
        schema.migrate(copy)
    except BaseException:
        copy.close()
        raise
    return copy


def _identity(file: Path) -> tuple[int, int] | None:
    """Device and number of the file; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _nearly_full(folder: Path) -> bool:
    """SQLite calls it an input or output error where its log, not the database, finds no space."""
    try:
        return shutil.disk_usage(folder).free < _LITTLE_SPACE
    except OSError:
        return False


def _in_words(error: sqlite3.Error, folder: Path) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _nearly_full(folder)):
        return DiskFull(f"There is no space left for {folder}: nothing was lost; make room and go on.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return SessionError(f"{folder} is being written by another program: close that and try again.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        return SessionError(f"{folder} cannot be written or opened: check its permissions ({error}).")
    if code == sqlite3.SQLITE_TOOBIG:
        return SessionError(f"{folder} was given a text larger than {_LARGEST_VALUE >> 20} MiB: shorten it.")
    if code == sqlite3.SQLITE_IOERR:
        return SessionError(f"{folder} cannot be read or written: check the disk ({error}).")
    return SessionError(f"{folder / DATABASE} is damaged or not a session ({error}): restore it from a copy.")
