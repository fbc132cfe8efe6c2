"""What a mail says of its talks: its text and its HTML against the talks, and against each other."""

import re
from bisect import bisect
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from html.parser import HTMLParser
from typing import Final

from announcer.announcement import Announcement
from announcer.cadence import REMINDER
from announcer.facts import Facts, Without, all_facts, days_without, short_day
from announcer.lines import joined
from announcer.message import TEST_MARK
from announcer.prose import one_line
from announcer.talks import Series, Talk
from announcer.words import dated, words

_UNBROKEN: Final = 50  # a longer word may be broken where a text is wrapped
_INLINE: Final = frozenset({"a", "em", "strong", "b", "i", "u", "s", "span", "code", "sub", "sup"})
_UNSEEN: Final = frozenset({"title", "style"})
_CLOCK: Final = r"(?<![\d:.])\d{1,2}:\d\d(?!:?\d)"
_LEFT: Final = re.compile(
    r"\{\{(?:(?!\{\{|\}\}).){0,300}\}\}|\{%(?:(?!\{%|%\}).){0,300}%\}|%\(\w{1,60}\)[sd]", re.DOTALL
)
_MARKS: Final = ("{{", "}}", "{%", "%}")
# As the templates write them, which a test compares.
_REMINDER: Final = "Reminder: %(name)s, %(day)s, %(clock)s: %(title)s"
_TODAY: Final = "Reminder: today, %(day)s, %(clock)s"
_TOMORROW: Final = "Reminder: tomorrow, %(day)s, %(clock)s"
_ON_A_DAY: Final = "Reminder: %(day)s, %(clock)s"
Moment = tuple[str, ...]  # what it says of a day, a start and an end; empty where it does not


class Shown(HTMLParser):
    """What a reader sees of HTML, what an inbox or a title shows of it, and what attributes say."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._seen: list[str] = []
        self._aside: list[str] = []
        self._values: list[str] = []
        self._hidden = ""  # the element that hides what is in it
        self.feed(html)
        self.close()
        self.text = "".join(self._seen)
        self.aside = "\n".join(self._aside)
        self.values = "\n".join(self._values)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Let what is no part of a line begin one of its own."""
        style = "".join((dict(attrs).get("style") or "").split())
        if not self._hidden and (tag in _UNSEEN or "display:none" in style):
            self._hidden = tag
        self._values += [value for _, value in attrs if value]
        self._seen.append("" if tag in _INLINE else "\n")

    def handle_endtag(self, tag: str) -> None:
        """Let it end there, too."""
        self._hidden = "" if tag == self._hidden else self._hidden
        self._seen.append("" if tag in _INLINE else "\n")

    def handle_data(self, data: str) -> None:
        """Take what is no style sheet."""
        if not self._hidden:
            self._seen.append(data)
        elif self._hidden != "style":
            self._aside.append(data)


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    text: str  # as it is read
    whole: str  # with what stands beside it: a preview, a title, the addresses that it leads to


def broken(
    mail: Announcement,
    subject: str,
    text: str,
    html: str,
    *,
    at: datetime,
    own: Collection[str] = frozenset(),
) -> Iterator[str]:
    """Give each rule that a mail's words break, as what comes after "the composed mail".

    Args:
        mail: what it is about.
        subject: its subject, decoded.
        text: its plain text.
        html: its HTML.
        at: when it was made, as it says itself.
        own: the templates that a user wrote. They may leave out what built-in ones always say.
    """
    shown = Shown(html)
    parts = (
        _Part("text", text, text),
        _Part("HTML", shown.text, f"{shown.text}\n{shown.aside}\n{shown.values}"),
    )
    series = mail.series
    first = all_facts(mail, mail.due_at, series.language)
    spoken = {series.language: first} | {
        language: all_facts(mail, mail.due_at, language, longest=0)
        for language in series.other_languages
    }
    for part in parts:
        yield from _missing(mail, spoken, part, strict=not own)
        yield from () if own else _unnamed(mail, spoken, part)
        if mail.kind == REMINDER and "reminder/first_line.txt" not in own:
            yield from _misdated(mail, spoken, part, at)
    if mail.kind == REMINDER and "reminder/subject.txt" not in own:
        yield from _unmarked(mail, subject)
    yield from _in_one_only(mail, spoken, parts)
    yield from _moments(mail, spoken, subject, parts)
    yield from _calendars(first, shown)
    own = _content(mail, first)
    for name, said in (("subject", subject), *((part.name, part.whole) for part in parts)):
        yield from _unrendered(name, said, own)


