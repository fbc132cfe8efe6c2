"""Two years of a page, through `announcer send` and real SMTP: what the list got, mail by mail."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import vobject
from desk import Desk
from icalendar import Calendar
from mailbox_server import Mailbox
from wall_clock import WallClock

from announcer.service import Service
from announcer.settings import Settings, load_settings
from replay.seminar import pages

DRIVER = Path(__file__).with_name("driver.py")
# Read line by line against the edits before it was frozen: when each mail goes, its kind, its subject.
EXPECTED = (Path(__file__).with_name("mailbox.txt")).read_text(encoding="utf-8").splitlines()
CALENDAR = (Path(__file__).with_name("calendar.txt")).read_text(encoding="utf-8").splitlines()
Reader = Callable[[str], tuple[str, int, str, str]]
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2024, 3, 20, 18)
END = datetime(2026, 4, 10)


def ran(desk: Desk, times: list[datetime]) -> list[int]:
    """Let a pass run at each of these times, on the page as it then stood."""
    edits = pages()
    desk.page(edits[0][1])
    assert desk.run("adopt", "--now", START.isoformat()).returncode == 0
    steps, known = [], edits[0][1]
    for now in times:
        page = [text for at, text in edits if at <= now][-1]
        steps.append({"now": now.isoformat(), "page": page if page != known else None})
        known = page
    done = subprocess.run(
        [sys.executable, str(DRIVER), str(desk.folder)],
        input=json.dumps(steps), text=True, capture_output=True, check=False, env=os.environ.copy(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return list(json.loads(done.stdout))


def that_matter() -> list[datetime]:
    """Every moment of a rule, and some passes after each edit."""
    days = [START.date() + timedelta(days=n) for n in range((END - START).days)]
    times = {datetime.combine(day, time(9)) for day in days}
    times |= {datetime.combine(day, time(10)) for day in days if day.weekday() == 4}
    for at, _ in pages()[1:]:
        times |= {at + timedelta(minutes=n) for n in (1, 6, 12, 40)}
    return sorted(t for t in times if START < t < END)


def lines(mailbox: Mailbox) -> list[str]:
    """What the list got, a line for each mail."""
    found = []
    for to, content in mailbox.received:
        assert to == ["ml@groups.example"]
        mail = message_from_bytes(content, policy=SMTP)
        at = datetime.strptime(mail["Date"], "%a, %d %b %Y %H:%M:%S %z")
        found.append(f"{at:%Y-%m-%d %H:%M}  {_kind(mail)}  {mail['Subject']}")
    return found


def _kind(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    first = body.get_content().splitlines()[0]
    for start, kind in (
        ("Reminder", "reminder"),
        ("Please note", "update"),
        ("Moved from", "update"),
        ("This takes place", "update"),
        ("This does not", "cancellation"),
    ):
        if first.startswith(start):
            return kind
    return "announcement"


def calendar_of(mailbox: Mailbox, read: Reader) -> dict[str, str]:
    """Rebuild a reader's calendar from all invites, as a client does: the highest SEQUENCE counts."""
    entries: dict[str, tuple[int, str, str]] = {}
    for _, content in mailbox.received:
        for part in message_from_bytes(content, policy=SMTP).iter_attachments():
            uid, sequence, summary, when = read(part.get_content())
            if uid not in entries or sequence >= entries[uid][0]:
                entries[uid] = (sequence, summary.removeprefix("ML Seminar: "), when)
    names = [summary for _, summary, _ in entries.values()]
    assert len(names) == len(set(names)), "one entry for each talk"
    return {summary: when for _, summary, when in entries.values()}


def by_icalendar(text: str) -> tuple[str, int, str, str]:
    calendar = Calendar.from_ical(text)
    [event] = calendar.walk("VEVENT")
    when = f"{event.decoded('dtstart'):%Y-%m-%d %H:%M}"
    cancelled = str(calendar["METHOD"]) == "CANCEL"
    return (
        str(event["UID"]),
        int(str(event["SEQUENCE"])),
        str(event["SUMMARY"]),
        "cancelled" if cancelled else when,
    )


def by_vobject(text: str) -> tuple[str, int, str, str]:
    calendar = vobject.readOne(text)
    event = calendar.vevent
    when = f"{event.dtstart.value:%Y-%m-%d %H:%M}"
    cancelled = calendar.method.value == "CANCEL"
    return (
        event.uid.value,
        int(event.sequence.value),
        event.summary.value,
        "cancelled" if cancelled else when,
    )


