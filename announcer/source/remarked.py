"""What a remark beside a talk names: another time, room or day than the one that stands elsewhere.

"16:15 Uhr!", "Room 7", "online only", "moved to 5 pm". A remark is a bracket, a cell, or a brief
line that says this and hardly anything else; a sentence about something else is none, whatever it
names. Whether the talk's own facts say the same is for who reads them to tell.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from announcer.source import remarks, words
from announcer.source.dates import (
    WEEKDAY,
    WEEKDAYS,
    DateOrder,
    Written,
    asked_dates,
    without_spans,
)
from announcer.source.markdown import plain, without_struck
from announcer.source.times import WrittenTime, asked_times, written_times

LONGEST: Final = 160  # letters of a remark

_IDENTIFIER: Final = (
    r"(?:(?-i:[A-ZÄÖÜ]{1,5})[\s.-]?\d[\w./-]{0,12}|\d[\w./-]{0,12}|(?-i:[A-Z]{1,3})(?![\w]))"
)
ROOM: Final = re.compile(
    r"(?<!\w)(?:(?:(?:seminar|lecture|meeting|class|conference|seminar-|lecture-)\s?)?(?:rooms?|hall|theatre|theater)|(?:seminar|besprechungs|übungs)?raum|"
    r"(?:großer |kleiner )?(?:hörsaal|saal)|zimmer|salle|auditorium|amphi(?:théâtre)?|aula|hs|sr)\s{1,3}(?:(?:nr|no|n°)\.?\s?)?"
    + _IDENTIFIER
    + r"(?:\s{0,2},?\s{0,2}(?:building|gebäude|bâtiment|bldg\.?|haus|block)\s{1,3}"
    + _IDENTIFIER
    + r")?",
    re.IGNORECASE,
)
# "findet in A2 statt": letters and a number together, behind a word for where.
_CODE: Final = re.compile(
    r"(?<!\w)(?:in|to|nach|en|im)\s((?-i:[A-ZÄÖÜ]{1,4})[.-]?\d{1,3}(?:[.-]\d{1,3})?(?-i:[a-z])?)(?![\w])",
    re.IGNORECASE,
)
# A room that has a name and no number counts only where nothing else is said.
_NAMED_ROOM: Final = re.compile(
    r"(?:room|raum|seminarraum|salle|hörsaal|saal|zimmer|auditorium|aula|amphi(?:théâtre)?)(?:\s{1,3}(?-i:[A-ZÄÖÜÉ])[\w'’-]{1,30}){1,3}",
    re.IGNORECASE,
)
# Places of which an institution has one.
_ONLY_ONE: Final = re.compile(
    r"(?:in (?:der|dem|the) |im |dans l['’])?(?:aula|audimax|auditorium(?: maximum)?|mensa|cafeteria|foyer|bibliothek|library|bibliothèque|rotunda|senatssaal)",
    re.IGNORECASE,
)
_REMOTE: Final = (
    r"(?:online|virtual(?:ly)?|virtuell|remote(?:ly)?|digital|(?:via |on |per |über |auf |sur |par )?zoom|"
    r"(?:via |on |in |per |über )?(?:teams|bbb|webex)|en ligne|à distance|en visio\w{0,12})"
)
ONLINE: Final = re.compile(
    rf"\b{_REMOTE}[\s-]{{1,3}}(?:only|seulement|uniquement|exclusively)\b|"
    rf"\b(?:only|nur|rein|ausschließlich|fully|entirely|exclusively|purely|uniquement|seulement|entièrement|now|diesmal|ausnahmsweise|moved)"
    rf"\s{{1,3}}(?:noch |held )?{_REMOTE}(?!\w)|\b(?:held|takes? place|meets?|findet|finden|statt)\s{{1,3}}(?:\w{{1,12}}\s{{1,3}}){{0,2}}{_REMOTE}(?!\w)|\b(?:no|not) in[- ]person\b|\bkeine? präsenz\w{{0,14}}",
    re.IGNORECASE,
)
# What says that something is otherwise than usual.
_CHANGE: Final = re.compile(
    r"\b(?:unusual|different|other|another|exceptional(?:ly)?|moved|changed?|change of|new|rescheduled|postponed|shifted|brought forward|"
    r"this (?:time|week)|today|instead|note|beware|attention|careful|please|important|update|because|due to|"
    r"wegen|aufgrund|en raison|achtung|hinweis|wichtig|bitte|ausnahmsweise|diesmal|andere[rsnm]?|anders|neue[rsnm]?|geändert\w{0,2}|änderung|raumänderung|verlegt|verschoben|vorverlegt|heute|"
    r"ungewöhnlich\w{0,2}|exceptionnel\w{0,6}|cette (?:fois|semaine)|changements?|inhabituel\w{0,3}|autre|nouvel\w{0,3}|nouveau|déplacée?|reportée?|avancée?|aujourd['’]hui)\b",
    re.IGNORECASE,
)
_SAYS: Final = re.compile(
    r"\b(?:starts?|begins?|takes? place|be (?:held|given)|is (?:held|given)|meet|gehalten|beginnt|beginn|findet|treffen|commence\w{0,3}|débute\w{0,3}|aura lieu|a lieu)\b",
    re.IGNORECASE,
)
_NOUNS: Final = {
    "time": re.compile(
        r"\b(?:times?|hours?|starts?|uhrzeit|zeit|anfangszeit|beginn|horaire|heure)\b",
        re.IGNORECASE,
    ),
    "place": re.compile(
        r"\b(?:rooms?|place|venue|location|building|raum|raumänderung|ort|hörsaal|gebäude|salle|lieu)\b",
        re.IGNORECASE,
    ),
}
# "30 minutes later", "one hour earlier than usual", "early start".
_RELATIVE: Final = re.compile(
    r"\b(?:earlier|later|sooner|early|late|delayed|früher|später|verspätet|plus tôt|plus tard|en retard)\b",
    re.IGNORECASE,
)
_INSTEAD: Final = re.compile(
    r"\b(?:instead of|rather than|not (?:at|in|on)|no longer (?:at|in|on)|statt|anstatt|anstelle von|nicht(?: mehr)? (?:um|in|im|am)|au lieu d[eu]|et non)\b"
    r"\s{0,3}(?:(?:the|usual|der|dem|den|des|üblichen|gewohnten|la|le|l['’]|à|at|in|um|um die)\s{1,3}){0,4}",
    re.IGNORECASE,
)
# A time or a room of something else than the talk.
_OTHER_THING: Final = re.compile(
    r"(?i)\b(?:coffee|tea|lunch|dinner|drinks?|snacks?|pizza|registration|register|deadline|due(?! to)|submit|recording|recorded|slides|doors?|reception|"
    r"social|pub|networking|exam|office hours?|previous|next|last|tutorial|poster|pre-?talk|"
    r"kaffee|tee|essen|mittagessen|abendessen|anmeldung|anmelde\w*|einlass|folien|aufzeichnung|empfang|nächste\w*|letzte\w*|"
    r"café|thé|déjeuner|dîner|pot|inscription|accueil|prochaine?|dernière?)\b"
)
_OF_FILLERS: Final = """
    a an and at by be for from has have in is it its of on only our that the there this to was we will with you your us all very
    am an auf aus beim das dem den der des die ein eine einem einer es findet für im in ist mit nach nicht nun statt um und uns unser unsere wird wir
    zum zur à au aux avec ce cette dans de des du en est et l la le les nous par pour se sera un une y
    starts start starting started begins begin beginning beginn beginnt commence commencera débute débutera début ab bis until till jusqu
    now already today tonight here again jetzt heute schon bereits déjà aujourd hui maintenant
    note nb please bitte attention achtung beware careful important wichtig hinweis update news notice warning info
    unusual different other another exceptional exceptionally exceptionnel exceptionnelle exceptionnellement ausnahmsweise diesmal
    change changed changes changement modification änderung geändert geänderte geänderter geändertes raumänderung zeitänderung
    andere anderer anderes anderen anders neue neuer neues neuen neu new nouvel nouvelle nouveau autre ungewöhnlich ungewöhnliche inhabituel inhabituelle
    moved rescheduled postponed shifted brought forward verlegt verschoben vorverlegt déplacé déplacée reporté reportée avancé avancée fois
    room rooms raum saal salle place venue location ort lieu hall building gebäude bâtiment hörsaal seminarraum
    time times hour hours zeit uhrzeit uhr anfangszeit heure heures horaire clock o h st ct sharp pünktlich précises min minutes minuten stunde stunden half one
    date day datum tag jour week woche semaine usual usually üblich üblichen gewohnt normally than als que instead rather no not longer mehr
    earlier later sooner early late früher später plus tôt tard delayed verspätet
    talk seminar meeting session lecture vortrag treffen sitzung veranstaltung termin séminaire séance exposé réunion colloquium kolloquium
    take takes place held meet meets meeting happen hold lieu aura stattfinden gehalten treffen
    online virtual virtually virtuell remote remotely digital zoom via on per über hybrid ligne visio visioconférence distance fully entirely rein nur uniquement seulement person
    floor etage stock étage level
    o'clock d l s t