def _unrendered(name: str, part: str, own: Collection[str]) -> Iterator[str]:
    """Find what a template has left as it was; what organisers and speakers wrote is text."""
    own = [content for content in own if any(mark in content for mark in (*_MARKS, "%("))]
    meant = {_letters(found) for content in own for found in _LEFT.findall(content)}
    if any(mark in _LEFT.sub("", content) for content in own for mark in _MARKS):
        return  # half a mark of a talk's own: whatever stands before the next one may be between
    for found in _LEFT.findall(part):
        if _letters(found) not in meant:
            yield f"has {found} in its {name}, which its template left as it was"
    rest = _LEFT.sub("", part)
    for mark in _MARKS:
        if mark in rest and not any(mark in content for content in own):
            yield f"has {mark} in its {name}, which its template left as it was"


def _missing(
    mail: Announcement, spoken: dict[str, list[Facts]], part: _Part, *, strict: bool
) -> Iterator[str]:
    """Find each fact that is not said as often as there are talks and languages to say it of."""
    wanted: Counter[tuple[str, str]] = Counter()
    # A template of a user's may put day and time in words of its own.
    whole = any(_count(facts.when, part.text) for _, _, facts in _each(mail.talks, spoken))
    for talk, language, facts in _each(mail.talks, spoken):
        yield from _wrong(talk, mail.series, facts)
        if not whole and not _timed(facts, part.text):
            yield (
                f"does not say the time of talk {talk.id} in its {part.name}, neither "
                f"“{facts.when}” nor its day and its start"
            )
        for name, fact in _required(facts, whole=whole, strict=strict):
            wanted[name, fact] += 1
            if _count(fact, part.whole if fact == facts.stream else part.text) < wanted[name, fact]:
                yield (
                    f"does not say the {name} of talk {talk.id}, “{fact}”, in its {part.name}"
                    + (f" in the language {language}" if len(spoken) > 1 else "")
                )
        if facts.moved_from and not _count(facts.moved_from, part.text):
            yield (
                f"does not say the day from which talk {talk.id} was moved, “{facts.moved_from}”, "
                f"in its {part.name}"
            )
    whens = {facts.when for _, _, facts in _each(mail.talks, spoken)}
    for talk, _, facts in _each(mail.talks, spoken) if whole else ():
        own = {facts.when, *(change.before for change in facts.changes)}  # "was: …" is its own, too
        if not _together(facts.heading, facts.when, whens - own, part.text):
            yield f"says the title of talk {talk.id} with the time of another one in its {part.name}"


def _unmarked(mail: Announcement, subject: str) -> Iterator[str]:
    """See that the subject of a reminder begins with the word for one."""
    form = words(mail.series.language).gettext(_REMINDER)
    mark = one_line(form.partition("%")[0])
    if not subject.removeprefix(TEST_MARK).startswith(mark):
        yield f"has a subject that does not begin with “{mark}”"


def _misdated(
    mail: Announcement, languages: Iterable[str], part: _Part, at: datetime
) -> Iterator[str]:
    """See that a reminder says today or tomorrow of its first talk, on these days alone."""
    for language in languages:
        [first, *_] = all_facts(mail, at, language, longest=0)
        form = _TODAY if first.today else _TOMORROW if first.tomorrow else _ON_A_DAY
        line = words(language).gettext(form) % {"day": first.day, "clock": first.clock}
        if not _count(line, part.text):
            yield f"does not say “{one_line(line)}” in its {part.name}"


def _unnamed(mail: Announcement, languages: Iterable[str], part: _Part) -> Iterator[str]:
    """Find each day without a talk that a mail about it does not name."""
    for without in filter(None, (days_without(mail, language) for language in languages)):
        for long, short in _days_of(without):
            if not (_count(long, part.text) or _count(short, part.text)):
                yield f"does not say in its {part.name} that there is no talk on “{long}”"


