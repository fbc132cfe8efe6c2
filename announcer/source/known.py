"""Which name holds which fact of a talk, in English, German and French: of a field, a column, a label.

Only names that are known are read, and those that the settings name: a source may hold what is
private.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from announcer.source import remarks

# Of several that stand in one table the first counts; so the surest stand first.
_KNOWN: Final[Mapping[str, str]] = {
    "title": "talktitle vortragstitel titreexpose title titel titre topic thema theme sujet subject "
    "talk vortrag expose lecture presentation paper article subtitle untertitel soustitre seminar "
    "seminaire summary event eventname what quoi",
    "speakers": "speaker speakers speakername speakernames presenter presenters presentername "
    "presentedby vortragende vortragender vortragenden referent referentin referenten referentinnen "
    "referentinnenen redner rednerin sprecher sprecherin lecturer lecturers intervenant intervenante "
    "intervenants intervenantes orateur oratrice orateurs conferencier conferenciere conferenciers "
    "guest guests gast leader discussionleader discussant facilitator who wer qui by par name "
    "author authors autor autoren autorin auteur auteurs",
    # A program's own names for the day of an event come before "date", which may be that of the text.
    "when": "eventdate eventday eventstart dateevent talkdate dateoftalk dateofevent dateoftheevent "
    "planned scheduled when wann quand termin startsat startdatetime startdate datestart dtstart start "
    "begin begins beginn debut datetime dateandtime datetimeoftalk date datum day tag jour dates "
    "daten time times uhrzeit zeit heure heures hour hours horaire horaires starttime timestart eventtime talktime "
    "starts timeofday von from dateheure datumzeit datumuhrzeit",
    "until": "end ends ende fin endsat enddatetime enddate dateend dtend endtime timeend eventend bis "
    "until to finish finishes",
    "zone": "timezone tz zeitzone fuseau",
    "location": "location room place venue where ort raum wo lieu salle saal horsaal hoersaal "
    "locationname venuename auditorium veranstaltungsort locationroom roomname",
    "stream": "stream streaming livestream zoom zoomlink zoomurl meet meeting meetinglink meetingurl "
    "teams teamslink webex online onlinelink joinurl joinlink youtube youtubelive video videolink "
    "videoconference visio visioconference videokonferenz webinar conferencelink zoomlien remote bbb bigbluebutton jitsi "
    "streamlink videolink bbblink jitsilink googlemeet msteams microsoftteams",
    "url": "url link lien eventurl talkurl pageurl page permalink web webseite externalurl externallink",
    "abstract": "abstract description zusammenfassung beschreibung kurzfassung inhalt "
    "abstrakt descriptif",
    "states": "status state stand etat cancelled canceled iscancelled iscanceled cancelledat canceledat abgesagt annule entfallt postponed "
    "verschoben reporte kind type note notes remark remarks comment comments bemerkung bemerkungen anmerkung anmerkungen "
    "hinweis hinweise kommentar remarque remarques commentaire commentaires info infos message update updates tags categories",
    "id": "id talkid eventid number nr no num nummer numero uid key slug seriesnumber",
}
_FACT: Final = {name: fact for fact, names in _KNOWN.items() for name in names.split()}
_RANK: Final = {name: rank for names in _KNOWN.values() for rank, name in enumerate(names.split())}
DAYS: Final = frozenset(
    name
    for name in _KNOWN["when"].split()
    if not re.search(r"time|zeit$|heure|hour|horaire", name) or "date" in name
)
_STARTS: Final = frozenset(["start", "starts", "begin", "begins", "beginn", "debut", "von", "from"])
AUTHORS: Final = frozenset(
    ["author", "authors", "autor", "autoren", "autorin", "auteur", "auteurs"]
)
# These are facts only where nothing better stands: they often hold something else.
VAGUE_TITLES: Final = frozenset(
    ["label", "event", "eventname", "summary", "subject", "theme", "what", "quoi"]
)
# Where one of these stands empty, the title is to be announced, whatever the page is called.
TALK_TITLES: Final = frozenset(["talktitle", "vortragstitel", "titreexpose"])
# Lists of the talks of one day, inside what says which day that is; and of its points, of which
# those are talks that have a speaker: there is coffee, too.
TALKS: Final = frozenset(["talks", "vortrage", "vortraege", "exposes", "lectures", "presentations"])
POINTS: Final = frozenset(["sessions", "slots", "program", "programme", "programm", "agenda"])
YES: Final = frozenset({"true", "yes", "ja", "oui", "x", "1"})
_STATES: Final = frozenset(
    [
        "cancelled",
        "canceled",
        "iscancelled",
        "iscanceled",
        "cancelledat",
        "canceledat",
        "abgesagt",
        "annule",
        "entfallt",
        "postponed",
        "verschoben",
        "reporte",
    ]
)
_REMARKS: Final = (
    "note notes remark remarks comment comments bemerkung bemerkungen anmerkung anmerkungen hinweis "
    "hinweise kommentar remarque remarques commentaire commentaires info infos message update updates"
)
_TAGS: Final = frozenset(["tags", "categories"])
REMARKS: Final = frozenset(_REMARKS.split())
_GONE: Final = re.compile(
    r"(?:deleted|rejected|declined|withdrawn|zurückgezogen|gelöscht|abgelehnt|retirée?|supprimée?)",
    re.IGNORECASE,
)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PREFIX: Final = re.compile(
    r"^(?:talk|event|seminar|session|meeting|lecture|presentation|vortrags?)(?=.)"
)
# Among the columns of a table that people read these are facts too.
_OF_COLUMNS: Final = {
    "title": "topics themen papers reading readings activity what content contents inhalt session seance was",
    "speakers": "person persons people leaders dozent dozentin dozierende referierende referierender",
}
_COLUMN: Final = {name: fact for name, fact in _FACT.items() if name not in AUTHORS} | {
    n: fact for fact, names in _OF_COLUMNS.items() for n in names.split()
}
_BESIDE: Final = (
    "of the a to for our this s name names affiliation affiliations institution university company "
    "first last and und et des der du de la le link discussed discuss"
)
_FILLERS: Final = frozenset(_BESIDE.split())
# Where nothing else names the title: such lines mostly lead to a file.
_WEAK_TITLES: Final = frozenset(["talk", "vortrag", "paper", "expose", "article", "presentation"])
_TITLES: Final = frozenset(
    ["title", "titel", "titre", "talktitle", "topic", "thema", "theme", "sujet", "subject"]
)
_LABELLED: Final = frozenset({"title", "speakers", "when", "until", "location", "abstract"})
_LABEL: Final = re.compile(
    r"\s*(?:[-*+•]\s+|>\s*|:\s+)?[*_]{0,3}\s*([^\W\d_][\w /&·-]{0,24}?)(?:\([a-z]{1,5}\))?\s{0,3}[*_]{0,3}\s?([:?])[*_]{0,3}"
)
_ASKED: Final = frozenset(
    {"who", "wer", "qui", "when", "wann", "quand", "where", "wo", "ou", "what", "was"}
)


_LONGEST_NAME: Final = 200


@lru_cache(maxsize=1024)  # the same few names stand in each row of a table
def known_name(raw: str) -> str:
    """Give a name as the lists above hold it: small letters, no accents, signs or remarks."""
    text = re.sub(r"(?i)\((?!s\)|in\)|nen\)|innen\))[^)]*\)", "", raw[:_LONGEST_NAME])
    text = re.sub(r"(?<=\w)[·•‧∙]\w++", "", text)  # "Orateur·rice", "intervenant·e·s"
    plain = unicodedata.normalize("NFKD", text)
    name = "".join(c for c in plain.lower() if c.isalnum() and c.isascii())
    if name == "resume" and "é" in unicodedata.normalize("NFC", raw.lower()):
        return "abstract"  # without its accents a résumé is the life of the speaker
    if name not in _FACT and (rest := _PREFIX.sub("", name)) in _FACT:
        return rest
    return name


def fact_of(name: str) -> str:
    """Give the fact that a known name holds; nothing where it holds none."""
    return _FACT.get(name, "")


def state(name: str, text: str) -> Iterator[str]:
    """Give what a value says of the state of a talk, if it does: a remark may say other things."""
    text = _CAMEL.sub(" ", text)  # schema.org writes "EventCancelled"
    if name in _STATES:
        when = re.match(r"\d{4}-\d\d-\d\d", text)  # the day on which it was called off
        yield "cancelled" if text.lower() in YES or when else text
    elif name not in REMARKS and _GONE.fullmatch(text):
        yield "cancelled"
    elif name in _TAGS:
        yield from ["cancelled"] * any(map(remarks.off, text.split(",")))
    elif remarks.off(text) or any(map(remarks.none, text.split(","))):
        yield "cancelled"
    elif name not in REMARKS and not remarks.denied(text):
        yield text


def is_clock(name: str) -> bool:
    """Tell whether a name of a moment is that of a time of day, where a date stands elsewhere."""
    return name not in DAYS or name in _STARTS


def rank(name: str) -> int:
    """Give how sure a known name holds its fact: of several that stand together the lowest counts."""
    return _RANK.get(name, len(_RANK))


def column(header: str) -> tuple[str, str]:
    """Give the known name and the fact of a column; one of several words must have no other."""
    whole = known_name(header)
    if whole in _COLUMN:
        return whole, _COLUMN[whole]
    names = [known_name(word) for word in re.findall(r"[^\W\d_]+(?:[*:·’'][^\W\d_]+)*", header)]
    held = [name for name in names if name in _COLUMN]
    if held and all(name in _COLUMN or name in _FILLERS for name in names):
        return held[0], _COLUMN[held[0]]
    return whole, ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A line like "Speaker: …": its known name, the fact that it holds, and what it says."""

    name: str
    fact: str
    value: str

    @property
    def weak(self) -> bool:
        """Whether it may as well lead to the paper that a talk is about."""
        return self.name in _WEAK_TITLES


def stream_label(line: str) -> str | None:
    """Give what stands behind a label like "Stream:" or "Zoom:"; None where there is none."""
    found = _LABEL.match(line) if ":" in line else None
    if found is None or found[2] != ":" or fact_of(known_name(found[1])) != "stream":
        return None
    return line[found.end() :].strip()


def label(line: str) -> Label | None:
    """Read a line that begins with the name of a fact; None where it does not."""
    found = _LABEL.match(line) if ":" in line or "?" in line else None
    if found is None:
        return None
    name = known_name(found[1])
    fact = fact_of(name) or column(found[1])[1]
    if fact not in _LABELLED or (found[2] == "?" and name not in _ASKED):
        return None
    if fact == "title" and name not in _TITLES | _WEAK_TITLES:
        return None
    return Label(name=name, fact=fact, value=line[found.end() :].strip())
