"""The words in which organisers say that a talk is to be announced, cancelled, moved, or none at all."""

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from announcer.source import clean
from announcer.source.dates import DateOrder, asked_dates, without_spans, written_dates
from announcer.source.markdown import EMPHASISED, plain, struck, struck_words, without_struck
from announcer.source.times import written_times

TBA: Final = re.compile(
    r"[\W_]*+(?:(?:the )?(?:title|titel|titre|talk|paper|speaker|topic|thema|sujet|date|location|room|time|details)\s*:?\s+)?"
    r"(?:t\.?\s?b\.?\s?[acdn]\.?|[?.…]++|-++|n/?a|none|null|(?:is )?to be (?:announced|determined|confirmed|decided)|"
    r"(?:wird |werden )?noch (?:bekannt ?gegeben|offen|unbekannt)|folgt|n\.?\s?n\.?|à (?:venir|annoncer|préciser|confirmer|définir)|"
    r"open(?: slot)?|offen|free(?: slot)?|frei|yes|no title(?: yet)?|not yet (?:known|decided)|coming soon|soon|"
    r"volunteers?\s?(?=\?)|(?:volunteers?|speakers?|presenters?) (?:needed|wanted))?[\W_]*",
    re.IGNORECASE,
)
# A slot that somebody may still take, or nobody can.
_FREE: Final = re.compile(
    r"[\W_]*+(?:(?:this |the |still |currently |noch )?(?:slot|date|termin|créneau)?\s?(?:is |ist |est )?"
    r"(?:free|available|unavailable|not available|vacant|empty|unassigned|unfilled|frei|verfügbar|nicht verfügbar|nicht belegt|unbesetzt|libre|disponible|vacante?|vrij|libero|livre)"
    r"(?:\s(?:slot|date|place|termin|platz|créneau|talk))?|(?:open|free|available|empty|vacant) (?:slot|date|place)(?: available)?|freier (?:termin|platz|slot)|offener (?:termin|slot)|"
    r"créneau (?:libre|disponible)|your (?:talk|name|title)(?: here)?|you(?:\?|!)?|sign[- ]?up(?: here)?|nobody(?: yet)?|(?:volunteers?|speakers?|presenters?) (?:needed|wanted)|"
    r"(?:vortragende[r]?|sprecher|referent(?:in)?) gesucht|looking for (?:a )?(?:speaker|volunteer|presenter)s?)[\W_]*",
    re.IGNORECASE,
)
_LONGEST_SLOT: Final = 60
_CANCEL: Final = (
    r"(?:cancel+ed|canceled|called off|entfällt|fällt(?: \w+)? aus|abgesagt|annulée?s?|postponed(?! from)|"
    r"verschoben(?! v[oa])|reportée?s?(?! d[ue]\b)|ausgefallen|findet nicht statt|is off|ist aus)"
)
_SUBJECT: Final = (
    r"(?:(?:the |this |das |der |die |le |la )?(?:talk|seminar|meeting|session|vortrag|treffen|sitzung|séance|séminaire)\s+"
    r"(?:is |was |has been |ist |wurde |wird |est )?|is |has been |ist |wurde )?"
)
_BEFORE: Final = re.compile(
    rf"^[\W_]*{_SUBJECT}{_CANCEL}(?=\W*$|\s*[:!()\]*–—-]|\s+(?:to|until|till|auf|due|wegen|because|à cause|au)\b)[\s:!)\]*–—-]*",
    re.IGNORECASE,
)
# "How projects get cancelled" tells of something else than its talk.
_PASSIVE: Final = r"(?<!\bget)(?<!\bgets)(?<!\bgot)(?<!\bbeing)"
_AFTER: Final = re.compile(
    rf"{_PASSIVE}(?:^|(?<![\s,:;(\[*–—-])[\s,:;(\[*–—-]++){_SUBJECT}\b{_CANCEL}(?:\s+(?:to|until|auf|due|wegen|because|au)\b.*)?[\s!.)\]*–—-]*$",
    re.IGNORECASE,
)
_ANYWHERE: Final = re.compile(
    rf"\b{_CANCEL}(?!\w)(?:\s+(?:due to|because of|wegen|aufgrund|à cause de)\b[^|]*)?[\s:!–-]*",
    re.IGNORECASE,
)
_EVENING: Final = (
    r"(?:talks?|seminars?|meetings?|meetups?|sessions?|jc|journal club|reading group|colloquium|papers?|lectures?|events?|"
    r"class|speaker|kolloquium|seminar|vortrag|vorträge|vorlesung|veranstaltung|termin|treffen|sitzung|séances?|séminaires?|"
    r"réunion|exposé)"
)
_NO: Final = rf"(?:(?:there (?:is|will be) )?no|kein(?:e|en)?|pas de)\s+(?:[\w.-]+\s+){{0,2}}(?:[\w]+-)?{_EVENING}"
_NONE: Final = re.compile(
    rf"\W*+(?:{_NO}(?:\s+(?:this|today|due|because|diese|am|heute|wegen|cette)\b.*|\s*[(,:;.!–—-].*)?|relâche|skip(?:ped)?|vorlesungsfrei(?:e (?:zeit|woche))?)\W*",
    re.IGNORECASE,
)
_NO_SPEAKER: Final = re.compile(rf"\W*{_NO}(?!\w)", re.IGNORECASE)
_HOLIDAY: Final = re.compile(
    r"(?:(?:happy|no \w+,?|due to|wegen)\s+)?(?:(?!(?:before|after|until|vor|nach|bis|avant|après)\b)[\w'’.-]+\s+){0,3}"
    r"(?:break|(?:bank |public )?holidays?|vacations?|recess|reading week|finals week|ferien|\w*ferien|pause|\w+pause|feiertag|urlaub|"
    r"vacances|férié|ferie|christmas|xmas|thanksgiving|easter(?: monday)?|good friday|new year(?:['’]?s)?(?: day| eve)?|"
    r"(?:labou?r|memorial|independence|mlk|veterans) day|juneteenth|midsummer|ostern|ostermontag|pfingsten|pfingstmontag|pfingstwoche|"
    r"weihnachten|(?:christi )?himmelfahrt|fronleichnam|karfreitag|allerheiligen|tag der (?:arbeit|deutschen einheit)|"
    r"noël|pâques|toussaint|ascension|pentecôte)"
    r"(?:\s+(?:week(?:end)?|day|monday|holidays?|break|recess|period|woche|ferien))*(?:\s*\(.*\)|\s*[:,–—-].*)?",
    re.IGNORECASE,
)
# From where a talk was moved: its old date, which is not its date any more.
_MOVED_FROM: Final = re.compile(
    r"\b(?:postponed|moved|rescheduled|shifted|brought forward|verschoben|verlegt|vorverlegt|reportée?|déplacée?|avancée?)"
    r"\s+(?:from|vom|von|du|de)\s+(?:the\s+|dem\s+)?",
    re.IGNORECASE,
)
_BEFORE_MOVED: Final = re.compile(
    r"[(\[,;–—-]?\s*(?:\b(?:was|has been|is|wurde|ist)\s+)?$", re.IGNORECASE
)
QUOTED: Final = re.compile(r'("[^"]{0,2000}+"|“[^”]{0,2000}+”|„[^“”]{0,2000}+[“”]|«[^»]{0,2000}+»)')
_DASH: Final = re.compile(r"\s[–—-]\s")
_LONG_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_OF_TALKS: Final = re.compile(
    r"(?:the|this|das|der|die|ist|was|has|been|wurde|wird|est|talk|seminar|meeting|session|vortrag|treffen|sitzung|séance|séminaire)",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_]")
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
    own: re.Pattern[str] | None = None,
    tba_words: Collection[str] = (),
) -> Said:
    """Understand the words of a title; one that has no speaker beside it may be a holiday's name."""
    left = without_moved_from(without_old(raw))
    cancelled = struck(left)
    marked, by_own = without_mark(plain(left), own)
    title, by_known = _without_state(marked)
    cancelled = cancelled or by_own or by_known
    if alone and no_talk(title):
        return Said(title=None, cancelled=True)
    return Said(title=None if tba(title, tba_words) else title, cancelled=cancelled)