def _days_of(without: Without) -> Iterator[tuple[str, str]]:
    yield without.first, without.short_first
    if without.last:
        yield without.last, without.short_last


def _timed(facts: Facts, text: str) -> bool:
    day = any(_count(said, text) for said in (facts.day, facts.short_day))
    return day and bool(_count(facts.clock, text))


def _each(
    talks: Sequence[Talk], spoken: dict[str, list[Facts]]
) -> Iterator[tuple[Talk, str, Facts]]:
    for language, said in spoken.items():
        for talk, facts in zip(talks, said, strict=True):
            yield talk, language, facts


def _required(facts: Facts, *, whole: bool, strict: bool) -> Iterator[tuple[str, str]]:
    yield "title", facts.heading
    if whole:
        yield "time", facts.when
    place = facts.location or facts.stream
    if place:
        yield "place", place
    if facts.why_cancelled and strict:
        yield "reason", facts.why_cancelled
    for name, shown in zip(facts.speakers, facts.people, strict=True):
        if strict and shown != name:
            yield "speaker with affiliation", shown
    for there in facts.elsewhere:
        yield f"time in {there.city}", there.when
        if there.shift:
            yield f"change of clocks in {there.city}", there.shift


def _wrong(talk: Talk, series: Series, facts: Facts) -> Iterator[str]:
    """See that the words for a time are those of the talk's instants."""
    assert talk.starts_at and talk.ends_at  # noqa: S101, PT018 - its invite was compared with it
    start, end = series.local(talk.starts_at), series.local(talk.ends_at)
    for said in (f"{start:%H:%M}", f"{end:%H:%M}", str(start.day), str(start.year)):
        if said not in facts.when:
            yield f"says {facts.when} where talk {talk.id} is from {start} to {end}"


def _in_one_only(
    mail: Announcement, spoken: dict[str, list[Facts]], parts: Sequence[_Part]
) -> Iterator[str]:
    """Find what a template may leave out, but not from one part alone."""
    for talk, facts in zip(mail.talks, spoken[mail.series.language], strict=True):
        links = (("stream", talk.stream), ("page", talk.url))
        said = [("speaker", who, [part.text for part in parts]) for who in talk.speakers]
        reason = [facts.why_cancelled] if facts.why_cancelled else []
        said += [("reason", why, [part.text for part in parts]) for why in reason]
        said += [(name, url, [part.whole for part in parts]) for name, url in links if url]
        for name, fact, texts in said:
            where = [
                part.name for part, text in zip(parts, texts, strict=True) if _count(fact, text)
            ]
            if len(where) == 1:
                yield f"says the {name} of talk {talk.id}, “{fact}”, in its {where[0]} alone"


def _calendars(first: Sequence[Facts], shown: Shown) -> Iterator[str]:
    """See that what puts a talk into a calendar puts this one there."""
    meant = {link.url for facts in first for link in facts.calendars}
    pages = tuple({f"{url.partition('?')[0]}?" for url in meant})
    meant |= {url for facts in first for url in Shown(facts.html).values.splitlines()}
    for url in shown.values.splitlines():
        if url.startswith(pages) and url not in meant:
            yield f"has a link that puts another talk into a calendar: {url}"


def _moments(
    mail: Announcement, spoken: dict[str, list[Facts]], subject: str, parts: Sequence[_Part]
) -> Iterator[str]:
    """Find a day or a time that is not of the talks, and does not stand in both text and HTML."""
    languages = tuple(spoken)
    known = _known(mail, spoken, languages)
    text, html = (_said(part.whole, languages) - known for part in parts)
    for name, found in (
        ("subject", _said(subject, languages) - known - text),
        ("text", text - html),
        ("HTML", html - text),
    ):
        for day, start, end in sorted(found):
            when = ", ".join(filter(None, (day, start))) + (f"–{end}" if end else "")
            yield f"says {when} in its {name} alone, which is of none of its talks"


