"""What a person reads in the terminal: tables, and mails as they would arrive."""

import shutil
import sys
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from email import message_from_bytes
from email.policy import SMTP
from operator import itemgetter
from textwrap import shorten, wrap

from announcer.announcement import Announcement, Plan
from announcer.ledger import Believed, CountedAsTold, Decision, Entry, Row
from announcer.past import Standing
from announcer.report import Delivery, Fate
from announcer.source.explained import Evidence
from announcer.talks import Series, Talk
from announcer.terminal import fact

_HEADINGS = {
    Standing.DUE: "Due now",
    Standing.UPCOMING: "Upcoming",
    Standing.MISSED: "Missed",
    Standing.HELD: "Held",
    Standing.SKIPPED: "Skipped",
}
_NARROWEST = 16


def say(*lines: str) -> None:
    """Print lines for the person who asked."""
    for line in lines:
        sys.stdout.write(fact(line) + "\n")


def when(instant: datetime | None, series: Series) -> str:
    """Give an instant on the wall clock of a series, with its weekday and its zone."""
    return f"{series.local(instant):%a %Y-%m-%d %H:%M %Z}" if instant else "—"


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lay rows out in columns; on a terminal the last one is wrapped to what is left of its width.

    What goes into a pipe or a file has one line for each row, for other programs to read.
    """
    cells = [[" ".join(cell.split()) or "—" for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heading, *cells, strict=True)][:-1]
    left = shutil.get_terminal_size((100, 24)).columns - sum(widths) - 2 * len(widths)
    if not sys.stdout.isatty():
        left = sys.maxsize
    lines = []
    for row in [list(heading), *cells]:
        start = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        ends = wrap(row[-1], max(left, _NARROWEST), break_long_words=False) or [""]
        lines.append(f"{start}  {ends[0]}".rstrip())
        indent = " " * (len(start) + 2)
        lines += [indent + end for end in ends[1:]]
    return lines


def show_talks(series: Series, talks: Iterable[Talk], warnings: Iterable[str]) -> None:
    """Print the talks of a series as they were understood."""
    rows = [
        (talk.id, _talk_time(talk, series), ", ".join(talk.speakers), _talk_words(talk))
        for talk in talks
    ]
    say(f"{series.name} ({series.timezone.key})")
    say(*(table(("ID", "WHEN", "WHO", "WHAT"), rows) if rows else ["No talks."]))
    for warning in warnings:
        say(f"! {warning}")
    say("")


def show_evidence(talk: Talk, evidence: Sequence[Evidence], series: Series) -> None:
    """Print for one talk what gave each fact, and how sure it is."""
    say(f"{talk.id}: {_talk_time(talk, series)}, {talk.title or 'title to be announced'}")
    rows = [(e.fact, e.sure.value, _because(e)) for e in evidence]
    say(
        *(
            table(("FACT", "SURE", "VALUE, AND WHERE IT STANDS"), rows)
            if rows
            else ["  It is not there now."]
        )
    )
    say("")


def _because(evidence: Evidence) -> str:
    value, words = (
        shorten(text or "", 90, placeholder=" …") for text in (evidence.value, evidence.words)
    )
    source = evidence.where if words in {"", value} else f"{evidence.where}: {words}"
    return f"{value or '—'}" + (f" ← {source}" if source else "")


def show_differences(series: Series, last: Believed, found: Collection[Talk]) -> None:
    """Print what the page says otherwise than when a pass last read it."""
    before = {talk.identity: talk for talk in (*last.talks, *last.gone)}
    lines = []
    for talk in found:
        old = before.get(talk.identity)
        told = f"{talk.id}: {_talk_time(talk, series)}, {_talk_words(talk)}"
        if old is None:
            lines.append(f"new: {told}")
        elif (old.day, old.starts_at, old.ends_at, _talk_words(old), old.speakers) != (
            (talk.day, talk.starts_at, talk.ends_at, _talk_words(talk), talk.speakers)
        ):
            lines.append(f"was: {old.id}: {_talk_time(old, series)}, {_talk_words(old)}")
            lines.append(f"now: {told}")
    here = {talk.identity for talk in found}
    lines += [
        f"gone: {old.id}: {_talk_time(old, series)}, {_talk_words(old)}"
        for old in last.talks
        if old.identity not in here
    ]
    if lines:
        say(f"Since {when(last.read_at, series)} the page has changed:", *lines, "")


def _talk_time(talk: Talk, series: Series) -> str:
    if talk.starts_at is None or talk.ends_at is None:
        return f"{talk.day:%a %Y-%m-%d}, no time" if talk.day else "no date"
    start = f"{series.local(talk.starts_at):%a %Y-%m-%d %H:%M}"
    return f"{start}–{series.local(talk.ends_at):%H:%M %Z}"


def _talk_words(talk: Talk) -> str:
    marks = ["cancelled"] if talk.cancelled else []
    marks += ["unclear: " + talk.unclear] if talk.unclear else []
    place = ", ".join(filter(None, (talk.location, talk.stream)))
    words = talk.title or "to be announced"
    return words + (f" · {place}" if place else "") + "".join(f" [{mark}]" for mark in marks)


def show_plan(plans: Sequence[Plan], subjects: dict[str, str | None]) -> None:
    """Print what is due, upcoming, missed, held and skipped, each with its reason."""
    mails = sorted((m for plan in plans for m in plan.announcements), key=lambda m: m.due_at)
    for standing in Standing:
        here = [mail for mail in mails if mail.standing is standing]
        if here:
            say(_HEADINGS[standing])
            for mail in here:
                _show_mail(mail, subjects.get(mail.key))
            say("")
    if not mails:
        say("Nothing is due, and nothing is coming up.")


def _show_mail(mail: Announcement, subject: str | None) -> None:
    say(f"  {mail.key}  {when(mail.due_at, mail.series)}  to {mail.series.list}")
    if subject:
        say(f"      {subject}")
    for line in wrap(mail.reason, 90, break_long_words=False):
        say(f"      {line}")


_FATES = {
    Fate.SENT: "sent",
    Fate.DEFERRED: "deferred, to be tried again",
    Fate.REFUSED: "refused",
    Fate.IN_DOUBT: "in doubt",
    Fate.FAILED: "failed, not sent",
    Fate.HELD: "held",
    Fate.MISSED: "missed",
}


def show_deliveries(deliveries: Iterable[Delivery], *, dry_run: bool) -> None:
    """Print what became of each due mail."""
    for delivery in deliveries:
        mail = delivery.announcement
        would = dry_run and delivery.fate is Fate.SENT
        fate = "would be sent" if would else _FATES[delivery.fate]
        recipient = delivery.message.recipient if delivery.message else mail.series.list
        say(
            f"{mail.key}: {fate} to {recipient}"
            + (f" ({delivery.reply})" if delivery.reply else "")
        )


def show_content(content: bytes) -> None:
    """Print a mail as its readers meet it: the headers, the text, and the calendar entries."""
    mail = message_from_bytes(content, policy=SMTP)
    for name in ("From", "To", "Reply-To", "Subject", "Date", "Message-ID"):
        if mail[name]:
            say(f"{name}: {mail[name]}")
    body = mail.get_body(("plain",))
    say("", *(body.get_content().splitlines() if body else ()))
    for part in mail.iter_attachments():
        say("", f"[attached: {part.get_filename()}, {part.get_content_type()}]")
        if part.get_content_type() == "text/calendar":
            say(*part.get_content().splitlines())
    say("")


def show_counted(
    series: Series, counted: Collection[CountedAsTold], talks: Iterable[Talk], now: datetime
) -> None:
    """Print the mails that will not go, as they count as told when the ledger is adopted."""
    known = {talk.identity: talk for talk in talks}
    today = series.local(now).date()
    ahead = [
        one
        for one in counted
        if ((talk := known[one.talk]).starts_at is not None and talk.starts_at > now)
        or (talk.starts_at is None and one.day >= today)
    ]
    if ahead:
        say(f"{series.id}: these mails count as told, so they will not go:")
    for one in sorted(ahead, key=lambda one: (one.moment_day, one.rule)):
        talk = known[one.talk]
        words = f"{_talk_time(talk, series)}, {talk.title or 'to be announced'}"
        say(f"  {series.id}/{one.rule}/{one.moment_day}, about talk {talk.id}: {words}")
    if over := len(counted) - len(ahead):
        say(f"{series.id}: {over} mails about talks that are over count as told, too")


def show_next(plans: Iterable[Plan]) -> None:
    """Print which mail comes next, where nothing is due now."""
    coming = [mail for plan in plans for mail in plan.standing(Standing.UPCOMING)]
    if not coming:
        say("Nothing is due.", "Nothing is coming up either.")
        return
    mail = min(coming, key=lambda mail: mail.waits_until or mail.due_at)
    at = when(mail.waits_until or mail.due_at, mail.series)
    say("Nothing is due.", f"Next comes {mail.key}, on {at}.")


def show_log(rows: Iterable[tuple[Row, Series | None]]) -> None:
    """Print mails of the ledger, in the order in which they are given."""
    cells = [
        (
            row.key,
            row.state.value.replace("_", " "),
            _log_time(row, series),
            str(row.attempts),
            " · ".join(filter(None, (row.subject, row.reply))),
        )
        for row, series in rows
    ]
    head = ("KEY", "STATE", "SINCE", "TRIES", "SUBJECT · LAST WORDS")
    say(*(table(head, cells) if cells else ["Nothing was sent yet."]))


def show_happenings(
    series: Series, entries: Iterable[Entry], decisions: Iterable[Decision]
) -> None:
    """Print what happened to a series as a whole and what people decided, oldest first."""
    lines = [(entry.at, f"{entry.what}: {entry.why or ''}".rstrip(": ")) for entry in entries]
    lines += [(decision.at, _decided(decision)) for decision in decisions]
    for at, line in sorted(lines, key=itemgetter(0)):
        say(f"{series.id}: {when(at, series)}  {line}")


def _decided(decision: Decision) -> str:
    about = f"talk {decision.talk}" + (f", {decision.rule}" if decision.rule else "")
    words = f": {decision.words}" if decision.words else ""
    return f"{decision.what} by {decision.who} ({about}){words}"


def _log_time(row: Row, series: Series | None) -> str:
    at = row.settled_at or row.doubted_at or row.claimed_at
    return when(at, series) if series else f"{at:%a %Y-%m-%d %H:%M} UTC"
