"""An exception of any type in one series or one mail is contained there; the others go on."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from email import message_from_bytes
from email.policy import SMTP
from typing import Any, cast

import pytest
from mailbox_server import Mailbox
from terms import BERLIN

from announcer.announcement import Announcement
from announcer.announcer import Announcer, Programme
from announcer.cadence import ANNOUNCEMENT, REMINDER, Rule, instant
from announcer.compose import MailComposer
from announcer.console import each
from announcer.errors import InternalError
from announcer.internal import contained
from announcer.ledger import History
from announcer.ledger.sqlite import SqliteLedger
from announcer.message import Message
from announcer.quantities import Span
from announcer.report import Report
from announcer.settings import SeriesSettings
from announcer.talks import Mailbox as Address
from announcer.talks import Reading, Series, Talk
from announcer.transport import BeforeData
from announcer.transport.smtp import Account, SmtpTransport

TUESDAY = date(2020, 4, 7)
FRIDAY_TEN = instant(date(2020, 4, 3), time(10), BERLIN)
TUESDAY_NINE = instant(TUESDAY, time(9), BERLIN)
ERRORS: list[BaseException] = [
    ValueError("a value"),
    RuntimeError("at run time"),
    RecursionError("too deep"),
    MemoryError(),
    UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed"),
    KeyError("a key"),
    OSError(5, "Input/output error"),
    AssertionError(),
    ZeroDivisionError("division by zero"),
    ExceptionGroup("several", [TypeError("one"), OverflowError("another")]),
    BaseExceptionGroup("several", [TypeError("one"), asyncio.CancelledError()]),
    asyncio.CancelledError(),  # as libraries raise it where nobody has cancelled anything
]


def _series(name: str) -> Series:
    sender = Address(address="seminar@example.org")
    return Series(
        id=name,
        name=name.title(),
        list=f"{name}@groups.example",
        sender=sender,
        organisers=("anna@example.org",),
        reply_to=sender,
        timezone=BERLIN,
        location="Room 2",
    )


def _talk() -> Talk:
    start = instant(TUESDAY, time(15), BERLIN)
    end = start + timedelta(hours=1)
    return Talk(id="1", title="Nets", day=TUESDAY, starts_at=start, ends_at=end)


class Page:
    """A source; it lists one talk, or fails."""

    def __init__(self, error: BaseException | None = None) -> None:
        self._error = error

    async def load(self, now: datetime) -> Reading:
        if self._error is not None:
            raise self._error
        return Reading(talks=(_talk(),))


class FailingRule(Rule):
    """A rule that fails once it is asked for its moment, in the middle of a plan."""

    error: BaseException

    def moment(self, talk: Talk, zone: Any) -> datetime | None:
        raise self.error


class FailingComposer(MailComposer):
    """A composer that fails for some kinds of mail."""

    def __init__(self, error: BaseException, *kinds: str) -> None:
        super().__init__()
        self._error = error
        self._kinds = kinds

    def compose(self, announcement: Announcement, now: datetime) -> Message:
        if announcement.kind in self._kinds:
            raise self._error
        return super().compose(announcement, now)

    def notice(
        self, series: Series, concerns: Sequence[str], recipient: str, now: datetime
    ) -> Message:
        if "notice" in self._kinds:
            raise self._error
        return super().notice(series, concerns, recipient, now)


class Unreadable:
    """A mail that fails whoever looks at it, as the check before sending does."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error


class UnreadableMails(MailComposer):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def compose(self, announcement: Announcement, now: datetime) -> Message:
        return cast("Message", Unreadable(self._error))


class Ledger(SqliteLedger):
    """A ledger that fails when it is asked about one series."""

    error: BaseException | None = None

    async def history(self, series: str) -> History:
        if self.error is not None and series == "algebra":
            raise self.error
        return await super().history(series)


class Post:
    """The way out by SMTP; it fails for one list."""

    def __init__(self, inner: SmtpTransport, error: BaseException | None) -> None:
        self._inner = inner
        self._error = error

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        if self._error is not None and message.recipient == "algebra@groups.example":
            raise self._error
        return await self._inner.deliver(message, before_data=before_data)

    async def close(self) -> None:
        await self._inner.close()
        if self._error is not None:
            raise self._error


WEEKLY = Rule(kind=ANNOUNCEMENT, weekday=4, at=time(10), days_before=1)


def _programme(name: str, *rules: Rule) -> Programme:
    return Programme(
        series=_series(name), cadence=rules or (WEEKLY,), source=Page(), composer=MailComposer()
    )


