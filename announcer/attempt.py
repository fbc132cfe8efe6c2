"""One try to hand a mail over, under a claim, and ready to be stopped at any time."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from hashlib import sha256
from typing import Final

from announcer.errors import (
    ClaimLost,
    DeliveryDeferred,
    DeliveryInDoubt,
    DeliveryRefused,
    LedgerBusy,
    LedgerError,
    MailExpired,
)
from announcer.internal import contained
from announcer.ledger import (
    LEASE,
    Claim,
    Deferred,
    GivenBack,
    InDoubt,
    Ledger,
    Outcome,
    Refused,
    Sent,
)
from announcer.message import Message
from announcer.transport import BeforeContent, Transport

# How long a mail whose content is out may still be answered once we are told to stop.
PATIENCE: Final = timedelta(seconds=8)
_STOPPED: Final = "stopped before its content was sent"
_RETRY_MINUTES: Final = (1, 2, 5, 10, 20, 40, 60)


def retry_delay(attempt: int, key: str) -> timedelta:
    """How long to wait after a failed attempt (1 is the first).

    1, 2, 5, 10, 20, 40, 60, 60 … minutes, and up to a tenth more, which hangs on the key, so that
    mails that failed together do not all come back together.
    """
    minutes = _RETRY_MINUTES[min(attempt, len(_RETRY_MINUTES)) - 1]
    share = int.from_bytes(sha256(key.encode()).digest()[:4]) / 2**32
    return timedelta(minutes=minutes * (1 + share / 10))


class _Phase(Enum):
    BEFORE = auto()  # nothing of the content is out
    MARKING = auto()  # the ledger is being told that it will be
    AFTER = auto()  # a copy may exist


class _CalledOff(Exception):
    """Nothing of the content is out, and it is not to go now."""


async def ended(
    task: asyncio.Task[str], stopping: asyncio.Event, is_out: Callable[[], bool]
) -> None:
    """Wait for a mail to be handed over; once told to stop, only if its content may be out.

    Then its answer has some seconds to come. What has not ended by then is cancelled.
    """
    stop = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done() and is_out():
            await asyncio.wait({task}, timeout=PATIENCE.total_seconds())
    finally:
        stop.cancel()
        task.cancel()
        await asyncio.wait({task})


class Attempt:
    """One try to hand a mail over, under a claim, and ready to be stopped."""

    def __init__(
        self, ledger: Ledger, claim: Claim, stopping: asyncio.Event, clock: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._claim = claim
        self._stopping = stopping
        self._clock = clock
        self._phase = _Phase.BEFORE
        self._marked_at = datetime.max.replace(tzinfo=UTC)
        self.about_account = False  # whether the trouble is not this mail's alone
        self.expired: MailExpired | None = None  # why it was given back, where its time was over

    async def deliver(self, transport: Transport, message: Message) -> Outcome:
        """Try, and say how it ended; raises LedgerError where the ledger forbids to send."""
        task = asyncio.create_task(transport.deliver(message, before_data=self._before_data))
        await ended(task, self._stopping, lambda: self._phase is not _Phase.BEFORE)
        return self._outcome(task)

    async def _before_data(self) -> BeforeContent:
        if self._stopping.is_set():
            raise asyncio.CancelledError
        self._phase = _Phase.MARKING
        self._marked_at = self._clock()
        try:
            await self._ledger.sending(self._claim, now=self._marked_at)
        except asyncio.CancelledError:
            raise  # whether the ledger has recorded it is not known
        except BaseException:
            self._phase = _Phase.BEFORE
            raise
        self._before_content()
        self._phase = _Phase.AFTER
        return self._before_content

    def _before_content(self) -> None:
        """Look once more; to record the mark, or to get the server's answer, may have taken long.

        Raises:
            MailExpired: the time of the mail is over.
            _CalledOff: we were told to stop, or others may have taken the mail over by now.
        """
        now = self._clock()
        if now >= self._claim.expires_at:
            raise MailExpired(f"{self._claim.key}: its time was over before it could be sent")
        if now - self._marked_at >= LEASE:  # no wait is so long, but a machine may sleep
            raise _CalledOff("the lease ran out before its content was sent")
        if self._stopping.is_set():
            raise _CalledOff(_STOPPED)

    def _outcome(self, task: asyncio.Task[str]) -> Outcome:
        try:
            return Sent(reply=task.result())
        except DeliveryDeferred as error:
            self.about_account = error.about == "account"
            until = self._clock() + retry_delay(self._claim.attempt, self._claim.key)
            return Deferred(until=until, reply=error.reply)
        except DeliveryRefused as error:
            return Refused(reply=error.reply)
        except DeliveryInDoubt as error:
            return InDoubt(reply=error.reply)
        except MailExpired as expired:
            return self._given_back(expired)
        except asyncio.CancelledError as error:
            if not self._stopping.is_set():
                return self._unexpected(error)  # a library ended it; nobody had asked for that
            if self._phase is _Phase.AFTER:
                return InDoubt(reply="stopped while the server's answer was awaited")
            return GivenBack() if self._phase is _Phase.BEFORE else self._called_off(_STOPPED)
        except _CalledOff as error:
            return self._called_off(str(error))
        except LedgerBusy as error:
            # The ledger may have recorded that the content goes out, and it never did.
            until = self._clock() + retry_delay(self._claim.attempt, self._claim.key)
            return Deferred(until=until, reply=str(error))
        except (ClaimLost, LedgerError):
            raise
        except BaseException as error:  # noqa: BLE001 - whatever broke, what was handed over counts
            contained(error, self._claim.key)
            return self._unexpected(error)

    def _unexpected(self, error: BaseException) -> Outcome:
        """Give how a mail ends whose delivery broke; what was handed over by then counts."""
        words = f"unexpected {type(error).__name__}: {error}".removesuffix(": ")
        if self._phase is _Phase.AFTER:
            return InDoubt(reply=words)
        until = self._clock() + retry_delay(self._claim.attempt, self._claim.key)
        return Deferred(until=until, reply=words)

    def _called_off(self, reply: str) -> Outcome:
        """Give how a mail ends that goes later: what the ledger has of its mark is taken back."""
        return Deferred(until=self._clock(), reply=reply)

    def _given_back(self, expired: MailExpired) -> Outcome:
        """Give how a mail ends whose time was over: nothing of its content is out."""
        self.expired = expired
        if self._phase is _Phase.BEFORE:
            return GivenBack()
        return Deferred(until=self._clock(), reply=str(expired))  # takes back the copy it marked
