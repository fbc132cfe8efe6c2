"""What the operator of the machine must hear, by which way, and what they were told already.

Organisers hear of their talks; the operator hears of what no organiser can mend: settings that are
wrong, an account or a ledger that does not work, an error of the program. A cause is told when it
is first seen, and daily until it is gone. What could not be told is kept until it could.
"""

import asyncio
import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from announcer.attempt import retry_delay
from announcer.errors import (
    AnnouncerError,
    CompositionError,
    DeliveryDeferred,
    DeliveryError,
    DeliveryInDoubt,
    InternalError,
    LedgerBusy,
    LedgerError,
    NotRecorded,
    SettingsError,
)
from announcer.headers import POLICY, plain_mail
from announcer.internal import contained
from announcer.ledger import LONGEST_WAIT, Pause
from announcer.lines import hang
from announcer.message import Message
from announcer.plain import WIDTH
from announcer.prose import one_line
from announcer.redaction import redacted
from announcer.remembered import Heard, Memory, Tries
from announcer.report import Fate, Report
from announcer.talks import Mailbox
from announcer.transport import Transport
from announcer.verify import verify_plain

log = logging.getLogger("announcer")

DAILY: Final = timedelta(days=1)
# How long one mail to the operator may take: what matters more waits for it, in `announcer send`.
LONGEST: Final = timedelta(seconds=30)
MOST_TOLD: Final = 20  # in one mail
_LONGEST_WORDS: Final = 1_000
_MOST_NAMED: Final = 5  # of the series that one trouble concerns
_OF_THE_MACHINE: Final = (SettingsError, LedgerError, NotRecorded, InternalError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Something wrong with the machine. What has the same cause is the same trouble."""

    cause: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """An account that a mail to the operator can leave through.

    ``table`` is where it stands in the settings, ``account`` how messages and the ledger name it.
    """

    table: str
    account: str
    transport: Transport
    sender: Mailbox


def of_settings(sentences: Mapping[str, str]) -> Iterator[Complaint]:
    """Give what is wrong with the settings, by a sentence for each thing that it concerns."""
    for name, sentence in sentences.items():
        yield Complaint(cause=f"settings: {name}: {sentence}", words=sentence)


def of_problems(problems: Iterable[AnnouncerError]) -> Iterator[Complaint]:
    """Give which of the problems concern the machine, each once though many series may have it."""
    found: dict[tuple[type[AnnouncerError], str], dict[str, None]] = {}
    for problem in problems:
        if isinstance(problem, _OF_THE_MACHINE):
            series = found.setdefault((type(problem), str(problem)), {})
            series |= {problem.series: None} if problem.series else {}
    for (kind, words), series in found.items():
        # What a database says of a lock or of its absence has figures that differ each time.
        about = "" if kind is LedgerBusy else re.sub(r"\d+", "0", words)
        yield Complaint(cause=f"{kind.__name__}: {about}", words=_with_names(words, series))


def _with_names(words: str, series: Collection[str]) -> str:
    """Say which series a trouble concerns, where its words do not."""
    named = [name for name in series if name not in words]
    if not named:
        return words
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return f"{', '.join(named[:_MOST_NAMED])}{more}: {words}"


def of_report(report: Report, now: datetime) -> Iterator[Complaint]:
    """Give what a pass showed of trouble with the machine."""
    yield from of_problems(report.problems)
    yield from of_problems(d.error for d in report.deliveries if d.error is not None)
    pause = report.pause
    waits = any(delivery.fate is Fate.DEFERRED for delivery in report.deliveries)
    if pause is not None and (waits or pause.lasts(now)):
        yield Complaint(
            cause=f"account: {pause.account}",
            words=f"no mail leaves through the account {pause.account}: {pause.reply}. What is due "
            "waits, and goes once the account works, if it is in time still",
        )


class Operator:
    """Who runs the machine.

    Args:
        mail: their address.
        ways: the accounts that lead to them, the best first.
        memory: what they were told, and when.
        settings: the settings' file, as it is named to them.
    """

    def __init__(self, mail: str, *, ways: Sequence[Way], memory: Memory, settings: str) -> None:
        self._mail = mail
        self._ways = ways
        self._memory = memory
        self._settings = settings

    async def hear(
        self, complaints: Iterable[Complaint], now: datetime, *, pause: Pause | None = None
    ) -> None:
        """Tell what is due to be told; whatever fails in that is logged, and never raised.

        Args:
            complaints: what is wrong now.
            now: the instant, in UTC.
            pause: an account that is to be left in peace.
        """
        try:
            await self._hear(complaints, now, pause)
        except BaseException as error:  # noqa: BLE001 - no pass may fail because of it
            log.warning("%s", contained(error, "the mail to the operator"))

    async def _hear(
        self, complaints: Iterable[Complaint], now: datetime, pause: Pause | None
    ) -> None:
        kept = self._memory.read()
        kept.see({c.cause: redacted(c.words) for c in complaints}, now)
        due = [heard for heard in kept.heard.values() if _is_due(heard, now)][:MOST_TOLD]
        self._memory.write(kept)
        if not due:
            return
        resting = pause.account if pause is not None and pause.lasts(now) else None
        for way in self._ways:
            if way.account == resting or _rests(kept.tries.get(way.table), now):
                continue
            if await self._told(way, due, now):
                kept.tries.pop(way.table, None)
                for heard in due:
                    heard.told = now
                break
            failures = kept.tries[way.table].failures + 1 if way.table in kept.tries else 1
            again = now + retry_delay(failures, way.table)
            kept.tries[way.table] = Tries(failures=failures, again=again)
        self._memory.write(kept)

    async def _told(self, way: Way, due: Sequence[Heard], now: datetime) -> bool:
        """Mail what is due by one way; give whether the operator may have it."""
        try:
            message = self._message(way.sender, due, now)
            verify_plain(message, way.sender)
            await _handed_over(way.transport, message)
        except DeliveryInDoubt as error:
            log.warning("the operator may have been told or not: %s", error.reply)
        except (DeliveryError, CompositionError) as error:
            log.warning("the operator could not be told by [%s]: %s", way.table, error)
            return False
        log.info("told the operator of %d causes of trouble", len(due))
        return True

    def _message(self, sender: Mailbox, due: Sequence[Heard], now: datetime) -> Message:
        lines = [one_line(_said(heard, now), _LONGEST_WORDS) for heard in due]
        many = "something needs you" if len(due) == 1 else f"{len(due)} things need you"
        subject = f"[announcer] operator: {many}"
        key = f"operator/notice/{now:%Y-%m-%dT%H:%M:%S.%f}"
        mail = plain_mail(
            sender=sender,
            recipient=self._mail,
            subject=subject,
            text=_text(lines, self._settings),
            at=now,
            about="\n".join((key, self._settings, *lines)),
        )
        return Message(
            key=key,
            series="",
            kind="notice",
            rule="notice",
            due_at=now,
            sender=sender.address,
            recipient=self._mail,
            message_id=str(mail["Message-ID"]),
            subject=subject,
            content=mail.as_bytes(policy=POLICY),
            said=(),
        )


def _is_due(heard: Heard, now: datetime) -> bool:
    """Whether it was not told yet, or stands a day after it was; clocks may have been set."""
    return heard.told is None or (heard.seen == now and abs(now - heard.told) >= DAILY)


def _rests(tries: Tries | None, now: datetime) -> bool:
    """Whether a way that failed is left in peace for a while yet."""
    return tries is not None and now < tries.again <= now + LONGEST_WAIT


async def _handed_over(transport: Transport, message: Message) -> None:
    """Hand a mail over, within a while.

    Raises:
        DeliveryError: it was not taken, or may have been.
    """
    is_out = False

    async def begins() -> None:
        nonlocal is_out
        is_out = True

    try:
        async with asyncio.timeout(LONGEST.total_seconds()):
            await transport.deliver(message, before_data=begins)
            await transport.close()
    except TimeoutError as error:
        words = f"no answer within {LONGEST.total_seconds():.0f} s"
        raise (DeliveryInDoubt(words) if is_out else DeliveryDeferred(words)) from error


def _said(heard: Heard, now: datetime) -> str:
    """Say what is or was wrong, and since when."""
    since = f"{heard.first.astimezone(UTC):%a %Y-%m-%d %H:%M} UTC"
    if heard.seen != now:
        return f"{heard.words} (seen first on {since}; it is so no more)"
    return heard.words if heard.first == now else f"{heard.words} (since {since})"


def _text(lines: Iterable[str], settings: str) -> str:
    told = "\n\n".join(f"* {hang(line, 2, WIDTH, whole=True)}" for line in lines)
    end = (
        f"This is announcer with the settings {settings}, and you are its operator. For each cause "
        "this mail comes when it is first seen, and then once a day until it is gone. `announcer "
        "check --online` says whether all is well again."
    )
    return f"{told}\n\n{hang(end, 0, WIDTH, whole=True)}\n"