def _failing_rule(error: BaseException) -> Rule:
    rule = FailingRule(kind=ANNOUNCEMENT, weekday=4, at=time(10), days_before=1)
    object.__setattr__(rule, "error", error)
    return rule


async def _no_breaks(error: BaseException) -> tuple[Span, ...]:
    raise error


PORTS: dict[str, Callable[[Programme, BaseException], Programme]] = {
    "source": lambda p, error: replace(p, source=Page(error)),
    "breaks": lambda p, error: replace(p, breaks=lambda _: _no_breaks(error)),
    "plan": lambda p, error: replace(p, cadence=(_failing_rule(error),)),
    "composer": lambda p, error: replace(p, composer=FailingComposer(error, ANNOUNCEMENT)),
    "check": lambda p, error: replace(p, composer=UnreadableMails(error)),
    "notice": lambda p, error: replace(p, composer=FailingComposer(error, ANNOUNCEMENT, "notice")),
    "ledger": lambda p, _: p,
    "transport": lambda p, _: p,
}


@dataclass
class Desk:
    """Passes over some series, with one ledger and one mailbox."""

    mailbox: Mailbox
    ledger_error: BaseException | None = None
    transport_error: BaseException | None = None

    def passes(self, programmes: Sequence[Programme], *instants: datetime) -> list[Report]:
        async def all_of_them() -> list[Report]:
            ledger = Ledger.in_memory()
            for programme in programmes:
                series, rules = programme.series, [r.label for r in programme.cadence]
                await ledger.adopt(
                    series.id, series.list, rules=rules, counted=(), now=datetime.min.replace(tzinfo=FRIDAY_TEN.tzinfo)
                )  # fmt: skip
            ledger.error = self.ledger_error
            reports = [await self._one(programmes, ledger, now) for now in instants]
            await ledger.close()
            return reports

        return asyncio.run(all_of_them())

    async def _one(
        self, programmes: Sequence[Programme], ledger: SqliteLedger, now: datetime
    ) -> Report:
        account = Account(
            host="127.0.0.1", port=self.mailbox.port, security="none", username=None, password=None
        )
        announcer = Announcer(
            programmes,
            ledger=ledger,
            transport=Post(SmtpTransport(account), self.transport_error),
            clock=lambda _: now,
            account="seminar",
            tells=True,
        )
        return await announcer.announce_due()

    def lists(self) -> list[str]:
        return [to for [to], _ in self.mailbox.received]

    def notices(self) -> list[str]:
        mails = [message_from_bytes(content, policy=SMTP) for _, content in self.mailbox.told]
        return [" ".join(mail.get_content().split()) for mail in mails]


# A source whose reading is cancelled was not read to the end, which has a test of its own.
CASES = [
    pytest.param(port, error, id=f"{port}-{type(error).__name__}")
    for port in PORTS
    for error in ERRORS
    if (port, type(error)) != ("source", asyncio.CancelledError)
]


@pytest.mark.parametrize(("port", "error"), CASES)
def test_an_exception_of_any_type_in_any_part_of_one_series_lets_the_others_go_on(
    mailbox: Mailbox, caplog: pytest.LogCaptureFixture, port: str, error: BaseException
) -> None:
    desk = Desk(mailbox)
    desk.ledger_error = error if port == "ledger" else None
    desk.transport_error = error if port == "transport" else None
    bad = PORTS[port](_programme("algebra"), error)
    with caplog.at_level(logging.INFO, logger="announcer"):
        [report] = desk.passes([bad, _programme("geometry")], FRIDAY_TEN)
    # Days without seminar matter to no mail about a talk.
    algebra = ["algebra@groups.example"] if port == "breaks" else []
    assert desk.lists() == [*algebra, "geometry@groups.example"]
    assert report.exit_status == 1
    records = [r for r in caplog.records if type(error).__name__ in r.getMessage()]
    keys = {str(getattr(record, "key", "")).partition("/")[0] for record in records}
    assert "algebra" in keys
    assert not any(record.exc_info for record in caplog.records)
    told = " ".join(desk.notices())
    if port not in {"notice", "transport"}:  # one cannot be told, the other is tried again
        assert "Please show this" in told or "please report" in told
        assert "algebra" in told


def test_a_mail_whose_delivery_a_library_cancels_waits_and_is_told_of(mailbox: Mailbox) -> None:
    desk = Desk(mailbox, transport_error=asyncio.CancelledError())
    [report] = desk.passes([_programme("algebra")], FRIDAY_TEN)
    [delivery] = report.deliveries
    assert (delivery.fate.value, report.exit_status) == ("deferred", 1)
    assert str(delivery.reply).startswith("unexpected CancelledError; again at ")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143)])
