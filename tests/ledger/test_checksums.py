"""Nothing is decided from a row that was changed from outside."""

import asyncio
import os
import random
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from desk import Desk
from full import REMINDED, SECOND, filled, opened_pass, settings
from mailbox_server import Mailbox
from place import Place
from real import pg
from test_sqlite import of_version_one

from announcer.errors import LedgerDamaged, LedgerError
from announcer.ledger.checksums import TABLES, Table, checksum
from announcer.ledger.sqlite import SqliteLedger

FLIPS = 600 if os.environ.get("TORTURE") else 60


@pytest.fixture(scope="module")
def ledger_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with rows of every kind, beside its settings and its page."""
    folder = tmp_path_factory.mktemp("full")
    asyncio.run(filled(settings(folder), folder / "announcer.db", folder / "out"))
    return folder / "announcer.db"


def test_the_ledger_of_these_tests_has_rows_of_every_table(ledger_file: Path) -> None:
    connection = sqlite3.connect(ledger_file)
    counts = {
        table.name: connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]
        for table in TABLES
    }
    connection.close()
    assert {name for name, count in counts.items() if not count} <= {"counted"}


def _flipped(content: bytes, seed: int) -> tuple[bytes, int]:
    """Flip one bit, mostly of what is not zero."""
    chance = random.Random(seed)
    used = [at for at, byte in enumerate(content) if byte]
    at = chance.choice(used) if chance.random() < 0.8 else chance.randrange(len(content))
    changed = bytearray(content)
    changed[at] ^= 1 << chance.randrange(8)
    return bytes(changed), at


def test_a_flipped_bit_stops_the_mails_that_depend_on_it_or_changes_nothing(
    ledger_file: Path, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    asked = settings(ledger_file.parent)
    content = ledger_file.read_bytes()
    shutil.copy(ledger_file, tmp_path / "intact.db")
    intact = opened_pass(asked, tmp_path / "intact.db", tmp_path / "intact")
    assert not intact.problems
    assert {"ml_reminder_2020-04-07.eml", "zz_reminder_2020-04-07.eml"} <= set(intact.mails)
    refused = partly = 0
    for seed in range(FLIPS):
        changed, at = _flipped(content, seed)
        path, out = tmp_path / f"{seed}.db", tmp_path / str(seed)
        path.write_bytes(changed)
        found = opened_pass(asked, path, out)
        assert all(isinstance(problem, LedgerError) for problem in found.problems), (seed, at)
        assert all(problem.exit_status == 2 for problem in found.problems)
        if found.problems:
            refused += 1
            partly += bool(found.mails)
            assert found.mails.items() <= intact.mails.items(), (seed, at)
        else:
            assert found == intact, (seed, at)
        path.unlink()
    figures(
        f"{FLIPS} flipped bits: {refused} refused ({partly} for one series only), "
        f"{FLIPS - refused} without effect, 0 wrong mails"
    )
    assert refused > FLIPS // 3


def _changes(table: Table, row: sqlite3.Row) -> Iterator[tuple[str, object]]:
    for column in (*table.columns, "checksum"):
        value = row[column]
        if isinstance(value, bytes):
            yield from ((column, value + b"x"), (column, b""))
        elif isinstance(value, int):
            yield from ((column, value + 1_000), (column, -1 - value))
        else:
            text = str(value or "")
            for other in (text + " ", text[:-1], "", "zz", "ml", "sent", "2030-01-01", "[]", None):
                yield column, other


def _mutations(connection: sqlite3.Connection) -> Iterator[tuple[Table, sqlite3.Row, str, object]]:
    """Change each column of each row in turn, and take the change back."""
    for table in TABLES:
        for row in connection.execute(f"SELECT rowid AS place, * FROM {table.name}").fetchall():
            for column, value in _changes(table, row):
                if value == row[column]:
                    continue
                statement = f"UPDATE {table.name} SET {column} = ? WHERE rowid = ?"
                place = value if column == "id" else row["place"]
                try:
                    connection.execute(statement, (value, row["place"]))
                except sqlite3.IntegrityError:
                    continue  # SQLite itself refuses it
                yield table, row, column, value
                connection.execute(statement, (row[column], place))


def test_any_value_of_any_row_that_is_changed_is_noticed_and_stops_its_series_alone(
    ledger_file: Path, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    path = tmp_path / "announcer.db"
    shutil.copy(ledger_file, path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = OFF")

    async def run() -> int:
        ledger = SqliteLedger.open(path)
        count = 0
        for table, row, column, value in _mutations(connection):
            count += 1
            where = (table.name, column, value)
            assert len(await ledger.damage()) == 1, where
            if table.name == "pause":
                await _refused(ledger.pauses, where)
            elif table.name == "notice":
                telling = partial(ledger.tell, {}, series="ml", again=(), now=REMINDED)
                await _refused(telling, where)
            elif table.name != "event" or row["key"] != "other":
                series = table.series_of(dict(row))
                await _refused(partial(ledger.history, series), where)
                if column not in (table.series, "checksum"):
                    await ledger.history("zz" if series == "ml" else "ml")
        assert await ledger.damage() == ()
        await ledger.close()
        return count

    count = asyncio.run(run())
    connection.close()
    assert count > 500
    figures(f"{count} values changed by hand: each is noticed")


async def _refused(work: Callable[[], Awaitable[object]], where: object) -> None:
    try:
        await work()
    except LedgerDamaged:
        return
    pytest.fail(f"{where} was not noticed")


def test_the_rows_of_an_older_ledger_get_their_checksums(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    of_version_one(path)
    for opened in (SqliteLedger.read, SqliteLedger.open, SqliteLedger.open):
        ledger = opened(path)
        assert asyncio.run(ledger.damage()) == ()
        assert len(asyncio.run(ledger.rows())) == 1
        asyncio.run(ledger.close())
    connection = sqlite3.connect(path)
    connection.execute("UPDATE mail SET state = 'retry'")
    connection.commit()
    connection.close()
    ledger = SqliteLedger.open(path)
    assert asyncio.run(ledger.damage()) == ("mail s/announcement/2026-04-03",)
    asyncio.run(ledger.close())


def test_a_column_that_is_added_later_keeps_the_checksums_that_are_there() -> None:
    old = Table(name="t", columns=("a",), key=("a",), series=None)
    new = Table(name="t", columns=("a", "b"), key=("a",), series=None, added={"b": "[]"})
    assert checksum(new, {"a": 1, "b": "[]"}) == checksum(old, {"a": 1})
    assert checksum(new, {"a": 1, "b": "[1]"}) != checksum(old, {"a": 1})


def test_a_mail_that_was_deleted_is_missed_and_stops_its_series_alone(
    ledger_file: Path, tmp_path: Path
) -> None:
    shutil.copy(ledger_file, tmp_path / "l.db")
    connection = sqlite3.connect(tmp_path / "l.db")
    [(key,)] = connection.execute("SELECT key FROM mail WHERE series = 'ml' LIMIT 1").fetchall()
    connection.execute("DELETE FROM mail WHERE key = ?", (key,))
    connection.commit()
    connection.close()

    async def run() -> None:
        ledger = SqliteLedger.open(tmp_path / "l.db")
        with pytest.raises(LedgerDamaged, match=f"the row mail {key} is missing"):
            await ledger.history("ml")
        assert (await ledger.history("zz")).rows
        await ledger.close()

    asyncio.run(run())


def test_damage_of_a_series_stops_none_whose_id_is_like_its_own_but_for_an_underscore() -> None:
    async def run() -> None:
        ledger = SqliteLedger.in_memory()
        for series in ("a_b", "axb"):
            await ledger.adopt(series, "l@x.org", rules=[], counted=(), now=REMINDED)
        await ledger._db.run(
            "UPDATE event SET key = 'axb/reminder/2020-04-07' WHERE key = 'axb'"
        )  # as a failing disk would
        assert (await ledger.history("a_b")).adoption is not None
        with pytest.raises(LedgerDamaged, match="the row event"):
            await ledger.history("axb")
        await ledger.close()

    asyncio.run(run())


def test_text_that_is_no_utf8_is_damage_of_its_row_alone(ledger_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    path.write_bytes(ledger_file.read_bytes().replace(b"451 later", b"451 l\xffter"))

    async def run() -> None:
        ledger = SqliteLedger.open(path)
        with pytest.raises(LedgerDamaged, match="does not match its checksum"):
            await ledger.history("ml")
        assert (await ledger.history("zz")).rows
        await ledger.close()

    asyncio.run(run())


@pg.NEEDED
def test_a_row_of_postgresql_is_checked_like_one_of_a_file(postgres: pg.Postgres) -> None:
    import psycopg  # noqa: PLC0415 - an optional extra
    from place import on_server  # noqa: PLC0415 - as above

    url = postgres.database()
    place: Place = on_server(url)

    async def run() -> None:
        ledger = await place.create()
        for series in ("a", "b"):
            await ledger.adopt(series, "l@x.org", rules=["r"], counted=(), now=REMINDED)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("UPDATE announcer.rule SET known_since = '2030' WHERE series = 'a'")
        with pytest.raises(LedgerDamaged, match="rule a, r"):
            await ledger.history("a")
        assert (await ledger.history("b")).adoption is not None
        await ledger.close()

    asyncio.run(run())


def _damaged_desk(desk: Desk) -> Desk:
    """Two series that have each announced a talk; the mail of the first is then changed by hand."""
    with (desk.folder / "config.toml").open("a") as file:
        file.write(SECOND)
    assert desk.run("adopt", "--now", "2020-04-02T12:00").returncode == 0
    assert desk.run("send", "--now", "2020-04-03T10:00").returncode == 0
    connection = sqlite3.connect(desk.folder / "announcer.db")
    connection.execute("UPDATE mail SET state = 'retry', copies = 0 WHERE series = 'ml'")
    connection.commit()
    connection.close()
    return desk


def test_a_damaged_series_sends_nothing_and_the_others_go_on(desk: Desk, mailbox: Mailbox) -> None:
    _damaged_desk(desk)
    before = len(mailbox.received)
    done = desk.run("send", "--now", "2020-04-07T09:00")
    assert done.returncode == 2
    assert "row mail ml/announcement/2020-04-03 does not match its checksum" in done.stderr
    assert "restore" in done.stderr
    assert [to for to, _ in mailbox.received[before:]] == [["zz@groups.example"]]


def test_the_log_shows_what_can_be_read_and_names_the_rest(desk: Desk) -> None:
    _damaged_desk(desk)
    done = desk.run("log")
    assert done.returncode == 2
    assert "zz/announcement/2020-04-03" in done.stdout
    assert "\nml/announcement/2020-04-03" not in done.stdout
    assert "damaged, and not shown: mail ml/announcement/2020-04-03" in done.stderr
    for words in (
        ("log", "ml/announcement/2020-04-03"), ("check",), ("feed",), ("release", "--all"),
        ("settle", "ml/announcement/2020-04-03", "--as", "sent"),
        ("hold", "ml/announcement/2020-04-03"), ("adopt", "--series", "ml"),
    ):  # fmt: skip
        now = () if words[0] == "log" else ("--now", "2020-04-03T11:00")
        done = desk.run(*words, *now)
        assert done.returncode == 2, words
        assert "mail ml/announcement/2020-04-03" in done.stderr, words
        assert "BEGIN:VCALENDAR" not in done.stdout
