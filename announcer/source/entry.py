"""What a layout gives of one talk before it is understood: its words, and what is named."""

import re
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Final, Literal

from announcer.source.dates import (
    MONTHS,
    WEEKDAY,
    DateOrder,
    Written,
    without_spans,
    written_dates,
)
from announcer.source.known import is_clock, label
from announcer.source.markdown import plain
from announcer.source.times import written_times

Layout = Literal["heading", "row", "item", "paragraph", "definition", "event"]

_SPEAKERS_BELOW: Final = re.compile(
    r"\W*(?:\*\*|__|#+\s)\W*(?:speakers?|presenters?|vortragende|intervenants?)\W*", re.IGNORECASE
)
_LONGEST_LABEL: Final = 100
_LEAD: Final = re.compile(
    r"[\W_]*(?:<[^>]{1,80}>\s*)*(?:(?:on|am|le|date|when|datum|wann|next|neu|new)\b\s*:?\s*)?"
    r"(?:(?:the )?(?:next|upcoming|nächste[rs]?|prochaine?) (?:\w+ ){0,2}?(?:seminar|talk|meeting|session|colloquium|vortrag|treffen|séance|séminaire|exposé)s?\s*(?:is|:|am|on|will be|-|–)*\s*)?"
    r"(?:(?:talk|session|seminar|week|meeting|sitzung|vortrag|treffen|séance|lecture|no\.?|nr\.?)\s*#?\d+\s*[:(,–-]*\s*)?"
    r"[\s*_\[(]*(?:\d\d?\.?(?:st|nd|rd|th)?\s?[-–/&,]\s?)?",
    re.IGNORECASE,
)
_BRACKET: Final = re.compile(r"[(\[]([^()\[\]]{3,80})[)\]](?!\()")
_BARE_DATE: Final = re.compile(
    r"[\s*_\[(]*(?:[-*+•]\s+)?[*_]*((?:0?[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.|(?P<slash>\d\d?/\d\d?))(?=[\s:,*_)\]–—-]|$)(?![\s*_]*\d{4})"
)
_TAIL: Final = re.compile(r"[\s)\].,;*_~|]*")
_BEFORE_TAIL: Final = re.compile(r"(?:[(\[–—,]|\s-)[\s*_]*$", re.IGNORECASE)
NOT_A_TALK: Final = re.compile(
    r"\bdeadlines?\b|\bregister (?:by|until|before)\b|\bregistration (?:opens?|closes?|until|by|is)\b|"
    r"\banmelde(?:schluss|frist)\b|\babstracts? due\b|\bapplications? (?:due|open|close)|\bcamera[- ]ready\b|"
    r"\bnotification of\b|\bcall for\b|\blast (?:updated?|modified|change)\b|\bletzte änderung\b|\bmise à jour\b|"
    r"^\W*(?:posted|published|updated|modified|stand|copyright)\b",
    re.IGNORECASE,
)

