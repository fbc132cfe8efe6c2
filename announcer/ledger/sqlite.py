"""The ledger in one SQLite file.

The journal mode is DELETE with ``synchronous=EXTRA``: of the modes that keep every acknowledged
commit through a power cut it is the one that leaves a single file behind, which an organiser can
copy. Both are read back at every opening, since a file system or a build of SQLite may refuse.
"""

import asyncio
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from announcer.errors import (
    LedgerBusy,
    LedgerDamaged,
    LedgerError,
    LedgerForeign,
    LedgerMissing,
    LedgerNewer,
)
from announcer.ledger import LEASE
from announcer.ledger.checksums import first_checksum, unsealed
from announcer.ledger.sql import (
    CHECKSUMS_SINCE,
    MIGRATIONS,
    NO_VALUES,
    Database,
    SqlLedger,
    Values,
    statements,
    tables,
)
from announcer.private_files import make_private

APPLICATION_ID: Final = 0x616E6E63  # "annc", so that another program's file is told apart
BUSY_TIMEOUT: Final = timedelta(seconds=20)
_PAUSE: Final = 0.05  # seconds between two tries to lock the file
# What SQLite answers where the tables that it finds are not those that were made.
_BROKEN_SCHEMA: Final = re.compile(r"no such |malformed |unsupported file format|unknown datatype")
_MEMORY: Final = "the ledger in memory"
_DIALECT: Final = {"strict": "STRICT", "bytes": "BLOB", "serial": "INTEGER PRIMARY KEY"}


