"""Which name of a table holds which fact of a talk, in English, German and French.

Only names that are known are read, and those that the settings name: a table may hold what is
private. Within a known name the shape decides: a list of speakers, a table with a first and a
last name, a date with a time beside it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from announcer.source import clean, known, people, remarks, words
from announcer.source.affiliations import beside
from announcer.source.hints import Hints
from announcer.source.known import (
    AUTHORS,
    DAYS,
    REMARKS,
    TALK_TITLES,
    VAGUE_TITLES,
    fact_of,
    is_clock,
    known_name,
    rank,
    state,
)
from announcer.source.said import Facts
from announcer.source.tree import Table, Value

_HINTED: Final = {
    "title": "title", "speaker": "speakers", "speakers": "speakers", "date": "when",
    "start": "when", "time": "when", "end": "until", "location": "location", "stream": "stream",
    "url": "url", "abstract": "abstract", "status": "states", "id": "id",
}  # fmt: skip
FACTS: Final = tuple(_HINTED)  # what ``fields`` in the settings may name


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A table of a source whose names are understood: for each fact its values, the surest first."""

    table: Table
    values: Mapping[str, Sequence[tuple[str, Value]]]

    def texts(self, fact: str) -> tuple[str, ...]:
        """Give what the names of a fact say, as text."""
        shown = (_text(value) for _, value in self.values.get(fact, ()))
        return tuple(text for text in shown if text)

    def first(self, fact: str) -> str | None:
        """Give the surest of them."""
        return next(iter(self.texts(fact)), None)

    def has(self, fact: str) -> bool:
        """Tell whether a name of this fact stands there, be it empty."""
        return bool(self.values.get(fact))


def named(table: Table, hints: Hints) -> Named:
    """Find the facts of a table."""
    asked: dict[str, list[str]] = {}
    for fact, name in hints.fields:
        asked.setdefault(_HINTED[fact], []).append(name)
    found: dict[str, list[tuple[str, Value]]] = {}
    flat = dict(_flat(table))
    for fact, names in asked.items():
        found[fact] = [(name, flat[name]) for name in names if name in flat]
    for key, value in sorted(flat.items(), key=lambda pair: rank(known_name(pair[0]))):
        name = known_name(key)
        fact = fact_of(name)
        taken = fact in asked and (fact != "when" or _asked_when(hints, name))
        if fact and not taken and not any(key in others for others in asked.values()):
            found.setdefault(fact, []).append((name, value))
    return Named(table=table, values=found)


def _asked_when(hints: Hints, name: str) -> bool:
    asked = {fact for fact, _ in hints.fields}
    return bool(asked & {"date"} if name in DAYS else asked & {"start", "time"})


_APART: Final = frozenset({"extra", "params", "event", "talk", "seminar"})


def _flat(table: Table) -> Iterator[tuple[str, Value]]:
    """Give the names of a table, and those of what site generators keep apart for a theme."""
    for key, value in table.items():
        if known_name(key) in _APART and isinstance(value, Table):
            yield from value.items()
    yield from table.items()


def facts_of(found: Named, *, place: str, language: str, with_authors: bool = True) -> Facts:
    """Give the facts of a table as text."""
    spoken = [p for p in found.values.get("speakers", ()) if with_authors or p[0] not in AUTHORS]
    titles = [p for p in found.values.get("title", ()) if not isinstance(p[1], list)]
    if not titles:  # a "name" is a person's beside a title, and a talk's where there is none
        titles = [pair for pair in spoken if pair[0] == "name"]
        spoken = [pair for pair in spoken if pair[0] != "name"]
    sure = [p for p in titles if p[0] not in VAGUE_TITLES] or titles
    told = [(name, text) for name, value in sure if (text := _spoken(value, language))]
    empty_title = any(name in TALK_TITLES for name, _ in titles) and not any(
        name in TALK_TITLES for name, _ in told
    )
    shown = () if empty_title else tuple(text for _, text in told)
    nobody = next((t for _, v in spoken if (t := _text(v)) and _nobody(t)), None)
    speakers = () if nobody else next((who for _, value in spoken if (who := _people(value))), ())
    empty = not speakers and all(words.tba(words.bare(text)) for text in shown)
    return Facts(
        place=place,
        id=found.first("id"),
        titles=shown,
        speakers=speakers,
        affiliations=tuple(_affiliations(found, speakers)),
        when=tuple(_when(found)),
        dates=tuple(_dates(found)),
        clocks=tuple(_clocks(found)),
        beside=found.texts("speakers"),
        until=tuple(t for _, v in found.values.get("until", ()) for t in _moments(v)),
        zone=found.first("zone") or _zone_beside(found),
        location=_place(found),
        stream=next((t for t in found.texts("stream") if "://" in t), None),
        url=next((t for t in found.texts("url") if "://" in t), None),
        abstract=found.first("abstract"),
        states=(*_states(found, empty=empty), *([nobody] if nobody and empty else [])),
        tentative=any(map(words.tentative, found.texts("states"))),
        remarks=tuple(_remarks(found)),
        doubts=(
            *_doubts(found.table),
            *_away(found),
            *remarks.text_doubts(found.first("abstract") or ""),
        ),
    )


