"""Texts that are something else than a title: a time, a place, a link's words, a placeholder.

Each rule is about one text alone. The lists are of words in the languages whose dates are read.
"""

import re
from typing import Final

from announcer.source import words, zones
from announcer.source.dates import MONTHS, WEEKDAYS

# Tags, Markdown's links and emphasis, character references, web and mail addresses.
MARKUP: Final = re.compile(
    r"<(?![\s=])|\]\(|\]\[|\*\*|(?<!\w)__\w|&#?\w{2,8};|://|\bwww\.|\bmailto:|[\w.+-]+@[\w-]+\.\w{2,}"
)
_FORMULA: Final = re.compile(r"\$[^$]{1,200}\$|\\\([^()]{1,200}\\\)")
_OPENED_BY: Final = {")": "(", "]": "[", "}": "{"}
# "a)" and "1)" count points.
_POINT: Final = re.compile(r"(?:^|[\s,;:])\w{1,2}$")
_LETTER: Final = re.compile(r"[^\W\d_]")

_OF_LINKS: Final = """
    pdf slides slide video recording recordings link links zoom here website webpage page paper abstract
    arxiv google meet teams webex youtube stream livestream online details more info information register
    registration join click download material materials code github poster flyer notes ics calendar
    hier folien aufzeichnung mehr anmeldung webseite ici lien diapositives enregistrement inscription résumé
    aquí enlace qui diapositive aqui
    the on in via per am im auf sur par and und et a
"""
_LINK_WORDS: Final = frozenset(_OF_LINKS.split())
_ROOM: Final = re.compile(
    r"(?i)(?:(?:in|im|at|am|bei|à|en|in der|in the|room|raum|im raum)\s+)?(?:the\s+)?"
    r"(?:(?:lecture|seminar|conference|meeting|seminar-|lecture-)\s?)?"
    r"(?:room|raum|seminarraum|seminar room|hörsaal|saal|zimmer|salle|aula|auditorium|amphithéâtre|amphi|hs|sr|"
    r"building|gebäude|bâtiment|campus|floor|stock|etage|étage|sala|aulário|edificio|zaal|lokaal)"
    r"\b(?:\s+(?:[\w.-]{0,9}\d[\w.-]{0,9}|(?-i:[A-Z])|nr\.?)){0,4}"
)
_NUMBERED_PLACE: Final = re.compile(
    r"(?i)[\w' -]{0,40}?\b(?:raum|room|saal|salle|hörsaal|aula|building|gebäude)\s*\d[\w./-]*"
)
_INSTITUTION: Final = re.compile(
    r"(?i)(?:the )?(?:(?:technical |free )?university of [\w .-]{2,40}"
    r"|(?:[\w.&-]+ ){1,4}(?:university|universität|université|institute|college|research|labs?|inc\.?|gmbh|ltd\.?))"
)
# "Tower 3400", "HIT E 41.1"; and "no lunch (faculty day)", which is no holiday's name.
_NUMBERED: Final = re.compile(
    r"(?-i:[A-Z])[\w-]{0,15}\s(?:(?!19|20)\d{3,4}(?-i:[a-z])?|(?-i:[A-Z])\s?\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)"
)
_NONE: Final = re.compile(
    r"(?i)(?:(?:no|keine?n?|pas de|aucune?)\s|pas d['’])[\w-]{3,30}(?:\s?[(\[–—:,;-].{0,80})?"
)
_BRACKETED: Final = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])\s*")
# A title hardly ever begins so in small letters; the rest of a sentence does.
_MIDWAY: Final = re.compile(
    r"[)\],;:.!?/|»”]|(?:(?-i:[A-Z])\.[\s-]?){1,3},|(?-i:[^\W\d_A-Z]{1,5}\.\s)|(?:and|or|of|for|at|in|on|with|by|to|from|which|who|whose|that|where|because|as well as|"
    r"und|oder|mit|bei|beim|im|am|vom|zum|zur|aus|dass|weil|sowie|et|ou|avec|chez|dans|au|aux|par|pour|sur|que|qui|"
    r"y|con|en|por|para|e|di|del|della|nel|presso|met|bij|op|van)\s"
)
_SENTENCE_END: Final = re.compile(r"(?<=[^\W\d_]{3})[.]['\"”)]?\s+(?=[\"“(]?[^\W\d_])")
_ABBREVIATED: Final = re.compile(
    r"(?i)(?:^|[\s(])(?:prof|inst|univ|dept|resp|bzw|approx|etc|vol|sect?|chap|ing|nat|habil|rer|phil|med|dipl|est)$"
)
_SHORTEST_SENTENCE: Final = 4  # words; "Internet. Why it broke" is one title

