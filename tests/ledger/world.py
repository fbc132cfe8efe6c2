"""A small world around ``steps.step``, and the search through all that can happen in it.

The transitions and the plan are production's own. Modelled around them are some workers (each
holds nothing, a composed mail, a claim, a mark, or an answer that is not recorded yet), the server
with the copies that it truly has, the page, which changes once, the clock, and persons. Between
any two steps a worker may be killed, pause while others overtake it, or be told to stop; every
answer of SMTP may come, or none. Where the model is asked to, a person holds the mail and lets it
go again, and its time is over, at any moment.

What is left out, and why that is enough:

* Time is seen from now, in ticks of five minutes, and an instant that has passed is as good as
  any other that has: so nothing bounds how long a run may take, or how often a mail is tried.
* A claim is of the row's fence or of an older one, which is all that ``step`` asks as long as the
  fence never falls; that it does not is itself a promise. Fences above two are as good as two.
* Of the revision of the series, all that counts is whether it was raised since a worker planned.
* Owners, replies, the number of attempts and the time of the first claim are levelled. A test
  tries, for every transition met, that none of this makes a difference.
* Workers are alike, so worlds that differ only in who is who are one.
* Answers in the spool that are alike are one, since each is recorded any number of times.
* Leases go by one clock; the other clocks of the workers may be an hour fast. One that is slow
  only waits longer.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from itertools import pairwise
from time import perf_counter
from typing import Final, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from announcer.announcement import Announcement
from announcer.cadence import ANNOUNCEMENT, Rule
from announcer.errors import (
    ClaimLost,
    MailExpired,
    PlanOutdated,
    TooLate,
    UsageError,
)
from announcer.ledger import (
    LEASE,
    RESEND_AFTER,
    Claim,
    Decision,
    Deferred,
    GivenBack,
    History,
    InDoubt,
    Outcome,
    Refused,
    Row,
    Sent,
    State,
)
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
from announcer.message import Message, Said
from announcer.plan import plan_announcements
from announcer.talks import Mailbox, Series, Talk
from announcer.unsettled import OnDoubt

T = TypeVar("T")
Step = Callable[[Row | None, Event], Row | None]

TICK: Final = timedelta(minutes=5)  # two make a lease, three the wait of a mail in doubt
NOW: Final = datetime(2026, 4, 3, 12, tzinfo=UTC)
FAST: Final = NOW + timedelta(hours=1)
IN_TIME: Final = NOW + timedelta(days=1)  # when the time of the mail is over, until it is
MAILBOX: Final = Mailbox(address="seminar@example.org")
SERIES: Final = Series(
    id="s",
    name="S",
    list="s@groups.example",
    sender=MAILBOX,
    organisers=("anna@example.org",),
    reply_to=MAILBOX,
    timezone=ZoneInfo("UTC"),
)
RULE: Final = Rule(kind=ANNOUNCEMENT, at=time(10), days_before=4)
KEY: Final = "s/announcement/2026-04-03"
STARTS_AT: Final = datetime(2026, 4, 7, 15, tzinfo=UTC)
HOLD: Final = Decision(
    series="s", rule=RULE.label, talk="1", what="hold", words="", who="anna", at=NOW
)
PAGES: Final = tuple(
    Talk(
        id="1",
        title=title,
        day=STARTS_AT.date(),
        starts_at=STARTS_AT,
        ends_at=STARTS_AT + timedelta(hours=1),
    )
    for title in ("As it was first", "As it is now")
)


class Promise(StrEnum):
    """What holds in every state that can be reached."""

    DOUBT_FIRST = "a second copy follows only on a recorded doubt"
    WORD_FIRST = "under hold, a second copy follows only on a person's word about the doubt"
    SAME_BYTES = "all copies have the same bytes"
    SAME_ID = "all copies have the same Message-ID"
    NEVER_THREE = "there are never three copies"
    STAYS_SENT = "what was recorded as sent stays sent"
    A_FACT = "a 250 can always be recorded"
    NOT_SENT = "nothing is said to be not sent that the server has"
    SENT = "nothing is said to be sent that the server has not, unless by a person"
    DOUBT_STAYS = "a doubt ends with a 250 or a person's word only"
    DOUBT_IS_REAL = "a mail is in doubt only where an answer was missed"
    REFUSED_WAITS = "what was refused goes again on a person's word only"
    LET_GO = "what a person let go is not held by caps again"
    COUNTED = "every copy that exists or may still come is counted"
    ONE_HOLDER = "a claim is held by one worker at most"
    LEASE = "a lease is given in full, holds until it runs out, and then no more"
    FENCE = "the fence never falls"
    BINDS = "what a person holds is neither claimed nor sent until they let it go"
    TRUE_NOW = "a mail is claimed only if it says what was believed at that moment"
    IN_TIME = "no mail is claimed, or sent, once its time is over"
    HEARD_FIRST = "no copy follows on a 250 that was kept before any doubt was recorded"
    NOT_STUCK = "every mail ends, goes on by itself, or waits for a person who can decide"


EVERY: Final = frozenset(Promise)


class At(StrEnum):
    """How far a worker has come."""

    IDLE = "idle"
    BEGUN = "begun"  # only where there is a spool: it has recorded what was kept there
    COMPOSED = "composed"
    CLAIMED = "claimed"
    MARKED = "marked"
    ANSWERED = "answered"


class Worker(NamedTuple):
    """One process, and what it holds."""

    at: At = At.IDLE
    message: Message | None = None
    known: int = 0  # copies that it knew of when it composed
    current: bool = True  # nobody has claimed since it did
    outdated: bool = False  # the series has changed since it planned
    outcome: Outcome | None = None


IDLE: Final = Worker()


class Copy(NamedTuple):
    """A mail that the server took, and what had gone before."""

    content: bytes
    message_id: str
    after_doubt: bool
    after_word: bool


class Facts(NamedTuple):
    """All that is not a worker's: the ledger, the page, the truth about the list."""

    row: Row | None = None
    page: int = 0
    copies: tuple[Copy, ...] = ()
    doubted: bool = False  # a doubt was ever recorded
    refused: bool = False  # the last word on it was a refusal
    word: bool = False  # a person ever wanted it once more
    arrived: bool = False  # a person said that it has arrived
    held: bool = False  # a person holds it
    over: bool = False  # its time is over
    kept: tuple[Worker, ...] = ()  # answers in the spool
    heard: bool = False  # a 250 was kept while no doubt was recorded


