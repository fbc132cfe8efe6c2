"""The facts of one talk in the words that stand there, before they are understood."""

from dataclasses import dataclass
from typing import Final

from announcer.talks import Ground

_MOST_LINES: Final = 400  # of an abstract


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a source says of one talk; ``when`` holds dates and times, the most telling first."""

    place: str  # "talks.yml, line 12"
    id: str | None = None  # the organisers', or what the source calls it
    titles: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    affiliations: tuple[tuple[str, str], ...] = ()  # each with its speaker's name
    when: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    zone: str | None = None
    location: str | None = None
    stream: str | None = None
    url: str | None = None
    abstract: str | None = None
    states: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()  # that may say that it is off or on another day
    beside: tuple[str, ...] = ()  # raw words whose brackets may name another time or room
    clocks: tuple[str, ...] = ()  # those of ``when`` that stand where a time of day is asked for
    dates: tuple[str, ...] = ()  # those of ``when`` that stand where a date is asked for
    above: tuple[str, ...] = ()  # words around the entry that may hold its year, the nearest first
    tentative: bool = False
    exact: bool = False  # a program wrote the dates: an offset is meant, and midnight is midnight
    wall: bool = False  # "Z" is what a site's theme asks for, and its clock the one on the wall
    whole_day: bool = False  # so that the usual start is not its own
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def grounds(self) -> tuple[Ground, ...]:
        """Give what is said, one line for each."""
        said = [("title", text) for text in self.titles]
        said += [("speaker", text) for text in self.speakers]
        said += [("start", text) for text in self.when] + [("end", text) for text in self.until]
        said += [("status", text) for text in (*self.states, *self.remarks)]
        named = (("location", self.location), ("stream", self.stream), ("url", self.url))
        said += [(fact, text) for fact, text in named if text]
        lines = (self.abstract or "").split("\n")[:_MOST_LINES]
        said += [("abstract", line) for line in lines if line.strip()]
        above = [Ground(where=self.place, text=text, above=True) for text in self.above]
        own = (Ground(where=self.place, text=text, fact=fact) for fact, text in said)
        return (*reversed(above), *own)
