"""Clocks that jump, and programs that slept: nothing is lost in silence, nothing is sent twice."""

import asyncio
import signal
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from desk import PAGE, Desk
from mailbox_server import Mailbox
from wall_clock import WallClock

from announcer.announcer import Announcer, Programme
from announcer.cadence import ANNOUNCEMENT, REMINDER, Rule, instant
from announcer.compose import MailComposer
from announcer.console import clock_of
from announcer.errors import UsageError
from announcer.ledger.sqlite import SqliteLedger
from announcer.message import Message
from announcer.service import Service
from announcer.settings import Settings, load_settings
from announcer.talks import Mailbox as Address
from announcer.talks import Reading, Series, Talk
from announcer.transport import BeforeData

TERM = """\
## Talks
### 1. "One" 10.03.20
### 2. "Two" 17.03.20
### 3. "Three" 24.03.20
### 4. "Four" 31.03.20
### 5. "Five" 07.04.20
### 6. "Six" 14.04.20
"""


def sends(desk: Desk, now: str) -> list[str]:
    """The keys of what one `announcer send` at that time sends."""
    return [mail["key"] for mail in desk.passed(now)["sent"]]


def test_a_clock_that_is_set_back_after_a_mail_sends_it_no_second_time(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    assert sends(desk, "2020-04-03T10:00") == ["ml/announcement/2020-04-03"]
    for now in ("2020-04-03T09:59", "2020-04-03T10:00", "2020-03-27T10:00", "2020-04-03T10:01"):
        assert sends(desk, now) == []
    assert sends(desk, "2020-04-07T09:00") == ["ml/reminder/2020-04-07"]
    for now in ("2020-04-07T08:59", "2020-04-03T10:00", "2020-04-07T09:01"):
        assert sends(desk, now) == []
    assert len(mailbox.received) == 2


def test_a_clock_that_was_a_week_ahead_leaves_no_scar(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    desk.page(PAGE.replace("TBA", '"Trees"'))
    assert sends(desk, "2020-04-10T10:00") == ["ml/announcement/2020-04-10"]
    assert sends(desk, "2020-04-03T10:00") == ["ml/announcement/2020-04-03"]
    assert sends(desk, "2020-04-07T09:00") == ["ml/reminder/2020-04-07"]
    assert sends(desk, "2020-04-10T10:00") == []
    assert sends(desk, "2020-04-14T09:00") == ["ml/reminder/2020-04-14"]
    assert len(mailbox.received) == 4


def test_a_laptop_that_slept_for_three_hours_still_reminds(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-06T12:00")
    assert sends(desk, "2020-04-07T08:59") == []
    assert sends(desk, "2020-04-07T12:00") == ["ml/reminder/2020-04-07"]
    assert len(mailbox.received) == 1


def test_a_laptop_that_slept_for_five_hours_misses_the_reminder_and_the_plan_says_so(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.run("adopt", "--now", "2020-04-06T12:00")
    assert sends(desk, "2020-04-07T08:59") == []
    assert sends(desk, "2020-04-07T14:00") == []
    [missed] = desk.json("plan", "--now", "2020-04-07T14:00")["missed"]
    assert (missed["key"], missed["reason"]) == (
        "ml/reminder/2020-04-07",
        "talk 3: its grace is over",
    )
    assert mailbox.received == []


def test_a_container_that_was_down_for_a_minute_sends_late(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    assert sends(desk, "2020-04-03T09:59:40") == []
    assert sends(desk, "2020-04-03T10:00:40") == ["ml/announcement/2020-04-03"]
    assert len(mailbox.received) == 1


def test_a_container_that_was_down_for_a_month_tells_only_of_what_lies_ahead(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.page(TERM)
    desk.run("adopt", "--now", "2020-03-01T12:00")
    assert sends(desk, "2020-03-06T10:00") == ["ml/announcement/2020-03-06"]
    back = "2020-04-05T18:00"
    plan = desk.json("plan", "--now", back)
    assert [mail["key"] for mail in plan["missed"]] == [
        "ml/reminder/2020-03-10",
        "ml/announcement/2020-03-13",
        "ml/reminder/2020-03-17",
        "ml/announcement/2020-03-20",
        "ml/reminder/2020-03-24",
        "ml/announcement/2020-03-27",
        "ml/reminder/2020-03-31",
    ]
    assert sends(desk, back) == ["ml/announcement/2020-04-03"]
    assert sends(desk, "2020-04-07T09:00") == ["ml/reminder/2020-04-07"]
    assert sends(desk, "2020-04-10T10:00") == ["ml/announcement/2020-04-10"]
    assert len(mailbox.received) == 4


BERLIN = ZoneInfo("Europe/Berlin")
MAILBOX = Address(name="Seminar", address="seminar@example.org")
SERIES = Series(
    id="s",
    name="S",
    list="s@groups.example",
    sender=MAILBOX,
    organisers=("anna@example.org",),
    reply_to=MAILBOX,
    timezone=BERLIN,
)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Page:
    """A source that has these talks, whenever it is asked."""

    def __init__(self, *talks: Talk) -> None:
        self.talks = talks

    async def load(self, now: datetime) -> Reading:
        del now
        return Reading(talks=self.talks)


class Post:
    """A way out that takes every mail, and keeps when."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, datetime]] = []
        self.now = datetime.min.replace(tzinfo=UTC)

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        await before_data()
        self.taken.append((message.key, self.now))
        return "250 taken"

    async def close(self) -> None:
        """Nobody to take leave of."""


class Replica:
    """The program as cron or the service runs it: one pass at each of many instants."""

    def __init__(self, cadence: tuple[Rule, ...], *talks: Talk) -> None:
        self.page = Page(*talks)
        self.post = Post()
        self.cadence = cadence

    async def wake(self, instants: Sequence[datetime], ledger: SqliteLedger) -> None:
        programme = Programme(
            series=SERIES, cadence=self.cadence, source=self.page, composer=MailComposer()
        )
        for now in instants:
            self.post.now = now
            announcer = Announcer(
                [programme], ledger=ledger, transport=self.post, clock=lambda _: self.post.now
            )
            report = await announcer.announce_due()
            assert report.exit_status == 0

    def run(self, *runs: Sequence[datetime]) -> list[tuple[str, datetime]]:
        """Give what was taken, and when; between two runs the page may be changed."""

        async def all_of_them() -> None:
            ledger = SqliteLedger.in_memory()
            rules = [r.label for r in self.cadence]
            await ledger.adopt("s", SERIES.list, rules=rules, counted=(), now=runs[0][0])
            for instants in runs:
                await self.wake(instants, ledger)
            await ledger.close()

        asyncio.run(all_of_them())
        return self.post.taken


def talk(number: int, day: date, at: time = time(15)) -> Talk:
    start = instant(day, at, BERLIN)
    return Talk(id=str(number), title="T", day=day, starts_at=start, ends_at=start + HOUR)


def minutes(first: datetime, last: datetime) -> list[datetime]:
    return [first + n * MINUTE for n in range((last - first) // MINUTE)]


WEEKLY = Rule(kind=ANNOUNCEMENT, weekday=4, at=time(10), days_before=1)
NINE = Rule(kind=REMINDER, at=time(9), grace=4 * HOUR)
TUESDAY, FRIDAY = date(2026, 4, 7), date(2026, 4, 3)


def midnight(day: date) -> datetime:
    return instant(day, time(), BERLIN)


def test_cron_that_runs_every_minute_of_a_day_sends_each_mail_once_and_at_its_moment() -> None:
    replica = Replica((WEEKLY, NINE), talk(1, TUESDAY), talk(2, TUESDAY, time(17)), talk(3, FRIDAY))
    days = [minutes(midnight(day), midnight(day + DAY)) for day in (FRIDAY, TUESDAY)]
    before = [midnight(FRIDAY) - 7 * DAY + 11 * HOUR]
    assert replica.run(before, *days) == [
        ("s/announcement/2026-03-27", before[0]),
        ("s/reminder/2026-04-03", instant(FRIDAY, time(9), BERLIN)),
        ("s/announcement/2026-04-03", instant(FRIDAY, time(10), BERLIN)),
        ("s/reminder/2026-04-07", instant(TUESDAY, time(9), BERLIN)),
    ]


@pytest.mark.parametrize(
    ("sunday", "moment"),
    [
        (date(2026, 3, 29), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_on_the_day_that_the_clocks_are_set_each_mail_goes_once(
    sunday: date, moment: datetime
) -> None:
    early = Rule(kind=REMINDER, at=time(2, 30), grace=4 * HOUR)
    replica = Replica((early,), talk(1, sunday))
    taken = replica.run(minutes(midnight(sunday), midnight(sunday) + 6 * HOUR))
    assert taken == [(f"s/reminder/{sunday}", moment)]


def test_a_clock_that_falls_back_an_hour_every_other_hour_sends_each_mail_once() -> None:
    replica = Replica((WEEKLY, NINE), talk(1, TUESDAY))
    start = midnight(FRIDAY) + 6 * HOUR
    runs = [minutes(start + n * HOUR, start + (n + 2) * HOUR)[::5] for n in range(6)]
    tuesday = midnight(TUESDAY) + 6 * HOUR
    runs += [minutes(tuesday + n * HOUR, tuesday + (n + 2) * HOUR)[::5] for n in range(6)]
    assert replica.run(*runs) == [
        ("s/announcement/2026-04-03", instant(FRIDAY, time(10), BERLIN)),
        ("s/reminder/2026-04-07", instant(TUESDAY, time(9), BERLIN)),
    ]


def test_a_talk_that_moves_while_the_clock_is_a_week_ahead_is_told_once_on_each_day() -> None:
    replica = Replica((WEEKLY,), talk(1, TUESDAY + 7 * DAY))
    wrong, right = instant(FRIDAY + 7 * DAY, time(11), BERLIN), instant(FRIDAY, time(11), BERLIN)

    def instants() -> Iterator[list[datetime]]:
        yield [wrong]
        replica.page.talks = (talk(1, TUESDAY),)
        yield minutes(right, right + 15 * MINUTE)

    ledger = SqliteLedger.in_memory()

    async def story() -> None:
        await ledger.adopt("s", SERIES.list, rules=["announcement"], counted=(), now=right - DAY)
        for run in instants():
            await replica.wake(run, ledger)
        await ledger.close()

    asyncio.run(story())
    assert [key for key, _ in replica.post.taken] == [
        "s/announcement/2026-04-10",
        "s/update/2026-04-03",
    ]


def test_serve_sends_each_mail_once_wherever_its_clock_jumps(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    config = desk.folder / "config.toml"
    config.write_text(config.read_text() + f'\n[service]\nlisten = "127.0.0.1:{port}"\n')
    clock, wakes = WallClock(), asyncio.Queue[None]()

    def load() -> Settings:
        wakes.put_nowait(None)
        return load_settings(config)

    moves = [
        ("2020-04-03T09:59", 0),
        ("2020-04-03T10:30", 1),  # forwards over the moment
        ("2020-04-03T09:58", 1),  # back before it
        ("2020-04-03T10:00", 1),
        ("2020-03-20T10:00", 1),
        ("2020-04-06T23:00", 1),
        ("2020-04-07T12:59", 2),  # forwards over the reminder, within its grace
        ("2020-04-07T08:59", 2),
        ("2020-04-07T09:00", 2),
        ("2020-04-03T10:00", 2),
        ("2020-05-03T10:00", 2),
    ]

    async def story() -> list[tuple[str, int]]:
        service = Service(
            load_settings(config), load=load, only=(), clock=clock, tick=timedelta(seconds=0.1)
        )
        clock.show(datetime(2020, 4, 2, 12, tzinfo=UTC))
        running = asyncio.create_task(service.run())
        seen = []
        for now, _ in moves:
            clock.show(datetime.fromisoformat(now).replace(tzinfo=BERLIN).astimezone(UTC))
            while not wakes.empty():
                wakes.get_nowait()
            # The pass that is under way may have looked at the clock before.
            async with asyncio.timeout(30):
                for _ in range(3):
                    await wakes.get()
            seen.append((now, len(mailbox.received)))
        signal.raise_signal(signal.SIGTERM)
        assert await running == 0
        return seen

    assert asyncio.run(story()) == moves


@pytest.mark.parametrize("now", ["0001-01-01T00:00", "9999-12-31T23:59:59", "1969-12-31T23:00Z"])
def test_a_time_from_which_nothing_can_be_reckoned_is_refused(now: str) -> None:
    with pytest.raises(UsageError, match="name a year from 1970 to 9000"):
        clock_of(now)