NO_PROMISES: Final[frozenset[Promise]] = frozenset()


class Act(NamedTuple):
    """One thing that may happen, and what is then."""

    words: str
    facts: Facts
    worker: Worker = IDLE
    overtakes: bool = False  # the claims of all others are old from now on
    outdates: bool = False  # the plans of all are old from now on
    breaks: frozenset[Promise] = NO_PROMISES


class Found(NamedTuple):
    """What a search came to: how many states, how long, and what broke, shortest way first."""

    states: int
    seconds: float
    broken: frozenset[Promise] = NO_PROMISES
    story: tuple[str, ...] = ()


@cache
def said(page: int) -> Said:
    """Give what a mail says of the talk."""
    talk = PAGES[page]
    assert talk.ends_at is not None
    return Said(
        talk=talk.id,
        day=STARTS_AT.date(),
        moment_day=date(2026, 4, 3),
        title=talk.title,
        speakers=(),
        starts_at=STARTS_AT,
        ends_at=talk.ends_at,
        location=None,
        stream=None,
        status="CONFIRMED",
        uid="1@example.org",
        sequence=page,
        stamp=STARTS_AT,
        digest=str(page),
    )


@cache
def composed(page: int, message_id: str | None) -> Message:
    """Compose from the page; a Message-ID that is not kept would come out otherwise, too."""
    message_id = message_id or f"<{page}@example.org>"
    return Message(
        key=KEY,
        series="s",
        kind=RULE.kind,
        rule=RULE.label,
        due_at=datetime(2026, 4, 3, 10, tzinfo=UTC),
        sender="seminar@example.org",
        recipient="s@groups.example",
        message_id=message_id,
        subject=str(PAGES[page].title),
        content=f"{PAGES[page].title} {message_id}".encode(),
        said=(said(page),),
    )


def seen_from_now(row: Row, passed: timedelta = timedelta()) -> Row:
    """Level what makes no difference to any step, once some time has passed."""
    at_work = row.state in (State.CLAIMED, State.SENDING)
    wait = row.next_attempt_at
    doubt = row.doubted_at
    if doubt is not None:
        waits = row.state is State.IN_DOUBT and wait is None
        doubt = max(doubt - passed, NOW - RESEND_AFTER) if waits else NOW - RESEND_AFTER
    return replace(
        row,
        owner="",
        reply=None,
        attempts=1,
        fence=min(row.fence, 2),
        claimed_at=NOW - RESEND_AFTER,
        lease_until=max(row.lease_until - passed, NOW) if at_work else NOW,
        next_attempt_at=None if wait is None else max(wait - passed, NOW),
        doubted_at=doubt,
        settled_at=NOW if row.settled_at else None,
    )


