"""What is particular to the ledger in a file."""

import asyncio
import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest

from announcer.errors import (
    LedgerDamaged,
    LedgerError,
    LedgerForeign,
    LedgerMissing,
    LedgerNewer,
)
from announcer.ledger import State
from announcer.ledger.sql import statements
from announcer.ledger.sqlite import APPLICATION_ID, SqliteLedger, durable


def test_what_is_no_ledger_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    with pytest.raises(LedgerMissing, match="announcer adopt"):
        SqliteLedger.open(path)
    path.touch()
    with pytest.raises(LedgerMissing, match="is empty"):
        SqliteLedger.open(path)
    path.write_text("my shopping list, which is long enough to be looked at " * 20)
    with pytest.raises(LedgerForeign):
        SqliteLedger.open(path)
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE t (a)")
    other.close()
    with pytest.raises(LedgerForeign, match="another program"):
        SqliteLedger.open(path)


def test_a_newer_or_damaged_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    asyncio.run(SqliteLedger.create(path).close())
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(LedgerNewer, match="update announcer"):
        SqliteLedger.open(path)
    path.unlink()
    asyncio.run(SqliteLedger.create(path).close())
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    path.write_bytes(content)
    with pytest.raises(LedgerDamaged):
        SqliteLedger.open(path)


def of_version_one(path: Path) -> None:
    """A ledger as the first release left it, with one mail in it."""
    connection = sqlite3.connect(path)
    dialect = {"strict": "STRICT", "bytes": "BLOB", "serial": "INTEGER PRIMARY KEY"}
    for statement in statements(0, 1, dialect):
        connection.execute(statement)
    connection.execute(
        "INSERT INTO mail VALUES ('s/announcement/2026-04-03', 's', 'announcement', 'announcement', "
        "'2026-04-03T08:00:00+00:00', 'o@example.org', 's@groups.example', 'S', '<a@example.org>', "
        "x'610d0a', '[]', 'sent', 'o', 1, '2026-04-03T08:10:00+00:00', 1, 1, "
        "'2026-04-03T08:00:00+00:00', NULL, NULL, '2026-04-03T08:00:01+00:00', '250')"
    )
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()


def test_an_older_ledger_is_read_as_it_is_and_brought_up_to_date_by_whoever_writes(
    tmp_path: Path,
) -> None:
    path = tmp_path / "l.db"
    of_version_one(path)
    before = path.read_bytes()
    for opened, changed in ((SqliteLedger.read, False), (SqliteLedger.open, True)):
        ledger = opened(path)
        [row] = asyncio.run(ledger.rows())
        assert (row.state, row.content, row.released) == (State.SENT, b"a\r\n", False)
        assert asyncio.run(ledger.pauses()) == {}
        asyncio.run(ledger.close())
        assert (path.read_bytes() != before) is changed


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    of_version_one(path)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE pause (in_the_way TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="cannot be used"):
        SqliteLedger.open(path)
    assert path.read_bytes() == before


def test_a_place_that_cannot_keep_every_commit_is_refused() -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(LedgerDamaged, match="journal_mode is memory"):
        durable(connection, "a ledger in memory")
    connection.close()


def test_looking_leaves_the_files_as_they_are_also_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    asyncio.run(SqliteLedger.create(path).close())
    crashed = sqlite3.connect(path, isolation_level=None)
    crashed.execute("PRAGMA cache_size = 1")
    crashed.execute("BEGIN IMMEDIATE")
    for number in range(200):
        values = (str(number), "x" * 2000)
        crashed.execute("INSERT INTO event (at, key, who, what) VALUES ('', ?, '', ?)", values)
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in tmp_path.glob("l.db*"):  # as the disk stands in the middle of a transaction
        (folder / file.name).write_bytes(file.read_bytes())
    crashed.rollback()
    crashed.close()
    assert (folder / "l.db-journal").stat().st_size > 0
    before = {f.name: sha256(f.read_bytes()).hexdigest() for f in folder.iterdir()}
    ledger = SqliteLedger.read(folder / "l.db")
    assert asyncio.run(ledger.rows()) == ()
    assert asyncio.run(ledger.entries("5")) == ()
    asyncio.run(ledger.close())
    assert {f.name: sha256(f.read_bytes()).hexdigest() for f in folder.iterdir()} == before