def _without_state(title: str) -> tuple[str, bool]:
    """Take a state from the beginning or the end of a title; one that is quoted keeps its words."""
    title, quoted = unquoted(title), unquoted(title) != title
    if _ANYWHERE.search(title) is None:
        return title, False
    found = False
    for pattern in (_BEFORE, _AFTER):
        mark = pattern.search(title)
        if mark and not (quoted and pattern is _AFTER and title[: mark.start()].strip()):
            found = True
            title = unquoted(pattern.sub("", title, count=1).strip())
    return title, found


def own_words(words: Collection[str]) -> re.Pattern[str] | None:
    """Give the pattern of the words for "cancelled" that the settings add."""
    either = "|".join(map(re.escape, words))
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)[\s:!–-]*", re.IGNORECASE) if either else None


def cancelled(text: str, more: re.Pattern[str] | None = None) -> tuple[str, bool]:
    """Take every mark of a cancelled talk out of a line, and say whether one stood there."""
    text, known = without_mark(text, _ANYWHERE)
    text, own = without_mark(text, more)
    return text, known or own


def without_mark(text: str, mark: re.Pattern[str] | None) -> tuple[str, bool]:
    """Take a mark out of a line, and say whether it stood there.

    Within a quoted title it is a word like any other, unless the title begins with it as a mark.
    """
    if mark is None or mark.search(text) is None:
        return text, False
    parts = QUOTED.split(text)  # every second one is a quoted title
    found = False
    for number, part in enumerate(parts):
        first = mark.match(part[1:]) if number % 2 else None
        if number % 2 and (
            first is None or not (re.search("[:!–-]", first[0]) or first.end() + 2 == len(part))
        ):
            continue
        titles = [title.span() for title in EMPHASISED.finditer(part)]
        parts[number], times = mark.subn(partial(_unless_emphasised, part, titles), part)
        found = found or (times > 0 and parts[number] != part)
    return "".join(parts), found