"""
_FILLERS: Final = frozenset(_OF_FILLERS.split())
_MOST_OTHERS: Final = (
    4  # words of a remark that are none of these: "Due to a strike, we meet in Room 7."
)
_HOUR: Final = re.compile(r"\d\d?\s?h", re.IGNORECASE)
_UNTIL: Final = re.compile(r"(?i)\b(?:until|till|bis|jusqu\S{0,3}|ends?(?: at)?|ende|fin)\s{0,3}$")
_NEAR: Final = 20  # letters before a time that can say that it is the end
_COUNTER: Final = re.compile(r"\d{1,2}\s?[/.]\s?\d{1,2}\.?")
_EDGES: Final = " .,;:!?()[]*_–—-"
_URL: Final = re.compile(r"<?https?://\S+")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_LIKELY: Final = re.compile(
    r"(?i)\d|\b(?:noon|midi|mittags?|online|zoom|virtu\w+|remote\w*|room|rooms|raum\w*|saal|salle|hörsaal|aula|auditorium|amphi\w*|hall|audimax|mensa|cafeteria|foyer|biblio\w+|library|rotunda|senatssaal|time|uhrzeit|zeit|horaire|heure|"
    r"place|venue|location|ort|lieu|earlier|later|früher|später|tôt|tard|early|late|start|beginn|ligne|visio\w*|distance|präsenz\w*|in[- ]person)\b"
    rf"|{WEEKDAY.pattern}"
)
_BOTH: Final = re.compile(
    r"(?i)\b(?:also|auch|aussi|hybrid\w{0,4}|both|sowohl|additionally|zusätzlich)\b"
)
_USUAL: Final = re.compile(
    r"(?i)\W*(?:(?:at |zu |à |zur )?(?:the |der |l['’]|die |la )?(?:as )?(?:usual|same|regular|normal|default|standard|wie (?:immer|üblich|gewohnt)|üblich\w*|gewohnt\w*|"
    r"comme d['’]habitude|(?:(?:heure|horaire|salle) )?habituel\w*)(?: (?:times?|hours?|rooms?|place|zeit|uhrzeit|raum|ort|horaire|heure|salle))?)\W*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a remark names, and whether it says nothing else (``whole``)."""

    text: str
    times: tuple[WrittenTime, ...] = ()
    rooms: tuple[str, ...] = ()
    days: tuple[Written, ...] = ()
    weekdays: frozenset[int] = frozenset()
    online: str = ""  # the words that say that it is nowhere else
    changed: frozenset[str] = frozenset()  # "time" or "place": another one, which is not named
    whole: bool = True


