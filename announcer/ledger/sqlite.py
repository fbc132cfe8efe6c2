"""The ledger in one SQLite file.

The journal mode is DELETE with ``synchronous=EXTRA``: of the modes that keep every acknowledged
commit through a power cut it is the one that leaves a single file behind, which an organiser can
copy. Both are read back at every opening, since a file system or a build of SQLite may refuse.
"""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

from announcer.errors import (
    ClaimLost,
    LedgerBusy,
    LedgerDamaged,
    LedgerError,
    LedgerForeign,
    LedgerMissing,
    LedgerNewer,
)
from announcer.ledger import (
    LEASE,
    Adoption,
    Claim,
    CountedAsTold,
    Entry,
    History,
    Outcome,
    Row,
    State,
)
from announcer.ledger.steps import Claimed, Ended, Event, Expired, Sending, claim_of, step
from announcer.message import Message, Said

APPLICATION_ID: Final = 0x616E6E63  # "annc", so that another program's file is told apart
BUSY_TIMEOUT: Final = timedelta(seconds=20)

# Each step of the schema, applied inside one transaction; user_version counts them.
MIGRATIONS: Final = (
    """
    CREATE TABLE adoption (
        series TEXT PRIMARY KEY, list TEXT NOT NULL, adopted_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE rule (
        series TEXT NOT NULL REFERENCES adoption (series), label TEXT NOT NULL,
        known_since TEXT NOT NULL, PRIMARY KEY (series, label)
    ) STRICT;
    CREATE TABLE counted (
        series TEXT NOT NULL REFERENCES adoption (series), rule TEXT NOT NULL,
        talk TEXT NOT NULL, day TEXT NOT NULL, moment_day TEXT NOT NULL,
        PRIMARY KEY (series, rule, talk)
    ) STRICT;
    CREATE TABLE mail (
        key TEXT PRIMARY KEY, series TEXT NOT NULL, kind TEXT NOT NULL, rule TEXT NOT NULL,
        due_at TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
        subject TEXT NOT NULL, message_id TEXT NOT NULL UNIQUE, content BLOB NOT NULL,
        said TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL, fence INTEGER NOT NULL,
        lease_until TEXT NOT NULL, attempts INTEGER NOT NULL, copies INTEGER NOT NULL,
        claimed_at TEXT NOT NULL, next_attempt_at TEXT, doubted_at TEXT, settled_at TEXT,
        reply TEXT
    ) STRICT;
    CREATE TABLE event (
        id INTEGER PRIMARY KEY, at TEXT NOT NULL, key TEXT NOT NULL, who TEXT NOT NULL,
        what TEXT NOT NULL, why TEXT
    ) STRICT;
    CREATE INDEX event_key ON event (key);
    """,
)

_COLUMNS: Final = tuple(field.name for field in fields(Row))
_PUT: Final = (
    f"INSERT INTO mail ({', '.join(_COLUMNS)}) "  # noqa: S608 - the names of our own fields
    f"VALUES ({', '.join(':' + name for name in _COLUMNS)}) ON CONFLICT (key) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name != "key")
    + " WHERE fence = :seen_fence AND state = :seen_state"
)