_DRAFT: Final = frozenset({"draft", "entwurf", "brouillon"})


def _doubts(table: Table) -> Iterator[str]:
    for key, value in table.items():
        told = value.strip().lower() if isinstance(value, str) else ""
        name = known_name(key)
        if name == "status" and told in _DRAFT:
            yield f'its status is "{told}"'
    for name in sorted(table.twice):
        if name.startswith("a cell"):
            yield f"it has {name}, so its cells may have moved"
        elif fact_of(known_name(name)):
            yield f'"{name}" stands there twice'


def _when(found: Named) -> Iterator[str]:
    """Give dates and times, times of a name that says so first: they are more exact."""
    pairs = found.values.get("when", ())
    days = [text for name, value in pairs if name in DAYS for text in _moments(value)]
    hours = [text for name, value in pairs if name not in DAYS for text in _moments(value)]
    yield from hours
    yield from days


def _dates(found: Named) -> Iterator[str]:
    """Give what stands where a date is asked for, so that "10/2" and "3.11." are dates."""
    for name, value in found.values.get("when", ()):
        if not is_clock(name):
            yield from _moments(value)


def _clocks(found: Named) -> Iterator[str]:
    """Give what stands where a time of day is asked for, so that words there are one."""
    for name, value in found.values.get("when", ()):
        if name not in DAYS and isinstance(value, str):
            yield from _moments(value)


def _moments(value: Value) -> Iterator[str]:
    if isinstance(value, Table):
        inner = {known_name(key): text for key, part in value.items() if (text := _text(part))}
        date, time = inner.get("date", ""), inner.get("time", "")
        start = inner.get("start") or inner.get("from") or inner.get("datetime")
        yield from (text for text in (f"{date} {time}".strip(), start) if text)
    elif isinstance(value, list):
        for part in value:
            yield from _moments(part)
    elif value:
        yield value


def _zone_beside(found: Named) -> str | None:
    """Give the zone that stands in a table with a date and a time."""
    tables = (value for _, value in found.values.get("when", ()) if isinstance(value, Table))
    zones = (text for t in tables for k in t if known_name(k) in {"tz", "timezone"} and (text := _text(t[k])))  # fmt: skip
    return next(zones, None)


def _states(found: Named, *, empty: bool) -> Iterator[str]:
    """Give the states; a holiday's name in a remark is one where no talk stands beside it."""
    cells = [text for fact in _CELLS for text in found.texts(fact)]
    if not _several_speak(found):
        cells += found.texts("speakers")
    if any(map(remarks.off, cells)) or remarks.said_off(found.first("abstract") or ""):
        yield "cancelled"
    for name, value in found.values.get("states", ()):
        text = _text(value) or ""
        if name not in REMARKS or not words.holiday(text):
            yield from state(name, text)
        elif empty:
            yield text


_CELLS: Final = ("when", "until", "location", "stream")


def _away(found: Named) -> Iterator[str]:
    for text in found.texts("speakers") if _several_speak(found) else ():
        if any(map(remarks.off, (text, *text.split(",")))):
            yield f'"{clean.line(text)}" may say that it does not take place'


def _several_speak(found: Named) -> bool:
    """Tell whether one of several speakers may be away, and the talk not off."""
    return any(len(_people(value)) > 1 for _, value in found.values.get("speakers", ()))


def _nobody(text: str) -> bool:
    return people.nobody(text) or remarks.statement(text)


def _remarks(found: Named) -> Iterator[str]:
    """Give what is said of a talk that may move it to another day."""
    yield from (text for _, value in found.values.get("states", ()) if (text := _text(value)))


