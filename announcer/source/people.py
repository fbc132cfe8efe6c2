"""The names of people: which words are one, and how several are parted."""

import re
from typing import Final

from announcer.source import clean
from announcer.source.markdown import plain
from announcer.source.words import holiday, no_speaker, tba

_LOWER: Final = (
    "van von der den de del della di da dos du la le el al bin ibn zu ter ten y af av d'"
)
_PARTICLES: Final = frozenset(_LOWER.split())
# Words that begin with a capital in many titles and stand in no name.
_COMMON: Final = """
    a an the on in of for to with and or how what why when is are from towards toward into about beyond by as at
    introduction intro theory learning models model methods method analysis systems system using neural network networks
    data deep quantum research paper papers discussion session seminar talk talks meeting workshop organizational
    organisational planning welcome part chapter chapters review open problems problem problèmes über zur zum und der
    die das ein eine einführung vortrag thema les des un une introduction sur et reading group journal club zoom online
    tba tbd tbc n.n. nn title abstract room hybrid lecture colloquium tutorial practice random graph graphs space spaces
    statistics statistical bayesian computing computational programming physics algebra geometry topology
"""
_NO_NAME: Final = frozenset(_COMMON.split())
_TOKEN: Final = re.compile(r"(?:[^\W\d_][\w'’.-]*|[^\W\d_]\.)")
_AFFILIATION: Final = re.compile(r"(?<!\s)\s*+(?:\([^()]*+\)|\[[^\[\]]*+\])\s*$")
_COUNTER: Final = re.compile(r"(?<!\s)\s*+(?:\(\s*+\d++\s*+/\s*+\d++\s*+\)|\[\d++\])")
_HONOURS: Final = re.compile(r"\b(?:Prof|Dr|PD|Mr|Mrs|Ms|Herr|Frau|Mme|M)\b\.?\s*", re.IGNORECASE)
AND: Final = re.compile(r"\s*(?:;|&|\band\b|\bund\b|\bet\b|\+)\s*")
PLACE_WORD: Final = re.compile(
    r"(?i)univ|instit|colle|school|schule|labor|centre|center|zentrum|department|faculty|academy|"
    r"group|inc\b|ltd|gmbh|research|cnrs|inria|\b(?-i:[A-Z]{2,})\b|\b(?:usa|uk|germany|france|italy|china|japan)\b"
)
_LONGEST: Final = 2000
_BRIEF: Final = 40  # "Ada, London" may be two people
EDGES: Final = " ,;:–—-|@•·"
_BLANKS: Final = " \t\n\r\f\v\u00a0\u2028\u2029"


def names(value: str) -> tuple[str, ...]:
    """Give the people of a field that holds them, without their affiliations.

    A comma parts names only where all it parts are names: mostly it leads to an affiliation.
    """
    lines = value[:_LONGEST].split("\n")
    parts = [p for text in lines for p in split(_COUNTER.sub("", plain(text)).strip(EDGES), AND)]
    found = [name for part in parts for name in _of_part(without_affiliation(part))]
    cleaned = (clean.line(name) for name in found)
    return tuple(name for name in cleaned if name and not tba(name))


def _of_part(part: str) -> list[str]:
    pieces = [without_affiliation(piece) for piece in part.split(",") if piece.strip()]
    if len(pieces) < 2:
        return pieces
    alike = len({len(piece.split()) > 1 for piece in pieces}) == 1  # not "Ada Lovelace, London"
    people = all(_is_name(piece) and not _is_place(piece) for piece in pieces)
    if alike and people and len(pieces) == 2 and " " not in pieces[0]:
        return [part]  # family name first, as in "Lovelace, Ada"
    if (alike and people) or all(re.fullmatch(r"[A-ZÄÖÜ]{1,3}\.?", piece) for piece in pieces):
        return pieces
    first, *more = pieces
    if not _is_name(first):
        return [part]
    if len(first.split()) > 1:
        return [first, *(p for p in more if nameish(p, whole=True) and not _is_place(p))]
    return [part] if len(part) <= _BRIEF else [first]


def _is_place(words: str) -> bool:
    return PLACE_WORD.search(words) is not None


