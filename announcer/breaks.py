"""Weeks without a talk: when the list is told that there is none, and when it goes without saying.

Told is only what is sure: within a term (a talk in the weeks before, a dated one in the weeks
ahead), in no break, at the moment of a weekly rule that no talk of the page maps to, and never of
a week in which a talk is or was. The mail names the usual day in that week, or the week where the
series has no usual weekday.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from announcer.cadence import ANNOUNCEMENT, NO_SEMINAR, Rule, instant
from announcer.past import Past, Share, Standing, by_a_person, kept_back
from announcer.quantities import Span
from announcer.talks import Series, Talk

# A term goes on as long as talks are no further apart.
TERM: Final = timedelta(weeks=5)
LATEST: Final = timedelta(hours=24)
_AHEAD: Final = timedelta(weeks=4)
_WEEK: Final = timedelta(weeks=1)
_USUAL: Final = 0.75  # of all talks, so that their weekday is that of the series


def quiet_weeks(
    cadence: Collection[Rule],
    talks: Collection[Talk],
    breaks: Collection[Span],
    series: Series,
    past: Past,
    now: datetime,
) -> list[Share]:
    """Give the mails that say that a week has no talk; each is about the next one that is known."""
    weekly = next((r for r in cadence if r.kind == ANNOUNCEMENT and r.weekday is not None), None)
    usual = _usual_weekday(talks)
    if weekly is None or weekly.at is None or usual is None:
        return []
    taken = {rule.moment(talk, series.timezone) for talk in talks for rule in [weekly]}
    shares = []
    for day in _days(weekly, series, now):
        moment = instant(day, weekly.at, series.timezone)
        missed_day = _usual_day(day, weekly, usual)
        coming = _next(talks, missed_day)
        if (
            moment in taken
            or coming is None
            or _has_talk(_around(missed_day), talks, past)
            or any(missed_day in span for span in breaks)
            or not _within_term(talks, missed_day, coming)
            or moment < past.known_since(weekly.label, moment)
            or past.has_told_of(weekly.label, moment)
            or _has_lost_its_date(talks, past, moment)
        ):
            continue
        if moment + LATEST > now:
            share = _share(coming, moment, past, now)
            shares.append(replace(share, without=_named(missed_day, talks)))
    return shares


def _around(day: date) -> Span:
    """Return the week of a day, wherever weeks begin: from a Sunday to the next one."""
    monday = day - timedelta(days=day.weekday())
    return Span(first=monday - timedelta(days=1), last=monday + timedelta(days=6))


def _has_talk(week: Span, talks: Collection[Talk], past: Past) -> bool:
    """Return whether a talk is or was in a week, as the page says or, where it is silent, the list heard."""
    on_page = (talk.day for talk in talks if talk.day is not None and not talk.cancelled)
    told = past.told_days({talk.identity for talk in talks})
    return any(day in week for day in (*on_page, *told))


def _named(day: date, talks: Collection[Talk]) -> Span:
    """Return the day that a mail names; all of its week where talks come on all kinds of weekdays."""
    days = [talk.day.weekday() for talk in talks if talk.day is not None]
    if days.count(day.weekday()) >= _USUAL * len(days):
        return Span(first=day, last=day)
    monday = day - timedelta(days=day.weekday())
    return Span(first=monday, last=monday + _WEEK - timedelta(days=1))


def _share(coming: Talk, moment: datetime, past: Past, now: datetime) -> Share:
    share = Share(
        talk=coming,
        moment=moment,
        ready_at=moment,
        expires_at=moment + LATEST,
        standing=Standing.UPCOMING if moment > now else Standing.DUE,
        reason="",
    )
    decision = past.decision(NO_SEMINAR, coming)
    if decision is not None and decision.what == "skip":
        words = by_a_person("skipped", decision)
        return replace(share, standing=Standing.SKIPPED, reason=words)
    if decision is not None and decision.what == "hold":
        return kept_back(share, decision, over=False)
    return share


def _has_lost_its_date(talks: Collection[Talk], past: Past, moment: datetime) -> bool:
    """Whether a talk has no date lately: it may be that of this very week, which the page hides."""
    return any(
        talk.day is None and not talk.cancelled and moment - (past.since(talk) or moment) < TERM
        for talk in talks
    )


def _usual_weekday(talks: Collection[Talk]) -> int | None:
    found = Counter(talk.day.weekday() for talk in talks if talk.day is not None)
    return found.most_common(1)[0][0] if found else None


def _days(weekly: Rule, series: Series, now: datetime) -> Iterator[date]:
    """Give the rule's days from the last one on."""
    today = series.local(now).date()
    day = today - timedelta(days=(today.weekday() - (weekly.weekday or 0)) % 7)
    while day <= today + _AHEAD:
        yield day
        day += timedelta(weeks=1)


def _usual_day(day: date, weekly: Rule, usual: int) -> date:
    """Give the day of the talk that the rule's mail of this day would be about."""
    first = day + timedelta(days=weekly.days_before)
    return first + timedelta(days=(usual - first.weekday()) % 7)


def _next(talks: Collection[Talk], day: date) -> Talk | None:
    """Return the next talk after a day; None where it is not known for sure, or not when it begins."""
    ahead = [
        talk for talk in talks if talk.day is not None and talk.day > day and not talk.cancelled
    ]
    first = min(ahead, key=lambda talk: (str(talk.day), str(talk.starts_at), talk.id), default=None)
    return None if first is None or first.unclear or first.starts_at is None else first


def _within_term(talks: Collection[Talk], day: date, coming: Talk) -> bool:
    before = any(talk.day is not None and day - TERM <= talk.day < day for talk in talks)
    return before and coming.day is not None and coming.day - day <= TERM
