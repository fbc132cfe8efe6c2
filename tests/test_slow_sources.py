"""A source that is slow or hangs delays its own series, and no other."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest
from desk import PAGE, Desk
from mailbox_server import Mailbox
from passes import CADENCE, NINE, SERIES, Post, at, talk
from web_server import Asked, Page, web

from announcer.announcer import Announcer, Programme
from announcer.cadence import Rule
from announcer.compose import MailComposer
from announcer.ledger.sqlite import SqliteLedger
from announcer.message import Message
from announcer.quantities import Span
from announcer.report import Report
from announcer.service import ReadAhead
from announcer.talks import Reading
from announcer.transport import BeforeData
from announcer.turns import Turns

FRIDAY_TEN = at("03 10:00")
TUESDAY_NINE = at("07 09:00")
NETS = talk(1, date(2026, 4, 7))

Hook = Callable[[str], Awaitable[object]]


async def nothing(_: str) -> None:
    """What happens where a test says nothing."""


@dataclass
class Fake:
    """A source, or a way out, that does something before it answers."""

    name: str = ""
    before: Hook = nothing
    asked: int = 0

    async def load(self, now: datetime) -> Reading:
        del now
        self.asked += 1
        await self.before(self.name)
        return Reading(talks=(NETS,))

    async def breaks(self, now: datetime) -> tuple[Span, ...]:
        del now
        await self.before(self.name)
        return ()


class SlowPost(Post):
    """A way out that waits before it takes a mail, and tells which series each is of."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[str] = []
        self.before: Hook = nothing
        self.taken_of: dict[str, asyncio.Event] = {}

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        name = message.key.partition("/")[0]
        await self.before(name)
        reply = await super().deliver(message, before_data=before_data)
        self.keys.append(message.key)
        self.of(name).set()
        return reply

    def of(self, name: str) -> asyncio.Event:
        """Set once a mail of a series was taken."""
        return self.taken_of.setdefault(name, asyncio.Event())


@dataclass
class Seminars:
    """Some series in one ledger, and a pass over them."""

    programmes: list[Programme] = field(default_factory=list)
    post: SlowPost = field(default_factory=SlowPost)
    outdated_after: timedelta = timedelta(minutes=1)
    cadence: tuple[Rule, ...] = CADENCE

    def add(self, name: str, source: Fake, breaks: Fake | None = None) -> Fake:
        source.name = name
        programme = Programme(
            series=replace(SERIES, id=name, list=f"{name}@groups.example"),
            cadence=self.cadence,
            source=source,
            composer=MailComposer(),
            breaks=breaks.breaks if breaks else None,
        )
        self.programmes.append(programme)
        return source

    def announcer(self, ledger: SqliteLedger, now: datetime) -> Announcer:
        return Announcer(
            self.programmes,
            ledger=ledger,
            transport=self.post,
            clock=lambda _: now,
            outdated_after=self.outdated_after,
        )

    async def pass_(
        self,
        now: datetime,
        stop: asyncio.Event | None = None,
        asked_again: asyncio.Event | None = None,
    ) -> Report:
        ledger = SqliteLedger.in_memory()
        rules = [rule.label for rule in self.cadence]
        for programme in self.programmes:
            series = programme.series
            await ledger.adopt(series.id, series.list, rules=rules, counted=(), now=at("01 10:00"))
        announcer = self.announcer(ledger, now)
        ends = [
            asyncio.create_task(self._after(event, call))
            for event, call in ((stop, announcer.stop), (asked_again, announcer.wait_no_longer))
            if event is not None
        ]
        try:
            async with asyncio.timeout(30):  # where one waits for the other for ever
                return await announcer.announce_due()
        finally:
            await asyncio.gather(*ends)
            await ledger.close()

    @staticmethod
    async def _after(event: asyncio.Event, call: Callable[[], None]) -> None:
        await event.wait()
        call()


def keys(report: Report) -> list[str]:
    return [delivery.announcement.key for delivery in report.deliveries]


def test_a_source_that_is_slow_delays_the_mail_of_no_other_series() -> None:
    async def work() -> None:
        seminars = Seminars()
        after = seminars.post.of
        seminars.add("algebra", Fake(before=lambda _: after("geometry").wait()))
        seminars.add("geometry", Fake())
        report = await seminars.pass_(FRIDAY_TEN)
        assert [key.partition("/")[0] for key in seminars.post.keys] == ["geometry", "algebra"]
        # Told in the order of the settings, whichever was faster.
        assert keys(report) == [
            "algebra/announcement/2026-04-03",
            "geometry/announcement/2026-04-03",
        ]
        assert [plan.announcements[0].series.id for plan in report.plans] == ["algebra", "geometry"]

    asyncio.run(work())


