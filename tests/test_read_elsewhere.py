"""What another process has read or accepted before a mail is claimed binds that mail."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from passes import NINE, SERIES, WEEKLY, Passes, at, talk
from test_acting import FIRST, PAGE, SECOND, Seminar, fates, seminar

from announcer import belief
from announcer.announcer import MOST_REFUSED_CLAIMS, Programme
from announcer.ledger.sqlite import SqliteLedger
from announcer.report import Fate, Report
from announcer.source import Source
from announcer.talks import Reading, Status

__all__ = ["seminar"]  # the fixture

NETS = '### 3. "Nets" 07.04.20'
GONE = "ml/cancellation/2020-04-03"
CANCELLED = PAGE.replace(NETS, f"{NETS} (cancelled)")


@dataclass
class Overtaken:
    """A page that was read already when something happens elsewhere."""

    page: Source
    happens: list[Callable[[], object]]

    async def load(self, now: datetime) -> Reading:
        reading = await self.page.load(now)
        if self.happens:
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(self.happens.pop(0)).result()
        return reading


def overtaken(seminar: Seminar, *happens: Callable[[], object]) -> None:
    left = list(happens)

    def wrap(programme: Programme) -> Programme:
        return replace(programme, source=Overtaken(programme.source, left))

    seminar.wrap = wrap


def another(seminar: Seminar) -> Seminar:
    """Give another process, whose source nobody overtakes."""
    return Seminar(seminar.desk, seminar.mailbox, now=seminar.now)


def test_an_edit_that_another_process_has_read_meanwhile_keeps_the_mail_back(
    seminar: Seminar,
) -> None:
    seminar.adopt()
    elsewhere: list[Report] = []

    def edited() -> None:
        seminar.desk.page(CANCELLED)
        elsewhere.append(another(seminar).pass_())

    overtaken(seminar, edited)
    report = seminar.pass_()
    sent = [(GONE, Fate.SENT), (SECOND, Fate.SENT)]
    assert [fates(each) for each in (*elsewhere, report)] == [sent, []]
    assert report.exit_status == 0
    assert len(seminar.mailbox.received) == 2


def test_a_page_that_was_accepted_meanwhile_is_not_forgotten(seminar: Seminar) -> None:
    seminar.adopt()

    def accepted() -> None:
        seminar.desk.page(CANCELLED)
        asyncio.run(another(seminar).office().accept(None))

    overtaken(seminar, accepted)
    assert fates(seminar.pass_()) == [(GONE, Fate.SENT), (SECOND, Fate.SENT)]


class Adopting:
    """A ledger that another process writes to while a rule is taken in."""

    def __init__(self, ledger: SqliteLedger, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._ledger = ledger
        self._meanwhile = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def adopt(self, *words: Any, **named: Any) -> None:
        await self._meanwhile()
        await self._ledger.adopt(*words, **named)


def test_an_edit_read_elsewhere_while_a_new_rule_is_taken_in_keeps_the_mail_back() -> None:
    now, day = at("03 10:00"), at("07 15:00").date()
    passes = Passes(cadence=(WEEKLY,))
    passes.adopt(at("02 10:00"), talk(1, day))
    ledger = passes.ledger

    async def edited() -> None:
        passes.source.shows = Reading(talks=(talk(1, day, status=Status.CANCELLED),))
        last = (await ledger.history("s")).believed
        assert last is not None
        await ledger.believe(belief.believed(last, passes.source.shows, SERIES, now))

    passes.cadence = (WEEKLY, NINE)
    passes.ledger = Adopting(ledger, edited)  # type: ignore[assignment]  # it is one in all but name
    assert passes.send(now, talk(1, day)).exit_status == 0
    assert passes.mails == []
    passes.close()


def test_a_page_that_others_never_stop_changing_is_left_to_the_next_pass(seminar: Seminar) -> None:
    seminar.adopt()

    def edit(number: int) -> Callable[[], object]:
        def edited() -> None:
            asyncio.run(another(seminar).office().accept(None))
            seminar.desk.page(PAGE.replace("Nets", f"Nets {number}"))

        return edited

    overtaken(seminar, *map(edit, range(MOST_REFUSED_CLAIMS + 1)))
    report = seminar.pass_()
    assert (fates(report), report.exit_status) == ([], 1)
    overtaken(seminar)
    assert fates(seminar.pass_()) == [(FIRST, Fate.SENT), (SECOND, Fate.SENT)]


@pytest.mark.parametrize(("ago", "counts"), [(60, False), (0, True)])
def test_what_was_read_before_the_last_reading_of_another_replica_is_no_news(
    ago: int, *, counts: bool
) -> None:
    now = at("03 10:00")
    old, new = talk(1, now.date()), talk(1, now.date(), location="Room 3")
    first = belief.believed(None, Reading(talks=(old,)), SERIES, now - timedelta(hours=2))
    last = belief.believed(first, Reading(talks=(new,)), SERIES, now)
    shown = Reading(talks=(old,), read_at=now - timedelta(seconds=ago))
    then = belief.believed(last, shown, SERIES, now)
    assert (then != last) is counts
    assert not then.watched or counts
