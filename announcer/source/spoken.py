"""Speakers who stand in the titles of a whole file: "Ada Kovács (Szeged): Nets", "Nets — Ada Kovács".

A single title never tells: "Vision Transformers: a survey" has the same form. So all titles of the
file are looked at together, and nothing is parted unless most have the form and name different people.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from announcer.source import words
from announcer.source.people import EDGES, PLACE_WORD, nameish, names, split, with_affiliation
from announcer.source.said import Facts

_PARTS: Final = re.compile(r":\s+|\s+[-–—|]\s+")
_DASH: Final = re.compile(r"\s+[-–—|]\s+")
_BRACKETS: Final = re.compile(r"(.*\S)\s*\(([^()]+)\)")
_FEWEST_SURE: Final = 2  # with an affiliation, and more than half of the titles
_FEWEST: Final = 5  # of bare names, and nine of ten titles

_LONGEST: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parted:
    title: str
    speakers: str


_Form = Callable[[str], _Parted | None]


def _first(text: str) -> _Parted | None:
    head = split(text, _PARTS)[0]
    title = text[len(head) :].strip(EDGES)
    return _parted(title, head)


def _last(text: str) -> _Parted | None:
    tail = split(text, _DASH)[-1]
    return _parted(text[: len(text) - len(tail)].strip(EDGES), tail)


def _bracketed(text: str) -> _Parted | None:
    found = _BRACKETS.fullmatch(text)
    if found is None or PLACE_WORD.search(found[2]) or nameish(found[1], whole=True):
        return None
    return _parted(found[1], found[2])


def _parted(title: str, speakers: str) -> _Parted | None:
    if not re.search(r"\w", title) or not nameish(speakers, whole=True):
        return None
    return _Parted(title=title, speakers=speakers.strip())


def with_speakers(entries: Sequence[Facts]) -> Sequence[Facts]:
    """Part the titles of a file that tells its speakers nowhere else, if most are of one form."""
    told = [_said(entry) for entry in entries]
    titles = sorted({said.title for said in told if said and said.title})
    prefix = _prefix([said.title for said in told if said and said.title])
    rests = [rest for title in titles if not _none(rest := title.removeprefix(prefix).strip())]
    form: _Form | None = None
    if not any(entry.speakers for entry in entries):
        form = next((f for f in (_first, _last, _bracketed) if _is_theirs(f, rests)), None)
    return [
        entry
        if said is None or not said.title
        else _with(entry, said, said.title.removeprefix(prefix).strip(), form)
        for entry, said in zip(entries, told, strict=True)
    ]


def _said(entry: Facts) -> words.Said | None:
    brief = len(entry.titles) == 1 and len(entry.titles[0]) <= _LONGEST
    return words.said(entry.titles[0]) if brief else None


def _none(rest: str) -> bool:
    """Tell whether no title is left: nothing is known yet, or just who speaks."""
    return (
        with_affiliation(rest)
        or words.tba(rest)
        or words.no_talk(rest)
        or words.said(rest).title is None
    )


def _prefix(titles: Sequence[str]) -> str:
    """Give the words with which most titles begin: the name of the series, as in "Group seminar: "."""
    heads = Counter(
        title[: found.end()] for title in titles if (found := _PARTS.search(title)) is not None
    )
    head, count = heads.most_common(1)[0] if heads else ("", 0)
    return head if count >= 3 and count * 10 >= 6 * len(titles) else ""


def _is_theirs(form: _Form, rests: Sequence[str]) -> bool:
    """Tell whether most titles are of a form, and name different people."""
    found = [parted for rest in rests if (parted := form(rest)) is not None]
    if len({parted.speakers for parted in found}) * 10 < 7 * len(found):
        return False
    sure = sum(with_affiliation(parted.speakers) for parted in found)
    if sure >= _FEWEST_SURE and sure * 2 > len(rests):
        return True
    return len(found) >= _FEWEST and len(found) * 10 >= 9 * len(rests)


def _with(entry: Facts, said: words.Said, rest: str, form: _Form | None) -> Facts:
    states = (*entry.states, *(["cancelled"] if said.cancelled else []))
    parted = form(rest) if form else None
    if parted is not None:
        people = names(parted.speakers)
        return replace(entry, titles=(parted.title,), speakers=people, states=states)
    if form and with_affiliation(rest):
        return replace(entry, titles=(), speakers=names(rest), states=states)
    return (
        replace(entry, titles=(rest,), states=states)
        if words.tba(rest) or words.no_talk(rest)
        else entry
    )
