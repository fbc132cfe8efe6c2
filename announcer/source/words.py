"""The words in which titles say that a talk is to be announced, cancelled, or no talk at all."""

import html
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from announcer.source import clean

TBA: Final = re.compile(
    r"[\W_]*(?:(?:title|titel|titre|talk|speaker|date|location|room|time)\s*:?\s+)?"
    r"(?:t\.?\s?b\.?\s?[acdn]\.?|\?+|-+|n/a|none|null|to be (?:announced|determined|confirmed|decided)|"
    r"(?:wird )?noch (?:bekannt ?gegeben|offen)|n\.?\s?n\.?|à (?:venir|annoncer|préciser|confirmer)|"
    r"open(?: slot)?|offen|coming soon|soon)?[\W_]*",
    re.IGNORECASE,
)
_CANCEL: Final = (
    r"(?:cancel+ed|canceled|called off|entfällt|fällt(?: \w+)? aus|abgesagt|annulée?|postponed(?! from)|"
    r"verschoben(?! v[oa])|reportée?|ausgefallen)"
)
_SUBJECT: Final = (
    r"(?:(?:the |this |das |der |die )?(?:talk|seminar|meeting|session|vortrag|treffen|sitzung|séance)\s+"
    r"(?:is |was |has been |ist |wurde |wird |est )?|is |has been |ist |wurde )?"
)
_BEFORE: Final = re.compile(
    rf"^[\W_]*{_SUBJECT}{_CANCEL}(?=\W*$|\s*[:!)\]*–—-]|\s+(?:to|until|till|auf|due|wegen|because)\b)[\s:!)\]*–—-]*",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    rf"(?:^|[\s,:;(\[*–—-]+){_SUBJECT}\b{_CANCEL}(?:\s+(?:to|until|auf|due|wegen|because)\b.*)?[\s!.)\]*–—-]*$",
    re.IGNORECASE,
)
_EVENING: Final = (
    r"(?:talks?|seminars?|meetings?|meetups?|sessions?|jc|journal club|reading group|colloquium|"
    r"class|kolloquium|seminar|vortrag|vorträge|treffen|sitzung|séance|séminaire|réunion)"
)
_NONE: Final = re.compile(
    rf"(?:no|kein(?:e|en)?|pas de)\s+(?:[\w.-]+\s+){{0,2}}(?:[\w]+-)?{_EVENING}(?:\s*[(,:;.!–—-].*)?",
    re.IGNORECASE,
)
_HOLIDAY: Final = re.compile(
    r"(?:[\w'’-]+\s+){0,3}(?:break|holidays?|vacation|recess|reading week|ferien|pause|feiertag|"
    r"vacances|férié)|"
    r"(?:happy )?(?:christmas|xmas|thanksgiving|easter(?: monday)?|good friday|new year(?:'s)?(?: day| eve)?|"
    r"labou?r day|memorial day|ostern|ostermontag|pfingsten|pfingstmontag|weihnachten|"
    r"christi himmelfahrt|fronleichnam|karfreitag|noël|pâques|toussaint|ascension)",
    re.IGNORECASE,
)
_STRUCK: Final = re.compile(r"~~(.+?)~~|<(s|del|strike)>(.+?)</\2>", re.IGNORECASE | re.DOTALL)
_MARKUP: Final = re.compile(r"</?[a-z][^<>]{0,300}>", re.IGNORECASE)
_LINKED: Final = re.compile(r"(?<!!)\[([^\]\n]*)\]\(([^)\n]*)\)")
# In pairs only: the star of "C*-algebras" is its own.
_EMPHASIS: Final = re.compile(r"(?<![\w\\$*])(\*\*|__|[*_`])(?=\S)(.+?)(?<=\S)\1(?![\w$*])")
_QUOTES: Final = ('""', "“”", "„“", "«»", "''", "‘’", "””")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the words of a title say: the title itself, if any, and whether the talk is off."""

    title: str | None
    cancelled: bool


def said(
    raw: str,
    *,
    alone: bool = True,
    cancel_words: Collection[str] = (),
    tba_words: Collection[str] = (),
) -> Said:
    """Understand the words of a title; one that has no speaker beside it may be a holiday's name."""
    struck = _STRUCK.search(raw) is not None
    title = bare(raw)
    cancelled = struck
    for word in cancel_words:
        found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)[\s:!–-]*", title, re.IGNORECASE)
        if found:
            cancelled = True
            title = (title[: found.start()] + title[found.end() :]).strip(" :!–-()")
    for pattern in (_BEFORE, _AFTER):
        if pattern.search(title):
            cancelled = True
            title = bare(pattern.sub("", title, count=1))
    if alone and (_NONE.fullmatch(title) or _HOLIDAY.fullmatch(title.strip(" .!()"))):
        return Said(title=None, cancelled=True)
    return Said(title=None if tba(title, tba_words) else title, cancelled=cancelled)


def tba(words: str, more: Collection[str] = ()) -> bool:
    """Tell whether these words say that something is not known yet."""
    return bool(TBA.fullmatch(words)) or words.lower() in {word.lower() for word in more}


def off(words: str) -> bool:
    """Tell whether the words of a state say that a talk does not take place."""
    plain = words.replace("_", " ").strip()
    return bool(
        re.search(rf"\b{_CANCEL}\b", plain, re.IGNORECASE)
        or _NONE.fullmatch(plain)
        or _HOLIDAY.fullmatch(plain)
    )


def remarked_off(words: str) -> bool:
    """Tell whether a remark says so, which may speak of other things too."""
    plain = words.strip()
    return bool(_BEFORE.search(plain) or _AFTER.search(plain) or _NONE.fullmatch(plain))


def bare(raw: str) -> str:
    """Give the words of one line without markup and outer quotes."""
    text = _STRUCK.sub(lambda m: m[1] or m[3], raw)
    text = html.unescape(_LINKED.sub(r"\1", _MARKUP.sub("", text)))
    text = clean.line(_EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", text)))
    while len(text) > 1 and text[0] + text[-1] in _QUOTES:
        text = text[1:-1].strip()
    return text


def slug(words: str | None) -> str | None:
    """Make an id of a title."""
    parts = re.findall(r"[a-z0-9]+", (words or "").lower())
    return "-".join(parts)[:60].strip("-") or None


_AFFILIATION: Final = re.compile(
    r"\b(?:univ\w*|institut\w*|college|école|ecole|hochschule|school|polytech\w*|politecnic\w*|academy|"
    r"cent(?:er|re)|department|dept|lab(?:s|oratory)?|inc|ltd|gmbh|research|inria|cnrs|eth|epfl|"
    r"mit|google|deepmind|microsoft|meta|tu|fu|hu)\b",
    re.IGNORECASE,
)


def names(raw: str) -> tuple[str, ...]:
    """Part the names of a line, without what says where people come from."""
    text = re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", bare(raw))
    people = []
    for group in re.split(r"\s*;\s*|\s+(?:and|und|et|with|&)\s+|\s*\n\s*", text):
        first, *more = [part.strip() for part in group.split(",") if part.strip()] or [""]
        if len(more) == 1 and " " not in first and " " not in more[0] and not _titled(more[0]):
            people.append(f"{first}, {more[0]}")  # family name first
            continue
        people += [part for part in (first, *more) if part is first or not _place(part)]
    return tuple(p for p in map(clean.line, people) if p and not tba(p))


def _place(part: str) -> bool:
    return " " not in part or _titled(part)


def _titled(part: str) -> bool:
    return bool(_AFFILIATION.search(part) or re.fullmatch(r"[A-Z\d .&-]+", part))
