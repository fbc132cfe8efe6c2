"""A seminar's own page, in Markdown, HTML or reStructuredText, in any of the layouts that organisers use.

What is read is what stands there. An entry that cannot be understood for sure becomes an unclear
talk or a warning that names its line, never a guess.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice, takewhile
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from announcer.errors import SourceUnreadable
from announcer.source import (
    clean,
    days,
    events,
    headings,
    html,
    markdown,
    people,
    roles,
    rst,
    signs,
)
from announcer.source.around import Around, usual_time
from announcer.source.checks import Ids
from announcer.source.dates import DateOrder, Order, Written, date_order
from announcer.source.entry import Entry, labels
from announcer.source.fetch import Fetcher
from announcer.source.grounds import PageGrounds
from announcer.source.hints import NO_HINTS, Hints
from announcer.source.lists import Lists
from announcer.source.markdown import Line, Section
from announcer.source.merged import one_talk, without_repeats
from announcer.source.renamed import missing, renamed
from announcer.source.texts import Texts
from announcer.source.understood import Understanding
from announcer.talks import Ground, Reading, Series, Talk

MOST_ENTRIES: Final = 20_000
_ENOUGH: Final = 1000  # entries that tell how a page is written
_ASIDE: Final = re.compile(
    r"(?i)\b(?:conferences?|deadlines?|important dates|news|changelog|wish ?list|publications?|calls? for|"
    r"konferenzen|neuigkeiten|aktuelles|actualités)\b"
)
_ERROR: Final = re.compile(
    r"(?i)\b(?:404|403|500|502|503|not found|forbidden|error|fehler|erreur|access denied|sign in|log ?in|anmelden|just a moment|"
    r"maintenance|unavailable|nicht gefunden|introuvable|attention required)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The entries of a page, and what was not understood."""

    entries: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()
    stray: tuple[tuple[Line, Written, tuple[str, ...]], ...] = ()  # dates that no entry holds
    above: int = 0  # sections before the one with the first entry


