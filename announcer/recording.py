"""Recording how attempts ended, also when the ledger cannot be reached just then.

Each outcome is kept in the spool before the ledger is asked, and forgotten once the ledger has
recorded it. What is left there is recorded at the start of the next pass, by this process or
another on this machine, before that pass decides anything. A fence guards each record, so one
that comes late or twice does no harm; that the server took a mail is a fact at any time.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from announcer.errors import AnnouncerError, ClaimLost, LedgerBusy, LedgerError, NotRecorded
from announcer.ledger import Claim, GivenBack, Ledger, Outcome, Sent
from announcer.spool import Damaged, Spool, Unrecorded

log = logging.getLogger("announcer")

# How long to ask the ledger again within a pass: most failovers of a database end sooner.
_AGAIN_SECONDS: Final = (1, 2, 4, 8, 15)
_LAST_SECONDS: Final = 1  # for a ledger to answer, and to roll back, once there is no time to wait


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What came of the outcomes that earlier passes could not record.

    Mails of which the spool may hold an answer that nobody could use must not go again.
    """

    recorded: list[Unrecorded] = field(default_factory=list)
    problems: list[AnnouncerError] = field(default_factory=list)
    unusable: list[tuple[str, NotRecorded]] = field(default_factory=list)
    damaged: list[tuple[Damaged, NotRecorded]] = field(default_factory=list)

    def hindrance(self, key: str, *, copies: int) -> str | None:
        """Say what forbids to send a mail; None where nothing does."""
        for known, problem in self.unusable:
            if known == key:
                return str(problem)
        for file, problem in self.damaged:
            # A folder that cannot be read may concern any mail that may be with the list already.
            if file.may_concern(key) and (file.mail is not None or copies):
                return str(problem)
        return None


