"""The affiliations of speakers: what stands in brackets, or behind a comma, after a name.

Only what is surely a place is taken: much else stands in brackets behind a name ("online", "joint
with …", a host), and a title may follow a comma.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Final

from announcer.source import clean
from announcer.source.markdown import plain
from announcer.source.people import nameish
from announcer.talks import Reading

_LONGEST: Final = 120
_READ: Final = 2000  # of a line
_HOUSE: Final = re.compile(
    r"(?i:\b(?:universi\w+|univ\b|universität|institut\w*|colleg\w+|hochschule|école|ecole|polytechni\w+|academy|akademie|"
    r"laborator\w+|observator\w+|department of|school of|faculty of|max[- ]planck\w*)\b)|\b(?:[A-Z]{2,6}|TU|LMU|[A-Z]{2,}-[A-Z]{2,})\b"
)
_NO_PLACE: Final = re.compile(
    r"(?i)\d|://|@|\b(?:online|zoom|hybrid|remote(?:ly)?|virtual|via|chair|host(?:ed)?|moderat\w+|slides?|video|recording|pdf|ph\.?d|"
    r"postdoc|student|m\.?sc|b\.?sc|joint|with|by|she|her|he|him|they|invited|keynote|cancel\w+|tba|tbc|tbd|n\.?n|part|teil|talk|"
    r"vortrag|abstract|title|absagt?|entfällt|room|raum|lecture|session|speaker|discussion|intern|visiting|unknown)\b"
)
_SMALL: Final = frozenset(
    [
        "of",
        "for",
        "de",
        "del",
        "della",
        "der",
        "des",
        "di",
        "do",
        "du",
        "et",
        "und",
        "and",
        "the",
        "at",
        "in",
        "la",
        "le",
        "les",
        "von",
        "zu",
        "&",
        "/",
    ]
)
_ENDS: Final = re.compile(r"[;:|(\[–—]|\s-\s|\.\s|\s(?:and|und|et|&)\s(?=[A-Z][\w.]+\s+[A-Z])")


def with_affiliations(reading: Reading) -> Reading:
    """Return a reading whose speakers carry the affiliation that stands beside their names."""
    talks = []
    for talk in reading.talks:
        own = [g.text for g in reading.grounds.get(talk.id, ()) if not g.above]
        found = beside(talk.speakers, own, talk.title)
        talks.append(replace(talk, affiliations=(*talk.affiliations, *found)) if found else talk)
    return replace(reading, talks=tuple(talks))


def beside(
    names: Collection[str], lines: Iterable[str], title: str | None = None
) -> tuple[tuple[str, str], ...]:
    """Return the affiliations that stand behind names in lines of Markdown, each with its name."""
    found: dict[str, str] = {}
    for line in lines:
        text = plain(line[:_READ])
        for name in names:
            if name and name not in found and name in text:
                places = (place for place in _places(name, text) if not _is_title(place, title))
                if place := next(places, None):
                    found[name] = place
    return tuple(found.items())


def _places(name: str, text: str) -> Iterator[str]:
    behind = r"\s*(?:\(([^()]+)\)|\[([^\[\]]+)\]|,\s*([^\n]+))"
    for match in re.finditer(rf"(?<!\w){re.escape(name)}{behind}", text):
        bracket = match[1] or match[2]
        place = clean.line(bracket or _ENDS.split(match[3])[0]).strip(" ,.")
        sure = _is_place(place) if bracket else bool(_HOUSE.search(place))
        if place and len(place) <= _LONGEST and sure and not _NO_PLACE.search(place):
            yield place


def _is_place(words: str) -> bool:
    """Return whether what stands in brackets behind a name is a place, and no other person."""
    if _HOUSE.search(words):
        return True
    tokens = words.replace(",", " ").split()
    capital = all(token[:1].isupper() or token.lower() in _SMALL for token in tokens)
    return capital and 0 < len(tokens) <= 6 and not (len(tokens) > 1 and nameish(words, whole=True))


def _is_title(place: str, title: str | None) -> bool:
    return bool(title) and (place in str(title) or str(title) in place)