def remark(text: str, order: DateOrder | None, *, named: bool = True) -> Remark | None:
    """Read a bracket, a cell or a brief line; None where it is no remark about time or place.

    Args:
        text: Markdown.
        order: in which order day and month stand.
        named: whether a room may have a name and no number ("Salle Pasteur").
    """
    if len(text) > 4 * LONGEST:
        return None
    said = plain(without_struck(_URL.sub(" ", text))).strip()
    if not said or len(said) > LONGEST or not _LIKELY.search(said):
        return None
    return _remark(said, order, named)


@lru_cache(maxsize=512)  # the same few lines are asked about for their times, rooms and days
def _remark(said: str, order: DateOrder | None, named: bool) -> Remark | None:  # noqa: FBT001 - keeps the cache's key plain
    current = _without_instead(words.without_moved_from(said, order), order)
    dates = asked_dates(current, order)
    if not _CHANGE.search(said):  # "(4/4)" counts the parts of a series
        dates = [found for found in dates if not _COUNTER.fullmatch(found.words.strip(_EDGES))]
    left = without_spans(current, dates)
    rooms = [match[0].strip(" ,") for match in ROOM.finditer(left)]
    left = ROOM.sub(" ", left)
    rooms += [match[1] for match in _CODE.finditer(left)]
    left = _CODE.sub(" ", left)
    bare = left.strip(_EDGES)
    timed = asked_times(bare) if _HOUR.fullmatch(bare) else written_times(left)
    times = [one for one in timed if not _UNTIL.search(left[: one.span[0]][-_NEAR:])]
    left = "" if _HOUR.fullmatch(bare) else without_spans(left, timed)
    online = ONLINE.search(left)
    left = ONLINE.sub(" ", left)
    weekdays = frozenset(WEEKDAYS[found[1].lower()] for found in WEEKDAY.finditer(left))
    left = WEEKDAY.sub(" ", left)
    bare = left.strip(_EDGES)
    if named and not rooms and (_NAMED_ROOM.fullmatch(bare) or _ONLY_ONE.fullmatch(bare)):
        rooms, left = [bare], ""
    others = [w for w in _LETTERS.findall(left) if w.casefold() not in _FILLERS]
    digits = any(c.isdigit() for c in left)
    if not (dates or times):
        dates = remarks.moved_to(current, order)
        digits = digits and not dates
    told = bool(rooms or times or online or dates or weekdays)
    changed = frozenset() if told else _changed(said, left)
    whole = not others and (not digits or bool(changed))
    if not (told or changed) or not (whole or _about_the_talk(said, others)):
        return None
    if changed and not whole and not _CHANGE.search(said):
        return None
    return Remark(
        text=said,
        times=tuple(times),
        rooms=tuple(rooms),
        days=tuple(dates),
        weekdays=weekdays,
        online=online[0] if online and not _BOTH.search(said) else "",
        changed=changed,
        whole=whole,
    )