class PageSource:
    """The talks of one page, a file or a web address."""

    def __init__(
        self,
        location: Path | str,
        series: Series,
        hints: Hints = NO_HINTS,
        texts: Texts | None = None,
    ) -> None:
        self._location = location
        self._series = series
        self._hints = hints
        self._texts = texts or Fetcher()

    async def load(self, now: datetime) -> Reading:
        """Read the page as it stands."""
        text = await self._texts.text(self._location)
        return replace(self.read(text, now), copies=self._texts.taken_copies())

    def read(self, text: str, now: datetime) -> Reading:
        """Understand a page's text.

        Raises:
            SourceUnreadable: it is a page that tells of an error, an empty one, or one that holds no talks
                but a flood of dates; or a section that the settings name is not there.
        """
        text = clean.repaired(text.removeprefix("\ufeff").replace("\r\n", "\n"))
        if markdown.draft(text):
            said = "its front matter says that it is a draft, so nothing of it is read"
            return Reading(talks=(), warnings=(f"{self.name}: {said}",))
        announced = events.entries(text)
        lines, titles = self._lines(text)
        page = renamed(list(signs.named(lines)), self._hints.fields)
        sections = list(markdown.sections(page))
        self._refuse_missing(sections)
        told = date_order((f"line {line.number}", line.text) for line in page)
        order = Order(told=self._hints.date_order) if self._hints.date_order else told
        chosen = [s for s in sections if self._wanted(s, order.told)]
        found = _found(chosen, order, named=bool(self._hints.sections))
        if html.is_html(text) and not found.entries and not announced.entries:
            self._refuse_errors(sections)
        today = now.astimezone(self._series.timezone).date()
        self._refuse_floods(len(announced.entries) + len(found.entries))
        entries = without_repeats([*announced.entries, *found.entries], order.told)
        warnings = (*self._missing(lines, sections), *announced.warnings, *found.warnings)
        facts = self._facts(entries, sections, titles, order, today, above=found.above)
        facts = replace(facts, end="" if text.endswith("\n") else text[-60:].rstrip("*_ "))
        return self._reading(entries, facts, warnings, found, PageGrounds(self.name, page))

    @property
    def name(self) -> str:
        """The page as it is named in warnings."""
        return self._location.name if isinstance(self._location, Path) else self._location

    def _lines(self, text: str) -> tuple[list[Line], str]:
        if html.is_html(text):
            return html.lines(text), ""
        if rst.is_rst(text, self.name):
            return rst.lines(text), ""
        titles = markdown.front_matter_title(text)
        text = markdown.uncommented(markdown.without_front_matter(text))
        return html.fragments(markdown.lines(text)), titles

    def _facts(
        self,
        entries: Sequence[Entry],
        sections: Sequence[Section],
        titles: str,
        order: Order,
        today: date,
        *,
        above: int,
    ) -> Around:
        """Gather what holds for all entries; ``above`` sections stand before the first of them."""
        first = min((e.line for e in entries), default=None)
        before = [line for s in sections[:above] for line in s.lines]
        more = (line for s in sections[above:] for line in s.lines)
        before += [line for line in more if first is None or line.number < first]
        opening = "\n".join(line.text for line in before[:400])
        facts = Around(
            name=self.name,
            location=self._location if isinstance(self._location, str) else None,
            series=self._series,
            hints=self._hints,
            order=order,
            today=today,
            usual=usual_time(opening.strip()),
            around=(titles, _file_name(self._location)),
            has_speakers=any(e.layout == "row" and e.speakers for e in entries),
        )
        some = [entry for entry in entries if entry.head][:_ENOUGH]
        heads = [Understanding(entry, facts).who.free_words() for entry in some]
        return replace(
            facts,
            speaker_first=roles.leaning(heads),
            speaker_headings=_speaker_headings(entries[:_ENOUGH], facts),
        )

    def _reading(
        self,
        entries: Sequence[Entry],
        facts: Around,
        warnings: Sequence[str],
        found: _Found,
        lines: PageGrounds,
    ) -> Reading:
        talks: list[Talk] = []
        origin: dict[str, str] = {}
        grounds: dict[str, tuple[Ground, ...]] = {}
        ids = Ids()
        told = [Understanding(entry, facts).told(ids) for entry in entries]
        for one, others in one_talk(told):
            talk, entry = one.talk, one.entry
            talks.append(talk)
            origin[talk.id] = f"{self.name}, line {entry.line}"
            more = (ground for other in others for ground in lines.of(other.entry))
            grounds[talk.id] = (*lines.of(entry), *more)
        said = [f"{self.name}, {words}" for words in warnings]
        said += [f"{self.name}, {words}" for words in _stray(found, facts, talks)]
        if not talks:
            said.insert(0, f"{self.name}: nothing was understood as a talk")
        return Reading(
            talks=tuple(talks), warnings=tuple(said[:100]), origin=origin, grounds=grounds
        )

    def _refuse_errors(self, sections: Sequence[Section]) -> None:
        words = "\n".join(f"{s.heading}\n{s.prose}" for s in sections).strip()
        first = words[:300]
        if not words or (len(words) < 3000 and _ERROR.search(first)):
            shown = f' ("{clean.line(first[:60])}")' if words else ""
            raise SourceUnreadable(
                f"{self.name} is no page of talks but an error or an empty page{shown}; "
                "check source.location, or wait for the server"
            )

    def _refuse_missing(self, sections: Sequence[Section]) -> None:
        for asked in self._hints.sections:
            if not any(asked.lower() in section.heading.lower() for section in sections):
                raise SourceUnreadable(
                    f'{self.name} has no section "{asked}"; check sections in [series.source]'
                )

    def _refuse_floods(self, count: int) -> None:
        if count > MOST_ENTRIES:
            raise SourceUnreadable(
                f"{self.name} has {count} entries with a date, more than the {MOST_ENTRIES} that a page of "
                "talks may have; check source.location, or name the sections to read in sections"
            )

    def _missing(self, page: Sequence[Line], sections: Sequence[Section]) -> Iterator[str]:
        """Name the hints that the page has nothing for."""
        for name in missing(page, self._hints.fields):
            yield f'no column and no label is named "{name}", as fields in [series.source] says'
        for name in self._hints.skip_sections:
            if not any(name.lower() in section.heading.lower() for section in sections):
                yield f'it has no section "{name}"; check skip_sections in [series.source]'

    def _wanted(self, section: Section, order: DateOrder | None) -> bool:
        own = not headings.dated(section, order)
        above = " / ".join(section.within if own else section.above).lower()
        skipped = any(words.lower() in above for words in self._hints.skip_sections)
        asked = self._hints.sections
        return not skipped and (not asked or any(words.lower() in above for words in asked))


