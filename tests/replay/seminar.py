"""Two years of a seminar's page, as organisers really keep one.

Titles come late, some on the day, some never; a talk moves after its day, one is cancelled, one is
given back; two swap their dates; headings are renumbered; the page is broken for a weekend; a
heading has no date; held talks linger under "Future".
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

HEAD = """\
---
layout: default
---
## Seminar
We meet on Tuesdays at 3 pm in Room 2.

"""


@dataclass
class Entry:
    """One heading of the page, and what stands below it."""

    number: str
    day: str
    title: str = "TBA"
    speaker: str = ""
    below: str = ""
    mark: str = ""

    def text(self) -> str:
        number = f"{self.number}. " if self.number else ""
        title = self.title if self.title == "TBA" else f'"{self.title}"'
        heading = f"### {number}{title} {self.day}{self.mark}".rstrip()
        speaker = f"\nSpeaker: {self.speaker}\n" if self.speaker else ""
        return f"{heading}\n{speaker}\n{self.below}\n"


@dataclass
class Page:
    """The page as it stands at one time."""

    future: list[Entry] = field(default_factory=list)
    past: list[Entry] = field(default_factory=list)
    broken: str | None = None

    def term(self, first: date, numbers: range) -> None:
        """Put up the dates of a term, every second week, without titles."""
        self.past = [*self.future, *self.past]
        self.future = [
            Entry(str(n), f"{first + timedelta(weeks=2 * k):%d.%m.%Y}")
            for k, n in enumerate(numbers)
        ]

    def of(self, number: int) -> Entry:
        return next(e for e in [*self.future, *self.past] if e.number == str(number))

    def text(self) -> str:
        if self.broken is not None:
            return self.broken
        future = "\n".join(entry.text() for entry in self.future)
        past = "\n".join(entry.text() for entry in self.past)
        return f"{HEAD}## Future Topics\n{future}\n## Past Topics\n{past}"


Edit = Callable[[Page], None]


def titled(number: int, title: str, speaker: str = "") -> Edit:
    def edit(page: Page) -> None:
        entry = page.of(number)
        entry.title, entry.speaker = title, speaker or entry.speaker

    return edit


def changed(number: int, **facts: str) -> Edit:
    def edit(page: Page) -> None:
        for name, value in facts.items():
            setattr(page.of(number), name, value)

    return edit


def term(first: date, numbers: range) -> Edit:
    return lambda page: page.term(first, numbers)


def removed(number: int) -> Edit:
    return lambda page: page.future.remove(page.of(number))


def added(entry: Entry) -> Edit:
    return lambda page: page.future.append(entry)


def broken(text: str | None) -> Edit:
    def edit(page: Page) -> None:
        page.broken = text

    return edit


def renumbered(by: int) -> Edit:
    """Number everything anew, as when an old talk is put in at the front."""

    def edit(page: Page) -> None:
        for entry in [*page.future, *page.past]:
            if entry.number:
                entry.number = str(int(entry.number) + by)

    return edit


def swapped(one: int, other: int) -> Edit:
    def edit(page: Page) -> None:
        first, second = page.of(one), page.of(other)
        first.day, second.day = second.day, first.day

    return edit


RINGS = Entry("30", "07.04.2026", "Rings", "Emmy Noether")

# When the page was edited (wall clock in Hamburg), and how.
EDITS: tuple[tuple[str, Edit], ...] = (
    # Summer 2024: eight talks, every second Tuesday from 9 April on.
    ("2024-03-20T17:00", term(date(2024, 4, 9), range(1, 9))),
    ("2024-04-04T18:20", titled(1, "Learning to forecast", "Ada Adams")),
    ("2024-04-20T11:05", titled(2, "Spheres", "Ben Bauer")),  # after the Friday
    ("2024-05-07T08:10", titled(3, "Graphs on the day", "Cy Cohen")),  # on the day itself
    # The fourth never gets a title. The fifth moves a week, before it was announced.
    ("2024-05-28T09:30", titled(5, "Clouds", "Dora Diaz")),
    ("2024-05-28T09:31", changed(5, day="11.06.2024")),
    ("2024-06-13T16:00", titled(6, "Ice", "Eli Evans")),
    ("2024-06-17T14:00", changed(6, day="19.06.2024")),  # one day later, after it was announced
    ("2024-06-27T10:00", titled(7, "Waves", "Fay Fox")),
    ("2024-07-01T20:15", changed(7, mark=" CANCELLED")),
    ("2024-07-11T12:00", titled(8, "Soil", "Gil Gray")),
    ("2024-07-15T09:00", changed(8, below="Room: 5\n")),
    ("2024-07-15T09:04", changed(8, below="Room: 7\n")),
    # Winter 2024/25, from 15 October on; the page is a ruin over one weekend.
    ("2024-09-30T15:00", term(date(2024, 10, 15), range(9, 18))),
    ("2024-10-09T15:00", titled(9, "Attention", "Hal Hill")),
    ("2024-10-24T15:00", titled(10, "Diffusion", "Ida Ito")),
    ("2024-10-25T21:00", broken("## Welcome to our new site\nUnder construction.\n")),
    ("2024-10-27T18:00", broken(None)),
    ("2024-11-07T15:00", titled(11, "Kernels", "Jo Jung")),
    (
        "2024-11-12T10:30",
        changed(11, day="12.11.2024 16:30"),
    ),  # on the day, an hour and a half later
    ("2024-11-20T15:00", titled(12, "Trees", "Kai Kern")),
    ("2024-11-20T15:01", titled(13, "Forests", "Lea Lang")),
    ("2024-11-23T15:00", swapped(12, 13)),  # after the first of the two was announced
    ("2024-12-19T15:00", titled(14, "Snow", "Max Moon")),
    ("2024-12-21T15:00", changed(14, mark=" CANCELLED")),
    ("2024-12-22T15:00", changed(14, mark="")),  # given back
    ("2025-01-02T15:00", titled(15, "Bias", "Nia Nash")),
    ("2025-01-08T10:00", changed(15, day="14.01.2025")),  # after its day: it was postponed
    ("2025-01-16T15:00", titled(16, "Variance", "Oz Otto")),
    ("2025-01-18T12:00", changed(16, speaker="Pia Park")),
    ("2025-01-30T15:00", titled(17, "Noise", "Quin Quist")),
    # Summer 2025: all is renumbered in its midst, and an entry without a date appears.
    ("2025-03-25T15:00", term(date(2025, 4, 15), range(18, 25))),
    ("2025-04-10T15:00", titled(18, "Sparse models", "Ron Reed")),
    ("2025-04-24T15:00", titled(19, "Dense modles", "Sue Shaw")),
    ("2025-04-27T15:00", titled(19, "Dense models")),  # a typing error is mended
    ("2025-05-02T09:00", added(Entry("", "", "Some time: a visitor from far away"))),
    ("2025-05-05T09:00", renumbered(1)),
    ("2025-05-08T15:00", titled(21, "Mixtures", "Tim Tran")),
    ("2025-05-22T15:00", titled(22, "Mergers", "Uma Unger")),
    ("2025-05-24T10:00", removed(22)),  # gone by mistake
    ("2025-05-25T10:00", added(Entry("22", "27.05.2025", "Mergers", "Uma Unger"))),
    ("2025-06-05T15:00", titled(23, "Splits", "Vic Voss")),
    ("2025-06-19T15:00", titled(24, "Cuts", "Wes Wolf")),
    ("2025-07-03T15:00", titled(25, "Ends", "Xia Xu")),
    # Winter 2025/26: another speaker takes the slot; a talk is added late; a stream is given.
    ("2025-10-01T15:00", term(date(2025, 10, 14), range(26, 30))),
    ("2025-10-08T15:00", titled(26, "Starts", "Yan Young")),
    ("2025-10-11T15:00", titled(26, "Restarts", "Zoe Zhu")),
    ("2025-10-23T15:00", titled(27, "Proofs", "Abe Abel")),
    ("2025-11-06T15:00", titled(28, "Programs", "Bea Beck")),
    ("2025-11-08T15:00", changed(28, below="Stream: https://youtu.be/abcdefghijk\n")),
    ("2025-11-09T15:00", changed(28, below="https://www.youtube.com/watch?v=abcdefghijk\n")),
    ("2025-11-15T15:00", added(Entry("31", "18.11.2025", "A guest", "Cal Cruz"))),  # for Tuesday
    ("2025-11-20T15:00", titled(29, "Types", "Dee Dunn")),
    ("2026-03-20T15:00", added(RINGS)),
)


def pages() -> list[tuple[datetime, str]]:
    """Give the page at each time that it was edited."""
    page, found = Page(), []
    for at, edit in EDITS:
        edit(page)
        found.append((datetime.fromisoformat(at), page.text()))
    return found
