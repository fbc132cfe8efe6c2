"""What a remark says of whether its talk takes place: a sentence in a field that holds other things too.

Only a sentence about the talk itself cancels it: "registration cancelled" does not, nor does "will
not be cancelled". What speaks of a talk that is off, and not surely of this one, is doubtful.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from announcer.source import clean, words
from announcer.source.dates import WEEKDAY, WEEKDAYS, DateOrder, Written, asked_dates

_TALK: Final = (
    r"(?:talks?|seminars?|meetings?|meetups?|sessions?|lectures?|colloquium|class|journal club|reading group|vortr(?:ag|äge)|"
    r"kolloquium|treffen|sitzung|termin|veranstaltung|vorlesung|séances?|séminaires?|exposés?|réunion)"
)
_WHOSE: Final = r"(?:today['’]?s|this|that|the|our|das|der|die|den|dieser|dieses|le|la|les|l['’]|cette|ce|heutige[rs]?)"
_ADVERBS: Final = (
    r"(?:(?:leider|heute|kurzfristig|ersatzlos|unfortunately|sadly|now|sorry|malheureusement|today|also|"
    r"\w+bedingt|\w+halber|daher|deshalb|therefore|jetzt|nun)[\s,:]++)*+"
)
_LEADS: Final = r"(?:(?:achtung|attention|update|note|important|wichtig|hinweis|n\.?b\.?|!++|we (?:are sorry|regret)[^:,;]*+)[\s,:!–-]*+)*+"
_BECAUSE: Final = r"(?:(?:wegen|aufgrund|due to|because of|owing to|en raison d|à cause d|pour cause d)\w*['’]?\s+(?:[\w'’-]+\s+){0,4}?[,:]?\s*)?"
_IS: Final = (
    r"(?:(?:is|was|are|has been|have been|had to be|has to be|must be|will be|ist|wurde|wird|werden|sind|muss(?:te)?|est|sont|"
    r"a été|sera|doit être)\s+(?:been\s+)?)?"
)
_OFF: Final = (
    r"(?:cancel+ed|canceled|called off|postponed(?! from)|does not take place|will not take place|won['’]t take place|is off|"
    r"entfällt|entfallen|ausgefallen|ausfallen|abgesagt|verschoben(?! v[oa])|fällt(?:\s+\w+){0,3}\s+aus|ist aus|"
    r"findet(?:\s+\w+){0,2}\s+nicht statt|nicht stattfinden|annulée?s?|reportée?s?(?! d[ue]\b)|supprimée?s?|"
    r"n['’]aura pas lieu|n['’]a pas lieu)(?:\s+(?:werden|sein))?"
)
_TAIL: Final = (
    r"(?=\W*$|\s*[,;:!.(\[)\]*–—-]|\s+(?:to|until|till|due|because|as|since|owing|by|for|today|on short notice|at short notice|"
    r"auf|wegen|aufgrund|da|weil|heute|leider|ersatzlos|kurzfristig|\w+bedingt|\w+halber|au|en raison|pour|à cause|car|cette)\b)"
)
_SURE: Final = re.compile(
    rf"[\W_]*{_LEADS}{_ADVERBS}{_BECAUSE}{_ADVERBS}(?:{_WHOSE}\s*)?(?:{_TALK}\s+)?(?:(?:this|diese) (?:week|woche)\s+)?"
    rf"{_IS}{_ADVERBS}{_OFF}{_TAIL}",
    re.IGNORECASE,
)
_ABOUT_A_TALK: Final = re.compile(
    rf"[\W_]*{_LEADS}{_ADVERBS}{_BECAUSE}{_ADVERBS}(?:{_WHOSE}\s*)?{_TALK}\s+(?:(?:this|diese) (?:week|woche)\s+)?"
    rf"{_IS}{_ADVERBS}{_OFF}{_TAIL}(?!\s*:)",
    re.IGNORECASE,
)
_OFF_ANYWHERE: Final = re.compile(rf"(?<!\w){_OFF}(?!\w)", re.IGNORECASE)
_CALLS_OFF: Final = re.compile(
    rf"[\s,]+(?:{_WHOSE}\s*)?(?:{_TALK}\s+)?{_IS}{_ADVERBS}{_OFF}(?!\w)", re.IGNORECASE
)
_TO: Final = re.compile(r"\b(?:to|until|till|auf|den|the|au|le|leider|uhr)\b", re.IGNORECASE)
_CROSS: Final = re.compile(r"\s*[❌🚫⛔✖]\ufe0f?\s*")
_WORD: Final = re.compile(r"[^\W\d_]")
_BRACKETS: Final = re.compile(r"([^\n]*\w[^\n]*?)\s*[(\[]([^()\[\]]+)[)\]]\W*")
# "Leider entfällt der Vortrag", "Wegen Krankheit fällt das Seminar aus".
_INVERTED: Final = re.compile(
    rf"[\W_]*{_LEADS}{_ADVERBS}{_BECAUSE}{_ADVERBS}(?:entfällt|fällt|muss|musste|wurde|wird|findet)\s+{_ADVERBS}{_WHOSE}\s*{_TALK}\b"
    r"(?P<more>[^,;.]*)",
    re.IGNORECASE,
)
_BY_US: Final = re.compile(
    rf"[\W_]*{_LEADS}{_ADVERBS}we (?:had to|have to|must|need to) (?:cancel|postpone|call off) (?:{_WHOSE}\s+)?{_TALK}\b",
    re.IGNORECASE,
)
# What says so in the text of a talk: of one talk and not of "sessions", and by nobody and nothing.
_ONE_TALK: Final = re.compile(
    rf"[\W_]*{_LEADS}{_ADVERBS}{_BECAUSE}{_ADVERBS}(?:{_WHOSE}\s*)?"
    r"(?:talk|seminar|meeting|meetup|session|lecture|colloquium|vortrag|kolloquium|treffen|sitzung|termin|veranstaltung|vorlesung|"
    r"séance|séminaire|exposé|réunion)\s+"
    rf"(?:(?:this|diese) (?:week|woche)\s+)?{_IS}{_ADVERBS}{_OFF}(?!\s+(?:by|as)\b){_TAIL}",
    re.IGNORECASE,
)
_BARE: Final = re.compile(
    rf"[\W_]*{_LEADS}{_ADVERBS}{_BECAUSE}{_ADVERBS}{_OFF}(?=[\W_]*$|\s*[!(\[–—-]|"
    r"\s+(?:due|because|owing|today|on short notice|at short notice|wegen|aufgrund|heute|leider|ersatzlos|kurzfristig|"
    r"\w+bedingt|en raison|pour cause)\b)",
    re.IGNORECASE,
)
_AT_THE_END: Final = re.compile(
    rf"[,:;(\[–—-]\s*(?:{_WHOSE}\s*)?(?:{_TALK}\s+)?{_IS}{_ADVERBS}{_OFF}[\s!.)\]*]*$",
    re.IGNORECASE,
)
_MENTIONED: Final = re.compile(
    r"\b(?:cancel\w*|called off|postponed?|does not take place|entfällt|entfallen|fällt\b.*\baus|ausfallen|ausgefallen|absag\w*|abgesagt|"
    r"sagte? .*\bab|verschoben|nicht statt\w*|annul\w*|reportée?s?|n['’]aura pas lieu|n['’]a pas lieu)(?!\w)",
    re.IGNORECASE,
)
_CONCERNED: Final = re.compile(
    rf"\b(?:{_TALK}|speakers?|presenters?|referent(?:in)?|vortragender?|redner(?:in)?|orateur|oratrice|intervenante?)\b",
    re.IGNORECASE,
)
_TAKES_PLACE: Final = re.compile(
    r"\b(?:takes place|will take place|(?:is|will be) held|findet\b(?!.*\bnicht\b).*\bstatt|stattfindet|nachgeholt|(?<!pas )(?<!n['’])(?:a|aura) lieu)\b",
    re.IGNORECASE,
)
_NOT: Final = re.compile(
    r"(?:\b(?:not|never|nicht|nie(?:mals)?|pas|un)\b|n['’]t\b)\s+(?:\w+\s+){0,2}(?:cancel|abgesagt|annul|entfall|ausfall|"
    r"called off|postponed|verschoben|report)|\b(?:fällt|entfällt)\s+(?:\w+\s+){0,2}nicht\b",
    re.IGNORECASE,
)
_MOVED: Final = re.compile(
    r"\b(?:moved|rescheduled|shifted|brought forward|(?:new|other) da(?:te|y)|verlegt|vorverlegt|verschoben|neuer termin|"
    r"ersatztermin|nachholtermin|déplacée?|reportée?|avancée?|nouvelle date)\b",
    re.IGNORECASE,
)
_POSTPONED: Final = re.compile(r"\b(?:postponed|reportée?)\b(?!\s+(?:from|d[ue])\b)", re.IGNORECASE)
_MOVED_TALK: Final = re.compile(
    rf"[\W_]*{_LEADS}{_ADVERBS}(?:{_WHOSE}\s*)?{_TALK}\s+{_IS}{_ADVERBS}{_MOVED.pattern}",
    re.IGNORECASE,
)
_ONTO: Final = re.compile(
    r"^\W*(?:(?:to|auf|until|on|am|au|for)\s+)?(?:(?:den|the|dem|le)\s+)?", re.IGNORECASE
)
_LATER: Final = re.compile(
    r"\b(?:next|following|later|another|nächste\w*|folgende\w*|später\w*|anderen|prochaine?|suivante?|autre)\b",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(
    r"(?<=[.!?])\s+(?=\W{0,30}[^\W\d_])|(?<!\s)\s*[;\n|]\s*|(?<=\s)[;\n|]\s*"
)
_LONGEST: Final = 400  # of a sentence about a talk that is off
_BRIEF: Final = 160  # of a line that says so above what a talk is about
_SHORT: Final = 80  # of a sentence at whose end it says so
_WRAPPED: Final = 50  # a line that is shorter was not wrapped
_LABEL: Final = re.compile(r"\W*\w[\w ]{1,20}:\s")
_READ: Final = 2000  # of a remark: what comes later is a text about something else


def off(text: str) -> bool:
    """Tell whether a remark says that its talk does not take place."""
    text = text[:_READ]
    return not _TAKES_PLACE.search(text) and any(map(_off, _sentences(text)))


def statement(text: str) -> bool:
    """Tell whether words say nothing but that a talk is off: where a title, a name or a room should be."""
    if len(text) > _BRIEF or not off(text):
        return False
    if _names_the_talk(text):
        return True
    found = _SURE.match(text)
    rest = words.without_dates(text[found.end() :]) if found else text
    return found is not None and not _WORD.search(_TO.sub(" ", rest))


def alone(text: str) -> bool:
    """Tell whether a line says as a whole that its talk is off, and does not only end so."""
    whole = (_SURE, _BY_US, _INVERTED)
    return off(text) and any(
        words.no_talk(s) or any(pattern.match(s) for pattern in whole) for s in _sentences(text)
    )


def bracketed(text: str) -> tuple[str, bool]:
    """Take off what says so before or behind a title: "Nets (Vortrag entfällt leider)", "❌ Nets"."""
    crossed = _CROSS.match(text)
    if crossed:
        return text[crossed.end() :], True
    found = _BRACKETS.fullmatch(text) if len(text) <= _LONGEST else None
    gone = found is not None and off(found[2])
    return (found[1], True) if found is not None and gone else (text, False)


def said_off(text: str) -> bool:
    """Tell whether a text of several lines says that its talk is off.

    Only a brief part of it counts, and only one that names the talk, or says nothing else: a
    longer one is what the talk is about, and so may be "The divergences are cancelled".
    """
    return any(
        not _TAKES_PLACE.search(part) and any(map(_told, enumerate(_sentences(part))))
        for part in parts(text)
    )


def maybe_off(text: str) -> Iterator[str]:
    """Give the parts of a text that may say that its talk is off, and may be what it is about."""
    yield from (part for part in parts(text) if off(part) and not said_off(part))


def text_doubts(text: str) -> tuple[str, ...]:
    """Say what in a text makes it doubtful that its talk takes place."""
    return tuple(f'"{part}" may say that it does not take place' for part in maybe_off(text))


def sentences_off(line: str, title: str | None = None) -> list[str]:
    """Return the sentences of a line that call its talk off; that of its title does with any word."""
    return [
        sentence
        for sentence in _sentences(line[:_READ])
        if _off(sentence) or (title and title in sentence and _OFF_ANYWHERE.search(sentence))
    ]


def before_off(text: str) -> str:
    """Return a text up to the words that call a talk off, if they stand in it."""
    found = _CALLS_OFF.search(text)
    return text[: found.start()] if found else text


def new_days(rest: str) -> list[Written]:
    """Return the days that are named behind "postponed"."""
    return _days(rest, None)


def parts(text: str) -> Iterator[str]:
    """Give the brief lines and paragraphs of a text, in which wrapped lines go on."""
    part, before = "", ""
    for line in (line.strip() for line in [*text.split("\n"), ""]):
        if part and _goes_on(before, line):
            part, before = f"{part} {line}" if len(part) <= _BRIEF else part, line
            continue
        if part and len(part) <= _BRIEF:
            yield part
        part, before = line, line


def _goes_on(before: str, line: str) -> bool:
    if not line or not line[0].isalnum() or re.search(r"[.!?:;][\W_]*$", before):
        return False
    return line[0].islower() or (len(before) >= _WRAPPED and not _LABEL.match(before))


def _told(numbered: tuple[int, str]) -> bool:
    """Tell whether a sentence of a text says of the talk itself that it is off."""
    number, sentence = numbered
    if not _off(sentence):
        return False
    if _BARE.match(sentence):
        return number == 0
    end = _AT_THE_END.search(sentence)
    ends = end and len(sentence) <= _SHORT and _CONCERNED.search(sentence)
    named = _ONE_TALK.match(sentence) or _BY_US.match(sentence) or _INVERTED.match(sentence)
    return bool(named or ends or words.no_talk(sentence))


def _names_the_talk(line: str) -> bool:
    return any(form.match(line) for form in (_ABOUT_A_TALK, _INVERTED, _BY_US))


def none(part: str) -> bool:
    """Tell whether a part of a remark says that there is no talk: "Vollversammlung, kein Seminar"."""
    return words.no_talk(part) and not words.holiday(part)


def denied(text: str) -> bool:
    """Tell whether a text says that its talk takes place, though others may not."""
    text = text[:_READ]
    return bool(_TAKES_PLACE.search(text) or _NOT.search(text))


def doubtful(text: str) -> bool:
    """Tell whether a remark speaks of a talk that is off, and may mean another one."""
    text = text[:_READ]
    if off(text) or _TAKES_PLACE.search(text):
        return False
    return any(
        _MENTIONED.search(s) and _CONCERNED.search(s) and not _NOT.search(s)
        for s in _sentences(text)
    )


def doubts(texts: Iterable[str], day: date | None, order: DateOrder | None) -> list[str]:
    """Say what makes it doubtful that a talk takes place on its day, if anything does."""
    found: list[str] = []
    for text in texts:
        short = clean.line(text[:_READ])
        if doubtful(short):
            found.append(f'"{short}" may say that it does not take place')
        elif _moved(short, day, order):
            found.append(f'"{short}" may say that it is on another day than {day}')
    return found


def moved(texts: Iterable[str], day: date | None, order: DateOrder | None) -> list[str]:
    """Say which titles or lines about a talk move it to another day that they name."""
    brief = (clean.line(text) for text in texts if len(text) <= _BRIEF)
    return [
        f'"{text}" may say that it is on another day than {day}'
        for text in brief
        if (lead := _MOVED.search(text))
        and _days(text[lead.end() :], order)
        and _moved(text, day, order)
    ]


def _days(rest: str, order: DateOrder | None) -> list[Written]:
    """Find the days behind "moved": also "14.4.", and one that ends a sentence."""
    rest = _ONTO.sub("", rest)
    return asked_dates(rest, order) or asked_dates(rest.rstrip(" .!)"), order)


def moved_to(text: str, order: DateOrder | None) -> list[Written]:
    """Give the days to which a text moves its talk: also "verschoben auf 23.4."."""
    lead = _MOVED.search(text) or _MENTIONED.search(text)
    return _days(text[lead.end() :], order) if lead else []


def about_the_talk(text: str) -> list[str]:
    """Give the brief lines of a text that tell of a talk that it was moved."""
    lines = text[: 10 * _READ].split("\n")
    return [line for line in lines if len(line) <= _BRIEF and _MOVED_TALK.match(line)]


def _moved(text: str, day: date | None, order: DateOrder | None) -> bool:
    """Tell whether a remark moves a talk to another day than it has, or to one it does not name."""
    left = words.without_moved_from(text, order)
    # What surely says "postponed" cancels the talk; "probably postponed to 3 May" does not.
    lead = _MOVED.search(left) or (None if off(text) else _POSTPONED.search(left))
    if lead is None or day is None:
        return False
    rest = left[lead.end() :]
    named = [w.on(w.year or day.year) for w in _days(rest, order)]
    if named:
        return day not in named
    weekdays = {WEEKDAYS[m[1].lower()] for m in WEEKDAY.finditer(rest)}
    if weekdays:
        return day.weekday() not in weekdays
    return bool(_LATER.search(rest) or _MOVED.fullmatch(left.strip(" .!()")))


def _sentences(text: str) -> list[str]:
    parts = (part.strip() for part in _SENTENCE.split(text))
    return [part for part in parts if part and len(part) <= _LONGEST]


def _off(sentence: str) -> bool:
    if _NOT.search(sentence):
        return False
    if _SURE.match(sentence) or _BY_US.match(sentence) or _AT_THE_END.search(sentence):
        return True
    inverted = _INVERTED.match(sentence)
    if inverted:
        verb = sentence[: inverted.start("more")].lower()
        return "entfällt" in verb or bool(
            re.search(
                r"\b(?:aus|abgesagt|entfallen|ausfallen|verschoben|nicht statt)\b", inverted["more"]
            )
        )
    return words.no_talk(sentence) and not words.holiday(sentence)