def test_what_is_meant_to_end_the_process_is_not_contained(
    mailbox: Mailbox, error: BaseException
) -> None:
    programme = replace(_programme("algebra"), composer=FailingComposer(error, ANNOUNCEMENT))
    with pytest.raises(type(error)):
        Desk(mailbox).passes([programme], FRIDAY_TEN)


class TwoTalks(Page):
    async def load(self, now: datetime) -> Reading:
        first, hour = _talk(), timedelta(hours=1)
        assert first.starts_at is not None
        start = first.starts_at + hour
        second = replace(first, id="2", title="Trees", starts_at=start, ends_at=start + hour)
        return Reading(talks=(first, second))


class FailsForNets(MailComposer):
    def compose(self, announcement: Announcement, now: datetime) -> Message:
        if announcement.talks[0].title == "Nets":
            raise ZeroDivisionError
        return super().compose(announcement, now)


def test_a_mail_that_fails_does_not_stop_the_other_mails_of_its_series(mailbox: Mailbox) -> None:
    desk = Desk(mailbox)
    programme = _programme("algebra", Rule(kind=REMINDER, before=timedelta(hours=8)))
    programme = replace(programme, source=TwoTalks(), composer=FailsForNets())
    [report] = desk.passes([programme], TUESDAY_NINE)
    found = [(d.announcement.talks[0].title, d.fate.value) for d in report.deliveries]
    assert found == [("Nets", "failed"), ("Trees", "sent")]
    assert desk.lists() == ["algebra@groups.example"]
    assert report.exit_status == 1


def test_the_organisers_hear_of_a_failure_of_the_program_once_a_day(mailbox: Mailbox) -> None:
    desk = Desk(mailbox)
    programme = replace(_programme("algebra"), source=Page(ZeroDivisionError()))
    hours = [FRIDAY_TEN + timedelta(hours=n) for n in (0, 1, 2, 25)]
    desk.passes([programme], *hours)
    first, second = desk.notices()
    assert first == second
    assert (
        "announcer itself failed while it worked on Algebra, so a mail of it may be late" in first
    )
    assert "ZeroDivisionError at tests" not in first
    assert "`announcer plan --series algebra` shows what is due" in first


def test_a_page_that_announcer_fails_to_read_leaves_the_talks_as_they_were_last_read(
    mailbox: Mailbox,
) -> None:
    class Breaks(Page):
        async def load(self, now: datetime) -> Reading:
            if now >= FRIDAY_TEN:
                raise ZeroDivisionError
            return await super().load(now)

    desk, programme = Desk(mailbox), replace(_programme("algebra"), source=Breaks())
    _, report = desk.passes([programme], FRIDAY_TEN - timedelta(hours=1), FRIDAY_TEN)
    assert desk.lists() == ["algebra@groups.example"]
    assert report.exit_status == 1
    assert len(desk.notices()) == 1


def test_a_source_whose_reading_is_cancelled_is_no_wish_to_stop(mailbox: Mailbox) -> None:
    desk = Desk(mailbox)
    programme = replace(_programme("algebra"), source=Page(asyncio.CancelledError()))
    [report] = desk.passes([programme, _programme("geometry")], FRIDAY_TEN)
    assert desk.lists() == ["geometry@groups.example"]
    assert report.exit_status == 3


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_commands_that_look_at_several_series_go_on_after_one_that_fails(
    capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    seen: list[str] = []

    async def work(asked: SeriesSettings) -> None:
        seen.append(asked.series.id)
        if asked.series.id == "algebra":
            raise error

    chosen = tuple(cast("SeriesSettings", _programme(name)) for name in ("algebra", "geometry"))
    assert asyncio.run(each(chosen, work)) == 1
    assert seen == ["algebra", "geometry"]
    [line] = capsys.readouterr().err.splitlines()
    assert f"({type(error).__name__} at announcer/" in line
    assert "while working on algebra; please report it" in line


def test_an_internal_error_names_its_place_and_not_what_may_be_secret() -> None:
    try:
        Series(**{**{f: getattr(_series("s"), f) for f in Series.__slots__}, "duration": timedelta(0)})  # fmt: skip
    except ValueError as error:
        problem = contained(error, "s/reminder/2020-04-07")
    assert isinstance(problem, InternalError)
    assert str(problem).startswith("internal error (ValueError at announcer/talks.py:")
    assert str(problem).endswith(
        "while working on s/reminder/2020-04-07; please report it, with this line"
    )
    assert "must last" not in str(problem)
