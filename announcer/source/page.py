"""A seminar's own page in Markdown: one heading for each talk, prose below it.

What is read is what stands there. An entry that cannot be understood for sure becomes an unclear
talk or a warning that names its line, never a guess.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

from announcer.cadence import instant
from announcer.errors import SourceUnreadable
from announcer.source import clean
from announcer.source.dates import (
    WEEKDAY,
    WEEKDAYS,
    DateOrder,
    Written,
    date_order,
    written_dates,
)
from announcer.source.fetch import Fetcher
from announcer.source.hints import NO_HINTS, Hints
from announcer.source.times import WrittenTime, written_times, zone_gap
from announcer.source.years import dated
from announcer.talks import Link, Reading, Series, Status, Talk

_DAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HEADING: Final = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*")
_SEPARATORS: Final = " ,;:–—-@"
_NUMBER: Final = re.compile(r"(?:(?:talk|seminar|session|vortrag|nr\.?|no\.?)\s*)?#?(\d{1,4})\s*(?:[.):]|[-–—](?=\s))\s+", re.IGNORECASE)  # fmt: skip
_TBA: Final = re.compile(
    r"(?:title\s+|titel\s+)?(?:t\.?b\.?[acd]\.?|\?+|to be (?:announced|determined|confirmed)|"
    r"wird noch bekannt ?gegeben|n\.?\s?n\.?|à venir|à annoncer|open slot)?",
    re.IGNORECASE,
)
_CANCELLED: Final = re.compile(
    r"\b(?:cancel+ed|canceled|called off|entfällt|fällt aus|abgesagt|annulée?)\b[\s:!–-]*",
    re.IGNORECASE,
)
_STRUCK: Final = re.compile(r"~~.+?~~|<(s|del)>.+?</\1>")
_QUOTED: Final = re.compile(r'("[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»)')
_LINK: Final = re.compile(r"(?<!!)\[([^\]\n]*)\]\(\s*<?([^\s)>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_PLAYER: Final = re.compile(r"<(?:iframe|video|embed)\b[^>]*?\bsrc\s*=\s*[\"']?([^\"'\s>]+)[^>]*>(?:\s*</(?:iframe|video|embed)\s*>)?", re.IGNORECASE)  # fmt: skip
_BARE: Final = re.compile(r"(?<![(\[<\"'=\w])https?://[^\s<>)\]\"']+")
_VIDEO: Final = re.compile(
    r"https?://(?:www\.|m\.)?(?:youtube(?:-nocookie)?\.com/(?:watch\?(?:\S*&)?v=|embed/|live/)|youtu\.be/)([\w-]{11})\S*"
)
_STREAM: Final = re.compile(
    r"https?://(?:player\.)?vimeo\.com/(?:video/)?\d+|https?://(?:www\.)?twitch\.tv/\w+|"
    r"https?://(?:[\w-]+\.)?zoom\.(?:us|com)/[jw]/|https?://meet\.google\.com/|https?://teams\.microsoft\.com/"
)
_LABEL: Final = re.compile(
    r"\s*[*_]*(speakers?|presenters?|referent(?:in|en)?|vortragende[rn]?|"
    r"(?:room|where|place|location|venue|ort|raum|lieu))[*_]*\s*:\s*[*_]*\s*(.+?)[*_]*\s*",
    re.IGNORECASE,
)
_EVERY: Final = re.compile(
    r"\b(?:every|each|weekly|always|usually|jede[nrs]?|wöchentlich|chaque)\b", re.IGNORECASE
)


# A seminar at night is rather a number that was taken for a time.
_EARLIEST: Final = time(7)
_LATEST: Final = time(22)


@dataclass(slots=True, kw_only=True)
class _Section:
    """A heading, its line, the headings above it, and the lines below it."""

    level: int
    heading: str
    line: int
    above: tuple[str, ...]
    body: list[str] = field(default_factory=list)

    @property
    def prose(self) -> str:
        return "\n".join(self.body).strip()


class PageSource:
    """The talks of one Markdown page, a file or a web address."""

    def __init__(
        self,
        location: Path | str,
        series: Series,
        hints: Hints = NO_HINTS,
    ) -> None:
        self._location = location
        self._series = series
        self._hints = hints
        self._fetcher = Fetcher()

    async def load(self, now: datetime) -> Reading:
        """Read the page as it stands."""
        text = clean.repaired(await self._fetcher.text(self._location))
        start = text.lstrip()[:200].lower()
        if start.startswith(("<!doctype html", "<html", "<?xml")):
            raise SourceUnreadable(
                f"{self._location} is an HTML page, and this version reads Markdown; name the "
                "Markdown file that it is made from in source.location"
            )
        return self.read(text, now)

    def read(self, text: str, now: datetime) -> Reading:
        """Understand a page's text."""
        sections = list(_sections(text))
        order = (
            self._hints.date_order
            or date_order((f"line {n}", line) for n, line in enumerate(text.split("\n"), 1)).told
        )
        chosen = [s for s in sections if self._wanted(s)]
        entries = _entries(chosen, order)
        first = entries[0].line if entries else None
        opening = "\n".join(s.prose for s in sections if first is None or s.line < first)
        usual = _usual_time(opening)
        talks: list[Talk] = []
        origin: dict[str, str] = {}
        for entry in entries:
            talk = _Entry(entry, self, order, now).talk(usual, {t.id for t in talks})
            talks.append(talk)
            origin[talk.id] = f"{self.name}, line {entry.line}"
        warnings = () if talks else (f"{self.name}: no heading was understood as a talk",)
        return Reading(talks=tuple(talks), warnings=warnings, origin=origin)

    @property
    def name(self) -> str:
        """The page as it is named in warnings."""
        return self._location.name if isinstance(self._location, Path) else self._location

    @property
    def series(self) -> Series:
        """The series whose talks these are."""
        return self._series

    @property
    def hints(self) -> Hints:
        """What the organisers said about the page."""
        return self._hints

    def absolute(self, url: str) -> str | None:
        """Give a link as an absolute web address; None where it has none."""
        whole = urljoin(self._location, url) if isinstance(self._location, str) else url
        return whole if whole.startswith(("http://", "https://")) else None

    def _wanted(self, section: _Section) -> bool:
        above = " / ".join(section.above).lower()
        skipped = any(words.lower() in above for words in self._hints.skip_sections)
        asked = self._hints.sections
        return not skipped and (not asked or any(words.lower() in above for words in asked))


