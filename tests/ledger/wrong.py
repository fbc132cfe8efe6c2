"""What peers get wrong, and what this project might: variants that the checker must catch.

Each breaks one thing, in the transitions or in the way a worker drives them, and names the promise
that must be found broken. Those at the end were faults of this project's own.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final, NamedTuple

from world import (
    IN_TIME,
    NOW,
    Act,
    At,
    Facts,
    Found,
    Model,
    Promise,
    Search,
    Spooling,
    Step,
    Worker,
    again_later,
    answered,
    claim_of,
    composed,
)

from announcer.errors import ClaimLost
from announcer.ledger import Deferred, InDoubt, Refused, Row, Sent, State
from announcer.ledger.steps import (
    Capped,
    Claimed,
    Decided,
    Ended,
    Event,
    Expired,
    Released,
    Sending,
    Settled,
    step,
)
from announcer.unsettled import OnDoubt


class Wrong(NamedTuple):
    """A variant: what is wrong with it, and what that must break."""

    name: str
    words: str
    breaks: Promise
    model: Callable[[], Model]

    def search(self, workers: int = 2) -> Found:
        """Look for the shortest way to break the promise."""
        return Search(self.model(), workers, {self.breaks}).run(most=200_000)


WRONG: Final[list[Wrong]] = []


def wrong_step(
    breaks: Promise, *, on_doubt: OnDoubt = "resend", decides: bool = False
) -> Callable[[Step], Step]:
    """Take in a variant of the transitions; its docstring says what is wrong."""

    def take(variant: Step) -> Step:
        name = variant.__name__
        words = (variant.__doc__ or "").removesuffix(".")
        WRONG.append(Wrong(name, words, breaks, lambda: Model(on_doubt, variant, decides=decides)))
        return variant

    return take


def wrong_worker(breaks: Promise) -> Callable[[type[Model]], type[Model]]:
    """Take in a variant of how the transitions are driven; its docstring says what is wrong."""

    def take(variant: type[Model]) -> type[Model]:
        words = (variant.__doc__ or "").removesuffix(".")
        WRONG.append(Wrong(variant.__name__, words, breaks, lambda: variant("resend")))
        return variant

    return take


@wrong_step(Promise.ONE_HOLDER)
def no_claim(row: Row | None, event: Event) -> Row | None:
    """A claim is given though another has it."""
    if isinstance(event, Claimed) and row is not None and row.state is State.CLAIMED:
        return row
    return step(row, event)


@wrong_step(Promise.DOUBT_FIRST)
def no_fence(row: Row | None, event: Event) -> Row | None:
    """Whoever has been overtaken works on as if nothing had happened."""
    if isinstance(event, Sending | Ended) and row is not None:
        event = replace(event, claim=replace(event.claim, fence=row.fence))
    return step(row, event)


@wrong_step(Promise.NEVER_THREE)
def unbounded_resend(row: Row | None, event: Event) -> Row | None:
    """Copies are not counted beyond the first, so each doubt is sent again."""
    after = step(row, event)
    return replace(after, copies=min(after.copies, 1)) if after is not None else None


@wrong_step(Promise.A_FACT)
def late_250_dropped(row: Row | None, event: Event) -> Row | None:
    """The 250 of a process that was overtaken is not recorded."""
    late = isinstance(event, Ended) and row is not None and event.claim.fence != row.fence
    if isinstance(event, Ended) and late:
        raise ClaimLost(event.claim.key)
    return step(row, event)


@wrong_step(Promise.STAYS_SENT)
def late_doubt_counts(row: Row | None, event: Event) -> Row | None:
    """The doubt of a process that was overtaken is recorded, whatever is known since."""
    if isinstance(event, Ended) and isinstance(event.outcome, InDoubt) and row is not None:
        return replace(row, state=State.IN_DOUBT, doubted_at=event.now)
    return step(row, event)


@wrong_step(Promise.DOUBT_STAYS)
def refusal_clears_doubt(row: Row | None, event: Event) -> Row | None:
    """That a second copy was refused counts for the first as well."""
    after = step(row, event)
    if isinstance(event, Ended) and isinstance(event.outcome, Refused) and after is not None:
        return replace(after, state=State.REFUSED, copies=0)
    return after


@wrong_step(Promise.REFUSED_WAITS)
def refused_copy_goes_again(row: Row | None, event: Event) -> Row | None:
    """A second copy that was refused is tried again by itself."""
    after = step(row, event)
    if after is not None and after.state is State.IN_DOUBT:
        return replace(after, settled_at=None)
    return after


@wrong_step(Promise.DOUBT_IS_REAL)
def deferral_taken_for_doubt(row: Row | None, event: Event) -> Row | None:
    """A 4xx to the dot is taken for a doubt, so that a person is asked for nothing."""
    if isinstance(event, Ended) and isinstance(event.outcome, Deferred) and row is not None:
        row = replace(row, copies=row.copies + 1)
    return step(row, event)


@wrong_step(Promise.LET_GO)
def caps_hold_again(row: Row | None, event: Event) -> Row | None:
    """Caps hold again what a person has let go."""
    if isinstance(event, Capped) and row is not None:
        row = replace(row, released=False)
    return step(row, event)


@wrong_step(Promise.COUNTED)
def deferral_takes_back_too_much(row: Row | None, event: Event) -> Row | None:
    """A 4xx before DATA takes back a copy that this attempt never made."""
    after = step(row, event)
    deferred = isinstance(event, Ended) and isinstance(event.outcome, Deferred)
    if deferred and row is not None and row.state is State.CLAIMED and after is not None:
        return replace(after, state=State.RETRY, copies=max(row.copies - 1, 0))
    return after


@wrong_step(Promise.DOUBT_FIRST)
def lease_taken_for_not_sent(row: Row | None, event: Event) -> Row | None:
    """A lease that ran out while sending is taken for a mail that was not sent."""
    after = step(row, event)
    if isinstance(event, Expired) and row is not None and after != row:
        return replace(row, state=State.RETRY, copies=row.copies - 1, next_attempt_at=event.now)
    return after


@wrong_step(Promise.DOUBT_FIRST)
def doubt_not_recorded(row: Row | None, event: Event) -> Row | None:
    """A mail in doubt is tried again like any other, with the same bytes, and nobody is told."""
    after = step(row, event)
    if isinstance(event, Ended) and isinstance(event.outcome, InDoubt) and after is not None:
        return replace(after, state=State.RETRY, next_attempt_at=event.now)
    return after


@wrong_step(Promise.NOT_STUCK)
def claim_never_free(row: Row | None, event: Event) -> Row | None:
    """The claim of a process that was killed is never free again."""
    if isinstance(event, Claimed) and row is not None and row.state is State.CLAIMED:
        return None
    return step(row, event)


@wrong_step(Promise.SAME_BYTES)
def release_forgets_copies(row: Row | None, event: Event) -> Row | None:
    """What is in doubt can be released like what caps hold, and is composed anew."""
    if isinstance(event, Released) and row is not None and row.state is State.IN_DOUBT:
        return replace(row, state=State.RETRY, copies=0, next_attempt_at=event.now)
    return step(row, event)


@wrong_step(Promise.FENCE)
def cap_starts_anew(row: Row | None, event: Event) -> Row | None:
    """A cap writes the row anew, so that old claims may fit again."""
    if isinstance(event, Capped) and row is not None and row.state is State.RETRY:
        return step(None, event)
    return step(row, event)


@wrong_worker(Promise.NOT_SENT)
class NoMark(Model):
    """Nothing is written before DATA."""

    def marks(self, facts: Facts, worker: Worker) -> Iterator[Act]:
        """Go on without a word."""
        yield Act("goes on to DATA", facts, worker._replace(at=At.MARKED))


@wrong_worker(Promise.SENT)
class SentBeforeSending(Model):
    """It is recorded as sent, and sent after that."""

    def marks(self, facts: Facts, worker: Worker) -> Iterator[Act]:
        """Record what has not happened yet."""
        for act in super().marks(facts, worker):
            if act.worker.at is At.MARKED:
                claim = claim_of(worker, act.facts.row)
                event = Ended(claim=claim, outcome=Sent(reply=""), now=NOW)
                row = self.step(act.facts.row, event)
                yield self.after("records it as sent", act.facts, row, act.worker)


@wrong_worker(Promise.DOUBT_FIRST)
class TimeOutIsFailure(Model):
    """No answer to the dot is taken for a failure."""

    def after_data(self, facts: Facts, worker: Worker) -> Iterator[Act]:
        """Defer where there is doubt."""
        for act in super().after_data(facts, worker):
            doubt = isinstance(act.worker.outcome, InDoubt)
            yield act._replace(worker=answered(worker, again_later())) if doubt else act


@wrong_worker(Promise.SENT)
class TimeOutIsSuccess(Model):
    """No answer to the dot is taken for a success, so that a mail may be lost."""

    def after_data(self, facts: Facts, worker: Worker) -> Iterator[Act]:
        """Record as sent where there is doubt."""
        for act in super().after_data(facts, worker):
            doubt = isinstance(act.worker.outcome, InDoubt)
            yield act._replace(worker=answered(worker, Sent(reply=""))) if doubt else act


@wrong_worker(Promise.DOUBT_FIRST)
class RetryLoop(Model):
    """The whole dialogue stands in a loop, so that an error after the dot sends again."""

    def after_data(self, facts: Facts, worker: Worker) -> Iterator[Act]:
        """Begin the dialogue again under the same mark."""
        for act in super().after_data(facts, worker):
            doubt = isinstance(act.worker.outcome, InDoubt)
            yield act._replace(worker=worker) if doubt else act


@wrong_worker(Promise.NOT_SENT)
class QuitCounts(Model):
    """An error of QUIT after a 250 is taken for a failure of the mail."""

    def after_data(self, facts: Facts, worker: Worker) -> Iterator[Act]:
        """Lose a 250 to QUIT."""
        yield from super().after_data(facts, worker)
        failed = answered(worker, again_later())
        yield Act("sends it, gets 250, and an error from QUIT", self.taken(facts, worker), failed)


@wrong_worker(Promise.SAME_ID)
class IdAddedOnTheWay(Model):
    """The Message-ID is made as the mail goes out, and not kept."""

    def taken(self, facts: Facts, worker: Worker) -> Facts:
        """Let the last copy have the Message-ID of the moment."""
        facts = super().taken(facts, worker)
        new = facts.copies[-1]._replace(message_id=composed(facts.page, None).message_id)
        return facts._replace(copies=(*facts.copies[:-1], new))


def _any_bytes(row: Row | None, event: Event) -> Row | None:
    if isinstance(event, Claimed) and row is not None:
        row = replace(row, content=event.message.content)
    return step(row, event)


@wrong_worker(Promise.SAME_BYTES)
class ComposedAnew(Model):
    """A mail in doubt is composed anew before it goes again."""

    def __init__(self, on_doubt: OnDoubt) -> None:
        super().__init__(on_doubt, _any_bytes)

    def claims(self, facts: Facts, worker: Worker) -> Act:
        """Claim with what the page says now."""
        kept = facts.row.message_id if facts.row else None
        now_said = composed(facts.page, kept)
        return super().claims(facts, worker._replace(message=now_said, outdated=False))


@wrong_step(Promise.WORD_FIRST, on_doubt="hold")
def release_outlives_doubt(row: Row | None, event: Event) -> Row | None:
    """A word about the caps is taken for one about a doubt that came later."""
    after = step(row, event)
    if after is not None and row is not None and row.released:
        return replace(after, released=True)
    return after


@wrong_step(Promise.WORD_FIRST, on_doubt="hold")
def old_plan_may_resend(row: Row | None, event: Event) -> Row | None:
    """Whoever planned a first copy long ago may find itself making the second."""
    if isinstance(event, Claimed) and row is not None:
        event = replace(event, copies=row.copies)
    return step(row, event)


@wrong_step(Promise.LEASE)
def old_claim_may_send(row: Row | None, event: Event) -> Row | None:
    """A claim that ran out can be marked while nobody has overtaken."""
    if isinstance(event, Sending) and row is not None and row.state is State.CLAIMED:
        row = replace(row, lease_until=event.clock + timedelta(minutes=1))
    return step(row, event)


@wrong_step(Promise.NOT_STUCK)
def doubt_hidden_by_claim(row: Row | None, event: Event) -> Row | None:
    """A mail in doubt that was claimed again is no longer to be settled by a person."""
    if isinstance(event, Settled) and row is not None and row.state is State.CLAIMED:
        row = replace(row, copies=0)
    return step(row, event)


@wrong_step(Promise.BINDS, decides=True)
def plan_never_outdated(row: Row | None, event: Event) -> Row | None:
    """A claim is given to whoever planned, whatever a person has decided since."""
    if isinstance(event, Claimed):
        event = replace(event, planned_at=event.revision)
    return step(row, event)


@wrong_step(Promise.TRUE_NOW)
def plan_never_outdated_by_the_page(row: Row | None, event: Event) -> Row | None:
    """A claim is given to whoever planned, whatever the page says since."""
    return plan_never_outdated(row, event)


@wrong_step(Promise.BINDS, decides=True)
def decided_while_it_is_sent(row: Row | None, event: Event) -> Row | None:
    """A decision is taken although the mail is claimed, and is on its way."""
    return row if isinstance(event, Decided) else step(row, event)


@wrong_step(Promise.IN_TIME, decides=True)
def expiry_in_the_plan_only(row: Row | None, event: Event) -> Row | None:
    """Only the plan looks whether the time of a mail is over."""
    if isinstance(event, Claimed):
        event = replace(event, expires_at=IN_TIME)
    return expiry_at_the_claim_only(row, event)


@wrong_step(Promise.IN_TIME, decides=True)
def expiry_at_the_claim_only(row: Row | None, event: Event) -> Row | None:
    """Nobody looks again before DATA whether the time of a mail is over."""
    if isinstance(event, Sending):
        event = replace(event, claim=replace(event.claim, expires_at=IN_TIME))
    return step(row, event)


@wrong_worker(Promise.HEARD_FIRST)
class DecidesBeforeItRecords(Spooling):
    """A pass decides although an answer is kept that the ledger does not know yet."""

    def may_begin(self, facts: Facts) -> bool:
        """Begin whatever is kept."""
        del facts
        return True


@wrong_worker(Promise.HEARD_FIRST)
class KeepsItInAVariable(Spooling):
    """An answer that cannot be recorded is forgotten when its process ends."""

    def by_others(self, facts: Facts) -> Iterator[Act]:
        """Lose what is kept."""
        yield from super().by_others(facts)
        if facts.kept:
            yield Act("the process that heard it ends", facts._replace(kept=()))
