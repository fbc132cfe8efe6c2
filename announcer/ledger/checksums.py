"""A checksum on each row, so that nothing is decided from a row that was changed from outside.

A failing disk, a bad copy or an edit by hand can change a value into another one that reads just
as well: a mail that was sent becomes one that waits, and goes out once more. Each row therefore
carries a checksum of all its other columns, which is written with it and compared at each reading.

A checksum has two parts, in hexadecimal digits: a mark of the series that the row belongs to, and
a digest of the whole row. Where a row fails its digest, the mark tells whose mails must not go,
even if the damage is in the very column that names the series.

A column that is added later is named in ``Table.added`` with its default. Where it has that value
it takes no part in the digest, so that the rows that are there already keep their checksums.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, Protocol

from announcer.errors import LedgerDamaged
from announcer.ledger.codec import COLUMNS

Values = Mapping[str, Any]
_MARK: Final = 8  # hexadecimal digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table whose rows carry checksums.

    ``columns`` are all but the checksum; ``key`` are those that name a row. ``series`` is the
    column that says which series a row belongs to, None where a row concerns all series. The
    database numbers the rows of a ``serial`` table in its column ``id``.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    series: str | None = "series"
    serial: bool = False
    added: Mapping[str, Any] = field(default_factory=dict)

    def series_of(self, values: Values) -> str:
        """Return the series that a row belongs to, as the row itself says."""
        if self.series is None:
            return ""
        # The events of a mail are named by its key, which begins with the id of its series.
        return str(values[self.series]).partition("/")[0]

    def row_name(self, values: Values) -> str:
        """Return how a row is named in messages."""
        return f"{self.name} {', '.join(str(values[column]) for column in self.key)}"


MAIL: Final = Table(name="mail", columns=COLUMNS, key=("key",))
ADOPTION: Final = Table(name="adoption", columns=("series", "list", "adopted_at"), key=("series",))
RULE: Final = Table(
    name="rule", columns=("series", "label", "known_since"), key=("series", "label")
)
COUNTED: Final = Table(
    name="counted",
    columns=("series", "rule", "talk", "day", "moment_day", "said"),
    key=("series", "rule", "talk"),
)
BELIEVED: Final = Table(
    name="believed",
    columns=("series", "read_at", "talks", "gone", "unsure", "since", "clear", "memory"),
    key=("series",),
)
SEEN: Final = Table(name="seen", columns=("series", "talk", "since"), key=("series", "talk"))
DECISION: Final = Table(
    name="decision",
    columns=("id", "series", "rule", "talk", "what", "words", "who", "at", "tell"),
    key=("id",),
    serial=True,
    added={"tell": 0},
)
EVENT: Final = Table(
    name="event",
    columns=("id", "at", "key", "who", "what", "why"),
    key=("id",),
    series="key",
    serial=True,
)
PAUSE: Final = Table(
    name="pause", columns=("account", "until", "reply"), key=("account",), series=None
)
NOTICE: Final = Table(name="notice", columns=("cause", "told_at"), key=("cause",), series=None)
TABLES: Final = (
    MAIL, ADOPTION, RULE, COUNTED, BELIEVED, SEEN, DECISION, EVENT, PAUSE, NOTICE,
)  # fmt: skip

MIGRATION: Final = "".join(
    f"ALTER TABLE {table.name} ADD COLUMN checksum TEXT;" for table in TABLES
)


class Runs(Protocol):
    """A database that runs statements."""

    @property
    def name(self) -> str:
        """The database as it is named in messages."""
        ...

    async def run(self, sql: str, values: Values = ...) -> list[tuple[Any, ...]]:
        """Run one statement, with values for its ``:names``, and return its rows."""
        ...


@lru_cache(maxsize=4096)
def series_mark(table: str, series: str) -> str:
    """Return the part of a checksum that tells the series of its row."""
    return _digest(f"{table}/{series}".encode("utf-8", "surrogatepass"), _MARK // 2)


def checksum(table: Table, values: Values) -> str:
    """Return the checksum of a row."""
    parts = b"".join(
        _encoded(column, values[column])
        for column in table.columns
        if column not in table.added or values[column] != table.added[column]
    )
    mark = series_mark(table.name, table.series_of(values))
    return mark + _digest(table.name.encode() + parts, 16)


def _digest(content: bytes, size: int) -> str:
    return blake2b(content, digest_size=size).hexdigest()


def _encoded(column: str, value: object) -> bytes:
    """Return a value as bytes that no other value, type or column has."""
    kind = _NAMES.get(type(value)) or next(
        name for kind, name in _NAMES.items() if isinstance(value, kind)
    )
    content = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
    return f"|{column}:{kind}:{len(content)}:".encode() + content


# Subclasses count as what they are kept as: a database gives back plain text and numbers.
_NAMES: Final[Mapping[type, str]] = {
    kind: kind.__name__ for kind in (str, int, type(None), bytes, float, object)
}


def sealed(table: Table, values: Values) -> dict[str, Any]:
    """Return the values of a row together with its checksum."""
    return {**values, "checksum": checksum(table, values)}


class CheckedRows:
    """Reads and writes rows with their checksums."""

    def __init__(self, database: Runs) -> None:
        self._db = database

    async def read(
        self, table: Table, condition: str = "", values: Values | None = None
    ) -> list[dict[str, Any]]:
        """Return rows of a table.

        Raises:
            LedgerDamaged: one of them fails its checksum.
        """
        rows, damaged = await self.readable(table, condition, values)
        if damaged:
            raise row_damaged(self._db.name, damaged)
        return rows

    async def readable(
        self, table: Table, condition: str = "", values: Values | None = None
    ) -> tuple[list[dict[str, Any]], list[str]]:
        """Return the rows of a table that can be trusted, and the names of those that cannot."""
        sound, damaged = [], []
        for row, kept in await self._found(table, condition, values):
            if kept == checksum(table, row):
                sound.append(row)
            else:
                damaged.append(table.row_name(row))
        return sound, damaged

    async def _found(
        self, table: Table, condition: str, values: Values | None
    ) -> list[tuple[dict[str, Any], str | None]]:
        names = ", ".join((*table.columns, "checksum"))
        found = await self._db.run(
            f"SELECT {names} FROM {table.name} {condition}",  # noqa: S608 - our own names
            values or {},
        )
        return [(dict(zip(table.columns, row, strict=False)), row[-1]) for row in found]

    async def see_to_series(self, series: str) -> None:
        """Refuse to go on with a series of which a row has lost its name.

        Such a row would not be found among the rows of its series.

        Raises:
            LedgerDamaged: there is one.
        """
        for table in (table for table in TABLES if table.series is not None):
            mark = series_mark(table.name, series)
            pairs = await self._db.run(
                f"SELECT DISTINCT {table.series}, substr(checksum, 1, {_MARK}) FROM {table.name}"  # noqa: S608 - as above
            )
            lost = {
                name
                for name, kept in pairs
                if kept == mark and table.series_of({str(table.series): name}) != series
            }
            if lost:
                damaged = [
                    table.row_name(row)
                    for row, kept in await self._found(table, "", None)
                    if row[str(table.series)] in lost and (kept or "").startswith(mark)
                ]
                raise row_damaged(self._db.name, damaged)

    async def damage(self) -> tuple[str, ...]:
        """Return the names of all rows that fail their checksums."""
        return tuple([name for table in TABLES for name in (await self.readable(table))[1]])

    async def add(self, table: Table, values: Values) -> None:
        """Add a row, unless one with its key is there."""
        if not table.serial:
            await self._db.run(_insert(table, "ON CONFLICT DO NOTHING"), sealed(table, values))
            return
        names = [column for column in table.columns if column != "id"]
        places = ", ".join(f":{name}" for name in names)
        [(number,)] = await self._db.run(
            f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places}) RETURNING id",  # noqa: S608 - as above
            values,
        )
        await self._db.run(_UPDATE.format(table=table.name, key="id = :id"), {
            "id": number, "checksum": checksum(table, {**values, "id": number}),
        })  # fmt: skip

    async def put(self, table: Table, values: Values, condition: str = "") -> bool:
        """Write a row, in place of one with its key if that meets the condition.

        Values beside those of the columns are for the condition. Return whether it was written.
        """
        own = {column: values[column] for column in table.columns}
        found = await self._db.run(
            _insert(table, f"{_replacing(table)} {condition} RETURNING {table.key[0]}"),
            {**values, **sealed(table, own)},
        )
        return bool(found)


_UPDATE: Final = "UPDATE {table} SET checksum = :checksum WHERE {key}"


def _insert(table: Table, conflict: str) -> str:
    names = (*table.columns, "checksum")
    places = ", ".join(f":{name}" for name in names)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places}) {conflict}"  # noqa: S608 - as above


def _replacing(table: Table) -> str:
    others = [name for name in (*table.columns, "checksum") if name not in table.key]
    changes = ", ".join(f"{name} = excluded.{name}" for name in others)
    return f"ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {changes}"


def unsealed() -> Iterator[tuple[Table, str, str]]:
    """Return for each table what reads the rows of an older ledger, and what writes a checksum."""
    for table in TABLES:
        key = " AND ".join(f"{column} = :{column}" for column in table.key)
        yield (
            table,
            f"SELECT {', '.join(table.columns)} FROM {table.name}",  # noqa: S608 - as above
            _UPDATE.format(table=table.name, key=key),
        )


def first_checksum(table: Table, row: Iterable[Any], name: str) -> dict[str, Any]:
    """Return the values that write the first checksum of a row of an older ledger.

    Raises:
        LedgerDamaged: the row holds text that nobody can have written.
    """
    values = dict(zip(table.columns, row, strict=True))
    for value in values.values():
        if isinstance(value, str) and not _is_text(value):
            raise row_damaged(name, [table.row_name(values)])
    key = {column: values[column] for column in table.key}
    return {**key, "checksum": checksum(table, values)}


@contextmanager
def decoding(name: str, row: str) -> Iterator[None]:
    """Report values that no version of the program writes as damage to their row."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise row_damaged(name, [row]) from error


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


_ADVICE: Final = (
    "check the disk, then restore the ledger from a copy that is as new as the last email, or move it "
    "away and let `announcer adopt` start a new one (`announcer log` shows the rows that can be read)"
)


def mail_missing(name: str, key: str) -> LedgerDamaged:
    """Return the error about a mail that is not there any more, so that it could go once more."""
    return LedgerDamaged(
        f"the ledger {name} is damaged: the row mail {key} is missing, though there are entries about "
        f"it, so nothing that depends on it is sent; {_ADVICE}"
    )


def row_damaged(name: str, rows: Sequence[str]) -> LedgerDamaged:
    """Return the error about rows that cannot be trusted."""
    first, *others = rows
    more = f" and {len(others)} more" if others else ""
    return LedgerDamaged(
        f"the ledger {name} is damaged: the row {first}{more} does not match its checksum, so nothing "
        f"that depends on it is sent; {_ADVICE}"
    )
