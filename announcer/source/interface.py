"""What the public interface of a site answers: JSON, of which only known names are read."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from announcer import cleaning
from announcer.errors import SourceUnreadable
from announcer.source import clean, words
from announcer.source.facts import understood
from announcer.source.fetch import Answered, Fetcher
from announcer.source.hints import NO_HINTS, Hints
from announcer.source.markdown import uncommented
from announcer.source.said import Facts
from announcer.source.texts import Texts
from announcer.talks import Reading, Series

Table = Mapping[str, Any]


class Interface(Protocol):
    """How one kind of site is asked."""

    site: str

    async def read(self, ask: "Asking", now: datetime, /) -> tuple[list[Facts], list[str]]:
        """Give the facts of the talks in the order of the site, and warnings.

        Raises:
            SourceUnreadable: it cannot be asked, or its answer is not understood.
        """
        ...


class InterfaceSource:
    """The talks of a site that has a public interface, named by an address of its pages."""

    def __init__(
        self,
        interface: Interface,
        location: Path | str,
        series: Series,
        hints: Hints = NO_HINTS,
        texts: Texts | None = None,
    ) -> None:
        self._interface = interface
        self._location = str(location)
        self._series = series
        self._hints = hints
        self._texts = texts or Fetcher()

    async def load(self, now: datetime) -> Reading:
        """Ask the site for its talks."""
        asking = Asking(self._texts, self._interface.site, self._location)
        facts, warnings = await self._interface.read(asking, now)
        if not facts:
            warnings.append(
                f"{self._location} shows no talk to who is not logged in; that may be right, or its "
                "talks are not public"
            )
        reading = understood(facts, self._series, self._hints, now, warnings)
        return replace(reading, copies=self._texts.taken_copies())


class Asking:
    """Asks one site, and says in one way what went wrong."""

    def __init__(self, texts: Texts, site: str, location: str) -> None:
        self._texts = texts
        self.site = site
        self.location = location

    async def json(self, url: str) -> Any:
        """Give what an address of the interface answers."""
        try:
            text = await self._texts.text(url)
        except Answered as error:
            raise self._refused(url, error.status) from error
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            what = "with a web page" if text.lstrip().startswith("<") else "with a broken text"
            raise SourceUnreadable(
                f"{url} answered {what}, where {self.site} answers JSON; check source.location, or "
                "wait for the server"
            ) from error

    def unknown(self, url: str, what: str) -> SourceUnreadable:
        """Give the error about an answer that has another form than is known."""
        return SourceUnreadable(
            f"{url}: {what}, so this version of {self.site} is not one that is known; name its "
            'calendar (.ics) instead, with kind = "calendar"'
        )

    def misnamed(self, example: str) -> SourceUnreadable:
        """Give the error about an address from which the interface's cannot be made."""
        return SourceUnreadable(
            f"{self.location} is no address of {self.site} that talks can be asked for; write "
            f'source.location like "{example}"'
        )

    def _refused(self, url: str, status: int) -> SourceUnreadable:
        advice = "wait for the server"
        if status in {401, 403}:
            advice = "it is not public, and only what anyone may read is read; make it public"
        elif status in {400, 404, 410}:
            advice = "nothing with this name is public there; check source.location"
        return SourceUnreadable(
            f"{self.location}: {self.site} answered {status} at {url}; {advice}"
        )


def tables(value: Any) -> list[Table]:
    """Give the tables of a list; nothing where it is none."""
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def line(table: Table, *names: str) -> str | None:
    """Give the first of these names that holds words or a number, as one line."""
    return next((said for name in names if (said := clean.line(_words(table.get(name))))), None)


def passage(table: Table, *names: str) -> str | None:
    """Give the first of these names that holds words, as a text."""
    found = (clean.text(_words(table.get(name))).strip() for name in names)
    return next((text for text in found if text), None)


def _words(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)


def people(names: Sequence[str | None]) -> tuple[str, ...]:
    """Give the names of people, each of which stands for itself."""
    shown = (words.bare(name) for name in names if name)
    return tuple(name for name in shown if name and not words.tba(name))


def instant(text: str | None, zone: str | None) -> str | None:
    """Give a moment in UTC, as ISO 8601; without an offset it is meant in the zone that is named.

    None, where nothing is said, or it cannot be told for sure.
    """
    try:
        at = datetime.fromisoformat(text or "")
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(zone or ""))
        return at.astimezone(UTC).isoformat()
    except (ValueError, KeyError, OSError, OverflowError):
        return None


def doubts(moment: str | None, text: str | None) -> tuple[str, ...]:
    """Doubt what stands for a moment and is none."""
    return (f'"{text}" was not understood as a moment',) if text and moment is None else ()


# HTML

_BLOCKS: Final = frozenset(["p", "div", "ul", "ol", "table", "tr", "section", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr"])  # fmt: skip
_UNREAD: Final = frozenset({"script", "style", "template", "title"})


# The parser would look for the end of each tag that has none in all of the text behind it.
_NO_TAG: Final = re.compile(r"<(?![/!]?[A-Za-z][^<>]{0,2000}+>)")


def prose(raw: str | None) -> str | None:
    """Give a text that may be HTML as Markdown: its words, paragraphs, list items and links."""
    if raw is None or "<" not in raw:
        return raw
    parser = _Prose()
    parser.feed(_NO_TAG.sub("&lt;", uncommented(raw[: cleaning.LONGEST_TEXT])))
    parser.close()
    lines = [" ".join(line.split()) for line in "".join(parser.parts).split("\n")]
    paragraphs = "\n".join(lines).strip().split("\n\n")
    return "\n\n".join(text for part in paragraphs if (text := part.strip("\n"))) or None


class _Prose(HTMLParser):
    """HTML on its way to words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unread = 0
        self._links: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a paragraph, a list item or a link."""
        if tag in _UNREAD:
            self._unread += 1
        elif tag in _BLOCKS:
            self.parts.append("\n\n")
        elif tag in {"br", "li"}:
            self.parts.append("\n" if tag == "br" else "\n- ")
        elif tag == "a":
            # A link has none inside: one that is open was not closed.
            self._links = [(len(self.parts), dict(attrs).get("href") or "")]

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        if tag in _UNREAD:
            self._unread = max(0, self._unread - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n\n")
        elif tag == "a" and self._links:
            start, url = self._links.pop()
            said = " ".join("".join(self.parts[start:]).split())
            if said and said != url and url.startswith(("http://", "https://")):
                self.parts[start:] = [f"[{said}]({url})"]

    def handle_data(self, data: str) -> None:
        """Take words, in which a line break is but white space."""
        if not self._unread:
            self.parts.append(data.replace("\n", " "))
