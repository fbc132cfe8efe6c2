"""How one try to hand a mail over ends, whatever breaks, and when the next one comes."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import hurried
import pytest

from announcer.attempt import Attempt, retry_delay
from announcer.errors import (
    ClaimLost,
    DeliveryDeferred,
    DeliveryInDoubt,
    DeliveryRefused,
    LedgerBusy,
)
from announcer.ledger import (
    LONGEST_WAIT,
    Deferred,
    GivenBack,
    InDoubt,
    Outcome,
    Refused,
    Row,
    Sent,
    State,
)
from announcer.ledger.sqlite import SqliteLedger
from announcer.message import Message
from announcer.transport import BeforeData

NOW = datetime(2026, 4, 3, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
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
    content=b"one\r\n",
    said=(),
)


class Way:
    """A way out on which something happens before DATA, or after it."""

    def __init__(
        self, before: Callable[[], None] = lambda: None, after: Callable[[], None] = lambda: None
    ) -> None:
        self._before, self._after = before, after

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        del message
        self._before()
        await before_data()
        self._after()
        return "250 taken"

    async def close(self) -> None:
        """Nobody to take leave of."""


class AwayLedger(SqliteLedger):
    """A ledger that can be claimed from, and is away when the content is about to go."""

    error: Exception = LedgerBusy("the ledger is busy")

    async def sending(self, *_: object, **__: object) -> None:
        raise self.error


def raising(error: BaseException) -> Callable[[], None]:
    def happens() -> None:
        raise error

    return happens


def tried(
    way: Way, ledger: SqliteLedger | None = None, *, stopping: bool = False
) -> tuple[Outcome, bool, Row]:
    """Try once; return how it ended, whether it is about the account, and the row that follows."""

    async def work() -> tuple[Outcome, bool, Row]:
        kept = ledger or SqliteLedger.in_memory()
        stop = asyncio.Event()
        claim = await kept.claim(MAIL, revision=0, expires_at=NOW + 60 * MINUTE, now=NOW)
        assert claim is not None
        if stopping:
            stop.set()
        attempt = Attempt(kept, claim, stop, lambda: NOW)
        try:
            outcome = await attempt.deliver(way, MAIL)
            await kept.record(claim, outcome, now=NOW)
            [row] = await kept.rows()
        finally:
            await kept.close()
        return outcome, attempt.about_account, row

    return asyncio.run(work())


UNTIL = NOW + retry_delay(1, MAIL.key)
ACCOUNT = DeliveryDeferred("535 bad credentials", about="account")
ENDS: dict[str, tuple[Way, Outcome, State, int]] = {
    "taken": (Way(), Sent(reply="250 taken"), State.SENT, 1),
    "deferred before DATA": (
        Way(raising(DeliveryDeferred("451 later"))),
        Deferred(until=UNTIL, reply="451 later"),
        State.RETRY,
        0,
    ),
    "deferred after DATA": (
        Way(after=raising(DeliveryDeferred("451 later"))),
        Deferred(until=UNTIL, reply="451 later"),
        State.RETRY,
        0,
    ),
    "refused after DATA": (
        Way(after=raising(DeliveryRefused("550 no"))),
        Refused(reply="550 no"),
        State.REFUSED,
        0,
    ),
    "in doubt": (
        Way(after=raising(DeliveryInDoubt("no answer"))),
        InDoubt(reply="no answer"),
        State.IN_DOUBT,
        1,
    ),
    "broken before DATA": (
        Way(raising(KeyError("x"))),
        Deferred(until=UNTIL, reply="unexpected KeyError: 'x'"),
        State.RETRY,
        0,
    ),
    "broken after DATA": (
        Way(after=raising(KeyError("x"))),
        InDoubt(reply="unexpected KeyError: 'x'"),
        State.IN_DOUBT,
        1,
    ),
}


@pytest.mark.parametrize("how", ENDS)
def test_an_attempt_ends_as_what_happened_and_counts_a_copy_only_where_one_may_exist(
    how: str,
) -> None:
    way, outcome, state, copies = ENDS[how]
    found, about_account, row = tried(way)
    assert (found, about_account) == (outcome, False)
    assert (row.state, row.copies, row.attempts) == (state, copies, 1)


def test_trouble_with_the_account_is_said_to_be_that() -> None:
    found, about_account, _ = tried(Way(raising(ACCOUNT)))
    assert (found, about_account) == (Deferred(until=UNTIL, reply="535 bad credentials"), True)


def test_a_mail_that_the_ledger_could_not_mark_is_not_handed_over_and_in_no_doubt() -> None:
    handed_over: list[bool] = []
    way = Way(after=lambda: handed_over.append(True))
    found, _, row = tried(way, AwayLedger.in_memory())
    assert found == Deferred(until=UNTIL, reply="the ledger is busy")
    assert (row.state, row.copies, handed_over) == (State.RETRY, 0, [])


def test_a_mail_that_another_process_has_taken_over_is_not_handed_over() -> None:
    ledger = AwayLedger.in_memory()
    assert isinstance(ledger, AwayLedger)
    ledger.error = ClaimLost("another process has taken this mail over")
    handed_over: list[bool] = []
    with pytest.raises(ClaimLost):
        tried(Way(after=lambda: handed_over.append(True)), ledger)
    assert handed_over == []


def test_who_is_told_to_stop_before_data_gives_the_mail_back_as_if_it_had_never_been_tried() -> (
    None
):
    found, _, row = tried(Way(), stopping=True)
    assert found == GivenBack()
    assert (row.state, row.copies, row.attempts, row.next_attempt_at) == (State.RETRY, 0, 0, NOW)


class Slow(Way):
    """A way out on which the answer to the mail takes its time."""

    def __init__(self, seconds: float, stop: asyncio.Event) -> None:
        self._seconds, self._stop = seconds, stop

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        del message
        await before_data()
        self._stop.set()
        await asyncio.sleep(self._seconds)
        return "250 taken"


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [
        (7.9, Sent(reply="250 taken")),
        (8.1, InDoubt(reply="stopped while the server's answer was awaited")),
    ],
)
def test_who_is_told_to_stop_waits_eight_seconds_for_an_answer(
    seconds: float, outcome: Outcome
) -> None:
    async def work() -> Outcome:
        ledger, stop = SqliteLedger.in_memory(), asyncio.Event()
        claim = await ledger.claim(MAIL, revision=0, expires_at=NOW + 60 * MINUTE, now=NOW)
        assert claim is not None
        found = await Attempt(ledger, claim, stop, lambda: NOW).deliver(Slow(seconds, stop), MAIL)
        await ledger.close()
        return found

    assert hurried.run(work()) == outcome


@pytest.mark.parametrize("key", ["a", "ml/announcement/2026-04-03", "s/reminder/2026-04-07/2"])
def test_attempts_come_less_and_less_often_and_not_all_mails_at_once(key: str) -> None:
    minutes = [1, 2, 5, 10, 20, 40, 60, 60, 60]
    waits = [retry_delay(attempt, key) for attempt in range(1, len(minutes) + 1)]
    for wait, least in zip(waits, minutes, strict=True):
        assert least * MINUTE <= wait <= least * 1.1 * MINUTE
        # What waits longer counts as written by a clock that was wrong.
        assert wait <= LONGEST_WAIT
    assert len({retry_delay(1, f"s/announcement/2026-04-{n}") for n in range(1, 20)}) == 19
