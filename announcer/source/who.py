"""What a talk of a page is about, who speaks, and whether it is off."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from itertools import pairwise
from typing import Final

from announcer.source import clean, people, remarks, roles, wording, words
from announcer.source.around import Around
from announcer.source.checks import Checks
from announcer.source.dates import WEEKDAY, written_dates
from announcer.source.entry import Entry
from announcer.source.headings import NUMBER
from announcer.source.known import label
from announcer.source.markdown import LINK, plain, struck, without_struck
from announcer.source.when import When

_SEPARATORS: Final = " ,;:–—-@"
_COUNTED: Final = re.compile(
    r"(?i)(?:week|session|meeting|talk|seminar|woche|sitzung|treffen|vortrag|semaine|séance|lecture)\s*#?\d+"
)
_AWAY: Final = re.compile(r"(?i)\bweek(?:end)?\b")
_ROOM: Final = re.compile(
    r"(?i)\b(?:room|raum|hall|hörsaal|salle|online|zoom|building|auditorium|amphi\w*|seminarraum|lecture theatre|hybrid|virtual)\b"
)

# A room that stands by itself beside the date: with a number or a letter, so that it is no title.
_NAMED_ROOM: Final = re.compile(
    r"(?i)(?:^|[|,;–—-])\s*(?:[^\w\s\"“„«(*_]\s*)?(?:in\s+)?((?:(?:(?:seminar|lecture|meeting|class)\s?)?(?:room|hall|theatre)|"
    r"(?:seminar)?raum|salle|saal|hörsaal|hs|sr|auditorium|amphi\w*)\s+(?-i:\w*\d[\w./-]*|[A-Z]{1,3}(?:[\s-]?\d[\w./-]*)?)|"
    r"online|(?:via |on )?zoom|hybrid)\s*(?=[|,;:*_–—-]|$)"
)
_JOINT: Final = re.compile(
    r"(?i)\W*+(?:at|um|à|from|on|am|le|von|ab|de|the|den|uhr|and|und|et|date|when|datum|wann|termin|next (?:seminar|talk|meeting))?\W*"
)
_MARKER: Final = re.compile(r"^\s*(?:#{1,6}|[-*+•>])\s+")
_TWO_PARTS: Final = re.compile(
    r"([^,:;()–—]{2,80}?)\s*(?:[,:;–—]\s*|\s-\s|\()\s*(.{2,120}?)\)?", re.IGNORECASE
)
_STATE_LABEL: Final = re.compile(
    r"(?:status|state|statut|stand)\s*:\s*([^\n]{3,80})$", re.IGNORECASE
)
_BREAK: Final = re.compile(r"<br\s*/?>|\n", re.IGNORECASE)
_BRIEF: Final = 160  # of a line that says that the talk is off
_FLOWING: Final = 60  # so long is a line of prose that goes on in the next one
_MEETING_WORDS: Final = """
    talk seminar session meeting week lecture colloquium vortrag sitzung treffen termin kolloquium séance séminaire exposé
    the next upcoming by with on of and no nr special guest invited
"""
_OF_MEETINGS: Final = frozenset(_MEETING_WORDS.split())
# A town with its state or country stands below a date as often as a person with a university.
_TOWN: Final = re.compile(
    r"[A-ZÀ-Þ][\w.'’-]*(?:\s[A-ZÀ-Þ][\w.'’-]*){0,2},\s(?:[A-Z]{2}|USA|Germany|France|Netherlands|Switzerland|Austria|Italy|Spain|Canada|Japan)"
)
_BARE_LINK: Final = re.compile(r"<?https?://\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the head of an entry says beside its date and time."""

    number: str | None
    words: str
    place: str | None
    cancelled: bool