_NUMBERED_PLACE: Final = re.compile(
    r"[·•|]\s{0,3}[A-ZÀ-Þ][\w-]{0,15}(?:\s[\w-]{1,15})?\s\d[\w.]{0,8}\s*$"
)
_LIKE_A_DATE: Final = re.compile(r"\W*\d{1,4}[./-]\d{1,3}[./-]\d{2,4}\b")
# "TBD: …", "sometime in May: …": what stands where the date of a talk would.
_UNKNOWN_DATE: Final = re.compile(
    r"[\s*_\[(]*+(?:\?|(?:t\.?b\.?[acdn]|sometime|some time|irgendwann|(?:date|datum) (?:open|offen))\b|"
    r"(?:(?:early|mid|late|end|beginning|in|of|anfang|mitte|ende|im|début|fin|the|de)[\s-]++){0,4}+"
    rf"(?:{'|'.join(MONTHS)})\b\.?(?:\s*+20\d\d)?[\s*_)\]]*+(?:[:,;|–—-]|$))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One talk as a layout gives it.

    ``head`` are the words that hold the date, and whatever else the page does not name; what it
    does name, by a column or a label, stands in the fields after it, as Markdown.
    """

    layout: Layout
    line: int
    within: tuple[str, ...]
    head: str = ""
    body: tuple[str, ...] = ()
    title: str | None = None
    speakers: str | None = None
    date: str | None = None
    time: str | None = None
    place: str | None = None
    states: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()  # cells that may name another time, room or day
    tentative: bool = False
    links: tuple[str, ...] = ()
    stream: str | None = None

    @property
    def words(self) -> str:
        """All of it, as one text."""
        named = (self.date, self.time, self.title, self.speakers, self.place, *self.links)
        return "\n".join([self.head, *(n for n in named if n), *self.body])


def labels(body: tuple[str, ...] | list[str]) -> dict[str, str]:
    """Give what the labelled lines of a text name; the first of each counts."""
    found: dict[str, str] = {}
    weak = ""
    for at, text in enumerate(body):
        if len(text) <= _LONGEST_LABEL and _SPEAKERS_BELOW.fullmatch(text):
            if "speakers" not in found:
                found["speakers"] = "; ".join(_listed(body, at))
            continue
        line = label(text)
        if line is not None and line.weak:
            weak = weak or line.value
        elif line is not None:
            name = "time" if line.fact == "when" and is_clock(line.name) else line.fact
            found.setdefault(name, line.value.strip(" *_"))
    return found | ({"weak": weak.strip(" *_")} if weak else {})


def _listed(body: tuple[str, ...] | list[str], label: int) -> list[str]:
    """Give the items of the list below a label that stands on a line of its own."""
    below = islice((text for text in islice(body, label + 1, None) if text.strip()), 8)
    items = [re.match(r"\s*[-*+•]\s+(.+)", text) for text in below]
    return [item[1] for item in takewhile(lambda item: item is not None, items) if item]


def leading_date(text: str, order: DateOrder | None) -> Written | None:
    """Give the date that a text begins with."""
    for written in written_dates(text[:300], order)[:1]:
        before = text[: written.span[0]]
        if _LEAD.fullmatch(before) or _LEAD.fullmatch(_untimed(before)):
            return written
    return None


def unknown_date(text: str, order: DateOrder | None) -> bool:
    """Tell whether a text begins with what stands for a date, and gives none: "35.5.", "TBD: …"."""
    start = text[:80]
    found = _LIKE_A_DATE.match(start) or _UNKNOWN_DATE.match(start)
    return found is not None and not written_dates(start, order)


def _untimed(text: str) -> str:
    """Take times and weekdays out, which may stand before a date: "16:00, 14 April"."""
    text = without_spans(text, written_times(text), "")
    return WEEKDAY.sub("", text)


def bracketed_date(text: str, order: DateOrder | None) -> Written | None:
    """Give the date that stands in brackets of its own: "*Title* (14 April 2026), Speaker"."""
    for bracket in _BRACKET.finditer(text[:400]):
        found = written_dates(bracket[0], order)
        if found and only_when(bracket[1], order):
            return found[0]
    return None


def bare_date(text: str, order: DateOrder | None, *, brief: bool = False) -> str:
    """Give the day and month without more that a text begins with: "14.04.", "4/14".

    "7.4." is rather the number of a chapter, unless ``brief`` says otherwise.
    """
    found = _BARE_DATE.match(text[:60])
    if found is None or (found["slash"] and not order):
        return ""
    single = re.fullmatch(r"\d\.\d\.", found[1])
    return found[1] if brief or not single else ""


def trailing_date(text: str, order: DateOrder | None) -> Written | None:
    """Give the date that a text ends with, set off from what stands before it."""
    if len(text) > 2000:
        return None
    for written in written_dates(text, order)[-1:]:
        after = text[written.span[1] :]
        after = without_spans(after, written_times(after), "")
        if _TAIL.fullmatch(after) and _BEFORE_TAIL.search(text[: written.span[0]]):
            return written
    return None


def only_when(text: str, order: DateOrder | None) -> bool:
    """Whether a text holds a date and at most a time and a place beside it."""
    dates = written_dates(text, order)
    text = without_spans(text, dates)
    text = without_spans(text, written_times(text))
    rest = re.sub(r"\([^)]{0,60}\)", "", plain(text))
    words = re.findall(
        r"\w+", re.sub(r"(?i)\b(?:date|when|datum|wann|at|um|à|from|on|uhr)\b", "", rest)
    )
    place = re.search(
        r"(?i)\b(?:room|raum|salle|hall|hörsaal|online|zoom|building|lecture|seminarraum)\b", rest
    )
    apart = _NUMBERED_PLACE.search(text) is not None  # "Thu, Sep 24, 2026 · 3:30 PM · Tower 3400"
    return bool(dates) and (not words or (len(words) <= 8 and (place is not None or apart)))
