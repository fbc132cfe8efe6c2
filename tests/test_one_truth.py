"""Exit status, JSON, log, health and notices agree on a mail that is due and does not go.

The table of docs/scripting.md says what each of them does in each case; it is read from there.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, cast

import pytest
from passes import CADENCE, HOUR, SERIES, Passes, Post, at, talk

from announcer.announcer import Announcer, Programme
from announcer.cadence import ANNOUNCEMENT, AS_USUAL, Changes, Rule
from announcer.compose import MailComposer
from announcer.errors import (
    DeliveryDeferred,
    DeliveryInDoubt,
    DeliveryRefused,
    SourceError,
    SourceUnreadable,
)
from announcer.health import Health
from announcer.ledger import What
from announcer.message import Message
from announcer.report import Report
from announcer.settings import Limits
from announcer.shapes import plan_shape, report_shape
from announcer.talks import Reading
from announcer.transport import BeforeData

DOCS = Path(__file__).parents[1] / "docs" / "scripting.md"
LISTS = ("deferred", "refused", "in_doubt", "failed", "held", "missed")
MOMENT = at("10 10:00")
TALK = talk(1, date(2026, 4, 14))
OTHER = talk(2, date(2026, 6, 2))
AGAIN = Rule(kind=ANNOUNCEMENT, name="again", weekday=4, at=time(10), days_before=1)


class Way(Post):
    """A way out that answers mails to the list as it is told, each time."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Exception | None = None
        self.meanwhile: list[Callable[[], Any]] = []

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        if message.recipient == SERIES.list:
            while self.meanwhile:
                await self.meanwhile.pop()()
            if self.answer is not None:
                if isinstance(self.answer, DeliveryInDoubt):
                    await before_data()
                raise self.answer
        return await super().deliver(message, before_data=before_data)