def _known(
    mail: Announcement, spoken: dict[str, list[Facts]], languages: tuple[str, ...]
) -> set[Moment]:
    known = set[Moment]()
    for _, _, facts in _each(mail.talks, spoken):
        told = [text for change in facts.changes for text in (change.before, change.after)]
        known |= {(facts.short_day, "", ""), (facts.short_day, facts.clock, "")}
        for when in (facts.when, *told):
            for day, start, end in _said(when, languages):
                known |= {(day, "", ""), (day, start, ""), (day, start, end)}
                known |= {("", start, ""), ("", end, ""), ("", start, end)}
        for elsewhere in facts.elsewhere:
            known |= _said(elsewhere.when, languages)
    for without in filter(None, (days_without(mail, language) for language in languages)):
        known |= {(day, "", "") for days in _days_of(without) for day in days}
    for content in _content(mail, spoken[languages[0]]):
        known |= _said(content, languages)
    return known


def _content(mail: Announcement, first: Sequence[Facts]) -> list[str]:
    """Give all that organisers and speakers wrote."""
    series = mail.series
    content: list[str | None] = [series.name, *series.footer, *mail.notes]
    content += [series.website, series.list_page, series.feed_url]
    for talk, facts in zip(mail.talks, first, strict=True):
        content += [
            talk.title,
            *talk.people,
            talk.why_cancelled,
            talk.location,
            talk.stream,
            talk.url,
        ]
        content += [talk.abstract, facts.text, Shown(facts.html).text]
        content += [text for change in facts.changes for text in (change.before, change.after)]
    return [text for text in content if text]


def _said(text: str, languages: tuple[str, ...]) -> set[Moment]:
    """Give each day of the long form, with what time follows on it, and each other time."""
    found = _moment(languages).finditer(joined(text))
    return {(m["day"] or m["only"] or "", m["start"] or "", m["end"] or "") for m in found}


@cache
def _moment(languages: tuple[str, ...]) -> re.Pattern[str]:
    forms = [
        ("full", "EEEE", "MMMM"),
        *((short_day(language), "EEE", "MMM") for language in languages),
    ]
    day = "|".join(_day(language, *form) for language in languages for form in forms)
    return re.compile(
        rf"(?:(?P<day>{day}),? (?:\w{{1,3}} )?)?(?P<start>{_CLOCK})(?:–(?P<end>{_CLOCK}))?"
        rf"|(?P<only>{day})"
    )


def _day(language: str, form: str, weekday: str, month: str) -> str:
    """Give a pattern for the days that a language writes in a form of Babel's."""
    one = datetime(2026, 4, 7)  # noqa: DTZ001 - a day of the calendar has no zone
    written = re.escape(" ".join(dated(one, form, language).split()))
    for part, days in (
        (weekday, [one + timedelta(days=n) for n in range(7)]),
        (month, [one.replace(month=n, day=1) for n in range(1, 13)]),
    ):
        own, *others = (re.escape(dated(day, part, language)) for day in (one, *days))
        written = written.replace(own, f"(?:{'|'.join(others)})", 1)
    return re.sub(r"(?<!\d)7(?!\d)", r"\\d{1,2}", written.replace("2026", r"\d{4}"))


def _together(title: str, when: str, others: Collection[str], part: str) -> bool:
    """Say whether a title stands beside its time, with that of no other talk between."""
    text, titles = _normal(part), _places(title, part)
    if any(len(word) > _UNBROKEN for word in title.split()):
        return True
    between = sorted(m.start() for o in others for m in re.finditer(re.escape(_normal(o)), text))
    regions = {bisect(between, place) for place in titles}
    return any(bisect(between, place) in regions for place in _places(when, part))


def _places(fact: str, part: str) -> list[int]:
    return [found.start() for found in _pattern(fact).finditer(_normal(part))]


def _count(fact: str, part: str) -> int:
    if any(len(word) > _UNBROKEN for word in fact.split()):
        return _closed(part).count(_closed(fact))
    return len(_places(fact, part))


@lru_cache(maxsize=256)
def _pattern(fact: str) -> re.Pattern[str]:
    """Give a pattern for a fact that is no part of a longer word or number."""
    fact = _normal(fact)
    before = r"(?<![a-z0-9])" if re.match(r"[a-z0-9]", fact) else ""
    after = r"(?![a-z0-9])" if re.search(r"[a-z0-9]$", fact) else ""
    return re.compile(f"{before}{re.escape(fact)}{after}")


def _normal(text: str) -> str:
    return joined(text.casefold())


def _closed(text: str) -> str:
    return "".join(text.casefold().split())


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