def _changed(said: str, left: str) -> frozenset[str]:
    """Tell which facts are said to be others than usual, and not which they are."""
    if _RELATIVE.search(left) and (re.search(r"\d|\b(?:half|one|eine|une|start|usual|üblich|beginn)\b", left)):  # fmt: skip
        return frozenset({"time"})
    if not _CHANGE.search(said):
        return frozenset()
    return frozenset(noun for noun, form in _NOUNS.items() if form.search(left))


def _about_the_talk(said: str, others: list[str]) -> bool:
    """Tell whether a sentence with a few other words speaks of when and where the talk is."""
    if len(others) > _MOST_OTHERS or _OTHER_THING.search(said):
        return False
    return bool(_CHANGE.search(said) or _SAYS.search(said))


def _without_instead(said: str, order: DateOrder | None) -> str:
    """Leave out what is no longer so: "16:15 instead of 14:15", "Raum 7 statt Raum 2"."""
    lead = _INSTEAD.search(said)
    if lead is None:
        return said
    rest = said[lead.end() :]
    spans = [found.span() for found in ROOM.finditer(rest)]
    spans += [found.span for found in written_times(rest)]
    spans += [found.span for found in asked_dates(rest, order)]
    first = min(spans, default=None)
    if first is None or first[0] > 3:
        return said
    return said[: lead.start()] + " " + rest[first[1] :]


def usual(text: str) -> bool:
    """Tell whether words name no time or place of their own: "usual time", "wie immer"."""
    return _USUAL.fullmatch(plain(text)) is not None


_BRACKET: Final = re.compile(r"(?<!\])[(\[]([^()\[\]\n]{2,100})[)\]](?![(\[])")
_PART: Final = re.compile(r"\s[–—-]\s|\s*[|;]\s*|,\s+|:\s+|\s/\s|!\s+")
_TAIL: Final = re.compile(r"\s(?:[–—-]|\|)\s([^–—|()\n]{2,60})$")


def brackets(text: str) -> Iterator[str]:
    """Give what stands in brackets, which are no links."""
    yield from (found[1] for found in _BRACKET.finditer(text[: 10 * LONGEST]))


def parts(text: str) -> Iterator[str]:
    """Give the parts of a line that stand beside each other."""
    bare = _BRACKET.sub(" | ", text[: 10 * LONGEST])
    yield from (part for part in _PART.split(bare) if part.strip())


def without(title: str, order: DateOrder | None) -> str:
    """Take off a title the brackets and the last words behind a dash that are remarks."""
    kept = _BRACKET.sub(lambda found: "" if _is_aside(found[1], order) else found[0], title)
    tail = _TAIL.search(kept)
    if tail and _is_aside(tail[1], order):
        kept = kept[: tail.start()]
    return " ".join(kept.split()) if re.search(r"\w", kept) and kept != title else title


def _is_aside(text: str, order: DateOrder | None) -> bool:
    found = remark(text, order)
    return found is not None and found.whole


def remark_only(text: str) -> bool:
    """Tell whether a cell says nothing but when and where."""
    found = remark(text, None)
    return found is not None and found.whole


def of_something_else(name: str) -> bool:
    """Tell whether a column is of other things than the talk: its times are those of lunch."""
    return _OTHER_THING.search(name) is not None