class Who:
    """The title, the speakers and the state of one entry."""

    def __init__(
        self, entry: Entry, labels: dict[str, str], around: Around, checks: Checks, when: When
    ) -> None:
        self.entry = entry
        self.labels = labels
        self.page = around
        self.checks = checks
        self.when = when
        self.order = around.order.told
        self.beside = self._beside()

    def told(self) -> tuple[str | None, tuple[str, ...], bool]:
        """Give the title, the speakers, and whether the talk is off."""
        title, speakers = self._roles(self.beside.words)
        if self._no_talk(title, speakers):
            return None, (), True
        return title, speakers, self.beside.cancelled or self._off_below()

    def _beside(self) -> Beside:
        """Take from the head what is understood."""
        head = self.entry.head
        written = written_dates(head, self.order)
        spans = [*(w.span for w in written), *(t.span for t in self.when.head_times())]
        parts, done = [], 0
        for start, end in sorted(spans):
            parts += [head[done:start], " | "]
            done = max(done, end)
        head = "".join([*parts, head[done:]])
        own = words.own_words(self.page.hints.cancel_words)
        head, cancelled = words.cancelled(head, own)
        head = re.sub(r"~~|</?(?:s|del|b|i|em|strong)>", "", head)
        numbered = NUMBER.match(head.strip()) if self.entry.layout == "heading" else None
        bare = head.strip()[numbered.end() :] if numbered else head
        if written:
            day = rf"\|\s*{WEEKDAY.pattern},?|{WEEKDAY.pattern},?\s*\|"
            bare = re.sub(day, "|", bare, flags=re.IGNORECASE)
        room = _NAMED_ROOM.search(bare) if written else None
        if room:
            bare = f"{bare[: room.start()]} | {bare[room.end() :]}"
        return Beside(
            number=numbered[1] if numbered else None,
            words=bare,
            place=room[1] if room else None,
            cancelled=cancelled or self._named_off(own),
        )

    def _named_off(self, own: re.Pattern[str] | None) -> bool:
        """Tell whether a fact that is named says that the talk is off, or is struck."""
        entry = self.entry
        if struck(self.when.words) or struck(entry.head):
            return True
        titles = [title for title in (entry.title, self.labels.get("title")) if title]
        if any(words.said(t, alone=False, own=own).cancelled or wording.state(t) for t in titles):
            return True
        below = next((line for line in entry.body if line.strip()), "")
        title = entry.title or (below if entry.layout == "heading" else "")
        if wording.wholly_struck(title) or (entry.layout == "row" and self._cells_off()):
            return True
        who = entry.speakers or ""
        return (
            wording.wholly_struck(who)
            or words.cancelled(who, own)[1]
            or any(map(words.off, entry.states))
        )

    def _cells_off(self) -> bool:
        """Tell whether a cell of a row beside its title, or a line of one, says that it is off."""
        entry = self.entry
        below = [
            part for cell in (entry.title, entry.speakers) for part in _BREAK.split(cell or "")[1:]
        ]
        beside = [
            self._undated(plain(entry.date or "")),
            plain(entry.place or ""),
            *map(plain, (*below, *entry.body)),
        ]
        return any(remarks.statement(said.strip(" |")) for said in beside if said.strip())

    def _roles(self, free: str) -> tuple[str | None, tuple[str, ...]]:
        """Tell title and speakers apart, by what names them before what they look like."""
        entry = self.entry
        title = entry.title if entry.title is not None else self._labelled_title(free)
        speakers = entry.speakers if entry.speakers is not None else self.labels.get("speakers")
        told: str | None = self._heading_title(free) if entry.layout == "heading" else None
        beside = told if told is not None else self.free_words()
        known = self._known(beside)
        if title is None and entry.layout not in {"row", "event"}:
            title, speakers = self._untold(beside, known, speakers)
        elif speakers is None and known and self._is_speaker(known):
            speakers = known
        if entry.layout == "row" and title is None:
            title, speakers = wording.of_one_cell(speakers)
        elif entry.layout == "row" and not (speakers or self.page.has_speakers):
            title, speakers = wording.marked_apart(title or "")
        title = self.labels.get("weak") if title is None and entry.layout != "row" else title
        if title is None and speakers and entry.layout == "row" and wording.no_person(speakers):
            title, speakers = speakers, None
        if speakers is None and entry.layout != "row" and "title" in self.labels:
            speakers = self._name_below()
        named = people.names(words.cancelled(without_struck(speakers))[0]) if speakers else ()
        named = tuple(name for name in named if self._known(name.strip("?")))
        if speakers and plain(speakers).startswith("?") and entry.layout == "row":
            self.checks.unclear.append("its speaker has a question mark")
        return self._known(self._clean_title(title or "")), named

    def _labelled_title(self, free: str) -> str | None:
        """Give what a label names as the title, unless the head or the line below it quotes one.

        A line "Topic: …" or "Subject: …" then says what the talk is about.
        """
        told = self.labels.get("title")
        if told is None:
            return None
        head = wording.joined(LINK.sub(r"\1", free))
        first = next((text.strip() for text in self.entry.body if text.strip()), "")
        return None if wording.quotes_a_title(head if head.strip(" |*_") else first) else told

    def other_title(self, title: str | None) -> str | None:
        """Give the head's own words where they look like another title than the one of a label."""
        entry = self.entry
        if title is None or entry.title is not None or "title" not in self.labels:
            return None
        if entry.layout not in {"heading", "item", "paragraph"}:
            return None
        head = plain(self.heading_words() if entry.layout == "heading" else self.free_words())
        mine, other = (wording.keys(text) for text in (title, head))
        looks = len(other - _OF_MEETINGS) > 1 and not people.headed(head)
        return head if looks and len(mine & other) * 2 < min(len(mine), len(other)) else None

    def _is_speaker(self, words: str) -> bool:
        return people.nameish(words, whole=True) or (
            self.entry.layout == "heading" and people.headed(words)
        )

    def _untold(
        self, beside: str, known: str | None, speakers: str | None
    ) -> tuple[str | None, str | None]:
        entry = self.entry
        if known is None:
            if beside.strip(" |") or NUMBER.match(entry.head.strip()):
                return None, speakers  # "TBA", or a number whose title is not there yet
            below = self._below()
            return below[0], speakers or below[1]
        to_come = None if speakers else self._to_come(beside)
        if to_come is not None:
            return None, to_come
        if entry.layout == "heading":
            if _COUNTED.fullmatch(beside) and "weak" in self.labels:
                return self.labels["weak"], speakers or self._name_below()
            if self.page.speaker_headings and not speakers:
                return self._below(only_title=True)[0], known
            split = roles.parted(beside, speaker_first=self.page.speaker_first)
            strong = (
                split[1]
                and people.nameish(split[1], whole=True)
                and not wording.quoted_whole(beside)
            )
            if strong and not speakers:
                return split
            return beside, speakers or self._name_below()
        split = roles.parted(beside, speaker_first=self.page.speaker_first)
        if split[1] is None and people.nameish(beside, whole=True) and entry.body:
            below = self._below(only_title=True)
            return (below[0], beside) if below[0] else (beside, speakers)
        alone = split[1] is None and not speakers and people.nameish(beside, whole=True)
        if alone and self.page.speaker_first:
            return (
                None,
                beside,
            )  # the speaker stands first elsewhere, and the title is not there yet
        return split[0], speakers or split[1]

    def _to_come(self, beside: str) -> str | None:
        """Give the speaker of whom it is known that the title is not: "TBA (Ada Kovács)", "Ada Kovács, TBC"."""
        found = _TWO_PARTS.fullmatch(plain(beside).strip())
        if found is None:
            return None
        last = found[2] + ")" * (found[2].count("(") - found[2].count(")"))
        for title, speaker in ((found[1], last), (last, found[1])):
            if self._known(title) is None and people.headed(speaker):
                return speaker
        return None

    def _name_below(self) -> str | None:
        """Give the name that stands alone on the first line below a heading with the title."""
        body = (text.strip() for text in self.entry.body if text != self.when.words)
        lines = [text for text in body if text and label(text) is None]
        first = re.sub(r"^#{1,6}\s+", "", lines[0]) if lines else ""
        return first if len(first) <= 120 and people.headed(first) else None

    def _below(self, *, only_title: bool = False) -> tuple[str | None, str | None]:
        """Tell title and speakers from the first lines below a date that stands alone."""
        lines = [
            text.strip()
            for text in self.entry.body
            if text.strip()
            and label(text) is None
            and plain(text)
            and not re.fullmatch(r"\s*(?:[-*_]\s*){3,}|\s*<[^>]*>\s*", text)
            and not _TOWN.fullmatch(plain(text))
        ][:3]
        lines = [re.sub(r"^(?:#{1,6}|[-*+•>])\s+", "", text) for text in lines]
        if not lines or self._off(lines[0]):
            return None, None
        first, second = lines[0], lines[1] if len(lines) > 1 else ""
        if only_title:
            return (first, None) if len(plain(first)) <= 300 else (None, None)
        if people.with_affiliation(first) and second and len(plain(second)) <= 250:
            return second, first
        if people.headed(first) and second and wording.marked(second):
            return second, first
        if not second and people.headed(first) and people.PLACE_WORD.search(first):
            return None, first
        title, speakers = roles.parted(first)
        if speakers is not None:
            return title, speakers
        if people.nameish(first, whole=True) and second and len(plain(second)) <= 250:
            return second, first
        if wording.marked(first) or (
            len(plain(first)) <= 160 and not re.search(r"[a-z]{2}\.\s+[A-Z]", plain(first))
        ):
            return first, second if second and people.nameish(second, whole=True) else None
        return None, None

    def _off_below(self) -> bool:
        """Tell whether a line of its own in the entry says that the talk is off."""
        if self.entry.layout in {"row", "event"}:
            return False
        for before, line in pairwise(["", *self.entry.body]):
            above = before.strip()
            flows = len(above) >= _FLOWING and above[-1] not in ".!?:*_)"
            said = plain(_MARKER.sub("", line))
            state = _STATE_LABEL.match(said)
            if state and words.off(state[1]):
                return True
            if said and not flows and len(said) <= _BRIEF and remarks.alone(said):
                return not (words.no_talk(said) and written_dates(said, self.order))
        return False

    def _off(self, line: str) -> bool:
        said = plain(line)
        return len(said) <= _BRIEF and remarks.off(said)

    def _no_talk(self, title: str | None, speakers: Sequence[str]) -> bool:
        """Whether the entry says that there is no talk, by a word or a holiday's name."""
        entry = self.entry
        cells = (
            [entry.title, entry.speakers, entry.date, entry.place]
            if entry.layout == "row"
            else [title]
        )
        said = [plain(cell) for cell in cells if cell]
        if words.no_speaker(plain(entry.speakers or "")) and entry.layout == "row":
            return True
        if any(words.no_talk(cell) and not words.holiday(cell) for cell in said):
            return True
        first = next((text for text in entry.body if text.strip()), "")
        if title is None and entry.layout != "row" and self._off(first):
            return True
        if entry.layout == "row" and len([c for c in cells[:2] if c and self._known(plain(c))]) > 1:
            return False
        if entry.layout != "row" and speakers:
            return title is None and all(map(people.nobody, speakers))
        if any(words.holiday(self._undated(cell)) for cell in said):
            return True
        empty = entry.layout == "row" and not speakers and entry.speakers is None
        whole = " ".join(said)
        brief = len(whole.split()) <= 6
        return bool(brief and empty and self.page.has_speakers and _AWAY.search(whole))

    def _undated(self, text: str) -> str:
        return words.without_dates(text, self.order)

    def heading_words(self) -> str:
        """Give what a heading says beside its date, its time and its number."""
        return self._heading_title(self.beside.words)

    def free_words(self) -> str:
        """Give what the head of an item says beside its date, its time and a place in brackets."""
        free = self.beside.words
        if self.bracket():
            free = re.sub(r"^[\s|]*\([^()]*\)\s*[:.]?", "", free)
        return wording.joined(free)

    def _heading_title(self, bare: str) -> str:
        bare = LINK.sub(r"\1", bare)
        bare = re.sub(r"(?<!\w)[*_`]+|[*_`]+(?!\w)", "", bare)
        parts = [wording.trimmed(p) for p in bare.split("|") if not _JOINT.fullmatch(p)]
        return words.unquoted(clean.line(unescape(" ".join(part for part in parts if part))))

    def _clean_title(self, title: str) -> str:
        if self.entry.layout == "heading" and title and title == self._heading_title(title):
            return title
        title = title[len(wording.state(title)) :]
        whole = _BARE_LINK.sub(" ", plain(title)) if "://" in title else plain(title)
        quoted = re.match(r"[«“„\"]\s*([^«»“”„\"]+?)\s*[»”“\"]\s*[,(].{0,60}$", whole)
        said = words.said(quoted[1] if quoted else whole, alone=False)
        return words.unquoted(clean.line((said.title or "").strip(_SEPARATORS)))

    def _known(self, text: str | None) -> str | None:
        bare = plain(text or "").strip(" *_:|()[]")
        return None if words.tba(bare, self.page.hints.tba_words) else text

    def bracket(self) -> str | None:
        """Give what stands in brackets right behind the date, where it is a time or a place."""
        found = re.match(r"[\s|]*\(([^()]{1,80})\)", self.beside.words)
        inner = re.sub(r"[|\s]+", " ", found[1]).strip() if found else ""
        if found and (
            _ROOM.search(inner) or not re.search(r"[^\W\d_]{3}", inner) or re.match(r"\d", inner)
        ):
            return inner
        return None

    def place(self) -> str | None:
        """Give where it is."""
        place = self.entry.place or self.labels.get("location") or self.beside.place
        if place is None and self.entry.layout != "event":
            inner = self.bracket() or ""
            inner = re.sub(r"^\s*\d\d?(?:[:.]\d\d)?\s*[-–]\s*\d\d?(?:[:.]\d\d)?\s*", "", inner)
            place = inner if _ROOM.search(inner) else None
        said = clean.line(plain(without_struck(place))) if place else ""
        return said if self._known(said) and not remarks.statement(said) else None