class World(Passes):
    """One series whose announcement of one talk falls due."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.post = self.way = Way()
        self.limits = Limits()
        self.changes: Changes = AS_USUAL
        self.shows: Reading | SourceError = Reading(talks=(TALK, OTHER))
        self.now = MOMENT
        self.stops: list[Announcer] = []

    def _programme(self) -> Programme:
        composer = MailComposer(self.folder)
        return replace(super()._programme(), composer=composer, changes=self.changes)

    def _announcer(self, now: datetime) -> Announcer:
        self.stops.append(
            Announcer(
                [self._programme()],
                ledger=self.ledger,
                transport=self.way,
                clock=lambda _: now,
                limits=self.limits,
                account="account",
                on_doubt="hold",
                tells=True,
            )
        )
        return self.stops[-1]

    def run(self, now: datetime) -> Report:
        self.source.shows = self.shows
        return self._loop.run_until_complete(self._announcer(now).announce_due())

    def health(self, report: Report) -> str:
        """Ask the health address after a pass."""

        async def asked() -> str:
            server = await Health(lambda: report.troubles, lambda: ["s"]).listen("127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /health HTTP/1.1\r\n\r\n")
            answer = await reader.read()
            writer.close()
            server.close()
            return answer.decode()

        return self._loop.run_until_complete(asked())

    def planned(self) -> dict[str, Any]:
        plan, _ = self._loop.run_until_complete(self._announcer(self.now).plan(self._programme()))
        document = plan_shape("now", [plan], {})
        return {name: mails for name, mails in document.items() if isinstance(mails, list)}

    def notices_of_two_days(self) -> tuple[int, int, int]:
        """Count what the organisers were told by now, an hour later and a day later."""
        counts = [len(self.notices)]
        for hours in (1, 2, 3, 4, 25):
            self.run(self.now + hours * HOUR)
            counts.append(len(self.notices))
        return counts[0], counts[1], counts[-1]

    async def second_process(self, done: list[Report]) -> None:
        done.append(await self._announcer(self.now).announce_due())


def _more_than_limits_allow(world: World) -> None:
    world.limits = Limits(per_pass=1)
    world.cadence = (*CADENCE, AGAIN)


def _unclear(world: World) -> None:
    unclear = replace(TALK, unclear="the line says Tuesday, and the 14th is a Wednesday")
    world.shows = Reading(talks=(unclear, OTHER))
    world.run(MOMENT - HOUR)


def _gone(world: World) -> None:
    world.run(MOMENT - 2 * HOUR)
    world.shows = Reading(talks=(OTHER,))
    world.run(MOMENT - HOUR)


def _cannot_be_composed(world: World) -> None:
    path = world.folder / "announcement" / "subject.txt"
    path.parent.mkdir()
    path.write_text("{{ nothing.of_the_kind }}")


def _answered(answer: Exception) -> Callable[[World], None]:
    def prepare(world: World) -> None:
        world.way.answer = answer

    return prepare


def _refused_before(world: World) -> None:
    world.way.answer = DeliveryRefused("550 5.7.1 not a member")
    world.run(MOMENT)
    world.now = MOMENT + HOUR


def _told_to_stop(world: World) -> None:
    async def stop() -> None:
        world.stops.pop().stop()
        await asyncio.Event().wait()  # until the pass gives up

    world.way.meanwhile.append(stop)


def _missed(world: World) -> None:
    world.run(MOMENT - HOUR)
    world.now = at("14 15:30")


def _held_by_the_settings(world: World) -> None:
    world.changes = Changes(update="hold")
    world.run(MOMENT)
    world.way.taken.clear()
    moved = talk(1, date(2026, 4, 14), location="Hall 9")
    world.shows = Reading(talks=(moved, OTHER))
    world.run(MOMENT + HOUR)
    world.now = MOMENT + 2 * HOUR
    world.way.taken.clear()


def _by_a_person(what: What) -> Callable[[World], None]:
    def prepare(world: World) -> None:
        world.run(MOMENT - 2 * HOUR)
        world.decide(MOMENT - HOUR, what, "1", rule="announcement")

    return prepare


def _no_title_yet(world: World) -> None:
    world.shows = Reading(talks=(replace(TALK, title=None, tba=True), OTHER))
    world.run(MOMENT - HOUR)


def _another_process(world: World) -> None:
    """Let this pass run while another one is handing the mail over."""


def _cannot_be_read(world: World) -> None:
    world.shows = SourceUnreadable("https://example.org/talks: 404 Not Found")


def _unknown_to_the_ledger(world: World) -> None:
    world.series = replace(SERIES, list="new@groups.example")


SCENES: dict[str, Callable[[World], None]] = {
    "the list would get more than `[limits]` allow": _more_than_limits_allow,
    "its talk is unclear": _unclear,
    "its talk has gone from the page": _gone,
    '`[series.changes]` has `"hold"` for it, and nobody released it yet': _held_by_the_settings,
    "it cannot be composed, or does not pass the checks": _cannot_be_composed,
    "the server refused it": _refused_before,
    "the server put it off, and it is tried again": _answered(DeliveryDeferred("451 busy")),
    "there is trouble with the account or the server": _answered(
        DeliveryDeferred("535 no", about="account")
    ),
    "the process was told to stop": _told_to_stop,
    "nobody knows whether the server took it": _answered(DeliveryInDoubt("cut off")),
    "its time is over": _missed,
    "a person holds it (`announcer hold`)": _by_a_person("hold"),
    "its title is not known yet": _no_title_yet,
    "a person skipped it (`announcer skip`)": _by_a_person("skip"),
    "another process is sending it": _another_process,
    "the talks cannot be read, or are not believed, for three days": _cannot_be_read,
    "the ledger does not know the series": _unknown_to_the_ledger,
}


def _rows() -> list[tuple[str, int, str, str, int, str]]:
    section = DOCS.read_text(encoding="utf-8").partition("| what keeps a due mail")[2]
    lines = section.partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    return [(a, int(b), c.strip("`"), d, int(e), f) for a, b, c, d, e, f in cells]


ROWS = _rows()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = World(tmp_path)
    found.adopt(at("06 12:00"), TALK, OTHER)
    yield found
    found.close()


def test_the_table_and_the_scenes_name_the_same_cases() -> None:
    assert [what for what, *_ in ROWS] == list(SCENES)


def _passed(what: str, world: World) -> Report:
    """Do the pass of a scene that was prepared."""
    if SCENES[what] is not _another_process:
        return world.run(world.now)
    done: list[Report] = []
    world.way.meanwhile.append(lambda: world.second_process(done))
    world.run(world.now)
    return done[0]


@pytest.mark.parametrize(
    ("what", "status", "listed", "level", "http", "told"), ROWS, ids=[r[0] for r in ROWS]
)
def test_everything_says_the_same_of_a_mail_that_is_due_and_does_not_go(
    world: World, caplog: pytest.LogCaptureFixture,
    what: str, status: int, listed: str, level: str, http: int, told: str,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO, "announcer")
    SCENES[what](world)
    caplog.clear()
    report = _passed(what, world)
    assert report.exit_status == status

    document = cast(
        "dict[str, Any]", report_shape("now", report.deliveries, dry_run=False, files={})
    )
    found = {name: document[name] for name in LISTS if document[name]}
    assert set(found) == ({listed} - {"none"})
    for mail in found.get(listed, ()):
        assert (mail["trouble"] is not None) is (status == 1)
        assert mail["trouble"] in {None, mail["reply"]}

    said = _said_of(caplog.records, listed)
    assert {record.levelname.lower() for record in said} == ({level} - {"no line"})
    assert len(said) == len(found.get(listed, ())) or (listed == "none" and len(said) <= 1)
    assert {getattr(record, "series", None) for record in said} <= {"s"}

    answer = world.health(report)
    assert int(answer.split()[1]) == http
    lines = answer.partition("\r\n\r\n")[2].splitlines()
    assert lines == ["ok"] if http == 200 else all(line.startswith("s") for line in lines)

    if listed in {"held", "missed", "refused", "in_doubt"}:
        plan = world.planned()
        troubled = [m for mails in plan.values() for m in mails if m["trouble"]]
        assert bool(troubled) is (status == 1)
    assert world.notices_of_two_days() == NOTICES[told], world.notices


def _said_of(records: Sequence[logging.LogRecord], listed: str) -> list[logging.LogRecord]:
    """Find the lines about the mail that is due, and where no list has it those about its series."""
    if listed != "none":
        return [record for record in records if getattr(record, "outcome", None) == listed]
    about = [record for record in records if getattr(record, "series", None) == "s"]
    return [record for record in about if getattr(record, "outcome", None) != "sent"]


# What the organisers have heard after this pass, an hour later, and a day later.
NOTICES = {
    "no": (0, 0, 0),
    "once": (1, 1, 1),
    "daily": (1, 1, 2),
    "after 5 attempts": (0, 0, 1),
    "when the account works again": (0, 0, 0),
}
