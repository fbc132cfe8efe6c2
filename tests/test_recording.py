"""What the server answered is recorded before anything else is decided, however late."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hurried
import pytest
from desk import Desk
from mailbox_server import ORGANISER, Mailbox

from announcer import app as parts
from announcer.announcer import Announcer
from announcer.errors import (
    ClaimLost,
    DeliveryDeferred,
    DeliveryError,
    DeliveryInDoubt,
    DeliveryRefused,
    LedgerBusy,
    NotRecorded,
)
from announcer.ledger import Claim, Deferred, Outcome, Sent, State
from announcer.ledger.sqlite import SqliteLedger
from announcer.message import Message
from announcer.recording import Recorder, Replayed
from announcer.report import Report
from announcer.settings import Settings, load_settings
from announcer.spool import Damaged, Spool, Unrecorded
from announcer.transport import BeforeData

KEY = "ml/announcement/2020-04-03"
MINUTE = timedelta(minutes=1)
DUE = datetime(2020, 4, 3, 8, tzinfo=UTC)  # ten o'clock in Berlin
LEASE_OVER, DOUBT_OVER, LATER = (DUE + n * MINUTE for n in (11, 27, 54))
TAKEN = "250 2.0.0 taken"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep a ledger locked, as a backup or another program may."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.close()


@dataclass
class Post:
    """A way out that answers as it is told, after ``meanwhile`` has happened."""

    answer: DeliveryError | None = None
    meanwhile: Callable[[], None] = lambda: None
    to_list: list[bytes] = field(default_factory=list)
    to_organisers: list[str] = field(default_factory=list)

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        await before_data()
        if message.recipient == ORGANISER:
            self.to_organisers.append(message.content.decode())
            return TAKEN
        self.to_list.append(message.content)
        self.meanwhile()
        if self.answer is not None:
            raise self.answer
        return TAKEN

    async def close(self) -> None:
        pass


class Office:
    """A desk with its ledger; each pass is that of a process of its own unless it has a spool."""

    def __init__(self, desk: Desk) -> None:
        self.settings: Settings = load_settings(desk.folder / "config.toml")
        self.path = self.settings.ledger_path
        asyncio.run(self._adopt())

    async def _adopt(self) -> None:
        ledger = SqliteLedger.create(self.path)
        for asked in self.settings.series:
            rules = [rule.label for rule in asked.cadence]
            recipient = asked.series.list
            now = DUE - timedelta(days=1)
            await ledger.adopt(asked.series.id, recipient, rules=rules, counted=(), now=now)
        await ledger.close()

    def spool(self) -> Spool:
        return parts.spool(self.settings)

    def send(
        self, now: datetime, post: Post, *, spool: Spool | None = None, stops: bool = False
    ) -> Report:
        """Do one pass; one that ``stops`` is told so while the server takes the mail."""

        async def work() -> Report:
            ledger = SqliteLedger.open(self.path, patience=timedelta(0))
            announcer = Announcer(
                [parts.programme(asked) for asked in self.settings.series],
                ledger=ledger,
                transport=replace(post, meanwhile=both) if stops else post,
                clock=lambda _: now,
                account=self.settings.smtp.account,
                tells=True,
                spool=spool or self.spool(),
            )

            def stop() -> None:
                announcer.stop()

            stopping.append(stop)
            try:
                return await announcer.announce_due()
            finally:
                await ledger.close()

        stopping: list[Callable[[], None]] = []

        def both() -> None:
            stopping[0]()
            post.meanwhile()

        return asyncio.run(work())

    def send_while_locked(self, answer: DeliveryError | None, spool: Spool | None = None) -> Post:
        """Do a pass whose ledger is locked from DATA on, so that the answer is not recorded."""
        with locked_later(self.path) as lock:
            post = Post(answer=answer, meanwhile=lock)
            report = self.send(DUE, post, spool=spool, stops=True)
        assert [type(problem) for problem in report.problems] == [NotRecorded]
        assert len(post.to_list) == 1
        return post

    def row(self) -> tuple[State, int, str | None]:
        """Give how the mail stands, how many copies there may be, and the last answer."""

        async def look() -> tuple[State, int, str | None]:
            ledger = SqliteLedger.open(self.path)
            [row] = [row for row in await ledger.rows() if row.key == KEY]
            await ledger.close()
            return row.state, row.copies, row.reply

        return asyncio.run(look())

    def doubts(self) -> int:
        """Count the doubts that were ever recorded."""

        async def look() -> int:
            ledger = SqliteLedger.open(self.path)
            entries = await ledger.entries(KEY)
            await ledger.close()
            return sum(entry.what == State.IN_DOUBT.value for entry in entries)

        return asyncio.run(look())

    def spooled(self) -> list[Path]:
        return sorted(self.path.parent.glob("announcer.db.unrecorded.*"))


@contextmanager
def locked_later(path: Path) -> Iterator[Callable[[], None]]:
    """Give what locks a ledger until the end of this context."""
    other = sqlite3.connect(path, isolation_level=None)
    try:
        yield lambda: other.execute("BEGIN EXCLUSIVE").close()
    finally:
        other.close()


@pytest.fixture
def office(desk: Desk) -> Office:
    return Office(desk)


def test_a_250_that_could_not_be_recorded_is_recorded_by_the_next_process_and_never_sent_again(
    office: Office,
) -> None:
    office.send_while_locked(None)
    assert (office.row()[0], len(office.spooled())) == (State.SENDING, 1)
    for now in (LEASE_OVER, DOUBT_OVER, LATER):
        post = Post()
        report = office.send(now, post)
        assert (report.exit_status, post.to_list, post.to_organisers) == (0, [], [])
    assert office.row() == (State.SENT, 1, TAKEN)
    assert (office.doubts(), office.spooled()) == (0, [])


def test_a_process_that_lives_on_records_it_from_memory_alone(office: Office) -> None:
    memory = Spool()
    office.send_while_locked(None, memory)
    report = office.send(LEASE_OVER, Post(), spool=memory)
    assert (office.row()[0], office.doubts(), office.spooled()) == (State.SENT, 0, [])
    assert report.exit_status == 0
    assert memory.contents() == ([], [])


def test_a_refusal_that_could_not_be_recorded_makes_no_doubt_and_the_organisers_hear_of_it(
    office: Office,
) -> None:
    office.send_while_locked(DeliveryRefused("550 5.7.1 not you"))
    posts = [Post() for _ in range(3)]
    for now, post in zip((LEASE_OVER, DOUBT_OVER, LATER), posts, strict=True):
        office.send(now, post)
    assert office.row() == (State.REFUSED, 0, "550 5.7.1 not you")
    assert office.doubts() == 0
    assert [len(post.to_list) for post in posts] == [0, 0, 0]
    [told] = posts[0].to_organisers
    assert "announcer release" in told


def test_a_deferral_that_could_not_be_recorded_goes_again_with_no_doubt(office: Office) -> None:
    office.send_while_locked(DeliveryDeferred("451 4.3.0 later"))
    post = Post()
    assert office.send(LEASE_OVER, post).exit_status == 0
    assert len(post.to_list) == 1
    assert office.row() == (State.SENT, 1, TAKEN)
    assert office.doubts() == 0


def test_a_doubt_that_could_not_be_recorded_keeps_its_words_and_its_time(office: Office) -> None:
    office.send_while_locked(DeliveryInDoubt("no answer to the mail: it hung up"))
    post = Post()
    office.send(LEASE_OVER, post)
    assert office.row() == (State.IN_DOUBT, 1, "no answer to the mail: it hung up")
    assert post.to_list == []
    [told] = post.to_organisers
    assert "announcer settle" in told
    again = Post()
    office.send(DUE + 16 * MINUTE, again)  # the doubt began with the answer, not with the lease
    assert (len(again.to_list), office.doubts()) == (1, 1)


def test_while_the_ledger_is_away_nothing_is_decided_and_what_was_answered_stays(
    office: Office,
) -> None:
    office.send_while_locked(None)
    ledger = SqliteLedger.open(office.path, patience=timedelta(0))

    async def replay() -> None:
        with locked(office.path), pytest.raises(LedgerBusy):
            await Recorder(ledger, office.spool()).replay()
        await ledger.close()

    asyncio.run(replay())
    assert len(office.spooled()) == 1


def test_what_is_recorded_twice_or_after_another_has_it_changes_nothing(office: Office) -> None:
    for answer in (DeliveryDeferred("451 later"), DeliveryRefused("550 no"), None):
        office.send_while_locked(answer)
        [path] = office.spooled()
        content = path.read_bytes()
        office.send(DUE, Post(), stops=True)
        before = office.row()
        path.write_bytes(content)  # as if the process had been killed before it could remove it
        report = office.send(DUE, Post())
        assert (office.row(), office.spooled(), office.doubts()) == (before, [], 0)
        assert [p for p in report.problems if isinstance(p, NotRecorded)] == []
        if answer is not None:
            release(office)


def release(office: Office) -> None:
    async def work() -> None:
        ledger = SqliteLedger.open(office.path)
        await ledger.release(KEY, now=DUE)
        await ledger.close()

    asyncio.run(work())


def of_another_ledger(office: Office, name: str = "announcer.db") -> Path:
    """Keep a 250 to a claim that this ledger never gave."""
    claim = Claim(key=KEY, owner="another", fence=1, attempt=1, copies=0, expires_at=LATER)
    outcome = Sent(reply=TAKEN)
    office.spool().keep(
        Unrecorded(ledger=name, message_id="<1@x>", claim=claim, outcome=outcome, at=DUE)
    )
    [path] = office.spooled()
    return path


def test_a_250_that_the_ledger_knows_nothing_of_holds_the_mail_until_a_person_has_looked(
    office: Office,
) -> None:
    path = of_another_ledger(office)
    post = Post()
    report = office.send(DUE, post)
    assert (report.exit_status, post.to_list) == (1, [])
    assert str(path) in str(report.problems[0])
    assert "replaced or restored" in str(report.problems[0])
    path.unlink()
    assert office.send(DUE, post).exit_status == 0
    assert len(post.to_list) == 1


def test_a_250_whose_mail_has_gone_from_the_ledger_holds_it_until_a_person_has_looked(
    office: Office,
) -> None:
    office.send_while_locked(None)
    [path] = office.spooled()
    with closing(sqlite3.connect(office.path, isolation_level=None)) as other:
        other.execute("DELETE FROM mail")
    post = Post()
    for _ in range(2):
        report = office.send(LEASE_OVER, post)
        assert (report.exit_status, post.to_list) == (2, [])
        assert f"does not go again while {path} is there" in str(report.problems[0])


def test_a_note_on_a_mail_in_doubt_is_refused_as_only_the_same_bytes_may_follow(
    office: Office, desk: Desk
) -> None:
    office.send(DUE, Post(answer=DeliveryInDoubt("no answer to the mail: it hung up")))
    done = desk.run("note", KEY, "Bring cake.", "--now", "2020-04-03T10:10")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{KEY} may have been sent already" in done.stderr
    for what in ("hold", "release", "skip"):
        assert desk.run(what, KEY, "--now", "2020-04-03T10:11").returncode == 0


def test_what_belongs_to_a_ledger_of_another_name_is_left_and_named_and_stops_nothing(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    path = of_another_ledger(office, "postgresql://db.example/other")
    post = Post()
    assert office.send(DUE, post).exit_status == 0
    assert len(post.to_list) == 1
    assert office.spooled() == [path]
    assert f"{path} belongs to the ledger postgresql://db.example/other" in caplog.text


def test_a_damaged_file_holds_the_mail_that_it_names_and_no_other(office: Office) -> None:
    name = "announcer.db.unrecorded.ml_{}.1-x.json"
    path = office.path.with_name(name.format("reminder_2020-04-07"))
    path.write_bytes(b"half of somethi")
    post = Post()
    assert office.send(DUE, post).exit_status == 1
    assert len(post.to_list) == 1
    post = Post()
    assert office.send(datetime(2020, 4, 7, 7, tzinfo=UTC), post).exit_status == 1
    assert post.to_list == []


def test_a_damaged_file_is_named_and_it_is_said_what_to_do(office: Office) -> None:
    path = office.path.with_name("announcer.db.unrecorded.ml_announcement_2020-04-03.1-x.json")
    path.write_bytes(b"half of somethi")
    post = Post()
    report = office.send(DUE, post)
    assert (report.exit_status, post.to_list) == (1, [])
    assert f"{path} is damaged (its checksum is wrong)" in str(report.problems[0])
    assert "move the file away" in str(report.problems[0])


def test_a_damaged_file_holds_the_second_copy_of_a_mail_in_doubt(office: Office) -> None:
    office.send_while_locked(None)
    [path] = office.spooled()
    path.write_bytes(path.read_bytes()[:-9])
    posts = [Post() for _ in range(3)]
    for now, post in zip((LEASE_OVER, DOUBT_OVER, LATER), posts, strict=True):
        assert office.send(now, post).exit_status == 1
    assert [len(post.to_list) for post in posts] == [0, 0, 0]
    path.unlink()
    last = Post()
    office.send(LATER, last)
    assert (len(last.to_list), office.row()[:2]) == (1, (State.SENT, 2))


def test_a_disk_that_takes_no_file_leaves_memory_and_says_so(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = Spool(Path("/proc/announcer"), "announcer.db", ledger="announcer.db")
    office.send_while_locked(None, nowhere)
    assert "kept in memory only" in caplog.text
    assert f"announcer settle {KEY} --as sent" in caplog.text
    office.send(LEASE_OVER, Post(), spool=nowhere)
    assert office.row()[0] is State.SENT


def test_every_command_that_decides_or_shows_knows_what_was_answered(
    office: Office, desk: Desk, mailbox: Mailbox
) -> None:
    office.send_while_locked(None)
    assert [row["outcome"] for row in desk.json("log")] == ["sent"]
    assert len(office.spooled()) == 1, "who only looks changes nothing"
    assert desk.json("send", "--dry-run", "--now", "2020-04-03T10:27")["sent"] == []
    done = desk.run("settle", KEY, "--as", "resend", "--now", "2020-04-03T10:27")
    assert (done.returncode, office.row()[0]) == (2, State.SENT)
    assert "is sent, and not in doubt" in done.stderr
    assert (office.spooled(), mailbox.received) == ([], [])


def test_a_mark_that_could_not_be_recorded_leaves_no_doubt(office: Office) -> None:
    """Nothing was handed over, so there is nothing to be in doubt about."""

    class LockedBeforeData(Post):
        async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
            with locked(office.path):
                await before_data()
            raise AssertionError("the ledger was locked, so nothing may leave")

    report = office.send(DUE, LockedBeforeData())
    assert [delivery.fate.value for delivery in report.deliveries] == ["deferred"]
    assert "keeps it locked" in str(report.deliveries[0].reply)
    post = Post()
    assert office.send(DUE + 2 * MINUTE, post).exit_status == 0
    assert (len(post.to_list), office.doubts()) == (1, 0)


def test_an_overtaken_process_still_records_its_250_and_drops_the_rest(office: Office) -> None:
    """Others expired the lease and sent it again meanwhile; the fence tells whose answer it is."""
    office.send_while_locked(DeliveryDeferred("451 later"))
    [path] = office.spooled()
    deferral = path.read_bytes()
    path.unlink()
    for now in (LEASE_OVER, DOUBT_OVER):
        post = Post(answer=DeliveryInDoubt("no answer"))
        office.send(now, post)
    path.write_bytes(deferral)
    office.send(LATER, Post())
    assert (office.row()[:2], office.spooled()) == ((State.IN_DOUBT, 2), [])


def test_an_outcome_knows_its_series() -> None:
    claim = Claim(key=KEY, owner="o", fence=1, attempt=1, copies=0, expires_at=LATER)
    outcome = Deferred(until=DUE, reply="")
    entry = Unrecorded(ledger="", message_id="", claim=claim, outcome=outcome, at=DUE)
    assert (entry.series, entry.key) == ("ml", KEY)


MAIL = Message(
    key=KEY,
    series="ml",
    kind="announcement",
    rule="announcement",
    due_at=DUE,
    sender="seminar@example.org",
    recipient="ml@groups.example",
    message_id="<a@example.org>",
    subject="S",
    content=b"one\r\n",
    said=(),
)


class Away(SqliteLedger):
    """A ledger that is away for some seconds, as a database is that fails over."""

    seconds = 0.0
    began = 0.0

    async def record(self, claim: Claim, outcome: Outcome, *, now: datetime) -> None:
        if asyncio.get_running_loop().time() < self.began + self.seconds:
            raise LedgerBusy("the ledger cannot be reached")
        await super().record(claim, outcome, now=now)


@pytest.mark.parametrize(
    ("answer", "seconds", "recorded"),
    [
        (Sent(reply=TAKEN), 29, True),
        (Sent(reply=TAKEN), 31, False),
        (Deferred(until=LATER, reply="451"), 0, True),
        (Deferred(until=LATER, reply="451"), 1, False),
    ],
)
def test_a_pass_waits_half_a_minute_to_record_a_250_and_not_for_anything_else(
    tmp_path: Path,
    answer: Sent | Deferred,
    seconds: float,
    recorded: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    async def work() -> tuple[bool, State]:
        ledger = Away.in_memory()
        assert isinstance(ledger, Away)
        mail = await ledger.claim(MAIL, revision=0, expires_at=LATER, now=DUE)
        assert mail is not None
        await ledger.sending(mail, now=DUE)
        ledger.seconds, ledger.began = seconds, asyncio.get_running_loop().time()
        spool = Spool(tmp_path, ledger="sqlite://")
        entry = Unrecorded(
            ledger="sqlite://", message_id="<a@example.org>", claim=mail, outcome=answer, at=DUE
        )
        problem = await Recorder(ledger, spool).record(entry)
        [row] = await ledger.rows()
        await ledger.close()
        return problem is None, row.state

    found, state = hurried.run(work())
    assert found is recorded
    assert (state is State.SENDING) is not recorded


@pytest.mark.parametrize("answer", [Sent(reply=TAKEN), Deferred(until=LATER, reply="451")])
def test_a_250_for_a_mail_that_the_ledger_no_longer_knows_is_kept_and_told_and_no_other_answer_is(
    tmp_path: Path, answer: Sent | Deferred
) -> None:
    async def work() -> tuple[str, list[Unrecorded]]:
        old, restored = SqliteLedger.in_memory(), SqliteLedger.in_memory()
        mail = await old.claim(MAIL, revision=0, expires_at=LATER, now=DUE)
        assert mail is not None
        spool = Spool(tmp_path, ledger="sqlite://")
        entry = Unrecorded(
            ledger="sqlite://", message_id="<a@example.org>", claim=mail, outcome=answer, at=DUE
        )
        try:
            problem = str(await Recorder(restored, spool).record(entry))
        except ClaimLost:
            problem = "lost"
        for ledger in (old, restored):
            await ledger.close()
        return problem, spool.contents()[0]

    problem, kept = asyncio.run(work())
    assert (problem == "lost", len(kept)) == ((False, 1) if isinstance(answer, Sent) else (True, 0))
    assert isinstance(answer, Deferred) or "no longer knows this mail" in problem


def test_a_folder_that_cannot_be_read_holds_second_copies_and_no_first_one(tmp_path: Path) -> None:
    problem = NotRecorded("the folder cannot be listed")
    folder = Damaged(path=tmp_path, why="cannot be listed")
    replayed = Replayed(damaged=[(folder, problem)])
    assert replayed.hindrance(KEY, copies=0) is None
    assert replayed.hindrance(KEY, copies=1) == "the folder cannot be listed"
