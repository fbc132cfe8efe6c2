"""Where readers have their texts from: read by themselves, or fetched for them beforehand.

A reader runs in a process of its own, which reads files but fetches nothing: that is done in the
program, for all series together. A reader that asks for a page that was not fetched ends with
``Needed`` and is begun anew once it is there.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from announcer.errors import AnnouncerError, InternalError, SourceError, SourceUnreadable
from announcer.internal import contained
from announcer.source.decode import decoded
from announcer.source.fetch import Answered, Fetched, copy_name, file_content
from announcer.talks import Copy


class Texts(Protocol):
    """Gives the texts of files and web pages."""

    async def text(self, location: Path | str, /) -> str:
        """Give a text.

        Raises:
            SourceUnreadable: naming the location, and what to do.
        """
        ...

    def taken_copies(self) -> Mapping[str, Copy]:
        """Give of when the web pages are that were read since this was last asked."""
        ...


@dataclass(frozen=True, slots=True)
class Unfetched:
    """Why a page could not be fetched, and what its server answered if it did."""

    words: str
    status: int | None = None

    def error(self) -> SourceUnreadable:
        """Give it as the error that it was."""
        if self.status is not None:
            return Answered(self.words, self.status)
        return SourceUnreadable(self.words)


Pages = Mapping[str, Fetched | Unfetched]


class Needed(BaseException):
    """A page was asked for that has not been fetched; no reader may take it for an error."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class Given:
    """Texts of pages that were fetched, and of files as they are."""

    def __init__(self, pages: Pages, copies: Mapping[str, Copy]) -> None:
        self._pages = pages
        self._copies = copies
        self._asked: set[str] = set()

    async def text(self, location: Path | str, /) -> str:
        """Give a text.

        Raises:
            Needed: it is a page that was not fetched.
            SourceUnreadable: it could not be read.
        """
        if isinstance(location, Path):
            return decoded(file_content(location), None, str(location))
        page = self._pages.get(location)
        if page is None:
            raise Needed(location)
        if isinstance(page, Unfetched):
            raise page.error()
        self._asked.add(copy_name(location))
        return page.text()

    def taken_copies(self) -> Mapping[str, Copy]:
        """Give of when the pages are that were read since this was last asked."""
        asked, self._asked = self._asked, set()
        return {name: copy for name, copy in self._copies.items() if name in asked}


Work = Callable[..., Coroutine[Any, Any, Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of work on texts: its value, a page that it needs, or an error."""

    value: Any = None
    needed: str | None = None
    error: str | None = None
    kind: type[AnnouncerError] = SourceUnreadable


def finished(
    work: Work, name: str, pages: Pages, copies: Mapping[str, Copy], *given: object
) -> Outcome:
    """Do work on texts to its end; it never has to wait."""
    coroutine = work(Given(pages, copies), *given)
    try:
        coroutine.send(None)
    except StopIteration as end:
        return Outcome(end.value)
    except Needed as needed:
        return Outcome(needed=needed.url)
    except MemoryError:
        raise  # the one error that says that it is stopped
    except BaseException as error:  # noqa: BLE001 - of any type, it is told where the text is waited for
        problem = contained(error, name)
        known = isinstance(problem, SourceError)
        return Outcome(error=str(problem), kind=type(problem) if known else InternalError)
    raise AssertionError(f"{name}: what reads a text waits for something else")
