"""What is stopped, or over, before its content is out leaves no doubt and is not forgotten."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from passes import CADENCE, SERIES, Passes, Post, at, talk
from transport.scripted import HANG, Scripted

from announcer.announcer import Announcer, Programme
from announcer.attempt import Attempt
from announcer.compose import MailComposer
from announcer.errors import DeliveryDeferred, MailExpired
from announcer.ledger import LEASE, Claim, GivenBack, State
from announcer.ledger.sqlite import SqliteLedger
from announcer.message import Message
from announcer.talks import Reading
from announcer.transport import BeforeContent, BeforeData
from announcer.transport.folder import FolderTransport
from announcer.transport.smtp import Account, SmtpTransport

NOW = datetime(2026, 4, 3, 8, tzinfo=UTC)
MAIL = Message(
    key="s/announcement/2026-04-03",
    series="s",
    kind="announcement",
    rule="announcement",
    due_at=NOW,
    sender="seminar@example.org",
    recipient="s@groups.example",
    message_id="<a@example.org>",
    subject="S",
    content=b"Subject: S\r\n\r\nText\r\n",
    said=(),
)


class Slow:
    """A ledger during whose work on the mark the process is told to stop."""

    def __init__(self, ledger: SqliteLedger, stopping: asyncio.Event) -> None:
        self._ledger = ledger
        self._stopping = stopping

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def sending(self, claim: Claim, *, now: datetime) -> None:
        await self._ledger.sending(claim, now=now)
        self._stopping.set()


def test_a_mail_whose_mark_is_recorded_when_the_stop_comes_is_not_handed_over(
    tmp_path: Path,
) -> None:
    async def work() -> None:
        ledger, stopping = SqliteLedger.in_memory(), asyncio.Event()
        claim = await ledger.claim(MAIL, revision=0, expires_at=NOW + timedelta(1), now=NOW)
        assert claim is not None
        slow = Slow(ledger, stopping)
        attempt = Attempt(slow, claim, stopping, lambda: NOW)
        outcome = await attempt.deliver(FolderTransport(tmp_path / "out"), MAIL)
        assert not (tmp_path / "out").exists()
        await ledger.record(claim, outcome, now=NOW)
        [row] = await ledger.rows()
        assert (row.state, row.copies, row.next_attempt_at) == (State.RETRY, 0, NOW)

    asyncio.run(work())


@pytest.mark.parametrize("phase", ["banner", "EHLO", "MAIL", "RCPT"])
def test_a_mail_that_is_stopped_before_data_is_given_back_whatever_the_server_had_to_answer(
    phase: str,
) -> None:
    async def work() -> None:
        ledger, stopping, truth = SqliteLedger.in_memory(), asyncio.Event(), Scripted({phase: HANG})
        claim = await ledger.claim(MAIL, revision=0, expires_at=NOW + timedelta(1), now=NOW)
        assert claim is not None
        async with truth.listening() as port:
            transport = SmtpTransport(Account(host="127.0.0.1", port=port, security="none"))
            attempt = Attempt(ledger, claim, stopping, lambda: NOW)
            trying = asyncio.create_task(attempt.deliver(transport, MAIL))
            if phase != "banner":
                await _heard(truth, phase)
            stopping.set()
            outcome = await trying
            await truth.ended()
        assert outcome == GivenBack()
        await ledger.record(claim, outcome, now=NOW)
        [row] = await ledger.rows()
        assert (row.state, row.copies, row.attempts) == (State.RETRY, 0, 0)

    asyncio.run(work())


async def _heard(truth: Scripted, command: str) -> None:
    while command not in truth.commands:  # noqa: ASYNC110 - it has no event for that
        await asyncio.sleep(0)


async def _delivering(truth: Scripted, before_data: BeforeData, *, until: str = "") -> None:
    """Hand a mail over, and cancel that once the server has heard a command."""
    async with truth.listening() as port:
        transport = SmtpTransport(Account(host="127.0.0.1", port=port, security="none"))
        task = asyncio.create_task(transport.deliver(MAIL, before_data=before_data))
        if until:
            await _heard(truth, until)
            task.cancel()
        try:
            await task
        finally:
            await truth.ended()


def test_a_mail_that_is_stopped_before_the_server_asks_for_its_content_is_in_no_doubt() -> None:
    truth = Scripted({"DATA": HANG})

    async def begins() -> None:
        pass

    with pytest.raises(DeliveryDeferred, match="had not asked for the content"):
        asyncio.run(_delivering(truth, begins, until="DATA"))
    assert truth.taken == []


def test_a_mail_whose_time_is_over_when_the_server_asks_for_its_content_is_not_sent() -> None:
    truth = Scripted({})

    def over() -> None:
        raise MailExpired("its time was over")

    async def begins() -> BeforeContent:
        return over

    with pytest.raises(MailExpired):
        asyncio.run(_delivering(truth, begins))
    assert truth.commands[-1] == "DATA"
    assert truth.taken == []


@pytest.mark.parametrize(
    ("waits", "over"), [(timedelta(minutes=30), True), (LEASE, False)], ids=["expired", "slept"]
)
def test_a_mail_whose_machine_sleeps_until_the_server_asks_for_its_content_is_not_sent(
    waits: timedelta, *, over: bool
) -> None:
    """The clock is asked before the mark, after it, and again when 354 has come."""
    then = NOW + waits
    clock = iter([NOW, NOW, then, then])

    async def work() -> None:
        ledger, truth = SqliteLedger.in_memory(), Scripted({})
        ends = NOW + timedelta(minutes=30)
        claim = await ledger.claim(MAIL, revision=0, expires_at=ends, now=NOW)
        assert claim is not None
        async with truth.listening() as port:
            transport = SmtpTransport(Account(host="127.0.0.1", port=port, security="none"))
            attempt = Attempt(ledger, claim, asyncio.Event(), lambda: next(clock))
            await ledger.record(claim, await attempt.deliver(transport, MAIL), now=then)
            await truth.ended()
        assert (attempt.expired is not None) is over
        assert truth.taken == []
        [row] = await ledger.rows()
        assert (row.state, row.copies, row.next_attempt_at) == (State.RETRY, 0, then)

    asyncio.run(work())


@dataclass
class Stuck(Post):
    """A way out that stops the pass, and never answers, over a mail to an organiser."""

    announcer: Announcer | None = None

    def __post_init__(self) -> None:
        super().__init__()

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        if message.recipient == SERIES.list:
            return await super().deliver(message, before_data=before_data)
        assert self.announcer is not None
        self.announcer.stop()
        await asyncio.Event().wait()
        raise AssertionError


def test_what_organisers_had_to_hear_when_the_stop_came_is_told_by_the_next_pass() -> None:
    now, day = at("03 10:00"), at("07 15:00").date()
    passes = Passes()
    passes.adopt(at("02 10:00"), talk(1, day))
    unclear = replace(talk(1, day), unclear="two dates")
    stuck = Stuck()
    passes.post = stuck
    passes.source.shows = Reading(talks=(unclear,))
    programme = Programme(
        series=SERIES, cadence=CADENCE, source=passes.source, composer=MailComposer()
    )
    stuck.announcer = Announcer(
        [programme], ledger=passes.ledger, transport=stuck, clock=lambda _: now, tells=True
    )
    asyncio.run(asyncio.wait_for(stuck.announcer.announce_due(), 60))
    assert passes.notices == []
    passes.post = Post()
    passes.send(now + timedelta(minutes=1), unclear)
    [told] = passes.notices
    assert "two dates" in told
    passes.close()