def _unless_emphasised(part: str, titles: Sequence[tuple[int, int]], mark: re.Match[str]) -> str:
    """Take a mark out, unless it is a word of an emphasised title: "*How projects get cancelled*"."""
    number = bisect_left(titles, (mark.start(),)) - 1
    start, end = titles[number] if number >= 0 else (0, 0)
    if mark.start() >= end:
        return ""
    before, after = part[start : mark.start()], part[mark.end() : end]
    others = [w for w in _LONG_WORD.findall(before + " " + after) if not _OF_TALKS.fullmatch(w)]
    apart = re.search(r"[:!(\[,;–—-]\s*$", before) or re.match(r"[\s]*[:!)\],;–—-]", after)
    return mark[0] if len(others) > 1 and not apart and _LONG_WORD.search(before) else ""


def without_old(text: str, order: DateOrder | None = None) -> str:
    """Leave out what an organiser struck and wrote anew beside it: an old date, title or room.

    Where nothing is left but dates, numbers and states, the talk itself is struck, and stays so.
    """
    gone = struck_words(text)
    if not gone:
        return text
    left = without_struck(text)
    if not _WORD.search(without_dates(gone, order)) and asked_dates(plain(left), order):
        return left
    rest = without_dates(re.sub(r"^\W*\d+\s*[.):]\s", "", plain(left)), order)
    rest = _ANYWHERE.sub("", _BEFORE.sub("", rest))
    return left if _WORD.search(rest) else text


def without_dates(text: str, order: DateOrder | None = None) -> str:
    """Take dates with their weekdays, and times of day, out of a text."""
    text = without_spans(text, asked_dates(text, order))
    return without_spans(text, written_times(text))


def without_moved_from(text: str, order: DateOrder | None = None) -> str:
    """Leave out from where a talk was moved: "postponed from 3 May" takes place, at its new date."""
    lead = _MOVED_FROM.search(text)
    if lead is None:
        return text
    first = next((w for w in written_dates(text, order) if w.span[1] > lead.end()), None)
    if first is None or text[lead.end() : first.span[0]].strip():
        return text
    opening = _BEFORE_MOVED.search(text, max(0, lead.start() - 20), lead.start())
    before = opening[0] if opening else ""
    closing = (
        re.match(r"\s*[)\]]", text[first.span[1] :]) if before.strip()[:1] in {"(", "["} else None
    )
    end = first.span[1] + (closing.end() if closing else 0)
    return text[: lead.start() - len(before)] + " " + text[end:]


def no_talk(words: str) -> bool:
    """Tell whether words say that there is no talk, by themselves or by a holiday's name."""
    bare = words.strip(" .!?*_–—-")
    behind = re.search(r"[(\[]([^()\[\]]{4,60})[)\]]$", bare)
    none = _NONE.fullmatch(bare.strip("()[]")) or (behind and _NONE.fullmatch(behind[1]))
    return bool(none) or holiday(bare)


def no_speaker(words: str) -> bool:
    """Tell whether what stands for the speakers says that there is no talk."""
    return bool(_NO_SPEAKER.match(words)) or no_talk(words)


def holiday(words: str) -> bool:
    """Tell whether words are the name of a day or of a time without talks."""
    bare = words.strip(" .!?*_–—-:")
    return len(bare) < 120 and any(_HOLIDAY.fullmatch(w) for w in (bare, bare.strip("()[]")))


def tba(words: str, more: Collection[str] = ()) -> bool:
    """Tell whether these words say that something is not known yet."""
    parts = _DASH.split(words, maxsplit=3)  # "TBA – TBA": neither the speaker nor the title
    return all(map(TBA.fullmatch, parts)) or words.lower() in {word.lower() for word in more}


def free_slot(words: str) -> bool:
    """Tell whether words in place of a talk say that nobody has its slot, or nobody can: "open slot"."""
    return len(words) <= _LONGEST_SLOT and _FREE.fullmatch(words) is not None


def nobody_yet(words: str) -> bool:
    """Tell whether words in place of a speaker say that the slot is free: there "open" does so too."""
    return free_slot(words) or words.strip(" .!?()*_").casefold() in {"open", "offen", "ouvert"}


def off(words: str) -> bool:
    """Tell whether the words of a state say that a talk does not take place."""
    bare = words.replace("_", " ").strip()
    return bool(re.search(rf"\b{_CANCEL}(?!\w)", bare, re.IGNORECASE)) or no_talk(bare)


def tentative(words: str) -> bool:
    """Tell whether the words of a state say that a talk is not sure to take place."""
    return words.strip().lower() in {"tentative", "provisional", "vorläufig", "provisoire"}


def bare(raw: str) -> str:
    """Give the words of one line without markup and outer quotes."""
    return unquoted(clean.line(plain(raw)))


def unquoted(title: str) -> str:
    """Take off the quotes around a title."""
    while len(title) > 1 and title[0] + title[-1] in _QUOTES:
        title = title[1:-1].strip()
    return title.strip('"') if title.count('"') == 1 else title


def slug(words: str | None) -> str | None:
    """Make an id of a title."""
    parts = re.findall(r"[a-z0-9]+", (words or "").lower())
    return "-".join(parts)[:60].strip("-") or None
