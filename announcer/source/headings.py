"""Talks whose headings hold a date, or stand above one; the text below is the abstract."""

import re
from collections.abc import Sequence
from typing import Final

from announcer.source.dates import DateOrder, asked_dates, written_dates
from announcer.source.entry import (
    NOT_A_TALK,
    Entry,
    labels,
    leading_date,
    only_when,
    trailing_date,
    unknown_date,
)
from announcer.source.markdown import Section
from announcer.source.people import headed
from announcer.source.words import tba

NUMBER: Final = re.compile(r"(?:(?:talk|seminar|session|vortrag|nr\.?|no\.?)\s*)?#?(\d{1,4})(?:/\d{1,3})?\s*(?:[.):]|[-–—](?=\s))\s+", re.IGNORECASE)  # fmt: skip
_GENERAL: Final = re.compile(
    r"(?i)\W*(?:(?:the |our )?(?:next|upcoming|coming|future|current|this|nächste[rs]?|kommende[rs]?|prochaine?s?)\b.{0,30}|"
    r"schedule|programme?|programm|termine?|talks?|seminars?|vorträge|calendar|dates?|events?|meetings?|abstracts?(?: of.{0,20})?|details|agenda|séances?|overview|past.{0,20})\W*"
)


def dated(section: Section, order: DateOrder | None) -> bool:
    """Whether a heading itself holds a date that is a talk's."""
    return bool(written_dates(section.heading, order)) and not NOT_A_TALK.search(section.heading)


def dated_below(section: Section, order: DateOrder | None) -> bool:
    """Whether the date of a heading stands below it: labelled, or alone on the first line."""
    if not section.heading or _GENERAL.fullmatch(section.heading):
        return False
    first = [text for text in section.body if text.strip()][:8]
    if len(first) > 1 and first[1].startswith(": "):
        return False  # the term of a list of definitions
    named = labels(first)
    if any(is_when(named.get(name, ""), order) for name in ("when", "time")):
        return True
    return _date_line(first, order) is not None or _speaker_above(section, order) is not None


def _speaker_above(section: Section, order: DateOrder | None) -> str | None:
    """Give the line with date and place right below a speaker's name; the title has a label."""
    first = [text for text in section.body if text.strip()][:8]
    if not first or "title" not in labels(first) or not headed(section.heading):
        return None
    begins = leading_date(first[0], order) if len(first[0]) < 120 else None
    return first[0] if begins and not begins.words.isdigit() else None


def _date_line(lines: Sequence[str], order: DateOrder | None) -> tuple[str, str, str] | None:
    """Find the line that holds nothing but a date, or a name before it; names may stand above.

    Gives the line, its date, and the name.
    """
    for text in lines[:3]:
        if leading_date(text, order) is not None and only_when(text, order):
            return text, text, ""
        last = trailing_date(text, order) if len(text) < 150 else None
        name = text[: last.span[0]].strip(" –—-,;|([*_") if last else text
        if not headed(name):
            return None
        if last:
            return text, text[last.span[0] :], name
    return None


def beside(section: Section, levels: set[tuple[int, tuple[str, ...] | int]]) -> bool:
    """Whether an undated heading stands among dated ones, and looks like a talk's."""
    bare = section.heading.strip()
    looks = NUMBER.match(bare) or bare[:1] in "\"“„«'" or tba(bare)
    return (section.level, section.above[-1:] and section.level) in levels and bool(looks)


def undated(
    section: Section, levels: set[tuple[int, tuple[str, ...] | int]], order: DateOrder | None
) -> bool:
    """Whether a heading among dated ones has something where their dates are, and no date."""
    among = (section.level, section.above[-1:] and section.level) in levels
    told = dated_below(section, order) or beside(section, levels)
    return among and not told and unknown_date(section.heading, order)


def containers(sections: Sequence[Section], order: DateOrder | None) -> set[int]:
    """Give the places of the sections whose dates are those of a term or a week with talks below.

    Their lines do not tell them apart: a page may stand on one line.
    """
    found: set[int] = set()
    open_: list[tuple[int, Section]] = []
    for at, section in enumerate(sections):
        while open_ and open_[-1][1].level >= section.level:
            open_.pop()
        if dated(section, order) or dated_below(section, order):
            found |= {above for above, _ in open_}
        open_.append((at, section))
    return found


def entry(section: Section, order: DateOrder | None) -> Entry:
    """Give the entry of a heading and what stands below it."""
    named = labels(section.body)
    body, when = section.body, None
    if not written_dates(section.heading, order):
        when = _when_label(named, order) or _speaker_above(section, order)
        below = None if when else _date_line([text for text in body if text.strip()], order)
        if below:
            line, when, name = below
            body = [name if text == line and name else text for text in body]
    return Entry(
        layout="heading",
        line=section.line,
        within=section.above,
        head=section.heading,
        body=tuple(body),
        date=when,
    )


def _when_label(named: dict[str, str], order: DateOrder | None) -> str | None:
    labelled = (named.get("when"), named.get("time"))
    return next((words for words in labelled if words and is_when(words, order)), None)


def is_when(words: str, order: DateOrder | None) -> bool:
    """Whether a labelled line gives a date, and does not only tell of one: "On Tuesdays, but …"."""
    if not asked_dates(words, order):
        return False
    return len(words) < 40 or leading_date(words, order) is not None or only_when(words, order)
