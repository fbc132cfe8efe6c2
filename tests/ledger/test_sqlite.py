"""What the ledger promises, over a real file."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from announcer.errors import (
    ClaimLost,
    LedgerDamaged,
    LedgerForeign,
    LedgerMissing,
    LedgerNewer,
)
from announcer.ledger import Deferred, GivenBack, InDoubt, Refused, Sent, State
from announcer.ledger.sqlite import SqliteLedger
from announcer.message import Message

NOW = datetime(2026, 4, 3, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def message(content: bytes = b"one\r\n") -> Message:
    return Message(
        key="s/announcement/2026-04-03",
        series="s",
        kind="announcement",
        rule="announcement",
        due_at=NOW,
        sender="seminar@example.org",
        recipient="s@groups.example",
        message_id="<a@example.org>",
        subject="S",
        content=content,
        said=(),
    )


def with_two(path: Path, work: Callable[[SqliteLedger, SqliteLedger], Awaitable[None]]) -> None:
    """Let two processes' ledgers of one file meet."""

    async def run() -> None:
        await SqliteLedger.create(path).close()
        first, second = SqliteLedger.open(path), SqliteLedger.open(path)
        await work(first, second)
        await first.close()
        await second.close()

    asyncio.run(run())


def test_a_claim_is_had_by_one(tmp_path: Path) -> None:
    async def work(first: SqliteLedger, second: SqliteLedger) -> None:
        assert await first.claim(message(), now=NOW) is not None
        assert await second.claim(message(), now=NOW) is None

    with_two(tmp_path / "l.db", work)


def test_a_claim_whose_lease_ran_out_is_free_and_its_holder_is_stopped(tmp_path: Path) -> None:
    async def work(first: SqliteLedger, second: SqliteLedger) -> None:
        lost = await first.claim(message(), now=NOW)
        assert lost is not None
        again = await second.claim(message(b"two\r\n"), now=NOW + 11 * MINUTE)
        assert again is not None
        with pytest.raises(ClaimLost):
            await first.sending(lost, now=NOW + 11 * MINUTE)
        [row] = await second.rows()
        assert (row.content, row.copies, row.fence) == (b"two\r\n", 0, 2)

    with_two(tmp_path / "l.db", work)


def test_a_sending_whose_lease_ran_out_is_in_doubt_and_goes_once_more_with_the_same_bytes(
    tmp_path: Path,
) -> None:
    async def work(first: SqliteLedger, second: SqliteLedger) -> None:
        claim = await first.claim(message(), now=NOW)
        assert claim is not None
        await first.sending(claim, now=NOW)
        assert [r.state for r in await second.expire(now=NOW + 11 * MINUTE)] == [State.IN_DOUBT]
        later = NOW + 26 * MINUTE
        assert await second.claim(message(), now=NOW + 25 * MINUTE) is None
        assert await second.claim(message(b"other\r\n"), now=later) is None
        again = await second.claim(message(), now=later)
        assert again is not None
        await second.sending(again, now=later)
        await second.record(again, InDoubt(reply="lost"), now=later)
        assert await first.claim(message(), now=later + timedelta(days=1)) is None
        [row] = await first.rows()
        assert (row.state, row.copies) == (State.IN_DOUBT, 2)

    with_two(tmp_path / "l.db", work)


def test_a_250_is_a_fact_whoever_has_overtaken(tmp_path: Path) -> None:
    async def work(first: SqliteLedger, second: SqliteLedger) -> None:
        claim = await first.claim(message(), now=NOW)
        assert claim is not None
        await first.sending(claim, now=NOW)
        await second.expire(now=NOW + 11 * MINUTE)
        again = await second.claim(message(), now=NOW + 26 * MINUTE)
        assert again is not None
        await first.record(claim, Sent(reply="250 ok"), now=NOW + 27 * MINUTE)
        with pytest.raises(ClaimLost):
            await second.sending(again, now=NOW + 27 * MINUTE)
        [row] = await first.rows()
        assert (row.state, row.copies) == (State.SENT, 1)

    with_two(tmp_path / "l.db", work)


def test_a_refused_second_copy_does_not_clear_the_doubt_about_the_first(tmp_path: Path) -> None:
    async def work(first: SqliteLedger, _: SqliteLedger) -> None:
        claim = await first.claim(message(), now=NOW)
        assert claim is not None
        await first.sending(claim, now=NOW)
        await first.record(claim, InDoubt(reply="lost"), now=NOW)
        again = await first.claim(message(), now=NOW + 15 * MINUTE)
        assert again is not None
        await first.sending(again, now=NOW + 15 * MINUTE)
        await first.record(again, Refused(reply="550 no"), now=NOW + 15 * MINUTE)
        [row] = await first.rows()
        assert (row.state, row.copies) == (State.IN_DOUBT, 1)
        assert await first.claim(message(), now=NOW + timedelta(days=1)) is None

    with_two(tmp_path / "l.db", work)


def test_a_deferred_mail_waits_and_one_given_back_does_not(tmp_path: Path) -> None:
    async def work(first: SqliteLedger, second: SqliteLedger) -> None:
        claim = await first.claim(message(), now=NOW)
        assert claim is not None
        await first.record(claim, Deferred(until=NOW + MINUTE, reply="451"), now=NOW)
        assert await second.claim(message(), now=NOW) is None
        again = await second.claim(message(), now=NOW + MINUTE)
        assert again is not None
        assert again.attempt == 2
        await second.record(again, GivenBack(), now=NOW + MINUTE)
        assert await first.claim(message(), now=NOW + MINUTE) is not None
        assert [e.what for e in await first.entries(message().key)] == [
            "claimed", "retry", "claimed", "retry", "claimed",
        ]  # fmt: skip

    with_two(tmp_path / "l.db", work)


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