def begins(mail: Announcement, now: datetime) -> bool:
    """Whether a pass begins to work on a mail that its plan calls due."""
    if mail.waits_until is None:
        return True
    at_work = mail.row is not None and mail.row.state in (State.CLAIMED, State.SENDING)
    return not at_work and mail.waits_until <= now


def much_later(row: Row | None) -> Row | None:
    """Give a row when all its times have come."""
    return seen_from_now(row, timedelta(days=1)) if row is not None else None


class Model:
    """What may happen, by production's own steps and plan; wrong variants change one of these.

    Args:
        on_doubt: the policy for a mail in doubt.
        transition: the pure function under test.
        clocks_differ: whether clocks, but for that of the leases, may be an hour fast.
        decides: whether a person holds the mail, and its time may be over.
    """

    def __init__(
        self,
        on_doubt: OnDoubt,
        transition: Step = step,
        *,
        clocks_differ: bool = False,
        decides: bool = False,
    ) -> None:
        self.on_doubt = on_doubt
        self.decides = decides
        self.transition = transition
        self.clocks = (NOW, FAST) if clocks_differ else (NOW,)
        self.promises = EVERY
        self.met: set[tuple[Row | None, Event]] = set()
        self.due = cache(self._due)
        self.stuck = cache(self._stuck)

    def step(self, row: Row | None, event: Event) -> Row | None:
        """Make one transition, and remember that it was met."""
        self.met.add((row, event))
        return self.transition(row, event)

    def _due(
        self, row: Row | None, page: int, now: datetime = NOW, *, held: bool = False
    ) -> Announcement | None:
        rows = () if row is None else (row,)
        plan = plan_announcements(
            SERIES,
            [RULE],
            [PAGES[page]],
            History(series="s", rows=rows, clock=NOW, decisions=(HOLD,) if held else ()),
            now,
            on_doubt=self.on_doubt,
        )
        return next((mail for mail in plan.due if begins(mail, now)), None)

    def composes(self, row: Row | None, page: int) -> Message:
        """Compose as production does: a mail of which a copy may exist stays as it is."""
        if row is not None and row.copies:
            return row.message()
        return composed(page, row.message_id if row else None)

    def by_worker(self, facts: Facts, worker: Worker) -> Iterator[Act]:
        """Give what one worker may do next, or suffer."""
        match worker.at:
            case At.IDLE:
                yield from self.plans(facts)
            case At.COMPOSED:
                yield self.claims(facts, worker)
            case At.CLAIMED:
                yield from self.marks(facts, worker)
                yield from self.before_data(facts, worker)
            case At.MARKED:
                yield from self.after_data(facts, worker)
            case At.ANSWERED:
                yield self.records(facts, worker)
        if worker.at is not At.IDLE:
            yield Act("is killed", facts, IDLE)

    def plans(self, facts: Facts) -> Iterator[Act]:
        """Find the mail due, and compose it."""
        if facts.over:
            return
        if any(
            self.due(facts.row, facts.page, now, held=facts.held) is not None for now in self.clocks
        ):
            message = self.composes(facts.row, facts.page)
            known = facts.row.copies if facts.row else 0
            ready = Worker(at=At.COMPOSED, message=message, known=known)
            yield Act("plans and composes it", facts, ready)

    def claims(self, facts: Facts, worker: Worker) -> Act:
        """Ask the ledger for the mail."""
        assert worker.message is not None
        event = Claimed(
            message=worker.message,
            owner="",
            now=NOW,
            clock=NOW,
            copies=worker.known,
            planned_at=0,
            revision=int(worker.outdated),
            expires_at=expires_at(facts),
        )
        asked = (self.claimed(facts.row, replace(event, now=now)) for now in self.clocks)
        row = next((row for row in asked if row is not None), None)
        if row is None:
            return Act("asks for it, and does not get it", facts, IDLE)
        holder = Worker(at=At.CLAIMED, message=worker.message)
        act = self.after("claims it", facts, row, holder)
        act = act._replace(overtakes=facts.row is None or row.fence != facts.row.fence)
        act = breaking(act, Promise.REFUSED_WAITS, if_=facts.refused)
        act = breaking(act, Promise.TRUE_NOW, if_=worker.message.said != (said(facts.page),))
        act = too_late(act, facts)
        short = row.lease_until < NOW + LEASE
        return breaking(act, Promise.LEASE, if_=short or is_leased(facts.row))

    def claimed(self, row: Row | None, event: Claimed) -> Row | None:
        """Make the step of a claim; None where it is refused, for whatever reason."""
        try:
            return self.step(row, event)
        except (MailExpired, PlanOutdated):
            return None

    def marks(self, facts: Facts, worker: Worker) -> Iterator[Act]:
        """Write down that the content is about to go out, and perhaps not learn that it worked."""
        try:
            row = self.step(facts.row, sending(worker, facts))
        except ClaimLost:
            yield Act("wants to mark it, and may not", facts, IDLE)
            return
        except MailExpired:
            back = answered(worker, GivenBack())
            yield Act("wants to mark it, and finds its time over", facts, back)
            return
        act = self.after("marks that it is sending", facts, row, worker._replace(at=At.MARKED))
        short = row is None or row.lease_until < NOW + LEASE
        act = breaking(act, Promise.LEASE, if_=short or not is_leased(facts.row))
        act = too_late(act, facts)
        yield act
        unaware, stopped = "marks it, does not learn that it did", answered(worker, GivenBack())
        yield act._replace(words=f"{unaware}, and is told to stop", worker=stopped)
        failed = answered(worker, again_later())
        yield act._replace(words=f"{unaware}, and will try again later", worker=failed)

    def could_mark(self, facts: Facts, worker: Worker) -> bool:
        """Whether the ledger would still let the holder of a claim send."""
        try:
            self.transition(facts.row, sending(worker, facts))
        except (ClaimLost, MailExpired):
            return False
        return True

    def before_data(self, facts: Facts, worker: Worker) -> Iterator[Act]:
        """Give how an attempt may end before DATA."""
        yield Act("gets 4xx or no connection before DATA", facts, answered(worker, again_later()))
        yield Act("gets 5xx to MAIL or RCPT", facts, answered(worker, Refused(reply="")))
        yield Act("is told to stop, and will give it back", facts, answered(worker, GivenBack()))

    def after_data(self, facts: Facts, worker: Worker) -> Iterator[Act]:
        """Give how an attempt may end once it was marked."""
        doubt, taken = answered(worker, InDoubt(reply="")), self.taken(facts, worker)
        yield Act("gets no 354, or 4xx to the dot", facts, answered(worker, again_later()))
        yield Act("gets 5xx to DATA or to the dot", facts, answered(worker, Refused(reply="")))
        yield Act("sends it, and gets 250", taken, answered(worker, Sent(reply="")))
        yield Act("sends it, which the server takes, and hears nothing", taken, doubt)
        yield Act("hears nothing, and the server has not taken it", facts, doubt)

    def taken(self, facts: Facts, worker: Worker) -> Facts:
        """Give what is true once the server has taken what a worker sends."""
        assert worker.message is not None
        copy = Copy(
            content=worker.message.content,
            message_id=worker.message.message_id,
            after_doubt=facts.doubted,
            after_word=facts.word,
        )
        return facts._replace(copies=(*facts.copies, copy))

    def records(self, facts: Facts, worker: Worker) -> Act:
        """Write down how an attempt ended, perhaps long after it did."""
        outcome = worker.outcome
        assert outcome is not None
        name = NAMES[type(outcome)]
        try:
            row = self.step(
                facts.row, Ended(claim=claim_of(worker, facts.row), outcome=outcome, now=NOW)
            )
        except ClaimLost:
            lost = frozenset({Promise.A_FACT} if isinstance(outcome, Sent) else ())
            return Act(f"cannot record {name}, as it was overtaken", facts, IDLE, breaks=lost)
        doubted = isinstance(outcome, InDoubt) and is_in_doubt(row)
        facts = facts._replace(
            doubted=facts.doubted or doubted, refused=isinstance(outcome, Refused)
        )
        forgotten = isinstance(outcome, Sent) and (row is None or row.state is not State.SENT)
        act = self.after(f"records {name}", facts, row, IDLE)
        return breaking(act, Promise.A_FACT, if_=forgotten)

    def by_others(self, facts: Facts) -> Iterator[Act]:
        """Give what may happen that no worker does."""
        row, page = facts.row, facts.page
        if page == 0:
            changed = facts._replace(page=1)
            yield Act("the page changes, and the change is believed", changed, outdates=True)
        yield from self.looked_at(facts)
        message = composed(page, row.message_id if row else None)
        capped = Capped(message=message, why="", owner="", now=NOW)
        if act := self.written("the caps hold it", facts, capped):
            act = breaking(act, Promise.LET_GO, if_=row is not None and row.released)
            yield breaking(act, Promise.LEASE, if_=is_leased(row))
        yield from self.by_person(facts._replace(refused=False))
        if self.decides:
            yield from self.decided(facts)

    def decided(self, facts: Facts) -> Iterator[Act]:
        """Give what a person may decide without a word to the row, and the end of its time."""
        if not facts.over:
            yield Act("its time is over", facts._replace(over=True))
        if facts.held:
            free = facts._replace(held=False)
            yield Act("a person lets go what they held", free, outdates=True)
            return
        try:
            self.step(facts.row, Decided(key=KEY, clock=NOW))
        except (TooLate, UsageError):
            return
        yield Act("a person holds it", facts._replace(held=True), outdates=True)

    def looked_at(self, facts: Facts) -> Iterator[Act]:
        """Put in doubt what nobody recorded the end of."""
        if act := self.written("the leases are looked at", facts, Expired(now=NOW, clock=NOW)):
            doubted = facts.doubted or is_in_doubt(act.facts.row)
            act = act._replace(facts=act.facts._replace(doubted=doubted))
            yield breaking(act, Promise.LEASE, if_=is_leased(facts.row))

    def by_person(self, facts: Facts) -> Iterator[Act]:
        """Give what a person may say."""
        arrived = Settled(key=KEY, arrived=True, now=NOW, clock=NOW)
        released = Released(key=KEY, now=NOW, clock=NOW)
        for act in (
            self.written("a person releases it", facts, released),
            self.written(
                "a person says that it has arrived", facts._replace(arrived=True), arrived
            ),
            self.written(
                "a person wants it once more",
                facts._replace(word=True),
                replace(arrived, arrived=False),
            ),
        ):
            if act is not None:
                yield act._replace(outdates=True)

    def written(self, words: str, facts: Facts, event: Event) -> Act | None:
        """Make a step that is no worker's; None where it changes nothing."""
        try:
            row = self.step(facts.row, event)
        except (TooLate, UsageError):
            return None
        return None if row is None or row == facts.row else self.after(words, facts, row, IDLE)

    def after(self, words: str, facts: Facts, row: Row | None, worker: Worker) -> Act:
        """Give an act that wrote a row, and what the change of the row alone breaks."""
        before, breaks = facts.row, set()
        if before is not None and (row is None or row.fence < before.fence):
            breaks.add(Promise.FENCE)
        was_sent = before is not None and before.state is State.SENT
        if was_sent and (row is None or row.state is not State.SENT):
            breaks.add(Promise.STAYS_SENT)
        facts = facts._replace(row=seen_from_now(row) if row else None)
        return Act(words, facts, worker, breaks=frozenset(breaks))

    def broken(self, facts: Facts) -> frozenset[Promise]:
        """Give the promises that the facts alone break."""
        row, copies = facts.row, facts.copies
        unsent = row is None or (row.state not in MAY_BE_OUT or not row.copies)
        second = copies[1:]
        truths = {
            Promise.DOUBT_FIRST: all(copy.after_doubt for copy in second),
            Promise.WORD_FIRST: self.on_doubt == "resend" or all(c.after_word for c in second),
            Promise.SAME_BYTES: len({copy.content for copy in copies}) <= 1,
            Promise.SAME_ID: len({copy.message_id for copy in copies}) <= 1,
            Promise.NEVER_THREE: len(copies) <= 2,
            Promise.NOT_SENT: not (copies and unsent),
            Promise.SENT: row is None or row.state is not State.SENT or copies or facts.arrived,
            Promise.DOUBT_STAYS: not (facts.doubted and unsent),
            Promise.DOUBT_IS_REAL: facts.doubted or not is_in_doubt(row),
            Promise.HEARD_FIRST: not (facts.heard and second),
            Promise.NOT_STUCK: facts.over or not self.stuck(row, facts.page, refused=facts.refused),
        }
        return frozenset(promise for promise, holds in truths.items() if not holds)

    def _stuck(self, row: Row | None, page: int, *, refused: bool) -> bool:
        """Whether a mail would stay as it is, were all workers killed and much time to pass."""
        row = self.transition(much_later(row), Expired(now=NOW, clock=NOW))
        if (row is not None and row.state is State.SENT) or self._goes_on(row, page):
            return False
        if row is None or not (refused or self._may_wait(row, page)):
            return True
        return not self._can_be_decided(row, page)

    def _goes_on(self, row: Row | None, page: int) -> bool:
        """Whether a worker that begins now gets the mail, sooner or later."""
        row = much_later(row)
        if self.due(row, page) is None:
            return False
        message, copies = self.composes(row, page), row.copies if row else 0
        event = Claimed(
            message=message,
            owner="",
            now=NOW,
            clock=NOW,
            copies=copies,
            planned_at=0,
            revision=0,
            expires_at=IN_TIME,
        )
        return self.transition(row, event) is not None

    def _may_wait(self, row: Row, page: int) -> bool:
        """Whether there is a reason to wait for a person."""
        if row.copies == 0:
            return row.state in (State.HELD, State.REFUSED)
        asks = self.on_doubt == "hold" and not row.released
        return asks or row.copies > 1 or not self.unchanged(row, page)

    def _can_be_decided(self, row: Row, page: int) -> bool:
        """Whether a person's word is taken, and each that is taken helps."""
        if row.copies == 0:
            released = self._decided(row, Released(key=KEY, now=NOW, clock=NOW))
            return released is not None and self._goes_on(released, page)
        arrived = self._decided(row, Settled(key=KEY, arrived=True, now=NOW, clock=NOW))
        again = self._decided(row, Settled(key=KEY, arrived=False, now=NOW, clock=NOW))
        if again is None:
            return arrived is not None and row.copies > 1
        goes_on = self._goes_on(again, page) or not self.unchanged(row, page)
        return arrived is not None and goes_on

    def _decided(self, row: Row, event: Event) -> Row | None:
        try:
            return self.transition(row, event)
        except (TooLate, UsageError):
            return None

    def unchanged(self, row: Row, page: int) -> bool:
        """Whether the page still says what the mail says."""
        return row.said == (said(page),)