class SqliteDatabase:
    """One connection to a file, or to memory; the clock that leases go by is the caller's."""

    locking = ""  # a writing transaction keeps the whole file

    def __init__(
        self,
        connection: sqlite3.Connection,
        name: str,
        *,
        clock: datetime | None = None,
        patience: timedelta = BUSY_TIMEOUT,
    ) -> None:
        self._connection = connection
        self.name = name
        self._clock = clock
        self._patience = patience.total_seconds()
        self._alone = asyncio.Lock()  # one connection has one transaction at a time
        # Whoever opened it could only wait inside SQLite; from here on others go on meanwhile.
        connection.execute("PRAGMA busy_timeout = 0")

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Open a transaction whose commit is durable."""
        async with self._alone:
            with _explained(self.name):
                await self._patiently("BEGIN IMMEDIATE")
                try:
                    yield
                    await self._patiently("COMMIT")
                except BaseException:
                    # Also where COMMIT found the file locked: SQLite would keep it open.
                    self._connection.rollback()
                    raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Open a transaction that sees one state of things and changes nothing."""
        async with self._alone:
            with _explained(self.name):
                self._connection.execute("BEGIN")
                try:
                    # Only the first look at the file locks it.
                    await self._patiently("SELECT 1 FROM sqlite_master LIMIT 1")
                    yield
                finally:
                    self._connection.rollback()

    async def _patiently(self, statement: str) -> None:
        """Run a statement that locks the file, and for a while again where others keep it locked.

        SQLite's own waiting would keep the whole process from answering, and from stopping.
        """
        end = time.monotonic() + self._patience
        while True:
            try:
                self._connection.execute(statement).fetchall()
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() >= end:
                    raise
            else:
                return
            await asyncio.sleep(_PAUSE)

    async def run(self, sql: str, values: Values = NO_VALUES) -> list[tuple[Any, ...]]:
        """Run one statement, with values for its ``:names``, and give its rows."""
        return self._connection.execute(sql, dict(values)).fetchall()

    async def clock(self) -> datetime | None:
        """Give the instant of the ledger that this is a copy of, if that has a clock of its own."""
        return self._clock

    async def wall_clock(self) -> datetime:
        """Give the instant on the clock of this machine."""
        return datetime.now(UTC)

    async def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class SqliteLedger(SqlLedger):
    """A ledger in a SQLite database; opened by ``create``, ``open`` or ``read``."""

    @classmethod
    def create(cls, path: Path) -> Self:
        """Start a ledger where there is none, or an empty file.

        Raises:
            LedgerError: something stands there already, or the folder cannot be written.
        """
        if path.exists() and path.stat().st_size:
            raise LedgerForeign(f"{path} exists already; a ledger is never written over it")
        with _explained(str(path)):
            make_private(path)  # SQLite makes the journal with the mode of the file
        with _explained(str(path)), _closed_if_refused(_connected(path)) as connection:
            durable(connection, str(path))
            _migrate(connection, name=str(path))
        return cls(SqliteDatabase(connection, str(path)))

    @classmethod
    def open(
        cls, path: Path, *, lease: timedelta = LEASE, patience: timedelta = BUSY_TIMEOUT
    ) -> Self:
        """Open a ledger to write to; never creates one.

        ``patience`` is how long a transaction waits for others that keep the file locked.

        Raises:
            LedgerError: it is missing, foreign, damaged, newer or busy.
        """
        _look(path)
        with _explained(str(path)), _closed_if_refused(_connected(path)) as connection:
            _own(connection, str(path))
            durable(connection, str(path))
            _migrate(connection, name=str(path))
        return cls(SqliteDatabase(connection, str(path), patience=patience), lease=lease)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Take a private copy of a ledger; nothing is written to the ledger or beside it.

        The copy is an ordinary ledger in memory: what is told to it is gone when it is closed.

        Raises:
            LedgerError: it is missing, foreign, damaged, newer or busy.
        """
        _look(path)
        with _explained(str(path)), _closed_if_refused(_copied(path)) as connection:
            _own(connection, str(path))
            _migrate(connection, name=str(path))
        return cls(SqliteDatabase(connection, str(path)))

    @classmethod
    def in_memory(cls) -> Self:
        """Start a ledger that is gone when it is closed."""
        connection = _in_memory()
        _migrate(connection)
        return cls(SqliteDatabase(connection, _MEMORY))


async def copied(original: Database, version: int) -> SqliteDatabase:
    """Copy a ledger of a version of the schema into memory, and bring the copy up to date.

    Where leases go by a clock of the original's own, the copy's stands still at this instant.
    """
    connection = _in_memory()
    copy = SqliteDatabase(connection, _MEMORY, clock=await original.clock())
    _migrate(connection, version)
    async with copy.writing():
        for table in tables(version):
            for row in await original.run(f"SELECT * FROM {table}"):  # noqa: S608 - our own names
                places = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608 - as above
    _migrate(connection)
    return copy


def _in_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.text_factory = _text
    return connection


def _text(content: bytes) -> str:
    """Read text; what is no UTF-8 is left to be found by the checksum of its row."""
    return content.decode("utf-8", "surrogateescape")


def _look(path: Path) -> None:
    if not path.exists() or not path.stat().st_size:
        what = "is empty" if path.exists() else "does not exist"
        raise LedgerMissing(_missing(str(path), what))


def _missing(name: str, what: str) -> str:
    return (
        f"the ledger {name} {what}, so nothing can be sent; `announcer adopt` starts one, "
        "or restore it from a copy if it was lost"
    )


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.text_factory = _text
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT.total_seconds() * 1000)}")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


@contextmanager
def _closed_if_refused(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


def durable(connection: sqlite3.Connection, name: str) -> None:
    """Ask for commits that outlast a power cut.

    Raises:
        LedgerDamaged: SQLite or the file system does not grant it.
    """
    connection.execute("PRAGMA synchronous = EXTRA")
    [mode] = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    [level] = connection.execute("PRAGMA synchronous").fetchone()
    if (mode, level) != ("delete", 3):
        raise LedgerDamaged(
            f"the ledger {name} could lose what it was told (journal_mode is {mode}, synchronous "
            f"{level}, expected delete and 3); put it on an ordinary local file system"
        )


def _own(connection: sqlite3.Connection, name: str) -> None:
    """Refuse what is not ours, newer, or damaged."""
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not (application or version or tables):
        # The first `adopt` was killed: its journal was rolled back, and nothing is left.
        raise LedgerMissing(_missing(name, "is empty"))
    if application != APPLICATION_ID:
        raise LedgerForeign(
            f"{name} is a database of another program; name the ledger in ledger.url, "
            "or let `announcer adopt` start one at another path"
        )
    if version > len(MIGRATIONS):
        raise LedgerNewer(
            f"the ledger {name} was written by a newer announcer (schema {version}, this one "
            f"knows {len(MIGRATIONS)}); update announcer"
        )
    # Not quick_check, which takes an index at its word: a mail that is not found would be sent.
    [verdict] = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise LedgerDamaged(_damaged(name, verdict))


def _migrate(
    connection: sqlite3.Connection, newest: int = len(MIGRATIONS), name: str = _MEMORY
) -> None:
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version == newest:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        [version] = connection.execute("PRAGMA user_version").fetchone()
        for statement in statements(version, newest, _DIALECT):
            connection.execute(statement)
        if 0 < version < CHECKSUMS_SINCE:
            _write_first_checksums(connection, name)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {newest}")
    except BaseException:
        connection.rollback()
        raise
    connection.execute("COMMIT")


def _write_first_checksums(connection: sqlite3.Connection, name: str) -> None:
    for table, reading, writing in unsealed():
        for row in connection.execute(reading).fetchall():
            connection.execute(writing, first_checksum(table, row, name))


def _copied(path: Path) -> sqlite3.Connection:
    """Copy a database into memory without a write beside it.

    A read-only opening refuses a journal that a crash left behind, since it would have to roll it
    back; then nobody is writing, so the files themselves are copied, and the copy recovers.
    """
    memory = _in_memory()
    journal = path.with_name(path.name + "-journal")
    try:
        with closing(_read_only(path)) as original:
            original.backup(memory)
    except sqlite3.OperationalError:
        if not journal.exists():
            raise
    else:
        return memory
    with tempfile.TemporaryDirectory(prefix="announcer-") as folder:
        copy = Path(folder) / path.name
        for file in filter(Path.exists, (path, journal)):
            make_private(Path(folder) / file.name)
            shutil.copyfile(file, Path(folder) / file.name)
        with closing(sqlite3.connect(copy)) as recovered:
            recovered.backup(memory)
    return memory


def _read_only(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT.total_seconds() * 1000)}")
    return connection


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Say what to do about an error of SQLite."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _explanation(error, name) from error
    except UnicodeDecodeError as error:
        # The words of SQLite's own error, which quote what it has found.
        raise LedgerDamaged(_damaged(name, "its tables have no valid names")) from error
    except OSError as error:
        raise LedgerBusy(f"the ledger {name} cannot be used: {error.strerror}") from error


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _explanation(error: sqlite3.DatabaseError, name: str) -> LedgerError:
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    if primary == sqlite3.SQLITE_ERROR and _BROKEN_SCHEMA.match(str(error)):
        primary = sqlite3.SQLITE_CORRUPT
    if primary == sqlite3.SQLITE_NOTADB:
        return LedgerForeign(
            f"{name} is no ledger, and no SQLite database either; name the ledger in ledger.url, or "
            "if this file was the ledger, restore it from a copy, or move it away and let "
            "`announcer adopt` start a new one"
        )
    if primary == sqlite3.SQLITE_CORRUPT:
        return LedgerDamaged(_damaged(name, str(error)))
    advice = {
        sqlite3.SQLITE_BUSY: "another process keeps it locked; try again in a minute",
        sqlite3.SQLITE_FULL: "its disk is full; make room",
        sqlite3.SQLITE_READONLY: "it cannot be written; check who owns the file and its folder",
        sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check the path and who owns the folder",
        sqlite3.SQLITE_IOERR: "its disk reports errors; check the disk",
    }.get(primary or 0, "nothing is sent while it cannot be written")
    return LedgerBusy(f"the ledger {name} cannot be used ({error}): {advice}")


def _damaged(name: str, words: str) -> str:
    return (
        f"the ledger {name} is damaged ({' '.join(words.split())}), so nothing can be sent; check the "
        "disk, then restore it from a copy, or move it away and let `announcer adopt` start a new one"
    )