_PLACEHOLDER: Final = re.compile(
    r"(?i)[\W_]*(?:(?:title|details?|topic|speaker|abstract|information|more|program(?:me)?|titel|thema|titre|sujet)"
    r"(?:\s+and\s+\w+)?\s+(?:to (?:come|follow|be \w+)|will (?:follow|be \w+)|follow(?:s|ing)?|coming(?: soon)?|folg(?:t|en)|à venir|pending|tba|tbd)"
    r"|open|open slot|free(?: slot| date)?|available|unavailable|not available|(?:still |currently )?available slot|slot(?: available| free| open)?"
    r"|empty|reserved|placeholder|no (?:presenter|title|topic|name)(?: yet)?|your (?:talk|name|title)(?: here)?|sign up|volunteer(?:s)?(?: needed| wanted)?"
    r"|frei(?:er (?:termin|slot))?|offen(?:er termin)?|noch frei|platzhalter|(?:slot )?vacant|nobody(?: yet)?|n\.?n\.?|libre|créneau libre|disponible|libero|livre|vrij)[\W_]*"
)
_EVERYBODY: Final = re.compile(
    r"(?i)[\W_]*(?:all|all of us|everyone|everybody|anyone|various|various speakers|several speakers|alle|wir alle|verschiedene|diverse|"
    r"tous|toutes?|tout le monde|plusieurs)[\W_]*"
)
_LABELLED: Final = re.compile(
    r"(?i)[(\[]\s?(?:presenter|speaker|discussant|discussion leader|lead|host|chair|referent(?:in)?|vortragende[r]?|orateur|oratrice|intervenante?|room|raum|salle|date|time)s?\s?:"
)
_WITH_PLACE: Final = re.compile(
    r".*?\bhosted by\b|[^–—]{2,80}\s[–—-]\s|(?:[^\W\d_][\w'’.-]*\s){2,4}[^,;(]{0,40}?\b(?:[Uu]niversit\w+|[Uu]niversidad\w*|Institute?|École|College|School of|Department of|Laborator\w+)\b"
)
_NO_PERSON_WORDS: Final = """
    special session panel round table roundtable discussion open mic lightning talks workshop invited guest keynote tutorial business meeting
"""
_GATHERINGS: Final = (
    "kolloquium",
    "colloquium",
    "seminar",
    "tagung",
    "sitzung",
    "treffen",
    "conference",
    "symposium",
    "konferenz",
)
_NO_PERSON: Final = frozenset(_NO_PERSON_WORDS.split())
_OF_GATHERINGS: Final = """
    seminar seminars talk talks meeting meetings meetup session sessions colloquium kolloquium lecture event workshop
    weekly monthly regular treffen sitzung termin vortrag vorträge stammtisch séminaire séance réunion exposé
    seminario riunione reunión charla palestra sessão encontro bijeenkomst jc club journal reading group
    tba tbd tbc the a no nr next
"""
_GATHERING: Final = frozenset(_OF_GATHERINGS.split())


def without_formulas(text: str) -> str:
    """Return a text whose formulas in TeX, which may hold any sign, are one letter each."""
    return _FORMULA.sub("x", text)


def balanced(text: str) -> bool:
    """Tell whether each bracket is closed, in order, and each quotation mark has its partner."""
    if text.count('"') % 2 or text.count("«") != text.count("»"):
        return False
    # German opens with „ and closes with “, with which English opens.
    opening, closing = ("„", "“”") if "„" in text else ("“", "”")
    if text.count(opening) != sum(map(text.count, closing)):
        return False
    open_brackets: list[str] = []
    for place, sign in enumerate(text):
        if sign in "([{":
            open_brackets.append(sign)
        elif sign == ")" and "(" not in open_brackets and _counts_a_point(text, place):
            continue
        elif sign in _OPENED_BY and (not open_brackets or open_brackets.pop() != _OPENED_BY[sign]):
            return False
    return not open_brackets


def _counts_a_point(text: str, place: int) -> bool:
    """Tell whether the bracket at a place closes "a)" or "1)", which nothing opens."""
    return _POINT.search(text[max(0, place - 3) : place]) is not None