class Careless(Model):
    """Workers that plan as they like: what the ledger promises by itself, it keeps nevertheless."""

    def __init__(self, transition: Step = step) -> None:
        super().__init__("resend", transition, clocks_differ=True)
        self.promises = EVERY - {Promise.WORD_FIRST, Promise.TRUE_NOW, Promise.NOT_STUCK}

    def plans(self, facts: Facts) -> Iterator[Act]:
        """Compose from the page, or take what the ledger has, at any time."""
        row = facts.row
        ready = Worker(at=At.COMPOSED, known=row.copies if row else 0)
        fresh = composed(facts.page, None)
        yield Act("composes it anew", facts, ready._replace(message=fresh))
        if row is not None:
            kept = ready._replace(message=row.message())
            yield Act("takes it as it was composed", facts, kept)


class Spooling(Model):
    """Workers of one machine: each answer is kept in the spool as soon as it comes.

    Whoever begins a pass records first what is kept, at any time until then, and perhaps more than
    once; so does a person's command. A pass decides within a tick of that.
    """

    def __init__(self, on_doubt: OnDoubt = "resend", transition: Step = step) -> None:
        super().__init__(on_doubt, transition)

    def by_worker(self, facts: Facts, worker: Worker) -> Iterator[Act]:
        """Begin passes, and keep answers."""
        match worker.at:
            case At.IDLE if self.may_begin(facts):
                yield Act("begins a pass", facts, Worker(at=At.BEGUN))
            case At.IDLE:
                return
            case At.BEGUN:
                yield from super().looked_at(facts)
                yield from self.plans(facts)
                yield Act("ends", facts, IDLE)
            case At.COMPOSED:
                for act in super().by_worker(facts, worker):
                    kept = map(overtaken, facts.kept) if act.overtakes else facts.kept
                    yield act._replace(facts=act.facts._replace(kept=ordered(kept)))
            case _:
                yield from map(self.keeps, super().by_worker(facts, worker))

    def may_begin(self, facts: Facts) -> bool:
        """Whether all that was kept is recorded."""
        return not facts.kept

    def keeps(self, act: Act) -> Act:
        """Keep an answer, of whatever kind, as soon as it comes."""
        worker, facts = act.worker, act.facts
        if worker.at is not At.ANSWERED or isinstance(worker.outcome, GivenBack):
            return act
        first = isinstance(worker.outcome, Sent) and not facts.doubted
        facts = facts._replace(kept=ordered({*facts.kept, worker}), heard=facts.heard or first)
        return act._replace(facts=facts, worker=IDLE)

    def looked_at(self, facts: Facts) -> Iterator[Act]:
        """Nobody looks but who has begun a pass."""
        del facts
        yield from ()

    def by_others(self, facts: Facts) -> Iterator[Act]:
        """Record what was kept, and perhaps be killed before it is removed."""
        yield from super().by_others(facts)
        for entry in facts.kept:
            act = self.records(facts, entry)
            yield act._replace(words=f"somebody {act.words}, and leaves it in the spool")
            rest = ordered(set(facts.kept) - {entry})
            yield act._replace(words=f"somebody {act.words}", facts=act.facts._replace(kept=rest))

    def by_person(self, facts: Facts) -> Iterator[Act]:
        """Take a person's word, once what was kept is recorded."""
        if self.may_begin(facts):
            yield from super().by_person(facts)