def without_times(found: list[str]) -> list[str]:
    """What was sent, in its order, whenever in the day it went."""
    return [line[:10] + line[16:] for line in found]


def announced(found: list[str]) -> set[str]:
    """The talks that were announced, whenever that was."""
    return {line.rpartition(": ")[2] for line in found if line.split("  ")[1] == "announcement"}


def test_two_years_of_a_page_give_the_mails_that_a_person_would_have_written(
    desk: Desk, mailbox: Mailbox
) -> None:
    statuses = ran(desk, that_matter())
    assert lines(mailbox) == EXPECTED
    # 1 where a mail is held or was missed, 3 while the page is a ruin.
    assert set(statuses) == {0, 1, 3}
    final = dict(line.split("  ") for line in CALENDAR)
    assert calendar_of(mailbox, by_icalendar) == final
    assert calendar_of(mailbox, by_vobject) == final
    told = [message_from_bytes(content, policy=SMTP) for _, content in mailbox.told]
    words = [" ".join(mail.get_content().split()) for mail in told]
    asked = [" known; ml/" in text for text in words]  # for a title, daily until it is there
    assert [
        next(word for word in ("missed", "not believed", "gone from the page") if word in text)
        for text, for_a_title in zip(words, asked, strict=True)
        if not for_a_title
    ] == ["missed", "not believed", "gone from the page"]
    days = [parsedate_to_datetime(mail["Date"]).date() for mail in told]
    assert len(days) == len(set(days))


def test_in_steps_of_an_hour_the_list_gets_the_same(desk: Desk, mailbox: Mailbox) -> None:
    end = END if os.environ.get("TORTURE") else datetime(2024, 4, 25)
    hours = int((end - START) / timedelta(hours=1))
    ran(desk, [START + timedelta(hours=n) for n in range(1, hours)])
    expected = [line for line in EXPECTED if line < f"{end:%Y-%m-%d}"]
    assert without_times(lines(mailbox)) == without_times(expected)


def test_in_steps_of_a_day_only_what_came_up_on_the_day_itself_is_left_out(
    desk: Desk, mailbox: Mailbox
) -> None:
    days = (END - START).days
    ran(
        desk, [datetime.combine(START.date(), time(10)) + timedelta(days=n) for n in range(1, days)]
    )
    # What came up on the day itself, between two passes, cannot be told before the talk.
    on_the_day = {"Graphs on the day"}
    assert announced(EXPECTED) - announced(lines(mailbox)) == on_the_day
    assert announced(lines(mailbox)) <= announced(EXPECTED)
    final = dict(line.split("  ") for line in CALENDAR)
    found = calendar_of(mailbox, by_icalendar)
    # One pass a day sees that "Waves" is cancelled on the day of the talk alone, and never again
    # after the quiet time; that "Snow" is, and takes place after all, passes between two of them.
    late = {*on_the_day, "Kernels", "Waves"}
    assert {k for k, when in final.items() if found.get(k) != when} == late


def test_by_the_service_under_a_moved_clock_the_list_gets_the_same(
    desk: Desk, mailbox: Mailbox
) -> None:
    end = datetime(2024, 7, 20)
    times = [now for now in that_matter() if now < end]
    edits = pages()
    desk.page(edits[0][1])
    assert desk.run("adopt", "--now", START.isoformat()).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    config = desk.folder / "config.toml"
    config.write_text(config.read_text() + f'\n[service]\nlisten = "127.0.0.1:{port}"\n')
    clock, wakes = WallClock(), asyncio.Queue[None]()

    def load() -> Settings:
        wakes.put_nowait(None)
        return load_settings(config)

    async def served() -> None:
        clock.show(START.replace(tzinfo=BERLIN).astimezone(UTC))
        settings, tick = load_settings(config), timedelta(seconds=0.03)
        service = Service(settings, load=load, only=(), clock=clock, tick=tick)
        running = asyncio.create_task(service.run())
        for now in times:
            desk.page([text for at, text in edits if at <= now][-1])
            clock.show(now.replace(tzinfo=BERLIN).astimezone(UTC))
            while not wakes.empty():
                wakes.get_nowait()
            # The pass that is under way may have looked at the clock before.
            async with asyncio.timeout(30):
                for _ in range(3):
                    await wakes.get()
        signal.raise_signal(signal.SIGTERM)
        assert await running == 0

    asyncio.run(served())
    expected = [line for line in EXPECTED if line < f"{end:%Y-%m-%d}"]
    assert without_times(lines(mailbox)) == without_times(expected)
