"""What was decided, changed or over before a mail is claimed binds it, however slow the pass is."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from mailbox_server import Mailbox
from place import Place

from announcer import app as parts
from announcer.announcement import Announcement
from announcer.announcer import MOST_REFUSED_CLAIMS, Announcer, Programme
from announcer.attempt import Attempt
from announcer.compose import MailComposer
from announcer.errors import PlanOutdated, TooLate
from announcer.ledger import Ledger, Sent, State
from announcer.message import Message
from announcer.office import Office
from announcer.plan import counted_as_told
from announcer.report import Fate, Report
from announcer.service import ReadAhead
from announcer.settings import Settings, load_settings
from announcer.talks import Reading, Series
from announcer.transport.folder import FolderTransport

ADOPTED = datetime(2020, 4, 1, 8, tzinfo=UTC)
NINE = datetime(2020, 4, 3, 8, tzinfo=UTC)  # Friday, 10:00 in Berlin
FIRST, SECOND = "ml/announcement/2020-04-03", "ml/early/2020-04-03"
PAGE = """\
## Future Topics
### 3. "Nets" 07.04.20
Room: Room 2

### 4. "Kernels" 14.04.20
Room: Room 2
"""
EARLY = """
[[series.cadence]]
kind = "announcement"
name = "early"
weekday = "friday"
at = "10:00"
days_before = 8
"""


@dataclass
class Seminar:
    """A seminar of which two mails are due on Friday at ten: ``FIRST``, then ``SECOND``."""

    desk: Desk
    mailbox: Mailbox
    now: datetime = NINE
    wrap: Callable[[Programme], Programme] = field(default=lambda programme: programme)

    def settings(self) -> Settings:
        return load_settings(self.desk.folder / "config.toml")

    def office(self) -> Office:
        settings = self.settings()
        return Office(settings, parts.chosen(settings, ()), lambda _: self.now)

    def adopt(self, at: datetime = ADOPTED) -> None:
        asyncio.run(self._adopt(at))

    async def _adopt(self, at: datetime) -> None:
        settings = self.settings()
        [asked] = parts.chosen(settings, ())
        reading = await parts.source(asked).load(at)
        counted = counted_as_told(asked.series, asked.cadence, reading.talks, at)
        async with parts.opened_ledger(settings, start=True) as ledger:
            rules = [rule.label for rule in asked.cadence]
            await ledger.adopt("ml", asked.series.list, rules=rules, counted=counted, now=at)

    def pass_(self) -> Report:
        return asyncio.run(self._pass())

    async def _pass(self) -> Report:
        settings = self.settings()
        [asked] = parts.chosen(settings, ())
        async with parts.opened_ledger(settings) as ledger:
            announcer = Announcer(
                [self.wrap(parts.programme(asked))],
                ledger=ledger,
                transport=parts.smtp(settings),
                clock=lambda _: self.now,
                limits=settings.limits,
                account=settings.smtp.account,
                tells=True,
            )
            return await announcer.announce_due()

    def with_ledger(self, work: Callable[[Ledger], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            async with parts.opened_ledger(self.settings()) as ledger:
                return await work(ledger)

        return asyncio.run(run())

    def subjects(self) -> list[str]:
        return [
            str(message_from_bytes(content, policy=policy.default)["Subject"])
            for _, content in self.mailbox.received
        ]

    def told(self) -> str:
        return "\n".join(
            message_from_bytes(content, policy=policy.default).as_string().replace("=\n", "")
            for _, content in self.mailbox.told
        )


@pytest.fixture
def seminar(desk: Desk, mailbox: Mailbox, place: Place) -> Seminar:
    config = desk.folder / "config.toml"
    config.write_text(f'{config.read_text()}{EARLY}\n[ledger]\nurl = "{place.url}"\n')
    desk.page(PAGE)
    return Seminar(desk, mailbox)


def _mail(number: int) -> Message:
    """Give a mail of another series to the same list."""
    return Message(
        key=f"other/announcement/2020-04-0{number}",
        series="other",
        kind="announcement",
        rule="announcement",
        due_at=NINE,
        sender="seminar@example.org",
        recipient="ml@groups.example",
        message_id=f"<{number}@example.org>",
        subject="S",
        content=b"S\r\n",
        said=(),
    )


def run(work: Coroutine[Any, Any, int]) -> Callable[[], int]:
    """Give what another person does elsewhere, in a process of their own."""
    return lambda: asyncio.run(work)


def fates(report: Report) -> list[tuple[str, Fate]]:
    return [(delivery.announcement.key, delivery.fate) for delivery in report.deliveries]


def test_both_mails_go_out_where_nothing_happens(seminar: Seminar) -> None:
    seminar.adopt()
    report = seminar.pass_()
    assert fates(report) == [(FIRST, Fate.SENT), (SECOND, Fate.SENT)]
    assert len(seminar.mailbox.received) == 2


@pytest.mark.parametrize("what", ["hold", "skip"])
def test_a_mail_is_kept_back_by_a_word_said_while_the_one_before_is_slow(
    seminar: Seminar, what: Any
) -> None:
    seminar.adopt()
    seminar.mailbox.at_dot = [run(seminar.office().decide(SECOND, what, "wrong room"))]
    report = seminar.pass_()
    assert fates(report) == [(FIRST, Fate.SENT), *([(SECOND, Fate.HELD)] if what == "hold" else [])]
    assert report.exit_status == 0
    assert len(seminar.mailbox.received) == 1
    seminar.pass_()
    assert len(seminar.mailbox.received) == 1


def test_a_note_stands_on_the_mail_that_follows_the_slow_one(seminar: Seminar) -> None:
    seminar.adopt()
    seminar.mailbox.at_dot = [run(seminar.office().decide(SECOND, "note", "Bring cake."))]
    assert seminar.pass_().exit_status == 0
    first, second = (content for _, content in seminar.mailbox.received)
    assert b"Bring cake." not in first
    assert b"Bring cake." in second


def test_a_talk_cancelled_while_the_mail_before_is_slow_is_not_announced(seminar: Seminar) -> None:
    seminar.adopt()
    seminar.mailbox.at_dot = [run(seminar.office().cancel("4", "ill"))]
    assert fates(seminar.pass_()) == [(FIRST, Fate.SENT)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('### 4. "Kernels" 14.04.20', '### 4. "Kernels" 14.04.20 (cancelled)'),
        ('### 4. "Kernels" 14.04.20', '### 4. ~~"Kernels" 14.04.20~~'),
        ("14.04.20", "05.05.20"),
        ('### 4. "Kernels" 14.04.20\nRoom: Room 2\n', ""),
        ('"Kernels"', "TBA"),
    ],
)
def test_an_edit_of_the_page_while_the_mail_before_is_slow_keeps_the_mail_back(
    seminar: Seminar, old: str, new: str
) -> None:
    seminar.adopt()
    assert old in PAGE
    seminar.mailbox.at_dot = [lambda: seminar.desk.page(PAGE.replace(old, new))]
    assert fates(seminar.pass_()) in (
        [(FIRST, Fate.SENT)],
        [(FIRST, Fate.SENT), (SECOND, Fate.HELD)],
    )
    assert len(seminar.mailbox.received) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [('"Kernels"', '"Splines"'), ("14.04.20\nRoom: Room 2", "14.04.20\nRoom: Splines")],
)
def test_an_edit_of_a_fact_while_the_mail_before_is_slow_stands_in_the_mail(
    seminar: Seminar, old: str, new: str
) -> None:
    seminar.adopt()
    assert old in PAGE
    seminar.mailbox.at_dot = [lambda: seminar.desk.page(PAGE.replace(old, new))]
    assert fates(seminar.pass_()) == [(FIRST, Fate.SENT), (SECOND, Fate.SENT)]
    first, second = (content for _, content in seminar.mailbox.received)
    assert b"Splines" not in first
    assert b"Splines" in second


def test_a_page_that_breaks_while_the_mail_before_is_slow_changes_nothing(seminar: Seminar) -> None:
    seminar.adopt()
    seminar.mailbox.at_dot = [(seminar.desk.folder / "index.md").unlink]
    report = seminar.pass_()
    assert fates(report) == [(FIRST, Fate.SENT), (SECOND, Fate.SENT)]
    assert report.exit_status == 0


def test_a_word_on_a_mail_that_is_being_sent_says_that_it_is_too_late(seminar: Seminar) -> None:
    seminar.adopt()
    said: list[str] = []

    def too_late() -> None:
        for work in (
            seminar.office().decide(FIRST, "hold", ""),
            seminar.office().decide(FIRST, "skip", ""),
            seminar.office().decide(FIRST, "note", "Bring cake."),
            seminar.office().release(FIRST, ""),
        ):
            with pytest.raises(TooLate) as raised:
                asyncio.run(work)
            assert raised.value.exit_status == 1
            said.append(str(raised.value))

    seminar.mailbox.at_dot = [too_late]
    assert fates(seminar.pass_()) == [(FIRST, Fate.SENT), (SECOND, Fate.SENT)]
    assert len(said) == 4
    assert {words.startswith(f"{FIRST} is being sent right now") for words in said} == {True}
    assert seminar.with_ledger(lambda ledger: ledger.history("ml")).decisions == ()


def test_the_command_says_that_it_is_too_late_whatever_clock_it_goes_by(seminar: Seminar) -> None:
    seminar.adopt()
    commands = [["hold", FIRST], ["release", FIRST], ["cancel", "3", "--now", "2020-04-03T10:00"]]
    done: list[tuple[int, bool]] = []

    def decide() -> None:
        for words in commands:
            ended = seminar.desk.run(*words)
            # On a busy machine a line says what takes its time; it ends with an ellipsis.
            said = [line for line in ended.stderr.splitlines() if not line.endswith("…")]
            named = f"announcer: {FIRST} is being sent right now" in ended.stderr
            done.append((ended.returncode, named and len(said) == 1))

    seminar.mailbox.at_dot = [decide]
    seminar.pass_()
    assert done == [(1, True)] * 3


def test_a_cancellation_of_a_talk_whose_mail_is_being_sent_counts_and_names_the_mail(
    seminar: Seminar,
) -> None:
    seminar.adopt()
    said: list[str] = []

    def cancel() -> None:
        with pytest.raises(TooLate, match=f"{FIRST} is being sent right now") as raised:
            asyncio.run(seminar.office().cancel("3", "ill"))
        said.append(str(raised.value))

    seminar.mailbox.at_dot = [cancel]
    assert (FIRST, Fate.SENT) in fates(seminar.pass_())
    assert len(said) == 1
    seminar.now += timedelta(minutes=10)
    assert fates(seminar.pass_()) == [("ml/cancellation/2020-04-03", Fate.SENT)]


def test_a_mail_that_waited_until_its_time_was_over_is_missed_and_not_sent(
    seminar: Seminar,
) -> None:
    seminar.adopt()
    over = datetime(2020, 4, 14, 14, tzinfo=UTC)  # talk 4 has begun
    seminar.mailbox.at_dot = [lambda: setattr(seminar, "now", over)]
    report = seminar.pass_()
    assert fates(report)[:2] == [(FIRST, Fate.SENT), (SECOND, Fate.MISSED)]
    assert report.exit_status == 1
    assert len(seminar.mailbox.received) == 1
    assert SECOND in seminar.told()
    assert "missed" in seminar.told()


def test_a_mail_whose_time_is_over_when_the_recipient_is_accepted_is_given_back(
    seminar: Seminar,
) -> None:
    seminar.adopt()
    over = datetime(2020, 4, 14, 14, tzinfo=UTC)
    seminar.mailbox.at_recipient = [lambda: None, lambda: setattr(seminar, "now", over)]
    report = seminar.pass_()
    assert fates(report)[:2] == [(FIRST, Fate.SENT), (SECOND, Fate.MISSED)]
    assert len(seminar.mailbox.received) == 1
    rows = {row.key: row for row in seminar.with_ledger(lambda ledger: ledger.rows())}
    assert (rows[SECOND].state, rows[SECOND].copies) == (State.RETRY, 0)


def test_a_mail_whose_time_is_over_once_the_ledger_has_its_mark_is_not_handed_over(
    place: Place, tmp_path: Path
) -> None:
    mail = _mail(0)
    ends = NINE + timedelta(minutes=1)
    clock = iter([NINE, ends, ends])  # the ledger was busy, or the machine slept, at the mark

    async def work() -> None:
        ledger = await place.create()
        claim = await ledger.claim(mail, revision=0, expires_at=ends, now=NINE)
        assert claim is not None
        attempt = Attempt(ledger, claim, asyncio.Event(), lambda: next(clock))
        outcome = await attempt.deliver(FolderTransport(tmp_path / "out"), mail)
        assert attempt.expired is not None
        assert not (tmp_path / "out").exists()
        await ledger.record(claim, outcome, now=ends)
        [row] = await ledger.rows()
        assert (row.state, row.copies) == (State.RETRY, 0)
        await ledger.close()

    asyncio.run(work())


def test_a_talk_that_begins_while_a_mail_waits_is_left_out_of_it(seminar: Seminar) -> None:
    config = seminar.desk.folder / "config.toml"
    text = config.read_text().replace(EARLY, "")
    reminder = '[[series.cadence]]\nkind = "reminder"\nname = "{}"\ndays_before = 0\nat = "09:0{}"\ngrace = "8 h"\n'
    config.write_text(text + reminder.format("one", 1) + reminder.format("two", 2))
    seminar.desk.page('## Talks\n### 3. "Nets" 07.04.20 15:00\n\n### 4. "Kernels" 07.04.20 17:00\n')
    seminar.adopt(datetime(2020, 4, 7, 7, 0, 30, tzinfo=UTC))
    seminar.now = datetime(2020, 4, 7, 12, 59, tzinfo=UTC)
    begun = datetime(2020, 4, 7, 13, 1, tzinfo=UTC)
    seminar.mailbox.at_dot = [lambda: setattr(seminar, "now", begun)]
    sent = [key for key, fate in fates(seminar.pass_()) if fate is Fate.SENT]
    assert len(sent) == 2
    first, second = (content for _, content in seminar.mailbox.received)
    assert b"Nets" in first
    assert b"Kernels" in first
    assert b"Nets" not in second
    assert b"Kernels" in second


@dataclass
class Meanwhile:
    """A composer while whose work something happens elsewhere, for some mails in a row."""

    happens: Callable[[], Coroutine[Any, Any, Any]]
    times: int
    composer: MailComposer = field(default_factory=MailComposer)
    own: frozenset[str] = frozenset()

    def compose(self, announcement: Announcement, now: datetime) -> Message:
        if self.times:
            self.times -= 1
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(asyncio.run, self.happens()).result()
        return self.composer.compose(announcement, now)

    def notice(
        self, series: Series, concerns: Sequence[str], recipient: str, now: datetime
    ) -> Message:
        return self.composer.notice(series, concerns, recipient, now)


def test_a_word_said_between_the_plan_and_the_claim_keeps_the_mail_back(seminar: Seminar) -> None:
    seminar.adopt()
    composer = Meanwhile(lambda: seminar.office().decide(FIRST, "hold", "wrong room"), times=1)
    seminar.wrap = lambda programme: replace(programme, composer=composer)
    report = seminar.pass_()
    assert fates(report) == [(FIRST, Fate.HELD), (SECOND, Fate.SENT)]
    assert report.exit_status == 0


@pytest.mark.parametrize("times", [1, MOST_REFUSED_CLAIMS])
def test_a_series_that_changes_a_few_times_is_planned_again_and_each_mail_goes_once(
    seminar: Seminar, times: int
) -> None:
    seminar.adopt()
    composer = Meanwhile(lambda: seminar.office().decide(FIRST, "note", "Bring cake."), times=times)
    seminar.wrap = lambda programme: replace(programme, composer=composer)
    assert fates(seminar.pass_()) == [(FIRST, Fate.SENT), (SECOND, Fate.SENT)]
    assert len(seminar.mailbox.received) == 2


def test_a_series_that_never_stops_changing_is_left_to_the_next_pass(seminar: Seminar) -> None:
    seminar.adopt()
    composer = Meanwhile(lambda: seminar.office().decide(FIRST, "note", "Bring cake."), times=1000)
    seminar.wrap = lambda programme: replace(programme, composer=composer)
    report = seminar.pass_()
    assert composer.times == 1000 - MOST_REFUSED_CLAIMS - 1
    assert seminar.mailbox.received == []
    [problem] = report.problems
    assert isinstance(problem, PlanOutdated)
    assert "wait for the next one" in str(problem)
    assert report.exit_status == 1
    composer.times = 0
    assert fates(seminar.pass_()) == [(FIRST, Fate.SENT), (SECOND, Fate.SENT)]


def test_what_falls_due_during_a_pass_is_left_to_the_next_one(seminar: Seminar) -> None:
    config = seminar.desk.folder / "config.toml"
    third = EARLY.replace("early", "later").replace("days_before = 8", "days_before = 9")
    config.write_text(f"{config.read_text()}{third}")
    seminar.adopt()
    held = "ml/later/2020-04-03"
    asyncio.run(seminar.office().decide(held, "hold", ""))
    seminar.mailbox.at_dot = [run(seminar.office().release(held, ""))]
    # Two were due, as many as a list may get in a pass.
    assert fates(seminar.pass_()) == [(FIRST, Fate.SENT), (SECOND, Fate.SENT)]
    assert fates(seminar.pass_()) == [(held, Fate.SENT)]


def test_above_a_cap_all_are_held_though_one_was_let_go_and_is_slow(seminar: Seminar) -> None:
    config = seminar.desk.folder / "config.toml"
    third = EARLY.replace("early", "later").replace("days_before = 8", "days_before = 9")
    config.write_text(f"{config.read_text()}{third}\n[limits]\nper_pass = 1\n")
    seminar.adopt()
    held = [FIRST, SECOND, "ml/later/2020-04-03"]
    assert fates(seminar.pass_()) == [(key, Fate.HELD) for key in held]
    assert seminar.mailbox.received == []
    asyncio.run(seminar.office().release(SECOND, ""))
    assert (SECOND, Fate.SENT) in fates(seminar.pass_())
    assert len(seminar.mailbox.received) == 1


def test_caps_count_what_another_process_has_sent_while_the_mail_before_is_slow(
    seminar: Seminar,
) -> None:
    seminar.adopt()

    async def send(ledger: Ledger) -> None:
        for number in range(3):
            mail = _mail(number)
            until = NINE + timedelta(days=1)
            claim = await ledger.claim(mail, revision=0, expires_at=until, now=NINE)
            assert claim is not None
            await ledger.sending(claim, now=NINE)
            await ledger.record(claim, Sent(reply="250"), now=NINE)

    seminar.mailbox.at_dot = [lambda: seminar.with_ledger(send)]
    report = seminar.pass_()
    assert fates(report) == [(FIRST, Fate.SENT), (SECOND, Fate.HELD)]
    assert "4 went before, and limits.per_day is 4" in (report.deliveries[1].reply or "")
    assert len(seminar.mailbox.received) == 1


class Counted:
    """A page that counts how often it is read."""

    def __init__(self) -> None:
        self.read = 0

    async def load(self, now: datetime) -> Reading:
        self.read += 1
        return Reading(talks=())


def test_serve_reads_a_page_again_between_two_mails_unless_it_has_just_done_so() -> None:
    page = Counted()
    ahead = ReadAhead(page, timedelta(minutes=10))

    async def reads(seconds: int) -> int:
        await ahead.load(NINE + timedelta(seconds=seconds))
        return page.read

    async def pass_(*seconds: int) -> list[int]:
        ahead.begin_pass()
        return [await reads(at) for at in seconds]

    assert asyncio.run(pass_(0, 4, 8)) == [1, 1, 2]
    assert asyncio.run(pass_(60, 61, 600)) == [2, 3, 4]
