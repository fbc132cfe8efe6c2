"""A talk in the words of a mail, in one language."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from markupsafe import Markup

from announcer.announcement import Announcement
from announcer.cadence import CANCELLATION, REMINDER, UPDATE
from announcer.changes import as_told, differences
from announcer.elsewhere import Elsewhere, elsewhere, zone_name
from announcer.lines import shortened
from announcer.links import add_to_calendar
from announcer.message import Said
from announcer.plain import to_text
from announcer.prose import one_line, titled, to_html
from announcer.talks import Link, Series, Status, Talk
from announcer.words import dated, span, words

LONGEST_ABSTRACT: Final = 12_000
LATE: Final = timedelta(minutes=10)
_MOST_NAMES: Final = 3  # in a subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is not as the list was told, in the words of a mail."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """The days without a talk that a mail is about; ``last`` is empty where it is one day."""

    first: str
    short_first: str
    last: str
    short_last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One talk in the words of a mail."""

    heading: str
    tba: bool
    speakers: tuple[str, ...]
    people: tuple[str, ...]  # the same with their affiliations
    headline: str  # what a subject says of it
    day: str
    short_day: str
    clock: str
    when: str
    elsewhere: tuple[Elsewhere, ...]
    location: str | None
    stream: str | None
    url: str | None
    text: str
    html: Markup
    cut: str | None
    calendars: tuple[Link, ...] = ()  # pages that put it into a calendar
    today: bool = False  # whether the mail is made on the talk's own day
    tomorrow: bool = False  # or on the day before
    back: bool = False  # whether the list was told that it is cancelled
    changes: tuple[Change, ...] = ()
    moved_from: str | None = None  # the day that the list was told, where it is another one
    why_cancelled: str | None = None


def all_facts(
    mail: Announcement, now: datetime, language: str, *, longest: int = LONGEST_ABSTRACT
) -> list[Facts]:
    """Give the talks of a mail in its words, with what changed where it tells of that.

    Of an abstract there are ``longest`` characters at most; 0 leaves them all out.
    """
    told = {said.identity: said for said in mail.told} if mail.kind == UPDATE else {}
    found = []
    today = mail.series.local(now).date()
    for talk in mail.talks:
        cancelled = mail.kind == CANCELLATION
        facts = _facts(talk, mail.series, language, 0 if cancelled else longest)
        if cancelled:  # there is nothing to hear
            facts = replace(facts, stream=None, why_cancelled=talk.why_cancelled)
        said = told.get(talk.identity)
        found.append(
            replace(
                facts,
                today=talk.day == today,
                tomorrow=talk.day == today + timedelta(days=1),
                back=said is not None and said.status == Status.CANCELLED.value,
                changes=_changes(facts, talk, said, mail.series, language) if said else (),
                moved_from=_moved_from(talk, said, mail.series, language) if said else None,
            )
        )
    return found


def days_without(mail: Announcement, language: str) -> Without | None:
    """Give the days without a talk that a mail is about; None where it is about talks."""
    if mail.without is None:
        return None
    first, last = mail.without.first, mail.without.last
    until = last if last > first else None
    return Without(
        first=dated(first, "full", language),
        short_first=dated(first, short_day(language), language),
        last=dated(until, "full", language) if until else "",
        short_last=dated(until, short_day(language), language) if until else "",
    )


def preheader(facts: Facts, kind: str, language: str) -> str:
    """Say when and where, as an inbox shows it after the subject."""
    gettext = words(language).gettext
    where = facts.location
    if facts.stream:  # none is left of a cancelled talk
        both = gettext("%(place)s and live stream")
        where = both % {"place": where} if where else gettext("live stream")
    shown = " · ".join(filter(None, (f"{facts.short_day}, {facts.clock}", where)))
    return gettext("Cancelled: %(facts)s") % {"facts": shown} if kind == CANCELLATION else shown


def short_day(language: str) -> str:
    """Give the form of Babel's in which a language writes the short form of a day."""
    # Translators: how Unicode (CLDR) would write "Tue 7 Apr" in this language.
    return words(language).gettext("EEE d MMM")


def starts_in(mail: Announcement, now: datetime, language: str) -> str:
    """Say how long it is until the talk, where a reminder goes out late; else nothing."""
    starts_at = mail.talks[0].starts_at
    if mail.kind != REMINDER or starts_at is None or now - mail.due_at < LATE or starts_at <= now:
        return ""
    return span(starts_at - now, language) or words(language).gettext("less than a minute")


def _moved_from(talk: Talk, told: Said, series: Series, language: str) -> str | None:
    if told.day == talk.day:
        return None
    return dated(series.local(told.starts_at), "full", language)


def _changes(
    facts: Facts, talk: Talk, told: Said, series: Series, language: str
) -> tuple[Change, ...]:
    """Name what changed, before and after; the title too, though it alone is no reason to write."""
    gettext = words(language).gettext
    before = _facts(as_told(told), series, language, 0)
    news = set(differences(talk, told))
    rows = (
        ({"start", "end"} & news, gettext("When"), before.when, facts.when),
        ({"place"} & news, gettext("Where"), before.location, facts.location),
        ({"stream"} & news, gettext("Stream"), before.stream, facts.stream),
        ({"speakers"} & news, gettext("Who"), ", ".join(before.people), ", ".join(facts.people)),
        (talk.title != told.title, gettext("What"), before.heading, facts.heading),
    )  # fmt: skip
    nothing = gettext("not known")
    return tuple(
        Change(what=what, before=old or nothing, after=new or nothing)
        for changed, what, old, new in rows
        if changed
    )


def _headline(talk: Talk, heading: str) -> str:
    """Put the speakers before a title; of many the first ones."""
    names = ", ".join(talk.speakers[:_MOST_NAMES])
    more = " et al." if len(talk.speakers) > _MOST_NAMES else ""
    return f"{one_line(names)}{more} – {heading}" if names else heading


def _facts(talk: Talk, series: Series, language: str, longest: int) -> Facts:
    assert talk.starts_at and talk.ends_at  # noqa: S101, PT018 - the plan sees to it
    gettext = words(language).gettext
    start, end = series.local(talk.starts_at), series.local(talk.ends_at)
    day = dated(start, "full", language)
    when = gettext("%(day)s, %(start)s–%(end)s (%(zone)s)")
    page = talk.url or series.website
    text, cut = shortened(talk.abstract or "", longest) if longest else ("", False)
    html = to_html(text)
    heading = titled(talk.title) if talk.title else gettext("title to be announced")
    return Facts(
        heading=heading,
        headline=_headline(talk, heading) if series.subject_speaker else heading,
        tba=talk.tba,
        speakers=tuple(map(one_line, talk.speakers)),
        people=tuple(map(one_line, talk.people)),
        day=day,
        short_day=dated(start, short_day(language), language),
        clock=f"{start:%H:%M}",
        when=when % {"day": day, "start": f"{start:%H:%M}", "end": f"{end:%H:%M}", "zone": zone_name(start)},
        elsewhere=elsewhere(series, talk.starts_at, talk.ends_at, language),
        location=talk.location,
        stream=talk.stream,
        url=talk.url,
        text=to_text(html),
        html=Markup(html),  # noqa: S704 - nh3 has cleaned it
        cut=page if cut else None,
        calendars=add_to_calendar(talk, series),
    )  # fmt: skip
