"""What an entry says, as a talk: the one place where named words become facts.

What is read is what stands there. What cannot be understood for sure makes the talk unclear, and
never a guess.
"""

import re
from dataclasses import replace
from datetime import date
from typing import Final

from announcer.source import remarked, streams, words
from announcer.source.around import Around
from announcer.source.checks import Checks, Ids
from announcer.source.entry import Entry, labels
from announcer.source.known import label
from announcer.source.links import PLAYER, links, watched
from announcer.source.markdown import plain
from announcer.source.merged import Told
from announcer.source.when import When
from announcer.source.who import Who
from announcer.talks import Status, Talk

_BREAK: Final = re.compile(r"^[ \t]*<br[ \t]*/?>[ \t]*$", re.MULTILINE)


class Understanding:
    """One entry on its way to a talk."""

    def __init__(self, entry: Entry, around: Around) -> None:
        self._around = around
        self._entry = self._as_it_is(entry)
        self._checks = Checks(series=around.series, today=around.today, source="page")
        named = labels(entry.body)
        self._when = When(self._entry, named, around, self._checks)
        self.who = Who(self._entry, named, around, self._checks, self._when)

    def told(self, ids: Ids) -> Told:
        """Understand the entry; gives the talk with what it says of it itself."""
        talk = self.talk(ids)
        return Told(
            entry=self._entry,
            talk=talk,
            names_start=self._when.names_start,
            names_place=talk.location != self._around.series.location,
            names_stream=talk.stream != self._around.series.stream,
        )

    def talk(self, ids: Ids) -> Talk:
        """Understand the entry."""
        entry, series, checks = self._entry, self._around.series, self._checks
        exact = self._when.exact()
        day = exact[0] if exact else self._when.day()
        ahead = day is not None and checks.ahead(day)
        title, speakers, cancelled = self.who.told()
        title = remarked.without(title, self._around.order.told) if title else None
        starts_at, ends_at = exact[1:] if exact else self._when.span(day, self.who.bracket())
        if ahead and (other := self.who.other_title(title)):
            checks.unclear.append(f'its heading says "{other}", and a line below "{title}"')
        if ahead and title is None and not speakers and (free := self._free_slot()):
            checks.free_slot(free)
        aside = self._when.remarks
        if exact:
            self._when.names_start = True
            aside.check_start(exact[1], own=True)
        if day is not None and ahead:
            self._when.other_dates(day)
            aside.check_day(day)
        if starts_at is not None:
            day = series.local(starts_at).date()  # on the clock of another zone it may be another
        found = links(entry.words, self._around.absolute)
        stream = self._stream() if ahead else series.stream
        number = self.who.beside.number
        talk_id = self._id(ids, number or words.slug(title), day)
        place = f"{self._around.name}, line {entry.line}"
        status = Status.TENTATIVE if entry.tentative else Status.CONFIRMED
        return Talk(
            id=talk_id,
            given_id=number is not None,
            title=title,
            speakers=speakers,
            day=day,
            starts_at=starts_at,
            ends_at=ends_at,
            location=aside.place(self.who.place(), series.location, day),
            stream=stream,
            links=found,
            abstract=self._abstract() or None,
            status=Status.CANCELLED if cancelled else status,
            tba=title is None,
            unclear="; ".join(dict.fromkeys(checks.unclear)) or None,
            warnings=tuple(
                f"talk {talk_id} ({place}): {w}" for w in dict.fromkeys(checks.warnings)
            ),
        )

    def _id(self, ids: Ids, name: str | None, day: date | None) -> str:
        wanted = name or (str(day) if day else f"line-{self._entry.line}")
        unique = ids.unique(wanted)
        if unique != wanted:
            self._checks.warnings.append(f'"{wanted}" stands twice on the page')
        return unique

    def _free_slot(self) -> str | None:
        """Give what stands in place of the talk where it says that the slot is free."""
        entry = self._entry
        below = next((text for text in entry.body if text.strip()), "")
        said = (entry.title, self.who.free_words(), below, *entry.remarks)
        if entry.speakers and words.nobody_yet(plain(entry.speakers)):
            return plain(entry.speakers)
        return next((bare for raw in said if raw and words.free_slot(bare := plain(raw))), None)

    def _stream(self) -> str | None:
        """Give the stream of a talk ahead: its own, else the usual one; none where two could be it."""
        entry = self._entry
        found = streams.stream(entry.words.split("\n"), entry.stream, self._around.absolute)
        if found.several:
            self._checks.warnings.append(found.warning)
            return None
        return found.url or self._around.series.stream

    def _as_it_is(self, entry: Entry) -> Entry:
        """Leave out what is struck and written anew, and from where a talk was moved."""
        return replace(
            entry,
            head=self._now(entry.head),
            date=entry.date and self._now(entry.date),
            title=entry.title and self._now(entry.title),
        )

    def _now(self, text: str) -> str:
        order = self._around.order.told
        return words.without_moved_from(words.without_old(text, order), order)

    def _abstract(self) -> str:
        kept = [_abstract_line(line) for line in self._entry.body]
        text = PLAYER.sub(
            lambda m: f"[Video]({watched(m[1])})",
            "\n".join(line for line in kept if line is not None),
        )
        text = _BREAK.sub("", text)
        return re.sub(r"\n{3,}", "\n\n", text).strip()


def _abstract_line(line: str) -> str | None:
    """Leave out lines that name a fact; keep what stands behind the label of the abstract."""
    found = label(line)
    if found is None or found.weak:
        return line
    return found.value if found.fact == "abstract" else None