def _sections(text: str) -> Iterator[_Section]:
    """Cut a page at its headings; front matter, comments and fenced code are not read."""
    text = re.sub(r"\A---\n.*?\n---\n", lambda m: "\n" * m[0].count("\n"), text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?(?:-->|\Z)", lambda m: "\n" * m[0].count("\n"), text, flags=re.DOTALL)
    above: list[tuple[int, str]] = []
    section = _Section(level=0, heading="", line=0, above=())
    fence = ""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        mark = line.lstrip()[:3]
        if mark in {"```", "~~~"} and (not fence or mark == fence):
            fence = "" if fence else mark
        heading = _HEADING.fullmatch(line) if not fence else None
        if heading is None:
            section.body.append(line)
            continue
        yield section
        level = len(heading[1])
        above = [h for h in above if h[0] < level]
        section = _Section(
            level=level,
            heading=_without_struck(heading[2]),
            line=number,
            above=tuple(h[1] for h in above),
        )
        above.append((level, heading[2]))
    yield section


def _entries(sections: Sequence[_Section], order: DateOrder | None) -> list[_Section]:
    """Choose the headings that are talks: those with a date, and what stands beside them."""
    dated = {s.line for s in sections if written_dates(s.heading, order)}
    beside = {(s.level, s.above[-1:] and s.level) for s in sections if s.line in dated}
    return [
        s
        for s in sections
        if s.line in dated
        or ((s.level, s.above[-1:] and s.level) in beside and _numbered_or_quoted(s.heading))
    ]


def _without_struck(heading: str) -> str:
    """Leave out what an organiser struck and wrote anew beside it: an old date, title or room.

    Where nothing is left but a number and a date, the talk itself is struck, and stays so.
    """
    left = _STRUCK.sub(" ", heading)
    rest = _NUMBER.sub("", left.strip(), count=1)
    for found in reversed(written_dates(rest, None)):
        rest = rest[: found.span[0]] + " " + rest[found.span[1] :]
    for found_time in reversed(written_times(rest)):
        rest = rest[: found_time.span[0]] + " " + rest[found_time.span[1] :]
    rest = _CANCELLED.sub("", WEEKDAY.sub("", rest))
    return left if re.search(r"[^\W\d_]", rest) else heading


def _without_mark(heading: str, mark: re.Pattern[str]) -> tuple[str, bool]:
    """Take a mark out of a heading, and say whether it stood there.

    Within a quoted title it is a word like any other, unless the title begins with it as a mark.
    """
    parts = _QUOTED.split(heading)  # every second one is a quoted title
    found = False
    for number, part in enumerate(parts):
        first = mark.match(part[1:]) if number % 2 else None
        if number % 2 and (
            first is None or not (re.search("[:!–-]", first[0]) or first.end() + 2 == len(part))
        ):
            continue
        parts[number], times = mark.subn("", part)
        found = found or times > 0
    return "".join(parts), found


def _numbered_or_quoted(heading: str) -> bool:
    bare = heading.strip()
    return bool(_NUMBER.match(bare) or bare[:1] in "\"“„«'" or _TBA.fullmatch(bare))


def _trimmed(words: str) -> str:
    """Take off what held a date that is gone: separators, and brackets that lack their other half."""
    words = re.sub(r"\(\s*\)|\[\s*\]", "", words).strip(_SEPARATORS)
    for opening, closing in ("()", "[]"):
        surplus = words.count(opening) - words.count(closing)
        if surplus > 0 and words.startswith(opening):
            words = words.removeprefix(opening).strip(_SEPARATORS)
        elif surplus > 0:
            words = words.removesuffix(opening).strip(_SEPARATORS)
        elif surplus < 0 and words.endswith(closing):
            words = words.removesuffix(closing).strip(_SEPARATORS)
        elif surplus < 0:
            words = words.removeprefix(closing).strip(_SEPARATORS)
    return words


def _usual_time(opening: str) -> WrittenTime | None:
    """Give the time that a page's opening names for every meeting, if it names just one."""
    times = [
        t
        for sentence in _sentences(opening)
        if _EVERY.search(sentence)
        or any(m[1].lower().endswith("s") and len(m[1]) > 4 for m in WEEKDAY.finditer(sentence))
        for t in written_times(sentence)
    ]
    return times[0] if len({t.start for t in times}) == 1 else None


def _sentences(prose: str) -> list[str]:
    plain = _LINK.sub(r"\1", _PLAYER.sub("", prose))
    return re.split(r"(?<=[!?])\s+|(?<=[^\d\W]\.)\s+(?=[A-ZÄÖÜ])|\n", plain)


class _Entry:
    """One heading on its way to a talk."""

    def __init__(
        self, section: _Section, page: PageSource, order: DateOrder | None, now: datetime
    ) -> None:
        self.section = section
        self.page = page
        self.order = order
        self.zone = page.series.timezone
        self.today = now.astimezone(self.zone).date()
        self.unclear: list[str] = []
        self.warnings: list[str] = []

    def talk(self, usual: WrittenTime | None, taken: set[str]) -> Talk:
        """Understand the entry."""
        heading, series = self.section.heading, self.page.series
        written = written_dates(heading, self.order)
        day = self._day(written)
        ahead = day is not None and day >= self.today
        number, title, cancelled = self._title(written)
        starts_at, ends_at = self._time(day, usual, ahead=ahead) if day else (None, None)
        if day is not None and ahead:
            self._other_dates(day)
        labels = dict(self._labels())
        links, stream = self._links(ahead=ahead)
        talk_id = number or _slug(title) or (str(day) if day else f"line-{self.section.line}")
        unique = next(
            i
            for n in range(1, len(taken) + 2)
            if (i := talk_id if n == 1 else f"{talk_id}-{n}") not in taken
        )
        if unique != talk_id:
            self.warnings.append(f'"{talk_id}" stands twice on the page')
        place = f"{self.page.name}, line {self.section.line}"
        return Talk(
            id=unique,
            given_id=number is not None,
            title=title,
            speakers=labels.get("speakers", ()),
            day=day,
            starts_at=starts_at,
            ends_at=ends_at,
            location=labels.get("location", (series.location,))[0],
            stream=stream or series.stream,
            links=links,
            abstract=self._abstract() or None,
            status=Status.CANCELLED if cancelled else Status.CONFIRMED,
            tba=title is None,
            unclear="; ".join(self.unclear) or None,
            warnings=tuple(f"talk {unique} ({place}): {w}" for w in self.warnings),
        )

    def _day(self, written: Sequence[Written]) -> date | None:
        if not written:
            return None
        first = written[0]
        if first.ambiguous:
            self.unclear.append(
                f'"{first.words}" can be two dates; set date_order in [series.source]'
            )
        day = self._dated(first)
        if day is None:
            self.unclear.append(f'"{first.words}" is no date that can be told for sure')
            return None
        others = {d for w in written[1:] if (d := self._dated(w)) and d != day and d >= self.today}
        if others and day >= self.today:
            self.unclear.append(f"the heading names {day} and {min(others)}")
        weekdays = {WEEKDAYS[m[1].lower()] for m in WEEKDAY.finditer(self.section.heading)}
        self._weekday(weekdays, day, "the heading")
        return day

    def _dated(self, written: Written) -> date | None:
        told = dated(written, self.section.above[::-1], self.page.hints.year, self.today)
        if told.unclear and told.day is not None:
            self.unclear.append(told.unclear)
        return told.day

    def _weekday(self, weekdays: set[int], day: date, where: str) -> None:
        if day >= self.today and weekdays and day.weekday() not in weekdays:
            said, real = _DAY_NAMES[min(weekdays)], _DAY_NAMES[day.weekday()]
            words = f"{where} says {said}, but {day} is a {real}"
            self.unclear.append(words)
            self.warnings.append(f"{words}; its mails are held until the page is mended")

    def _title(self, written: Sequence[Written]) -> tuple[str | None, str | None, bool]:
        heading = self.section.heading
        struck = re.fullmatch(r"(.*?)~~(.+)~~(.*)|<(?:s|del)>(.+)</(?:s|del)>", heading)
        for found in reversed(written):
            heading = heading[: found.span[0]] + " | " + heading[found.span[1] :]
        for found_time in reversed(written_times(heading)):
            heading = heading[: found_time.span[0]] + " | " + heading[found_time.span[1] :]
        heading = re.sub(r"~~|</?(?:s|del|b|i|em|strong)>", "", heading)
        extra = "|".join(map(re.escape, self.page.hints.cancel_words))
        own = re.compile(rf"(?:{extra})[\s:!–-]*", re.IGNORECASE) if extra else None
        heading, marked = _without_mark(heading, _CANCELLED)
        if own:
            heading, by_own = _without_mark(heading, own)
            marked = marked or by_own
        cancelled = bool(struck or marked)
        numbered = _NUMBER.match(heading.strip())
        bare = heading.strip()[numbered.end() :] if numbered else heading
        bare = _LINK.sub(r"\1", bare)
        bare = re.sub(r"(?<!\w)[*_`]+|[*_`]+(?!\w)", "", bare)
        if written:
            bare = re.sub(
                rf"\|\s*{WEEKDAY.pattern},?|{WEEKDAY.pattern},?\s*\|",
                "|",
                bare,
                flags=re.IGNORECASE,
            )
        parts = [_trimmed(p) for p in bare.split("|")]
        title = clean.line(" ".join(part for part in parts if part))
        title = _unquoted(title)
        words = {w.lower() for w in self.page.hints.tba_words}
        known = None if _TBA.fullmatch(title) or title.lower() in words else title
        return numbered[1] if numbered else None, known, cancelled

    def _time(
        self, day: date, usual: WrittenTime | None, *, ahead: bool
    ) -> tuple[datetime | None, datetime | None]:
        series = self.page.series
        own = self._own_time(day)
        written = own
        if own is None and series.start is not None:
            return self._span(day, series.start, None)
        written = own or usual
        if written is None:
            if ahead:
                self.warnings.append("no start is known, so it is not announced")
            return None, None
        starts_at, ends_at = self._span(day, written.start, written.end)
        if ahead and not _EARLIEST <= written.start < _LATEST:
            self.unclear.append(f"the page says that it starts at {written.start:%H:%M}, at night")
        gap = zone_gap(written, starts_at, self.zone)
        if gap and ahead:
            words = f'the page says "{written.zone}", but the clocks of {self.zone.key} differ from it by {gap}'
            if gap == timedelta(hours=1):
                self.warnings.append(f"{words}; the time is taken as {self.zone.key}'s")
            else:
                self.unclear.append(words)
        return starts_at, ends_at

    def _span(self, day: date, start: time, end: time | None) -> tuple[datetime, datetime]:
        starts_at = instant(day, start, self.zone)
        if end is None:
            return starts_at, starts_at + self.page.series.duration
        last = day if end > start else day + timedelta(days=1)
        return starts_at, max(instant(last, end, self.zone), starts_at + timedelta(minutes=1))

    def _own_time(self, day: date) -> WrittenTime | None:
        heading = written_times(_without(self.section.heading, self.order))
        if heading:
            return heading[0]
        times: list[WrittenTime] = []
        for sentence in _sentences(self.section.prose):
            found = written_times(_without(sentence, self.order))
            weekdays = {WEEKDAYS[m[1].lower()] for m in WEEKDAY.finditer(sentence)}
            dates = written_dates(sentence, self.order)
            cue = weekdays or dates or re.search(
                r"\b(?:starts?|begins?|today|tomorrow|time|when|um|ab|beginn|wann|uhrzeit|zeit|we meet)\b", sentence, re.IGNORECASE
            )  # fmt: skip
            if not found or not cue:
                continue
            if all(self._near(w, day) == day for w in dates):
                times += found[:1]
                self._weekday(weekdays, day, "the text")
        if len({t.start for t in times}) > 1 and day >= self.today:
            shown = " and ".join(sorted({f"{t.start:%H:%M}" for t in times}))
            self.unclear.append(f"the text names {shown} as its start")
        return times[0] if times else None

    def _near(self, written: Written, day: date) -> date | None:
        """Read a date of the prose; without a year it is that of the talk, or the nearest to it."""
        return written.on(day.year) if written.year is None else written.on(written.year)

    def _other_dates(self, day: date) -> None:
        for sentence in _sentences(self.section.prose):
            for written in written_dates(sentence, self.order):
                other = self._near(written, day)
                if other is None or other == day or written.ambiguous:
                    continue
                words = f'the heading says {day}, the text "{written.words}"'
                if other >= self.today:
                    self.unclear.append(words)
                else:
                    self.warnings.append(f"{words}, which has passed; the heading counts")
                if written.weekday is not None and other.weekday() != written.weekday:
                    continue

    def _labels(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for line in self.section.body:
            found = _LABEL.fullmatch(line)
            if found is None:
                continue
            value = _LINK.sub(r"\1", found[2])
            if re.match(r"(?i)room|where|place|location|venue|ort|raum|lieu", found[1]):
                yield "location", (clean.line(value),)
            else:
                names = re.split(r"\s*(?:;|,|\band\b|\bund\b|&)\s*", value)
                yield "speakers", tuple(clean.line(name) for name in names if name)

    def _links(self, *, ahead: bool) -> tuple[tuple[Link, ...], str | None]:
        prose = self.section.heading + "\n" + self.section.prose
        found = [(m.start(), m[1], m[2]) for m in _LINK.finditer(prose)]
        found += [(m.start(), "Video", m[1]) for m in _PLAYER.finditer(prose)]
        found += [(m.start(), m[0], m[0].rstrip(".,;")) for m in _BARE.finditer(prose)]
        links: dict[str, Link] = {}
        stream = None
        for _, words, target in sorted(found):
            url = self.page.absolute(target)
            if url is None:
                continue
            url = _VIDEO.sub(r"https://www.youtube.com/watch?v=\1", url)
            links.setdefault(url, Link(text=clean.line(words) or url, url=url))
            if ahead and stream is None and (_VIDEO.match(url) or _STREAM.match(url)):
                stream = url
        return tuple(links.values()), stream

    def _abstract(self) -> str:
        kept = [line for line in self.section.body if not _LABEL.fullmatch(line)]
        text = _PLAYER.sub(lambda m: f"[Video]({self._video(m[1])})", "\n".join(kept))
        text = re.sub(r"(?m)^\s*<br\s*/?>\s*$", "", text)
        return clean.text(re.sub(r"\n{3,}", "\n\n", text).strip())

    def _video(self, url: str) -> str:
        return _VIDEO.sub(r"https://www.youtube.com/watch?v=\1", url)


def _without(text: str, order: DateOrder | None) -> str:
    """Take the dates out of a text, whose numbers could be read as times."""
    for found in reversed(written_dates(text, order)):
        text = text[: found.span[0]] + " " * (found.span[1] - found.span[0]) + text[found.span[1] :]
    return text


def _unquoted(title: str) -> str:
    pairs = ('""', "“”", "„“", "«»", "''", "‘’", "””")
    while len(title) > 1 and title[0] + title[-1] in pairs:
        title = title[1:-1].strip()
    return title.strip('"') if title.count('"') == 1 else title


def _slug(title: str | None) -> str | None:
    words = re.findall(r"[a-z0-9]+", (title or "").lower())
    return "-".join(words)[:60].strip("-") or None