def only(text: str) -> str | None:
    """Return what a text consists of where that is no title: a time, a place, a link's words."""
    left = words.without_dates(text)
    if left != text and not re.search(r"\w", left):
        return "a date or a time"
    left = left.replace(zones.words(text), " ") if zones.words(text) else left
    names = [word.casefold() for word in re.findall(r"[^\W\d_]+", left)]
    calendar = {*WEEKDAYS, *MONTHS, "uhr", "h", "am", "pm", "on", "at", "um", "from", "to", "the"}
    if all(name in calendar for name in names) and (names or re.search(r"\d[.:/h-]\d", text)):
        return "a date or a time"
    if names and all(name in _LINK_WORDS for name in names):
        return "the words of a link"
    bare = text.strip(" .,;:()[]")
    if _ROOM.fullmatch(bare) or (_NUMBERED_PLACE.fullmatch(bare) and begins_midway(bare)):
        return "a place"
    if _INSTITUTION.fullmatch(bare):
        return "the name of an institution"
    if not _LETTER.search(text):
        return "a number or signs"
    if _BRACKETED.fullmatch(text):
        return "a remark in brackets"
    if _NUMBERED.fullmatch(bare):
        return "a word and a number, as of a room"
    if _NONE.fullmatch(bare):
        return "words that say that there is none"
    return None


def begins_midway(text: str) -> bool:
    """Tell whether a text goes on with a sentence whose beginning stands elsewhere."""
    return _MIDWAY.match(text) is not None


def several_sentences(text: str) -> bool:
    """Tell whether a text is more than one sentence, the first of which is not a short heading."""
    for end in _SENTENCE_END.finditer(text):
        before = text[: end.start()].rstrip(".")
        if len(before.split()) >= _SHORTEST_SENTENCE and not _ABBREVIATED.search(before):
            return True
    return False


def placeholder(title: str) -> bool:
    """Tell whether a title only says that there is none yet."""
    held = words.tba(title) or words.free_slot(title)
    return held or _PLACEHOLDER.fullmatch(title) is not None


def everybody(name: str) -> bool:
    """Tell whether what stands for a speaker names nobody: "all", "Alle", "various"."""
    return _EVERYBODY.fullmatch(name) is not None


def no_person(name: str) -> bool:
    """Tell whether what stands for a speaker is the kind of a meeting: "Special Session"."""
    found = [word.casefold() for word in re.findall(r"[^\W\d_]+", name)]
    return bool(found) and all(word in _NO_PERSON or word.endswith(_GATHERINGS) for word in found)


def says_no_talk(title: str) -> bool:
    """Tell whether a part of a title says that there is no talk: "Room closed, no meeting"."""
    parts = [part for part in re.split(r"[,;]\s|\s[–—-]\s", title) if part.strip()]
    return len(parts) > 1 and any(words.no_talk(p) and not words.holiday(p) for p in parts)


def holds_a_label(title: str) -> bool:
    """Tell whether a title names a fact in brackets: "Nets (Presenter: Ada Kovács)"."""
    return _LABELLED.search(title) is not None


def runs_into_place(name: str) -> bool:
    """Tell whether a name goes on with where its bearer works: "Ada Kovács University of Szeged"."""
    return _WITH_PLACE.match(name) is not None


def without_series(title: str, name: str) -> str | None:
    """Return a title without the name of its series in front; None where nothing else is left."""
    own = re.escape(" ".join(name.split())).replace(r"\ ", r"\s+")
    behind = re.fullmatch(
        rf"(?i)\W*{own}\s*(?P<mark>[:–—|-]|\((?:weekly|monthly|wöchentlich|hebdomadaire)\))?\s*(?P<rest>.*)",
        title,
    )
    if behind is None:
        return title
    rest = behind["rest"].strip()
    if not rest or _counts_meetings(rest) or placeholder(rest.strip("() ")):
        return None
    return rest if behind["mark"] in {":", "–", "—", "|", "-"} else title


def _counts_meetings(text: str) -> bool:
    """Tell whether a text only says which meeting this is: "05/25", "May meeting", "#3"."""
    names = [word.casefold() for word in re.findall(r"[^\W\d_]+", text)]
    return all(name in _GATHERING or name in MONTHS or name in WEEKDAYS for name in names)