def _found(sections: Sequence[Section], order: Order, *, named: bool) -> _Found:
    """Give the entries of all sections in the order of the page."""
    told = order.told
    terms = headings.containers(sections, told)
    own = {n for n, s in enumerate(sections) if headings.dated(s, told) and n not in terms}
    levels = {(s.level, s.above[-1:] and s.level) for n, s in enumerate(sections) if n in own}
    title = next((s.heading for s in sections if s.level == 1), None)
    entries: list[Entry] = []
    warnings: list[str] = []
    stray: list[tuple[Line, Written, tuple[str, ...]]] = []
    above = 0
    for number, section in enumerate(sections):
        above = above if entries else number
        if not section.heading and not any(line.text.strip() for line in section.lines):
            continue  # a heading without words, with nothing below it
        names = (h for h in section.within if h != title and len(h.split()) < 6)
        aside = not named and any(_ASIDE.search(name) for name in names)
        if headings.undated(section, levels, told) and not aside:
            warnings.append(
                f'line {section.line}: "{section.heading[:40]}" has no date that is understood'
            )
        dated_below = number not in terms and headings.dated_below(section, told)
        listed = Lists(section, told)
        rows = sum(e.layout in {"row", "item"} for e in listed.entries)
        if aside and number not in own and not dated_below:
            if listed.entries:
                warnings.append(
                    f'line {section.line}: "{section.heading}" is not read; name it in sections'
                )
        elif (
            (number in own and rows < 2)
            or (dated_below and len(listed.entries) < 2)
            or (headings.beside(section, levels) and not listed.entries)
        ):
            below = _below(sections, number) if number in own else []
            of_day = days.entries(section, below, told)
            entries += of_day or [headings.entry(section, told)]
        else:
            entries += listed.entries
            warnings += listed.warnings
            stray += [(line, written, section.within) for line, written in listed.undated]
    return _Found(entries=tuple(entries), warnings=tuple(warnings), stray=tuple(stray), above=above)


def _below(sections: Sequence[Section], number: int) -> list[Section]:
    """Give the sections inside one."""
    level = sections[number].level
    return list(takewhile(lambda s: s.level > level, islice(sections, number + 1, None)))


def _stray(found: _Found, facts: Around, talks: Sequence[Talk]) -> list[str]:
    """Name the lines with a date ahead that no talk was read from."""
    said = []
    days = {talk.day for talk in talks}
    for line, written, within in found.stray:
        told = facts.day(written, within)
        day = None if told.unclear else told.day
        if day is not None and day >= facts.today and day not in days:
            said.append(f'line {line.number}: "{written.words}" was not understood as a talk')
    return said


def _speaker_headings(entries: Sequence[Entry], facts: Around) -> bool:
    """Whether the headings of a page name speakers: most do, with their affiliation or above a title."""
    votes = []
    for entry in entries:
        if entry.layout == "heading" and "title" not in labels(entry.body):
            free = Understanding(entry, facts).who.heading_words()
            first = next((text.strip() for text in entry.body if text.strip()), "")
            named = people.with_affiliation(free)
            marked = bool(re.fullmatch(r"(\*\*|\*|_|[\"“„«]).+(\*\*|\*|_|[\"”“»])[.:]?", first))
            votes.append(bool(first) and (named or (marked and people.headed(free))))
    return bool(votes) and sum(votes) * 3 >= len(votes) * 2


def _file_name(location: Path | str) -> str:
    path = location if isinstance(location, Path) else Path(urlsplit(location).path)
    return re.sub(r"[_-]", " ", "/".join(path.parts[-2:]))
