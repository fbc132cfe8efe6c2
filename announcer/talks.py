"""What a seminar is made of: a series, and its talks.

All text in these values is clean, because each value cleans what it is made from.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from announcer import cleaning

WIDEST: Final = 160  # of a logo


def _clean(value: object, clean: Callable[[str], str], *names: str) -> None:
    """Clean texts of a frozen value while it is made; one of which nothing is left becomes None."""
    for name in names:
        raw = getattr(value, name)
        if raw is not None:
            object.__setattr__(value, name, clean(raw) or None)


class Status(StrEnum):
    """Whether a talk takes place, in the words of RFC 5545, 3.8.1.11."""

    CONFIRMED = "confirmed"
    TENTATIVE = "tentative"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Something a talk points at: its words and an absolute URL.

    The URL is empty where it is too long to be one.
    """

    text: str
    url: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", cleaning.address(self.url))
        object.__setattr__(self, "text", cleaning.line(self.text) or cleaning.line(self.url))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """An address with the name that is shown for it (empty where there is none)."""

    name: str = ""
    address: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", cleaning.line(self.name))
        object.__setattr__(self, "address", cleaning.name(self.address))

    @property
    def domain(self) -> str:
        """The part after the at sign."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """The picture on top of a mail: its address, or the bytes that the mail carries."""

    url: str | None = None
    content: bytes = field(default=b"", repr=False)
    subtype: str = ""  # "png" or "jpeg", where the mail carries it
    width: int = WIDEST  # in pixels, as it is shown

    def cid(self, domain: str) -> str:
        """Give the Content-ID under which mails of a domain carry it."""
        return f"logo.{sha256(self.content).hexdigest()[:24]}@{domain}"

    def source(self, domain: str) -> str:
        """Give what HTML names it by."""
        return self.url or f"cid:{self.cid(domain)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A seminar, with what holds for each of its talks unless the talk says otherwise."""

    id: str
    name: str
    list: str  # the address that announcements go to; alone in To:
    sender: Mailbox
    organisers: tuple[str, ...]
    reply_to: Mailbox
    timezone: ZoneInfo
    also_times: tuple[ZoneInfo, ...] = ()  # zones of listeners elsewhere
    list_page: str | None = None
    language: str = "en"
    other_languages: tuple[str, ...] = ()  # in which each mail says the facts once more
    start: time | None = None
    duration: timedelta = timedelta(minutes=60)
    location: str | None = None
    stream: str | None = None
    website: str | None = None
    accent: str | None = None  # a colour, as "#1a4f9c"
    footer: tuple[str, ...] = ()
    logo: Logo | None = None
    feed_url: str | None = None  # where others find what `announcer feed` writes
    announce_tba: bool = False
    auto_submitted: bool = True
    subject_speaker: bool = False

    def __post_init__(self) -> None:
        if self.duration <= timedelta(0):
            raise ValueError(f"a talk must last some time, not {self.duration}")
        object.__setattr__(self, "name", cleaning.line(self.name))
        object.__setattr__(self, "footer", cleaning.lines(self.footer))
        _clean(self, cleaning.line, "location")
        _clean(self, cleaning.address, "list_page", "stream", "website", "feed_url")

    def local(self, instant: datetime) -> datetime:
        """The wall clock of the series at an instant."""
        return instant.astimezone(self.timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One talk as its source tells it, with the defaults of its series filled in.

    ``starts_at`` and ``ends_at`` are instants in UTC; ``day`` is the local day in the zone of the
    series, known also where the time is not. What a source could not read for sure stands in
    ``unclear``: such a talk is listed, and never announced. ``warnings`` are for the organisers
    and hold nothing back.

    ``why_cancelled`` is the reason of a cancellation that the list may hear, in the words of the
    source or of an organiser. ``affiliations`` are of speakers, each with the speaker's name.

    ``id`` is what the organisers call it, and may change with what they do to their page;
    ``identity`` never does: it is the id under which the talk was first seen, or one made from it.
    """

    id: str
    title: str | None = None  # None while it is to be announced
    speakers: tuple[str, ...] = ()
    day: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    location: str | None = None
    stream: str | None = None
    url: str | None = None
    links: tuple[Link, ...] = ()
    abstract: str | None = None  # Markdown
    status: Status = Status.CONFIRMED
    tba: bool = False
    unclear: str | None = None
    warnings: tuple[str, ...] = ()
    given_id: bool = True  # the id is the organisers' or the source's, and not made of the title
    first_id: str | None = None  # None while the id is the identity too
    why_cancelled: str | None = None
    affiliations: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        self._clean_texts()
        if not self.id:
            raise ValueError("a talk needs an id")
        for instant in (self.starts_at, self.ends_at):
            if instant is not None and instant.tzinfo is not UTC:
                raise ValueError(f"talk {self.id}: {instant!r} is not an instant in UTC")
        if self.starts_at is not None and (self.day is None or self.ends_at is None):
            raise ValueError(f"talk {self.id}: a start comes with a day and an end")
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValueError(f"talk {self.id} ends before it starts")
        if self.tba is not (self.title is None):
            raise ValueError(f"talk {self.id}: to be announced means that no title is known")

    def _clean_texts(self) -> None:
        lost = self._lost_addresses()
        untitled = self.title is None
        _clean(self, cleaning.line, "title", "location", "why_cancelled")
        _clean(self, cleaning.name, "id", "first_id")
        # A reason of which nothing is left still holds the talk back.
        _clean(self, lambda raw: cleaning.sentence(raw) or "unclear", "unclear")
        _clean(self, cleaning.text, "abstract")
        _clean(self, cleaning.address, "stream", "url")
        object.__setattr__(self, "tba", self.tba or (self.title is None and not untitled))
        object.__setattr__(self, "speakers", cleaning.lines(self.speakers))
        found: dict[str, str] = {}
        for name, place in self.affiliations:
            if (kept := cleaning.line(place)) and cleaning.line(name) in self.speakers:
                found.setdefault(cleaning.line(name), kept)
        object.__setattr__(self, "affiliations", tuple(found.items()))
        object.__setattr__(self, "links", tuple(link for link in self.links if link.url))
        warnings = (*self.warnings, *lost)
        object.__setattr__(self, "warnings", tuple(map(cleaning.sentence, warnings)))

    def _lost_addresses(self) -> list[str]:
        """Name the addresses that are too long to be one: part of an address leads nowhere."""
        found = {"stream": self.stream, "page": self.url}
        names = [name for name, url in found.items() if url and not cleaning.address(url)]
        names += [f'link "{link.text}"' for link in self.links if not link.url]
        return [
            f"talk {self.id}: the address of its {name} has more than {cleaning.LONGEST_ADDRESS} "
            "characters, so it is left out; give a shorter one"
            for name in names
        ]

    @property
    def identity(self) -> str:
        """What stays the same whatever else about the talk changes."""
        return self.first_id or self.id

    @property
    def people(self) -> tuple[str, ...]:
        """The speakers, each with the affiliation where one is known: "Ada Lovelace (London)"."""
        known = dict(self.affiliations)
        return tuple(f"{name} ({known[name]})" if name in known else name for name in self.speakers)

    @property
    def cancelled(self) -> bool:
        """Whether the source says in so many words that the talk does not take place."""
        return self.status is Status.CANCELLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A line of a source that a talk was read from, or a heading above it."""

    where: str  # "index.md, line 12"
    text: str
    above: bool = False
    fact: str | None = None  # which it gives, where the source itself names it

    def __post_init__(self) -> None:
        object.__setattr__(self, "where", cleaning.line(self.where))
        object.__setattr__(self, "text", cleaning.text(self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Of when a copy of a web page is, as its server or a cache says.

    ``modified`` is its Last-Modified. Where a reading is just made, ``age`` is how old the copy is
    (the header Age); where it is kept, ``made_at`` is when the copy left its origin.
    """

    modified: datetime | None = None
    age: timedelta | None = None
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one look at a source gave.

    ``warnings`` concern the source as a whole or entries that could not be understood as talks,
    each naming the line; those of one talk stand with the talk. ``unread`` are those about files
    that could not be read, while others could: what stood there is not known. ``read_at`` is when
    the source was really read, where that was not just now; ``copies`` are of the web pages that
    it was read from, by a name for their address.
    """

    talks: tuple[Talk, ...]
    warnings: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    origin: Mapping[str, str] = field(default_factory=dict)  # talk id -> "file, line 12"
    grounds: Mapping[str, tuple[Ground, ...]] = field(default_factory=dict)  # by talk id
    read_at: datetime | None = None
    copies: Mapping[str, Copy] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("warnings", "unread"):
            object.__setattr__(self, name, tuple(map(cleaning.sentence, getattr(self, name))))
