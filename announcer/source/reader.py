"""Reads what stands at some places: fetched here, understood in a process of its own."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from announcer.errors import SourceUnreadable
from announcer.source.access import Access, Time
from announcer.source.bounded import Processes
from announcer.source.fetch import Answered, Fetched, Fetcher
from announcer.source.texts import Outcome, Unfetched, Work, finished

_MOST_PAGES: Final = 20  # that one reading may ask for, one after the other


class Shared:
    """What the readings of all series share.

    Args:
        access: how web pages are reached.
        processes: where texts are understood.
    """

    def __init__(self, access: Access | None = None, processes: Processes | None = None) -> None:
        self.access = access or Access()
        self.processes = processes or Processes()


class Reader:
    """Reads the same places again and again, and keeps in memory what may not have changed.

    Args:
        work: understands the texts: a function of a module, or a ``partial`` of one, that takes
            ``Texts``, an instant, and what else is given for a reading.
        places: the files and web pages that it will ask for, as far as that is known.
        name: what it is about, for messages.
        shared: what the readings of all series share.
        code: what must be loaded for it, an index of ``parse_server.LOADED``.
    """

    def __init__(
        self,
        work: Work,
        places: Sequence[Path | str],
        *,
        name: str,
        shared: Shared,
        code: int = 0,
    ) -> None:
        self._work = work
        self._urls = [place for place in dict.fromkeys(places) if isinstance(place, str)]
        self._name = name
        self._title = " and ".join(dict.fromkeys(map(str, places))) or name
        self._shared = shared
        self._code = code
        self._fetcher = Fetcher(access=shared.access)

    async def read(self, now: datetime, *given: object) -> Any:
        """Fetch and understand.

        Raises:
            SourceError: it could not be fetched or understood, or not within its limits.
            InternalError: the program failed at it.
        """
        fetched = await asyncio.gather(
            *(self._page(url, self._shared.access.time()) for url in self._urls)
        )
        pages = dict(zip(self._urls, fetched, strict=True))
        copies = dict(self._fetcher.taken_copies())
        time = self._shared.access.time()  # for what turns out to be needed, all together
        while True:
            outcome: Outcome = await self._shared.processes.run(
                self._title,
                self._code,
                finished,
                self._work,
                self._name,
                pages,
                copies,
                now,
                *given,
            )
            if outcome.error is not None:
                raise outcome.kind(outcome.error)
            if outcome.needed is None:
                return outcome.value
            if outcome.needed in pages or len(pages) >= _MOST_PAGES:
                raise SourceUnreadable(f"{self._title} leads to more pages than can be read")
            pages[outcome.needed] = await self._page(outcome.needed, time)
            copies |= self._fetcher.taken_copies()

    async def _page(self, url: str, time: Time) -> Fetched | Unfetched:
        try:
            return await self._fetcher.page(url, time)
        except Answered as error:
            return Unfetched(str(error), error.status)
        except SourceUnreadable as error:
            return Unfetched(str(error))