def split(value: str, separator: re.Pattern[str]) -> list[str]:
    """Part a text where it is not inside brackets."""
    parts: list[str] = []
    start = seen = depth = 0
    for match in separator.finditer(value):
        between = value[seen : match.start()]
        depth += between.count("(") - between.count(")")
        seen = match.start()
        if depth == 0:
            parts.append(value[start : match.start()])
            start = match.end()
    return [*parts, value[start:]]


def without_affiliation(part: str) -> str:
    """Take off the brackets behind a name."""
    part = part.strip(EDGES)
    end = len(part)
    while (start := _bracket(part, end)) >= 0 and part[:start].strip():
        end = _stripped(part, start)
    return part[:end]


def _bracket(text: str, end: int) -> int:
    """Return where the bracket opens, with the blanks before it, that ends a text; -1 without any."""
    end = _stripped(text, end, _BLANKS)
    closing = text[end - 1 : end]
    opening = {")": "(", "]": "["}.get(closing)
    start = text.rfind(opening, 0, end) if opening else -1
    if start < 0 or text.rfind(closing, start, end - 1) >= 0:
        return -1
    return _stripped(text, start, _BLANKS)


def _stripped(text: str, end: int, signs: str = EDGES) -> int:
    """Return where a text ends without the signs at its end."""
    while end and text[end - 1] in signs:
        end -= 1
    return end


def _is_name(words: str) -> bool:
    tokens = _HONOURS.sub("", words).split()
    if not 1 <= len(tokens) <= 5 or not tokens[0][:1].isupper():
        return False
    if len(tokens) == 1 and tokens[0].isupper() and len(tokens[0]) > 1:
        return False  # an abbreviation
    return all(
        _TOKEN.fullmatch(token)
        and (token[1:] == "." or token.lower().strip(".") not in _NO_NAME)
        and (token[:1].isupper() or token.lower() in _PARTICLES or token[1:2] in {"'", "’"})
        for token in (re.sub(r"^\((.+)\)$|^[\"“](.+)[\"”]$", r"\1\2", t) for t in tokens)
    )


def nameish(text: str, *, whole: bool = False) -> bool:
    """Whether a text can be the names of people; ``whole``: of first and last name."""
    value = without_affiliation(plain(text))
    if not value or len(value) > 150:
        return False
    parts = [without_affiliation(p) for p in split(value, AND)]
    heads = [p.split(",")[0].strip() if PLACE_WORD.search(p) else p for p in parts]
    people = [n.strip() for head in heads for n in head.split(",")]
    return all(_is_name(n) and (not whole or len(n.split()) > 1) for n in people)


def headed(text: str) -> bool:
    """Whether a text is a name with what may be its affiliation behind a comma or in brackets."""
    head, comma, rest = plain(text).partition(",")
    behind = bool(comma) and len(rest.split()) <= 8 and nameish(head, whole=True)
    return behind or nameish(text, whole=True) or with_affiliation(text)


def with_affiliation(text: str) -> bool:
    """Whether a text is a name with its affiliation in brackets behind it."""
    value = plain(text).strip(EDGES)
    found = _AFFILIATION.search(value)
    return bool(found and nameish(value, whole=True) and not found[0].strip(" ()").isdigit())


# Names of holidays that are family names too, and the words before them that make them holidays.
_BOTH: Final = (
    "noël noel toussaint ascension easter christmas holiday holidays ostern pause ferie break"
)
_FAMILIES: Final = frozenset(_BOTH.split())
_BEFORE_HOLIDAYS: Final = "happy merry joyeux frohe bank public national federal easter christmas spring autumn fall summer winter semester term"
_FESTIVE: Final = frozenset(_BEFORE_HOLIDAYS.split())


def nobody(text: str) -> bool:
    """Whether what stands where a speaker should says that there is no talk, as "Spring recess" does."""
    value = plain(text).strip(EDGES)
    if not no_speaker(value):
        return False
    first, *rest = without_affiliation(value).split() or [""]
    named_so = bool(rest) and rest[-1].lower() in _FAMILIES and nameish(value, whole=True)
    return not (holiday(value) and named_so and first.lower() not in _FESTIVE)