class Recorder:
    """Records outcomes in a ledger, by way of a spool.

    Args:
        ledger: where they are recorded.
        spool: where they are kept until then.
        stopping: is set when there is no time to wait for a ledger.
    """

    def __init__(self, ledger: Ledger, spool: Spool, stopping: asyncio.Event | None = None) -> None:
        self._ledger = ledger
        self._spool = spool
        self._stopping = stopping or asyncio.Event()

    async def record(self, entry: Unrecorded) -> NotRecorded | None:
        """Record how an attempt ended; return what to tell where that has to wait.

        Raises:
            ClaimLost: another has overtaken, and there is nothing to record.
        """
        kept = self._spool.keep(entry)
        problem: AnnouncerError | None
        try:
            problem = await self._record(entry)
        except ClaimLost as lost:
            if not isinstance(entry.outcome, Sent):
                self._spool.forget(entry)
                raise
            problem = lost  # the ledger no longer knows the mail, which the list has
        if problem is None:
            self._spool.forget(entry)
            return None
        if kept.path is None:
            log.error("%s: %s", entry.key, kept, extra=_about(entry))
        then = "the next pass on this machine records it first"
        if kept.path is None:
            then = (
                f"should this process end before, `announcer settle {entry.key} --as sent` says so"
                if isinstance(entry.outcome, Sent)
                else "should this process end before, the mail counts as in doubt"
            )
        return NotRecorded(f"{_words(entry)}, but not recorded ({problem}); {kept}, and {then}")

    async def _record(self, entry: Unrecorded) -> AnnouncerError | None:
        """Ask the ledger, and again for a while where it is away and the server took the mail."""
        waits = (*(_AGAIN_SECONDS if isinstance(entry.outcome, Sent) else ()), None)
        for seconds in waits:
            try:
                await self._ask(entry.claim, entry.outcome, entry.at)
            except LedgerBusy as error:
                if seconds is None or self._stopping.is_set():
                    return error
                log.warning("%s: %s", entry.key, error, extra=_about(entry))
                await self._pause(seconds)
            except LedgerError as error:
                return error
            else:
                return None
        return None

    async def give_back(self, claim: Claim, at: datetime) -> None:
        """Give a claim back; were that lost, it would run out, and nothing was sent under it.

        Raises:
            LedgerError: it could not record that.
            ClaimLost: another has overtaken.
        """
        await self._ask(claim, GivenBack(), at)

    async def _ask(self, claim: Claim, outcome: Outcome, at: datetime) -> None:
        """Ask the ledger once, and not for long when there is no time to wait.

        Raises:
            LedgerError: it could not record that.
            ClaimLost: another has overtaken.
        """
        task = asyncio.create_task(self._ledger.record(claim, outcome, now=at))
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({task}, timeout=_LAST_SECONDS)
        finally:
            stop.cancel()
            task.cancel()
            await asyncio.wait({task}, timeout=_LAST_SECONDS)
        if not task.done() or task.cancelled():
            raise LedgerBusy("the ledger did not answer before this process had to end")
        task.result()

    async def _pause(self, seconds: float) -> None:
        """Wait, but not once there is no time left."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    async def replay(self, *, forget: bool = True) -> Replayed:
        """Record what is kept in the spool, and forget it there, unless that is not wished.

        Raises:
            LedgerBusy: the ledger cannot be reached, so nothing may be decided.
        """
        entries, damaged = self._spool.contents()
        done = Replayed()
        for file in damaged:
            problem = NotRecorded(_unreadable(file))
            log.error("%s", problem, extra={"key": str(file.path)})
            done.damaged.append((file, problem))
            done.problems.append(problem)
        for entry in entries:
            await self._replay(entry, done, forget=forget)
        return done

    async def _replay(self, entry: Unrecorded, done: Replayed, *, forget: bool) -> None:
        extra = _about(entry)
        if not await self._was_claimed_here(entry):
            self._refuse(entry, done)
            return
        try:
            await self._ledger.record(entry.claim, entry.outcome, now=entry.at)
        except LedgerBusy:
            self._spool.keep(entry)  # the disk may have room again
            raise
        except ClaimLost as lost:
            if isinstance(entry.outcome, Sent):
                self._withhold(entry, str(lost), done)
                return
            log.warning("%s; not recorded any more: %s", lost, _words(entry), extra=extra)
        except LedgerError as error:
            where = self._spool.path(entry) or "memory"
            problem = NotRecorded(f"{_words(entry)}, but not recorded ({error}); kept in {where}")
            log.error("%s", problem, extra=extra)
            done.unusable.append((entry.key, problem))
            done.problems.append(problem)
            return
        else:
            done.recorded.append(entry)
            if forget:
                log.info("%s; recorded late", _words(entry), extra=extra)
        if forget:
            self._spool.forget(entry)

    async def _was_claimed_here(self, entry: Unrecorded) -> bool:
        """Tell whether the claim was made in this ledger: its owner is like no other."""
        events = await self._ledger.entries(entry.key)
        return any(event.who == entry.claim.owner for event in events)

    def _refuse(self, entry: Unrecorded, done: Replayed) -> None:
        """Leave an outcome alone that belongs to another ledger."""
        if entry.ledger == self._spool.ledger:
            why = (
                f"the ledger {entry.ledger} does not know that it was ever claimed: it was replaced "
                "or restored"
            )
            self._withhold(entry, why, done)
            return
        where = self._spool.path(entry) or "memory"
        words = f"{_words(entry)}: {where} belongs to the ledger {entry.ledger}, and is left there"
        log.error("%s", words, extra={"key": str(where), "series": entry.series})

    def _withhold(self, entry: Unrecorded, why: str, done: Replayed) -> None:
        """Keep an outcome that the ledger does not take, and let its mail not go meanwhile."""
        where = self._spool.path(entry) or "memory"
        problem = NotRecorded(
            f"{_words(entry)}, but {why}. {entry.key} does not go again while {where} is there; "
            "look into the list's archive, then move that file away"
        )
        log.error("%s", problem, extra={"key": str(where)})
        done.unusable.append((entry.key, problem))
        done.problems.append(problem)


def _about(entry: Unrecorded) -> dict[str, str]:
    """Give what a line of the log is about, for whoever reads it as JSON."""
    return {"key": entry.key, "series": entry.series}


def _words(entry: Unrecorded) -> str:
    """Say what happened to a mail."""
    reply = entry.outcome.reply
    what = {
        "Sent": "taken by the server",
        "Deferred": "deferred",
        "Refused": "refused by the server",
        "InDoubt": "in doubt",
    }[type(entry.outcome).__name__]
    return f"{entry.key}: {what} ({reply})"


def _unreadable(file: Damaged) -> str:
    if file.mail is None:
        return (
            f"the folder {file.path} {file.why}, so nobody knows which answers of the server are "
            "kept there, and no mail goes a second time; make it readable"
        )
    return (
        f"{file.path} is damaged ({file.why}); it holds what the server answered to the mail "
        f"{file.mail}, which does not go again meanwhile. Look into the list's archive, tell the "
        "ledger with `announcer settle` if the mail is in doubt, then move the file away"
    )