def ordered(kept: Iterable[Worker]) -> tuple[Worker, ...]:
    """Give what is kept in one order, as the order makes no difference."""
    return tuple(sorted(kept, key=repr))


MAY_BE_OUT: Final = frozenset({State.CLAIMED, State.SENDING, State.IN_DOUBT, State.SENT})
NAMES: Final[dict[type[Outcome], str]] = {
    Sent: "the 250",
    Deferred: "that it comes again later",
    Refused: "the refusal",
    InDoubt: "the doubt",
    GivenBack: "that it gives it back",
}


def is_in_doubt(row: Row | None) -> bool:
    """Whether the ledger says that a copy may exist."""
    return row is not None and row.state is State.IN_DOUBT


def is_leased(row: Row | None) -> bool:
    """Whether a lease runs."""
    at_work = row is not None and row.state in (State.CLAIMED, State.SENDING)
    return row is not None and at_work and row.lease_until > NOW


def breaking(act: Act, promise: Promise, *, if_: bool) -> Act:
    """Add that an act breaks a promise, where it does."""
    return act._replace(breaks=act.breaks | {promise}) if if_ else act


def answered(worker: Worker, outcome: Outcome) -> Worker:
    """Give a worker that knows how its attempt ended, and nothing else that matters."""
    return Worker(at=At.ANSWERED, current=worker.current, outcome=outcome)