class SqliteLedger:
    """A ledger in a SQLite database; opened by ``create``, ``open`` or ``read``."""

    def __init__(
        self, connection: sqlite3.Connection, name: str, *, lease: timedelta = LEASE
    ) -> None:
        self._db = connection
        self._name = name
        self._lease = lease
        self._owner = str(uuid4())

    @classmethod
    def create(cls, path: Path) -> Self:
        """Start a ledger where there is none, or an empty file.

        Raises:
            LedgerError: something stands there already, or the folder cannot be written.
        """
        if path.exists() and path.stat().st_size:
            raise LedgerForeign(f"{path} exists already; a ledger is never written over it")
        with _explained(str(path)):
            connection = _connected(path)
            _durable(connection, str(path))
            _migrate(connection)
        return cls(connection, str(path))

    @classmethod
    def open(cls, path: Path, *, lease: timedelta = LEASE) -> Self:
        """Open a ledger to write to; never creates one.

        Raises:
            LedgerError: it is missing, foreign, damaged, newer or busy.
        """
        _look(path)
        with _explained(str(path)):
            connection = _connected(path)
            _own(connection, str(path))
            _durable(connection, str(path))
            _migrate(connection)
        return cls(connection, str(path), lease=lease)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Take a private copy of a ledger; nothing is written to the ledger or beside it.

        The copy is an ordinary ledger in memory: what is told to it is gone when it is closed.

        Raises:
            LedgerError: it is missing, foreign, damaged, newer or busy.
        """
        _look(path)
        with _explained(str(path)):
            connection = _copied(path)
            _own(connection, str(path))
            _migrate(connection)
        return cls(connection, str(path))

    @classmethod
    def in_memory(cls) -> Self:
        """Start a ledger that is gone when it is closed."""
        connection = sqlite3.connect(":memory:", isolation_level=None)
        _migrate(connection)
        return cls(connection, "the ledger in memory")

    async def adoptions(self) -> Mapping[str, Adoption]:
        """All series that belong to this ledger, by id."""
        with self._reading() as db:
            rules: dict[str, dict[str, datetime]] = {}
            for series, label, since in db.execute("SELECT series, label, known_since FROM rule"):
                rules.setdefault(series, {})[label] = datetime.fromisoformat(since)
            return {
                series: Adoption(
                    series=series,
                    list=recipient,
                    adopted_at=datetime.fromisoformat(at),
                    rules=rules.get(series, {}),
                )
                for series, recipient, at in db.execute(
                    "SELECT series, list, adopted_at FROM adoption"
                )
            }

    async def adopt(
        self,
        series: str,
        recipient: str,
        *,
        rules: Collection[str],
        counted: Iterable[CountedAsTold],
        now: datetime,
    ) -> None:
        """Take a series, a new address of its list, or rules of it into the ledger."""
        at = now.isoformat()
        with self._writing() as db:
            db.execute(
                "INSERT INTO adoption VALUES (?, ?, ?) "
                "ON CONFLICT (series) DO UPDATE SET list = excluded.list",
                (series, recipient, at),
            )
            db.executemany(
                "INSERT INTO rule VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(series, label, at) for label in rules],
            )
            db.executemany(
                "INSERT INTO counted VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [(series, c.rule, c.talk, str(c.day), str(c.moment_day)) for c in counted],
            )
            words = f"{recipient}, rules: {', '.join(sorted(rules)) or 'none new'}"
            self._note(db, now, series, "adopted", words)

    async def history(self, series: str) -> History:
        """All that is known of one series."""
        adoption = (await self.adoptions()).get(series)
        with self._reading() as db:
            counted = tuple(
                CountedAsTold(
                    rule=rule,
                    talk=talk,
                    day=date.fromisoformat(day),
                    moment_day=date.fromisoformat(moment_day),
                )
                for rule, talk, day, moment_day in db.execute(
                    "SELECT rule, talk, day, moment_day FROM counted WHERE series = ?", (series,)
                )
            )
        rows = tuple(row for row in await self.rows() if row.series == series)
        return History(series=series, adoption=adoption, counted=counted, rows=rows)

    async def rows(self) -> tuple[Row, ...]:
        """All mails of all series, in the order of their first claims."""
        with self._reading() as db:
            columns = ", ".join(_COLUMNS)
            found = db.execute(f"SELECT {columns} FROM mail ORDER BY claimed_at, rowid")  # noqa: S608 - our own names
            return tuple(map(_row, found))

    async def entries(self, key: str) -> tuple[Entry, ...]:
        """What happened to one mail, oldest first."""
        with self._reading() as db:
            found = db.execute(
                "SELECT at, key, who, what, why FROM event WHERE key = ? ORDER BY id", (key,)
            )
            return tuple(
                Entry(at=datetime.fromisoformat(at), key=key, who=who, what=what, why=why)
                for at, key, who, what, why in found
            )

    async def claim(self, message: Message, *, now: datetime) -> Claim | None:
        """Take the right to send one mail; None where another has it, or it is not to be had."""
        event = Claimed(message=message, owner=self._owner, now=now, lease=self._lease)
        with self._writing() as db:
            row = self._step(db, message.key, event, now)
            return claim_of(row) if row is not None else None

    async def sending(self, claim: Claim, *, now: datetime) -> None:
        """Record that the content is about to be handed over."""
        with self._writing() as db:
            self._step(db, claim.key, Sending(claim=claim, now=now, lease=self._lease), now)

    async def record(self, claim: Claim, outcome: Outcome, *, now: datetime) -> None:
        """Record how an attempt ended."""
        with self._writing() as db:
            self._step(db, claim.key, Ended(claim=claim, outcome=outcome, now=now), now)

    async def expire(self, *, now: datetime) -> tuple[Row, ...]:
        """Put mails in doubt whose lease ran out while they were sent, and give these."""
        overdue = [
            row.key
            for row in await self.rows()
            if row.state is State.SENDING and row.lease_until <= now
        ]
        if not overdue:
            return ()
        with self._writing() as db:
            stepped = [self._step(db, key, Expired(now=now), now) for key in overdue]
        return tuple(row for row in stepped if row is not None)

    async def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _step(self, db: sqlite3.Connection, key: str, event: Event, now: datetime) -> Row | None:
        """Make one transition; the write names the state and fence that it starts from."""
        columns = ", ".join(_COLUMNS)
        found = db.execute(f"SELECT {columns} FROM mail WHERE key = ?", (key,)).fetchone()  # noqa: S608 - our own names
        before = _row(found) if found else None
        after = step(before, event)
        if after is None or after == before:
            return after
        seen = {
            "seen_fence": before.fence if before else None,
            "seen_state": before.state.value if before else None,
        }
        if db.execute(_PUT, _values(after) | seen).rowcount != 1:
            raise ClaimLost(f"{key}: another process has taken this mail over")
        self._note(db, now, key, after.state.value, after.reply)
        return after

    def _note(
        self, db: sqlite3.Connection, now: datetime, key: str, what: str, why: str | None
    ) -> None:
        db.execute(
            "INSERT INTO event (at, key, who, what, why) VALUES (?, ?, ?, ?, ?)",
            (now.isoformat(), key, self._owner, what, why),
        )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with _explained(self._name):
            yield self._db

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with _explained(self._name):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.rollback()
                raise
            self._db.execute("COMMIT")


def _look(path: Path) -> None:
    if not path.exists() or not path.stat().st_size:
        what = "is empty" if path.exists() else "does not exist"
        raise LedgerMissing(
            f"the ledger {path} {what}, so nothing can be sent; `announcer adopt` starts one, "
            "or restore it from a copy if it was lost"
        )


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT.total_seconds() * 1000)}")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _durable(connection: sqlite3.Connection, name: str) -> None:
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
    [verdict] = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise LedgerDamaged(_damaged(name, verdict))


def _migrate(connection: sqlite3.Connection) -> None:
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        [version] = connection.execute("PRAGMA user_version").fetchone()
        for migration in MIGRATIONS[version:]:
            for statement in filter(str.strip, migration.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    except BaseException:
        connection.rollback()
        raise
    connection.execute("COMMIT")


def _copied(path: Path) -> sqlite3.Connection:
    """Copy a database into memory without a write beside it.

    A read-only opening refuses a journal that a crash left behind, since it would have to roll it
    back; then nobody is writing, so the files themselves are copied, and the copy recovers.
    """
    memory = sqlite3.connect(":memory:", isolation_level=None)
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
        shutil.copyfile(path, copy)
        if journal.exists():
            shutil.copyfile(journal, copy.with_name(journal.name))
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
    except OSError as error:
        raise LedgerBusy(f"the ledger {name} cannot be used: {error.strerror}") from error


def _explanation(error: sqlite3.DatabaseError, name: str) -> LedgerError:
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    if primary == sqlite3.SQLITE_NOTADB:
        return LedgerForeign(
            f"{name} is no ledger, and no SQLite database either; name the ledger in ledger.url"
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
        f"the ledger {name} is damaged ({words}), so nothing can be sent; restore it from a copy, "
        "or move it away and let `announcer adopt` start a new one"
    )


_DATETIMES: Final = frozenset(
    ("due_at", "lease_until", "claimed_at", "next_attempt_at", "doubted_at", "settled_at")
)


def _values(row: Row) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _COLUMNS}
    for name in _DATETIMES:
        values[name] = values[name].isoformat() if values[name] else None
    values["state"] = row.state.value
    said = [asdict(said) for said in row.said]
    values["said"] = json.dumps(said, default=_iso, ensure_ascii=False)
    return values


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in the ledger")


def _row(found: Iterable[Any]) -> Row:
    values = dict(zip(_COLUMNS, found, strict=True))
    for name in _DATETIMES:
        values[name] = _instant(values[name])
    values["state"] = State(values["state"])
    values["said"] = tuple(map(said_from, json.loads(values["said"])))
    return Row(**values)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "day": date.fromisoformat,
    "moment_day": date.fromisoformat,
    "starts_at": datetime.fromisoformat,
    "ends_at": datetime.fromisoformat,
    "stamp": datetime.fromisoformat,
    "speakers": tuple,
}


def said_from(values: Mapping[str, Any]) -> Said:
    """Read back what a mail said of a talk from the JSON that the ledger keeps."""
    return Said(**{name: _READERS.get(name, _same)(value) for name, value in values.items()})


def _same(value: Any) -> Any:
    return value


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
