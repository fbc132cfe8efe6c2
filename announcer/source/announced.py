"""A talk that a post announces in a sentence, or by the name of its speaker in the title.

"On Thursday, October 9, 2025 at 3:15 pm, Ada Kovács (Szeged) will speak about **Nets**." Only this
form is read: the date first, with its year, then who speaks and that they will; anything looser may
speak of another day.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from announcer.source.dates import written_dates
from announcer.source.markdown import plain
from announcer.source.people import EDGES, nameish, names
from announcer.source.times import written_times

_LEAD: Final = re.compile(r"\s*(?:on|am|le|this coming|next|kommenden|nächsten)?\W*", re.IGNORECASE)
_JOINT: Final = re.compile(r"[\s,]*(?:at|um|à|from|von|@)?\s*", re.IGNORECASE)
_WHO: Final = (
    r"(?P<name>[^,.:;()]{3,60}?(?:\.\s[^,.:;()]{3,60}?)?)(?:\s*\([^()]{1,100}\)|,[^,.;]{1,80},)?"
)
_SPEAKS: Final = (
    re.compile(rf"[\s,]*{_WHO}\s+(?:will\s+(?:speak|talk|present|lecture|give)|speaks|talks|presents|gives)\b(?P<rest>.*)", re.DOTALL),
    re.compile(rf"[\s,]*(?:spricht|referiert|hält)\s+{_WHO}(?P<rest>\s+(?:über|zum|zu|einen)\b.*)", re.DOTALL),
    re.compile(rf"[\s,]*{_WHO}\s+(?:parlera|exposera|présentera|donnera)\b(?P<rest>.*)", re.DOTALL),
)  # fmt: skip
_ABOUT: Final = re.compile(
    r"\s*(?:(?:a|the|an invited) (?:talk|lecture)|einen vortrag|un exposé)?\s*"
    r"(?:about|on|titled|entitled|with the title|über|zum thema|zu|sur|de|intitulé)?\s*:?\s*"
    r"(?:\*\*([^*\n]+)\*\*|[\"“„«]\s*([^\"“”«»\n]+?)\s*[\"”“»])",
    re.IGNORECASE,
)
_BY: Final = re.compile(
    r"(?:(?:next|upcoming|guest|invited|public|online)\s+)*(?:talk|seminar|lecture|presentation|vortrag|gastvortrag|kolloquium|"
    r"colloquium|exposé|séminaire)\s+(?:by|von|par|with|mit)\s+(?P<name>.+?)(?:\s*(?::|\s[–—-])\s+(?P<title>.*\S))?\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a sentence or a title announces."""

    speakers: tuple[str, ...]
    title: str | None
    when: str = ""


def sentence(body: str, published: date | None) -> Announced | None:
    """Find the one paragraph that announces a talk, not before the post was published."""
    found = [told for text in re.split(r"\n\s*\n", body) if (told := _paragraph(text, published))]
    return found[0] if len(found) == 1 else None


def _paragraph(text: str, published: date | None) -> Announced | None:
    dates = written_dates(text[:200])
    lead = _LEAD.match(text)
    if not dates or dates[0].year is None or lead is None or dates[0].span[0] > lead.end():
        return None
    day = dates[0].on(dates[0].year)
    if day is None or (published is not None and day < published):
        return None
    end = dates[0].span[1]
    joint = _JOINT.match(text, end)
    clock = next((t for t in written_times(text[:250]) if joint and t.span[0] == joint.end()), None)
    end = clock.span[1] if clock else end
    spoken = next((m for form in _SPEAKS if (m := form.match(text, end))), None)
    if spoken is None or not nameish(spoken["name"], whole=True):
        return None
    about = _ABOUT.match(spoken["rest"])
    title = (about[1] or about[2]) if about else None
    return Announced(speakers=names(spoken["name"]), title=title, when=text[:end].strip(EDGES))


def by(title: str) -> Announced | None:
    """Read a title that says who speaks: "Talk by Ada Kovács", "Vortrag von Ada Kovács: Nets"."""
    found = _BY.fullmatch(plain(title))
    if found is None or not nameish(found["name"], whole=True):
        return None
    return Announced(speakers=names(found["name"]), title=found["title"])