def expires_at(facts: Facts) -> datetime:
    """Give when the time of the mail is over, as the plan says it."""
    return NOW if facts.over else IN_TIME


def too_late(act: Act, facts: Facts) -> Act:
    """Add what a claim, or a mark, breaks that should not have been given any more."""
    act = breaking(act, Promise.BINDS, if_=facts.held)
    return breaking(act, Promise.IN_TIME, if_=facts.over)


def sending(worker: Worker, facts: Facts) -> Sending:
    """Give the mark that the holder of a claim asks for."""
    claim = replace(claim_of(worker, facts.row), expires_at=expires_at(facts))
    return Sending(claim=claim, now=NOW, clock=NOW)


def again_later() -> Deferred:
    """Give what is recorded of a 4xx."""
    return Deferred(until=NOW + TICK, reply="")


def claim_of(worker: Worker, row: Row | None) -> Claim:
    """Give the claim that a worker holds, in the numbers of this world."""
    fence = row.fence - (not worker.current) if row is not None else 0
    return Claim(key=KEY, owner="", fence=fence, attempt=1, copies=0, expires_at=IN_TIME)


def overtaken(worker: Worker) -> Worker:
    """Give a worker after another has claimed."""
    holds = worker.at in (At.CLAIMED, At.MARKED, At.ANSWERED)
    return worker._replace(current=False) if holds else worker