def test_a_calendar_of_breaks_that_is_slow_delays_no_other_series() -> None:
    async def work() -> None:
        seminars = Seminars()
        slow = Fake(before=lambda _: seminars.post.of("geometry").wait())
        seminars.add("algebra", Fake(), breaks=slow)
        seminars.add("geometry", Fake())
        report = await seminars.pass_(FRIDAY_TEN)
        assert len(report.deliveries) == 2
        assert [key.partition("/")[0] for key in seminars.post.keys] == ["geometry", "algebra"]

    asyncio.run(work())


def test_a_source_that_is_slow_when_it_is_read_again_between_two_mails_delays_no_other() -> None:
    async def work() -> None:
        seminars = Seminars(cadence=(NINE, replace(NINE, name="again")))
        algebra = Fake()

        async def second_time(_: str) -> None:
            if algebra.asked > 1:
                await seminars.post.of("geometry").wait()

        algebra.before = second_time
        seminars.add("algebra", algebra)
        seminars.add("geometry", Fake(before=lambda _: seminars.post.of("algebra").wait()))
        report = await seminars.pass_(TUESDAY_NINE)
        assert algebra.asked > 1
        names = [key.partition("/")[0] for key in seminars.post.keys]
        assert names == ["algebra", "geometry", "algebra", "geometry"]
        assert not report.problems

    asyncio.run(work())


def test_of_series_that_are_ready_the_order_of_the_settings_holds() -> None:
    async def work() -> None:
        seminars = Seminars()
        for name in "edcba":
            seminars.add(name, Fake())
        await seminars.pass_(FRIDAY_TEN)
        assert [key.partition("/")[0] for key in seminars.post.keys] == list("edcba")

    asyncio.run(work())


@pytest.mark.parametrize(("outdated_after", "again"), [(0, True), (60, False)])
def test_what_was_read_long_before_others_were_through_is_read_again(
    outdated_after: int, *, again: bool
) -> None:
    async def work() -> None:
        seminars = Seminars(outdated_after=timedelta(seconds=outdated_after))
        seminars.add("algebra", Fake())
        geometry = seminars.add("geometry", Fake())

        async def until_the_other_waits(name: str) -> None:
            for _ in range(50 if name == "algebra" else 0):
                await asyncio.sleep(0)

        seminars.post.before = until_the_other_waits
        await seminars.pass_(FRIDAY_TEN)
        assert (geometry.asked > 1) is again
        assert geometry.asked < 10
        assert len(seminars.post.keys) == 2

    asyncio.run(work())


def test_a_pass_that_is_told_to_stop_ends_although_sources_hang() -> None:
    async def work() -> None:
        seminars = Seminars()
        hangs = asyncio.Event()
        for name in ("algebra", "geometry", "topology"):
            seminars.add(name, Fake(before=lambda _: hangs.wait()))
        seminars.add("logic", Fake())
        report = await seminars.pass_(FRIDAY_TEN, stop=seminars.post.of("logic"))
        assert keys(report) == ["logic/announcement/2026-04-03"]
        assert not report.problems

    asyncio.run(work())


def test_a_pass_that_is_followed_by_another_leaves_what_is_still_read_to_it() -> None:
    async def work() -> None:
        hangs = asyncio.Event()
        slow = Fake(before=lambda _: hangs.wait())
        ahead = ReadAhead(slow, timedelta(minutes=10))
        for _ in range(3):
            ahead.begin_pass()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await ahead.load(FRIDAY_TEN)
        hangs.set()
        assert (await ahead.load(FRIDAY_TEN)).talks == (NETS,)
        assert slow.asked == 1  # it was not begun anew each time

        seminars = Seminars()
        seminars.add("algebra", Fake(before=lambda _: asyncio.Event().wait()))
        seminars.add("geometry", Fake())
        report = await seminars.pass_(FRIDAY_TEN, asked_again=seminars.post.of("geometry"))
        assert keys(report) == ["geometry/announcement/2026-04-03"]
        assert not report.problems

    asyncio.run(work())


