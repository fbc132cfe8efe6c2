"""Why a talk is cancelled, and to which day it is postponed, in the words of its own entry.

What is told to the list must be sure. A reason is what stands behind "due to" and its like in the
sentence that calls the talk off. A new date is taken where it is the only one in that sentence and
nothing else is said there; else the words are given as the reason, and the talk stays cancelled.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final

from announcer.cadence import instant
from announcer.source import remarks
from announcer.source.dates import near, without_spans
from announcer.source.times import written_times
from announcer.talks import Reading, Series, Status, Talk

_LONGEST: Final = 120
# What leads to a noun, which ends with the clause, and what leads to a whole clause.
_NOUN: Final = re.compile(
    r"\b(?:due to|because of|owing to|on account of|wegen|aufgrund(?: von)?|"
    r"(?:en raison|à cause|pour cause) (?:du\b|des\b|de la\b|de\b|de l['’]|d['’]))\s*(?P<why>[^,;:()\[\]|]+)",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(
    r"\b(?:because(?! of)|car)\s+(?P<why>[^;:()\[\]|]+)|\b(?P<whole>(?:weil|parce qu)[^;:()\[\]|]+)",
    re.IGNORECASE,
)
_ADVERB: Final = re.compile(r"\b(?P<why>[^\W\d_]+(?:bedingt|halber))\b", re.IGNORECASE)
_BESIDE: Final = re.compile(r"[(\[–—:-]\s*(?P<why>[^()\[\]|]+)")
# Other words beside "cancelled" may be anything; these are a reason.
_PLAINLY: Final = re.compile(
    r"\b(?:ill|illness|sick|sickness|unwell|covid\S*|strike|storm|snow|weather|travel|visa|accident|bereavement|"
    r"krank\w*|erkrank\w*|streik\w*|unwetter|sturm|wetter|reise\w*|unfall|verhindert|"
    r"malad\w*|souffrant\w*|grève|intempéries|neige|empêchement)\b",
    re.IGNORECASE,
)
_POSTPONED: Final = re.compile(
    r"\b(?:postponed(?! from)|verschoben(?! v[oa])|reportée?s?(?! d[ue]\b))(?P<rest>.*)",
    re.IGNORECASE,
)
# What may stand beside a new date and says nothing else.
_FILLER: Final = re.compile(
    r"\b(?:to|until|till|on|at|the|auf|bis|den|dem|am|um|uhr|au|à|le|same|time|place|and|new|date|gleiche\w*|zeit|ort|neuer?|termin|"
    r"mon|tue|wed|thu|fri|sat|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\b",
    re.IGNORECASE,
)
_SAYS_MORE: Final = re.compile(r"[^\W_]")
_NO_REASON: Final = re.compile(r"://|@|www\.")
_JOINED: Final = re.compile(
    r"[\s,]+(?:and|und|et|leider|unfortunately|malheureusement)$", re.IGNORECASE
)


def refined(reading: Reading, series: Series, now: datetime) -> Reading:
    """Return a reading whose cancelled talks say why, or stand at the day they were moved to."""
    talks = []
    for talk in reading.talks:
        own = [g.text for g in reading.grounds.get(talk.id, ()) if not g.above]
        talks.append(_refined(talk, own, reading, series, now) if talk.cancelled else talk)
    return replace(reading, talks=tuple(talks))


def _refined(
    talk: Talk, lines: Iterable[str], reading: Reading, series: Series, now: datetime
) -> Talk:
    sentences = [sentence for line in lines for sentence in remarks.sentences_off(line, talk.title)]
    titles = [other.title for other in reading.talks if other.title]
    if titles.count(talk.title or "") == 1:
        for moved in (_moved(talk, sentence, series, now) for sentence in sentences):
            if moved is not None:
                return moved
    found = (why for sentence in sentences if (why := why_cancelled(sentence, talk.title)))
    return replace(talk, why_cancelled=next(found, None))


def why_cancelled(sentence: str, title: str | None = None) -> str | None:
    """Return the reason in a sentence that calls a talk off; None where it gives none."""
    if title:
        sentence = sentence.replace(title, " ")
    for found in _reasons(sentence):
        why = " ".join(found.split()).strip(" .!,;:–—-*_~\"'")
        if why and len(why) <= _LONGEST and not _NO_REASON.search(why):
            return why
    return None


def _reasons(sentence: str) -> Iterator[str]:
    if found := _NOUN.search(sentence):
        yield _JOINED.sub("", remarks.before_off(found["why"]))
    if found := _CLAUSE.search(sentence):
        yield _JOINED.sub("", remarks.before_off(found["why"] or found["whole"]))
    if found := _ADVERB.search(sentence):
        yield found["why"]
    for found in _BESIDE.finditer(sentence):
        if _PLAINLY.search(found["why"]) and not remarks.off(found["why"]):
            yield found["why"]
    if found := _POSTPONED.search(sentence):
        yield found[0].lower() if found[0].isupper() else found[0]


def _moved(talk: Talk, sentence: str, series: Series, now: datetime) -> Talk | None:
    """Return a talk at the new date that a sentence gives; None where that is not sure."""
    found = _POSTPONED.search(sentence)
    if found is None or talk.day is None:
        return None
    rest = found["rest"]
    days = remarks.new_days(rest)
    times = written_times(rest)
    if len(days) != 1 or len(times) > 1 or any(one.zone for one in times):
        return None
    [written] = days
    day = near(written, talk.day)
    if day is None or written.ambiguous or written.several or written.short:
        return None
    if written.weekday not in (None, day.weekday()):
        return None
    clock = times[0].start if times else _usual(talk, series)
    if clock is None or (times and times[0].early):
        return None
    left = without_spans(rest, times).replace(written.words, " ", 1)
    if _SAYS_MORE.search(_FILLER.sub(" ", left)):
        return None
    starts_at = instant(day, clock, series.timezone)
    length = talk.ends_at - talk.starts_at if talk.starts_at and talk.ends_at else series.duration
    if times and times[0].end:
        length = instant(day, times[0].end, series.timezone) - starts_at
    if starts_at <= now or length <= timedelta(0) or day == talk.day:
        return None
    if talk.unclear and not _only_about(talk.unclear, talk.day, written.words):
        return None
    return replace(
        talk,
        day=day,
        starts_at=starts_at,
        ends_at=starts_at + length,
        status=Status.CONFIRMED,
        unclear=None,
        why_cancelled=None,
    )


def _only_about(doubt: str, day: date, new: str) -> bool:
    """Return whether all that is doubtful is that a remark, as it is quoted, names the new day."""
    quoted = [(part, part.partition('"')[2]) for part in doubt.split("; ")]
    return all(str(day) in part and new in words for part, words in quoted)


def _usual(talk: Talk, series: Series) -> time | None:
    """Return the time of day that a talk keeps at its new date."""
    return series.local(talk.starts_at).time() if talk.starts_at else series.start