def outdated(worker: Worker) -> Worker:
    """Give a worker after the revision of the series was raised."""
    return worker._replace(outdated=True) if worker.at is At.COMPOSED else worker


def later(worker: Worker) -> Worker:
    """Give a worker a tick later."""
    if worker.at is At.BEGUN:
        return IDLE
    if isinstance(worker.outcome, Deferred):
        until = max(worker.outcome.until - TICK, NOW)
        return worker._replace(outcome=replace(worker.outcome, until=until))
    return worker


World = tuple[int, ...]  # the number of the facts, then those of the workers, in order


class _Move(NamedTuple):
    words: str
    facts: int
    worker: int
    overtakes: bool
    outdates: bool
    passes: bool  # time goes on, for every worker
    breaks: frozenset[Promise]


class _Numbers(Generic[T]):
    """Numbers values in the order in which they turn up."""

    def __init__(self) -> None:
        self._values: list[T] = []
        self._numbers: dict[T, int] = {}

    def of(self, value: T) -> int:
        """Give the number of a value."""
        number = self._numbers.setdefault(value, len(self._values))
        if number == len(self._values):
            self._values.append(value)
        return number

    def __getitem__(self, number: int) -> T:
        return self._values[number]


class Search:
    """Breadth first through all worlds of a model, so that what it finds is the shortest way.

    Facts and workers are numbered, and what one worker can do in given facts is worked out once.
    """

    def __init__(self, model: Model, workers: int, promises: Collection[Promise] = EVERY) -> None:
        self._model = model
        self._promises = model.promises & frozenset(promises)
        self._facts = _Numbers[Facts]()
        self._workers = _Numbers[Worker]()
        self._start = (self._facts.of(Facts()), *[self._workers.of(IDLE)] * workers)
        self._moves = cache(self._worked_out)
        self._others = cache(self._worked_out_for_others)
        self._later = cache(lambda n: self._workers.of(later(self._workers[n])))
        self._overtaken = cache(lambda n: self._workers.of(overtaken(self._workers[n])))
        self._outdated = cache(lambda n: self._workers.of(outdated(self._workers[n])))
        self._counts = cache(self._counted)
        self._breaks = cache(lambda n: model.broken(self._facts[n]) & self._promises)

    def run(self, most: int = 10_000_000) -> Found:
        """Look at every world, or up to the first that breaks a promise.

        Raises:
            RuntimeError: there are more than ``most``, and perhaps no end of them.
        """
        began = perf_counter()
        came_from: dict[World, World | None] = {self._start: None}
        queue = [self._start]
        for world in queue:  # grows while it is walked
            for move, _, after in self._following(world):
                known = after in came_from
                broken = move.breaks or (not known and self._broken(after))
                if broken:
                    path = [after, world]
                    while (before := came_from[path[-1]]) is not None:
                        path.append(before)
                    story = self._story(path[::-1])
                    spent = perf_counter() - began
                    return Found(len(came_from), spent, broken, story)
                if not known:
                    came_from[after] = world
                    queue.append(after)
            if len(queue) > most:
                raise RuntimeError(f"more than {most} states, and no promise is broken yet")
        return Found(len(came_from), perf_counter() - began)

    def _following(self, world: World) -> Iterator[tuple[_Move, int | None, World]]:
        """Give what may happen, which worker does it, and the world after it."""
        facts, *workers = world
        for move in self._others(facts):
            after = self._after(move, workers)
            yield move, None, (move.facts, *sorted(after))
        for place, worker in enumerate(workers):
            if place and workers[place - 1] == worker:
                continue
            rest = workers[:place] + workers[place + 1 :]
            for move in self._moves(facts, worker):
                after = [self._overtaken(other) for other in rest] if move.overtakes else rest
                yield move, worker, (move.facts, *sorted((move.worker, *after)))

    def _after(self, move: _Move, workers: list[int]) -> list[int]:
        """Give the workers after something that none of them did."""
        if move.passes:
            return [self._later(worker) for worker in workers]
        if move.outdates:
            return [self._outdated(worker) for worker in workers]
        return workers

    def _worked_out(self, facts: int, worker: int) -> tuple[_Move, ...]:
        acts = self._model.by_worker(self._facts[facts], self._workers[worker])
        return tuple(map(self._move, acts))

    def _worked_out_for_others(self, number: int) -> tuple[_Move, ...]:
        facts = self._facts[number]
        row = seen_from_now(facts.row, TICK) if facts.row else None
        kept = ordered(set(map(later, facts.kept)))
        time_passes = self._move(Act("five minutes pass", facts._replace(row=row, kept=kept)))
        acts = self._model.by_others(facts)
        return (time_passes._replace(passes=True), *map(self._move, acts))

    def _move(self, act: Act) -> _Move:
        return _Move(
            words=act.words,
            facts=self._facts.of(act.facts),
            worker=self._workers.of(act.worker),
            overtakes=act.overtakes,
            outdates=act.outdates,
            passes=False,
            breaks=act.breaks & self._promises,
        )

    def _broken(self, world: World) -> frozenset[Promise]:
        """Give the promises that a world breaks: by its facts, or by all workers together."""
        facts, *workers = world
        breaks = self._breaks(facts)
        holders = marked = 0
        for worker in workers:
            could_mark, may_send = self._counts(facts, worker)
            holders += could_mark
            marked += may_send
        if holders > 1:
            breaks |= {Promise.ONE_HOLDER} & self._promises
        row, copies = self._facts[facts].row, self._facts[facts].copies
        if len(copies) + marked > (row.copies if row else 0):
            breaks |= {Promise.COUNTED} & self._promises
        return breaks

    def _counted(self, facts: int, worker: int) -> tuple[bool, bool]:
        """Tell whether a worker could still mark its claim, and whether it may send at any time."""
        one = self._workers[worker]
        if one.at is At.CLAIMED:
            return self._model.could_mark(self._facts[facts], one), False
        return False, one.at is At.MARKED

    def _story(self, path: Sequence[World]) -> tuple[str, ...]:
        """Tell a way in words; who is who is worked out from who did what."""
        people = list(self._start[1:])
        story = []
        for before, after in pairwise(path):
            ways = [(m, w) for m, w, there in self._following(before) if there == after]
            move, worker = max(ways, key=lambda way: len(way[0].breaks))
            who = people.index(worker) if worker is not None else None
            story.append(move.words if who is None else f"worker {who + 1} {move.words}")
            if who is None:
                people = self._after(move, people)
            if move.overtakes:
                people = [self._overtaken(person) for person in people]
            if who is not None:
                people[who] = move.worker
        return tuple(story)