def test_a_turn_is_had_by_one_at_a_time_and_never_lost() -> None:
    async def work() -> None:
        turns, inside, most = Turns(), 0, 0

        async def take(place: int) -> None:
            nonlocal inside, most
            async with turns.taken(place):
                for _ in range(3):
                    inside += 1
                    most = max(most, inside)
                    try:
                        await asyncio.sleep(0)
                    finally:
                        inside -= 1
                    async with turns.let_others():
                        await asyncio.sleep(0)

        tasks = [asyncio.create_task(take(place % 3)) for place in range(12)]
        await asyncio.sleep(0)
        for task in tasks[::4]:
            task.cancel()
            await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        assert most == 1
        async with asyncio.timeout(1), turns.taken(0):
            pass

    asyncio.run(work())


SECOND = """
[[series]]
id = "zz"
name = "ZZ Seminar"
list = "zz@groups.example"
sender = "ZZ <seminar@example.org>"
organisers = ["anna@example.org"]
timezone = "Europe/Berlin"
start = "16:00"

[series.source]
location = "{location}"

[[series.cadence]]
kind = "announcement"
weekday = "friday"
at = "10:00"
"""


def two(desk: Desk, first: str, second: str, more: str = "") -> None:
    config = desk.folder / "config.toml"
    text = config.read_text().replace('location = "index.md"', f'location = "{first}"')
    config.write_text(text + SECOND.format(location=second) + more)


def adopted_two(desk: Desk, first: str, more: str = "") -> None:
    """Adopt two series while both read a file; the page of the first is then elsewhere."""
    config = desk.folder / "config.toml"
    two(desk, "index.md", "index.md")
    assert desk.run("adopt", "--now", "2020-04-01T10:00").returncode == 0
    text = config.read_text().replace('location = "index.md"', f'location = "{first}"', 1)
    config.write_text(text + more)


def test_send_mails_what_is_there_while_a_page_hangs(desk: Desk, mailbox: Mailbox) -> None:
    with web() as site:
        sent_meanwhile = threading.Event()

        def slow(_: Asked) -> Page:
            for _attempt in range(2000):
                if mailbox.received:
                    sent_meanwhile.set()
                    break
                threading.Event().wait(0.01)
            return Page(body=PAGE.encode())

        site.pages["/slow.md"] = slow
        adopted_two(desk, f"{site.url}/slow.md")
        done = desk.run("send", "--now", "2020-04-03T10:00")
    assert sent_meanwhile.is_set(), done
    assert [to for [to], _ in mailbox.received] == ["zz@groups.example", "ml@groups.example"]
    assert done.returncode == 0, done


@pytest.mark.parametrize("command", ["talks", "plan", "feed"])
def test_commands_read_all_pages_at_once_and_show_them_in_the_order_of_the_settings(
    desk: Desk, command: str
) -> None:
    with web() as site:
        second_is_asked = threading.Event()

        def slow(_: Asked) -> Page:
            assert second_is_asked.wait(20)
            return Page(body=PAGE.encode())

        def quick(_: Asked) -> Page:
            second_is_asked.set()
            return Page(body=PAGE.encode())

        site.pages |= {"/1.md": slow, "/2.md": quick}
        two(desk, f"{site.url}/1.md", f"{site.url}/2.md")
        done = desk.run(command, "--now", "2020-04-01T10:00", *(["--json"] * (command != "feed")))
    assert second_is_asked.is_set()
    assert done.returncode == 0, done
    if command == "feed":
        assert "NAME:ML Seminar, ZZ Seminar" in done.stdout
        return
    found = json.loads(done.stdout)
    parts: Sequence[dict[str, str]] = found if command == "talks" else found["upcoming"]
    names = [part["series"] for part in parts]
    assert set(names) == {"ml", "zz"}
    if command == "talks":
        assert names == sorted(names)


def test_a_page_that_never_ends_is_given_up_in_time(desk: Desk, mailbox: Mailbox) -> None:
    with web() as site:
        site.pages["/cut.md"] = Page(body=b"## Talks", length=100_000)  # and then nothing follows
        adopted_two(desk, f"{site.url}/cut.md", '\n[fetch]\ntimeout = "1 s"\n')
        done = desk.run("send", "--now", "2020-04-03T10:00")
    assert done.returncode == 3
    assert "/cut.md " in done.stderr
    assert next(to for [to], _ in mailbox.received) == "zz@groups.example"
