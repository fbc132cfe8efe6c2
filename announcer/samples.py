"""Made-up talks, and a mail of every kind about them: what templates are tried on before it counts.

Nothing is read for them but the settings; the same series gives the same samples.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final

from announcer.announcement import Announcement
from announcer.cadence import (
    ANNOUNCEMENT,
    CANCELLATION,
    NO_SEMINAR,
    REMINDER,
    UPDATE,
    instant,
)
from announcer.compose import said_of
from announcer.headers import message_id
from announcer.past import Standing
from announcer.quantities import Span
from announcer.talks import Series, Status, Talk

LATE_REMINDER: Final = "late-reminder"
KINDS: Final = (ANNOUNCEMENT, REMINDER, LATE_REMINDER, UPDATE, CANCELLATION, NO_SEMINAR)
ONE: Final = "one"
_FIRST_DAY: Final = datetime(2030, 4, 8, tzinfo=UTC).date()
_BEFORE: Final[Mapping[str, timedelta]] = {
    ANNOUNCEMENT: timedelta(days=4),
    UPDATE: timedelta(days=1),
    CANCELLATION: timedelta(days=1),
    NO_SEMINAR: timedelta(days=7),
    REMINDER: timedelta(hours=2),
}
_TITLES: Final = (
    ("A sample talk", "Emmy Noether"),
    ("Why the second title of a week is often so long that it needs two lines", "Hedy Lamarr"),
    ("Knots", "Vaughan Jones"),
    ("From the sphere to the torus, and back", "Maryam Mirzakhani"),
    ("Questions & answers", "Ada Lovelace"),
)
_ABSTRACT: Final = """\
What a talk is about stands here, with *emphasis*, a [link](https://example.org/paper) and a formula,
$E = mc^2$.

* one point,
* and another one.
"""
_PARAGRAPH: Final = (
    "An abstract as long as a paper says everything twice: what is known, what was hoped for, and "
    "what came of it in the end, with **all** the names and a [link](https://example.org/{0}). "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One mail about made-up talks, and when it would be composed."""

    kind: str
    case: str
    mail: Announcement
    now: datetime


def sample_talk(series: Series, number: int = 0) -> Talk:
    """Give a made-up talk with all that a talk may have; the next numbers come on the next days."""
    title, speaker = _TITLES[number]
    day = _FIRST_DAY + timedelta(days=number)
    starts_at = instant(day, series.start or time(15), series.timezone)
    return Talk(
        id=f"sample-{number + 1}",
        title=title,
        speakers=(speaker,),
        affiliations=((speaker, "Göttingen"),) if number == 0 else (),
        day=day,
        starts_at=starts_at,
        ends_at=starts_at + max(series.duration, timedelta(minutes=1)),
        location=series.location or "Room 1",
        stream=series.stream or "https://stream.example.org/live",
        url=series.website or "https://seminar.example.org/1",
        abstract=_ABSTRACT,
    )


def sample_talks(series: Series) -> Mapping[str, tuple[Talk, ...]]:
    """Give what mails may be about, by the name of the case."""
    talk = sample_talk(series)
    german = replace(
        talk,
        title="Größenordnungen der Information: von Landauer bis zu „Schwarzen Löchern“",
        speakers=("Jürgen Weiß-Übelhör", "Änne Großmann"),
        abstract="Öffentlicher Vortrag; Gäste sind herzlich willkommen. Schöne Grüße!",
    )
    return {
        ONE: (talk,),
        "five": tuple(sample_talk(series, number) for number in range(5)),
        "tba": (replace(talk, title=None, tba=True, abstract=None),),
        "no-speaker": (replace(talk, speakers=()),),
        "long-abstract": (replace(talk, abstract=_long_abstract()),),
        "german-title": (german,),
        "no-stream": (replace(talk, stream=None),),
        "stream-only": (replace(talk, location=None),),
    }


def samples(series: Series, kinds: Collection[str] = KINDS) -> tuple[Sample, ...]:
    """Give a mail of every kind about each of the cases."""
    cases = sample_talks(series).items()
    return tuple(_sample(series, kind, case, talks) for kind in kinds for case, talks in cases)


def _sample(series: Series, kind: str, case: str, talks: tuple[Talk, ...]) -> Sample:
    first = talks[0].starts_at
    assert first is not None  # noqa: S101 - each of them has a time
    told = _mail(series, ANNOUNCEMENT, case, talks, first)
    late = kind == LATE_REMINDER
    mail = told
    if kind != ANNOUNCEMENT:
        said = tuple(said_of(talk, told) for talk in talks)
        changed = tuple(_changed(talk, kind) for talk in talks)
        mail = replace(
            _mail(series, REMINDER if late else kind, case, changed, first),
            key=f"{series.id}/{kind}/{case}",
            previous=said,
            told=said,
            thread=(message_id(told.key, series.sender.domain),),
        )
    now = first - timedelta(minutes=40) if late else mail.due_at
    return Sample(kind=kind, case=case, mail=mail, now=now)


def _mail(
    series: Series, kind: str, case: str, talks: tuple[Talk, ...], first: datetime
) -> Announcement:
    week_before = series.local(first).date() - timedelta(weeks=1)
    return Announcement(
        key=f"{series.id}/{kind}/{case}",
        series=series,
        kind=kind,
        rule=kind,
        standing=Standing.DUE,
        due_at=first - _BEFORE[kind],
        expires_at=first,
        talks=talks[:1] if kind == NO_SEMINAR else talks,
        without=Span(first=week_before, last=week_before) if kind == NO_SEMINAR else None,
        reason="a sample",
    )


def _changed(talk: Talk, kind: str) -> Talk:
    """Give a talk as the later mail finds it: in another room and half an hour later, or cancelled."""
    if kind == CANCELLATION:
        return replace(talk, status=Status.CANCELLED, why_cancelled="the speaker is ill")
    if kind != UPDATE:
        return talk
    assert talk.starts_at and talk.ends_at  # noqa: S101, PT018 - each of them has a time
    later = timedelta(minutes=30)
    return replace(
        talk,
        starts_at=talk.starts_at + later,
        ends_at=talk.ends_at + later,
        location="Another room",
    )


def _long_abstract() -> str:
    return "\n\n".join(_PARAGRAPH.format(number) * 3 for number in range(30))