def _place(found: Named) -> str | None:
    parts: list[str] = []
    for _, value in found.values.get("location", ()):
        text = _text(value)
        if text and not remarks.statement(text) and not any(text in part for part in parts):
            parts.append(text)
    given = any(value not in (None, []) for _, value in found.values.get("location", ()))
    return ", ".join(parts[:2]) if parts else ("" if given else None)


def _people(value: Value) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(name for part in value for name in _people(part))
    if isinstance(value, Table):
        return _person({known_name(key): part for key, part in value.items()})
    return people.names(value) if value else ()


_PLACES: Final = frozenset(
    {
        "affiliation", "affiliations", "speakeraffiliation", "speakeraffiliations", "affil",
        "institution", "institutions", "institute", "university", "speakerinstitution",
        "speakeruniversity", "organization", "organisation", "company", "institut", "universitat",
        "universite",
    }
)  # fmt: skip


def _affiliations(found: Named, speakers: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Give the affiliations of speakers: a field of the only one, of a person, or behind a name."""
    for _, value in found.values.get("speakers", ()):
        yield from _affiliations_in(value)
        yield from beside(speakers, [_text(value) or ""])
    if len(speakers) == 1:
        places = (_text(v) for key, v in found.table.items() if known_name(key) in _PLACES)
        yield from ((speakers[0], place) for place in places if place)


def _affiliations_in(value: Value) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for part in value:
            yield from _affiliations_in(part)
    if isinstance(value, Table):
        places = (_text(v) for key, v in value.items() if known_name(key) in _PLACES)
        yield from zip(_people(value), filter(None, places), strict=False)


def _person(table: Mapping[str, Value]) -> tuple[str, ...]:
    given = next((_text(table[k]) for k in _GIVEN if table.get(k)), None)
    family = next((_text(table[k]) for k in _FAMILY if table.get(k)), None)
    if given or family:
        return (clean.line(f"{given or ''} {family or ''}"),)
    name = next((_text(table[k]) for k in _WHOLE if table.get(k)), None)
    if name:
        return people.names(name)
    return tuple(n for value in table.values() if isinstance(value, Table) for n in _people(value))


_GIVEN: Final = ("firstname", "givenname", "given", "first", "vorname", "prenom")
_FAMILY: Final = ("lastname", "familyname", "family", "last", "surname", "nachname", "nom")
_WHOLE: Final = ("name", "fullname", "speaker", "displayname", "title")


def _text(value: Value) -> str | None:
    """Give a value as one text: of a list its parts, of a table its name."""
    if isinstance(value, list):
        return ", ".join(text for part in value if (text := _text(part))) or None
    if isinstance(value, Table):
        inner = {known_name(key): part for key, part in value.items()}
        return next((text for k in _NAMES if (text := _text(inner.get(k)))), None)
    return value.strip() or None if value else None


_NAMES: Final = (
    "name", "title", "text", "value", "room", "venue", "location", "place", "url", "link", "href"
)  # fmt: skip


def _spoken(value: Value, language: str) -> str | None:
    """Give a title; of one in several languages the series' own."""
    if isinstance(value, Table) and value and all(len(key) in {2, 5} for key in value):
        own = next((part for key, part in value.items() if key[:2] == language[:2]), None)
        return _text(own) or next((t for part in value.values() if (t := _text(part))), None)
    return _text(value)


# Labelled lines of a text

_REFERENCE: Final = re.compile(r"\[\[[^\[\]]*\]\]|\[([^\[\]]*)\](?:\[[^\[\]]*\])?(?!\()")


def labelled(body: str) -> Table:
    """Find lines like "Speaker: …"; a topic may stand in the bullet below its label."""
    found_lines: dict[str, Value] = {}
    lines = [line for line in body.split("\n") if line.strip()]
    for line, below in zip(lines, [*lines, ""][1:], strict=True):
        found = known.label(line)
        if found is None or found.weak or found.fact == "abstract" or found.name in found_lines:
            continue
        value = found.value.strip(" *_")
        bullet = re.fullmatch(r"\s*[-*+]\s+(.*\S)\s*", below)
        if not value and bullet and found.fact == "title":
            value = bullet[1]
        value = _REFERENCE.sub(lambda m: m[1] or "", value).strip()
        if value and (found.fact not in {"when", "until"} or re.search(r"\d", value)):
            found_lines[found.name] = value
    return Table(found_lines.items(), 1)
