"""The plan as mathematics: any page, any history, any order of instants."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from announcer.announcement import Announcement, Plan
from announcer.cadence import ANNOUNCED_BEFORE, ANNOUNCEMENT, REMINDER, Changes, Rule, instant
from announcer.compose import MailComposer
from announcer.errors import TooLate, UsageError
from announcer.ledger import (
    CountedAsTold,
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
    Ended,
    Expired,
    Released,
    Sending,
    Settled,
    claim_of,
    step,
)
from announcer.message import Message, Said
from announcer.plan import counted_as_told, plan_announcements
from announcer.talks import Mailbox, Series, Status, Talk
from announcer.verify import verify

MAILBOX = Mailbox(name="Seminar", address="seminar@example.org")
# What changes ask for has its own tests; here it is the rules that are looked at.
RULES_ALONE = Changes(update="off", cancellation="off")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def series(zone: str) -> Series:
    return Series(
        id="s",
        name="S",
        list="s@groups.example",
        sender=MAILBOX,
        organisers=("anna@example.org",),
        reply_to=MAILBOX,
        timezone=ZoneInfo(zone),
    )


# A series, and the Sunday on which its clocks are set.
PLACES = (
    (series("Europe/Berlin"), date(2026, 3, 29)),
    (series("Europe/Berlin"), date(2026, 10, 25)),
    (series("America/New_York"), date(2026, 3, 8)),
    (series("America/New_York"), date(2026, 11, 1)),
)
WEEKLY = Rule(kind=ANNOUNCEMENT, weekday=4, at=time(10), days_before=1)
SUNDAY = Rule(kind=ANNOUNCEMENT, name="sunday", weekday=6, at=time(2, 30), days_before=1)
AHEAD = Rule(kind=ANNOUNCEMENT, name="ahead", days_before=9, at=time(0, 30), grace=DAY)
HUNDRED = Rule(kind=ANNOUNCEMENT, before=100 * HOUR)
NINE = Rule(kind=REMINDER, at=time(9), grace=4 * HOUR)
EVE = Rule(kind=REMINDER, name="eve", at=time(23, 45), days_before=1)
LAST_CALL = Rule(kind=REMINDER, name="last call", before=HOUR)
CADENCES = (
    (WEEKLY, NINE),
    (NINE, LAST_CALL, WEEKLY),
    (SUNDAY, WEEKLY, EVE),
    (AHEAD, HUNDRED, NINE, EVE),
    (HUNDRED,),
)

# Few enough that talks meet, move away and come back.
offsets = st.sampled_from([-1, 0, 1, 2, 7])
clocks = st.sampled_from([time(0, 30), time(2, 30), time(9, 10), time(15), time(15), time(23, 45)])
numbers = st.integers(1, 2)
# Among them: until a deferred mail, a doubt, a lease is over; and clocks that are set back.
waits = st.sampled_from([0, 1, 16, 21, 21, 300, 1440, -1, -30, -600, -4000])
ends = st.sampled_from(
    [
        *("sent", "sent", "deferred", "refused", "in doubt", "given back", "capped"),
        *("killed before DATA", "killed after DATA"),
    ]
)
places = st.sampled_from(PLACES)
cadences = st.sampled_from(CADENCES)


def talk(
    number: int,
    place: tuple[Series, date],
    offset: int,
    at: time | None,
    *,
    title: str | None = "T",
    status: Status = Status.CONFIRMED,
    unclear: str | None = None,
) -> Talk:
    day = place[1] + offset * DAY
    starts_at = None if at is None else instant(day, at, place[0].timezone)
    return Talk(
        id=str(number),
        title=title,
        tba=title is None,
        day=day,
        starts_at=starts_at,
        ends_at=starts_at and starts_at + HOUR,
        status=status,
        unclear=unclear,
    )


def message(mail: Announcement) -> Message:
    """A mail in all that the plan and the ledger look at, without the cost of composing it."""
    said = tuple(
        Said(
            talk=t.id,
            day=t.day,
            moment_day=mail.series.local(mail.due_at).date(),
            title=t.title,
            speakers=t.speakers,
            starts_at=t.starts_at,
            ends_at=t.ends_at,
            location=t.location,
            stream=t.stream,
            status=t.status.value,
            uid=t.id,
            sequence=0,
            stamp=mail.due_at,
            digest="",
        )
        for t in mail.talks
        if t.day and t.starts_at and t.ends_at
    )
    assert len(said) == len(mail.talks)
    return Message(
        key=mail.key,
        series="s",
        kind=mail.kind,
        rule=mail.rule,
        due_at=mail.due_at,
        sender=MAILBOX.address,
        recipient="s@groups.example",
        message_id=f"<{mail.key}@example.org>",
        subject="S",
        content=repr(said).encode(),
        said=said,
    )


def ids(mail: Announcement) -> tuple[str, ...]:
    return tuple(t.id for t in mail.talks)


# What may become of a mail that is claimed; what is None is a process that was killed.
ENDS: dict[str, Callable[[datetime], Outcome | None]] = {
    "sent": lambda _: Sent(reply="250 taken"),
    "deferred": lambda now: Deferred(until=now + 20 * MINUTE, reply="451 later"),
    "refused": lambda _: Refused(reply="550 no"),
    "in doubt": lambda _: InDoubt(reply="no answer"),
    "given back": lambda _: GivenBack(),
    "killed before DATA": lambda _: None,
    "killed after DATA": lambda _: None,
}
BEFORE_DATA = {"given back", "killed before DATA"}
TROUBLE: dict[str, Callable[[Talk], Talk | None]] = {
    "gone": lambda _: None,
    "cancelled": lambda t: replace(t, status=Status.CANCELLED),
    "unclear": lambda t: replace(t, unclear="two dates"),
    "no start": lambda t: replace(t, starts_at=None, ends_at=None),
    "no day": lambda t: replace(t, day=None, starts_at=None, ends_at=None),
    "all is well": lambda t: replace(t, status=Status.CONFIRMED, unclear=None),
}


class Desk:
    """A page, a clock that anybody may set, and a ledger made of the real transitions.

    ``told`` has what the list may have heard last of each talk, by each rule.
    """

    def __init__(self, place: tuple[Series, date], cadence: tuple[Rule, ...]) -> None:
        self.place = place
        self.cadence = cadence
        self.now = instant(place[1] - 4 * DAY, time(9, 30), place[0].timezone)
        self.talks: dict[str, Talk] = {}
        self.rows: dict[str, Row] = {}
        self.told: dict[tuple[str, str], tuple[str, Said]] = {}
        self.counted: tuple[CountedAsTold, ...] = ()
        self.copies: list[tuple[str, str]] = []  # rule and talk of every copy that was made

    def plan(self, *, rows: Iterable[Row] | None = None, back: bool = False) -> Plan:
        talks = list(self.talks.values())
        known = tuple(self.rows.values() if rows is None else rows)
        return plan_announcements(
            self.place[0],
            self.cadence,
            talks[::-1] if back else talks,
            History(series="s", counted=self.counted, rows=known),
            self.now,
            changes=RULES_ALONE,
        )

    def ready(self) -> list[Announcement]:
        """What the plan wants sent now, by whoever looks."""
        return [
            mail
            for mail in self.plan().due
            if (mail.waits_until is None or mail.waits_until <= self.now)
            and not (
                mail.row is not None
                and mail.row.state in (State.CLAIMED, State.SENDING)
                and mail.row.lease_until > self.now
            )
        ]

    def wake(self, end: Callable[[Announcement], str] = lambda _: "sent") -> None:
        """One pass, as ``announcer`` does it."""
        for key, row in self.rows.items():
            self.rows[key] = _known(step(row, Expired(now=self.now, clock=self.now)))
        for mail in self.ready():
            self.attempt(mail, end(mail))

    def attempt(self, mail: Announcement, end: str) -> None:
        before = self.rows.get(mail.key)
        again = before is not None and before.copies > 0
        content = before.message() if before is not None and again else message(mail)
        if end == "capped":
            held = step(before, Capped(message=content, why="caps", owner="o", now=self.now))
            self.rows.update({mail.key: held} if held is not None else {})
            return
        copies = mail.row.copies if mail.row else 0
        claim = Claimed(
            message=content,
            owner="o",
            now=self.now,
            clock=self.now,
            copies=copies,
            planned_at=0,
            revision=0,
            expires_at=mail.sendable_until,
        )
        row = _known(step(before, claim))
        held_by = claim_of(row, mail.sendable_until)
        if end not in BEFORE_DATA:
            row = _known(step(row, Sending(claim=held_by, now=self.now, clock=self.now)))
        outcome = ENDS[end](self.now)
        if outcome is not None:
            row = _known(step(row, Ended(claim=held_by, outcome=outcome, now=self.now)))
        self.rows[mail.key] = row
        if row.copies > (before.copies if before else 0):
            self._heard(row, again=again)

    def _heard(self, row: Row, *, again: bool) -> None:
        for said in row.said:
            key, last = self.told.get((row.rule, said.talk), ("", None))
            if again:
                assert key == row.key, "old news after new"
            elif last is not None:
                assert last.day != said.day, (row.key, said.talk)
                assert last.moment_day != said.moment_day, (row.key, said.talk)
            self.told[row.rule, said.talk] = (row.key, said)
            self.copies.append((row.rule, said.talk))


def _known(row: Row | None) -> Row:
    assert row is not None, "the ledger gives what the plan says is due"
    return row


class AnyHistory(RuleBasedStateMachine):
    """Everybody does what they like, in any order: the page, the server, the clock, people."""

    @initialize(place=places, cadence=cadences)
    def begin(self, place: tuple[Series, date], cadence: tuple[Rule, ...]) -> None:
        self.desk = Desk(place, cadence)

    @rule(number=numbers, offset=offsets, at=clocks, title=st.sampled_from(["T", "T", None]))
    def a_talk_is_put_on_the_page(
        self, number: int, offset: int, at: time, title: str | None
    ) -> None:
        self.desk.talks[str(number)] = talk(number, self.desk.place, offset, at, title=title)

    @rule(number=numbers, offset=offsets, end=ends, then=ends, minutes=waits)
    def a_talk_moves_and_a_pass_follows(
        self, number: int, offset: int, end: str, then: str, minutes: int
    ) -> None:
        self.desk.talks[str(number)] = talk(number, self.desk.place, offset, time(15))
        self.the_clock_moves_and_a_pass_follows(minutes, end, then)

    @rule(number=numbers, what=st.sampled_from(list(TROUBLE)))
    def a_talk_is_in_trouble(self, number: int, what: str) -> None:
        found = self.desk.talks.pop(str(number), None)
        changed = TROUBLE[what](found) if found else None
        self.desk.talks.update({changed.id: changed} if changed else {})

    @rule(minutes=waits, end=ends, then=ends)
    def the_clock_moves_and_a_pass_follows(self, minutes: int, end: str, then: str) -> None:
        self.desk.now += minutes * MINUTE
        fates = iter((end,))
        self.desk.wake(lambda _: next(fates, then))

    @rule(minutes=st.sampled_from([5900, 1500, 300, 80, 61, 50, 10, -10]))
    def the_clock_is_set_to_a_while_before_some_talk(self, minutes: int) -> None:
        starts = [t.starts_at for t in self.desk.talks.values() if t.starts_at]
        self.desk.now = min(starts, default=self.desk.now) - minutes * MINUTE

    @rule()
    def time_passes_until_there_is_something_to_do(self) -> None:
        self.desk.now = self.desk.plan().next_moment(self.desk.now) or self.desk.now + DAY

    @rule()
    def a_pass_goes_well(self) -> None:
        self.desk.wake()
        assert self.desk.ready() == []

    @rule(weekday=st.sampled_from([None, 0, 4, 6]), at=clocks, days_before=st.integers(0, 3))
    def a_rule_is_changed(self, weekday: int | None, at: time, days_before: int) -> None:
        first, *others = self.desk.cadence
        changed = replace(first, weekday=weekday, at=at, days_before=days_before, before=None)
        self.desk.cadence = (changed, *others)

    @precondition(lambda self: self.desk.rows)
    @rule(number=st.integers(0, 9), word=st.sampled_from(["release", "arrived", "resend"]))
    def a_person_decides(self, number: int, word: str) -> None:
        key = list(self.desk.rows)[number % len(self.desk.rows)]
        arrived = word == "arrived"
        event = (
            Released(key=key, now=self.desk.now, clock=self.desk.now)
            if word == "release"
            else Settled(key=key, arrived=arrived, now=self.desk.now, clock=self.desk.now)
        )
        # What does not follow on the state of the mail is refused, and changes nothing.
        with suppress(TooLate, UsageError):
            self.desk.rows[key] = _known(step(self.desk.rows[key], event))

    @invariant()
    def what_is_due_may_go_out(self) -> None:
        for mail in self.desk.ready():
            assert self.desk.now < mail.expires_at
            assert mail.due_at <= self.desk.now or (mail.row is not None and mail.row.copies)
            for t in mail.talks:
                spare = ANNOUNCED_BEFORE if mail.kind == ANNOUNCEMENT else MINUTE * 0
                assert t.starts_at is not None
                assert self.desk.now < t.starts_at - spare
                assert not t.cancelled
                assert not t.unclear
                assert not (t.tba and mail.kind == ANNOUNCEMENT)

    @invariant()
    def the_order_of_the_talks_changes_nothing(self) -> None:
        assert self.desk.plan(back=True) == self.desk.plan()

    @invariant()
    def every_key_is_given_once(self) -> None:
        keys = [mail.key for mail in self.desk.plan().announcements]
        assert len(keys) == len(set(keys))

    @invariant()
    def keys_never_decide_what_is_owed(self) -> None:
        others = [replace(r, key=f"x/{n}") for n, r in enumerate(self.desk.rows.values())]
        assert _owed(self.desk.plan(rows=others)) == _owed(self.desk.plan())

    @invariant()
    def the_next_moment_lies_ahead(self) -> None:
        at = self.desk.plan().next_moment(self.desk.now)
        assert at is None or at > self.desk.now


def _owed(plan: Plan) -> list[tuple[str, str, datetime, tuple[str, ...]]]:
    return sorted((m.standing, m.rule, m.due_at, ids(m)) for m in plan.announcements)


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)


moves = st.tuples(st.sampled_from([0, 1, 0, 1, None]), ends, st.sampled_from([0, 1, 16, 21, -30]))


@given(places, st.lists(moves, max_size=8))
@example(PLACES[0], [(0, "deferred", 0), (1, "sent", 0), (0, "sent", 21), (0, "sent", 1)])
@settings(max_examples=600, deadline=None)
def test_a_talk_that_moves_to_and_fro_is_told_of_only_what_was_not_heard_last(
    place: tuple[Series, date], steps: list[tuple[int | None, str, int]]
) -> None:
    desk = Desk(place, (HUNDRED,))
    desk.now = instant(place[1] - DAY, time(12), place[0].timezone)
    for offset, end, minutes in steps:
        desk.talks = {} if offset is None else {"1": talk(1, place, offset, time(15))}
        desk.now += minutes * MINUTE
        desk.wake(lambda _, end=end: end)  # type: ignore[misc]
    assert [row.copies for row in desk.rows.values() if row.copies > 2] == []


# What an example takes says nothing about the plan.
UNHURRIED = settings(deadline=None)

# Pages and instants that stay as they are, for what can be said of them as a whole.
pages = st.tuples(
    places,
    st.lists(st.tuples(st.integers(-3, 8), clocks, st.sampled_from(["T", "T", None])), max_size=5),
)
# Minutes since some days before the clocks are set; few enough to meet moments and ends exactly.
instants = st.integers(-14 * 96, 10 * 96).map(lambda quarters: 15 * quarters)
wakes = st.lists(instants, max_size=8)
Page = tuple[tuple[Series, date], list[tuple[int, time, str | None]]]


def woken(page: Page, cadence: tuple[Rule, ...], minutes: Iterable[int]) -> Desk:
    """All that is due is sent at each of these instants, in this order."""
    place, found = page
    desk = Desk(place, cadence)
    talks = [talk(n, place, day, at, title=title) for n, (day, at, title) in enumerate(found)]
    desk.talks = {t.id: t for t in talks}
    start = instant(place[1], time(12), place[0].timezone)
    for number in minutes:
        desk.now = start + number * MINUTE
        desk.wake()
        assert desk.ready() == []
    return desk


def announced(desk: Desk) -> set[tuple[str, str]]:
    """What was announced, as rules and talks; reminders give way to it."""
    kinds = {r.label: r.kind for r in desk.cadence}
    return {told for told in desk.copies if kinds[told[0]] == ANNOUNCEMENT}


@UNHURRIED
@given(pages, cadences, wakes)
def test_whatever_the_order_of_the_instants_each_talk_is_told_once_for_each_rule(
    page: Page, cadence: tuple[Rule, ...], minutes: list[int]
) -> None:
    copies = woken(page, cadence, minutes).copies
    assert len(copies) == len(set(copies))


@UNHURRIED
@given(pages, cadences, wakes, st.randoms(use_true_random=False))
def test_a_clock_that_jumps_announces_what_a_clock_that_runs_announces(
    page: Page, cadence: tuple[Rule, ...], minutes: list[int], random: Random
) -> None:
    mixed = random.sample(minutes, len(minutes))
    running, jumping = woken(page, cadence, sorted(minutes)), woken(page, cadence, mixed)
    assert announced(running) == announced(jumping)


@UNHURRIED
@given(pages, cadences, wakes)
def test_what_is_announced_is_what_some_wake_up_came_in_time_for(
    page: Page, cadence: tuple[Rule, ...], minutes: list[int]
) -> None:
    desk = woken(page, cadence, sorted(minutes))
    start = instant(page[0][1], time(12), page[0][0].timezone)
    rules = [r for r in cadence if r.kind == ANNOUNCEMENT]
    in_time = {
        ((r.label, t.id), now)
        for r in rules
        for t in desk.talks.values()
        for now in (start + number * MINUTE for number in minutes)
        if not t.tba and _may_go(r, t, page[0][0], now)
    }
    # What is late waits for the morning, where that leaves it time enough.
    by_day = {told for told, now in in_time if time(7) <= page[0][0].local(now).time() < time(22)}
    assert by_day <= announced(desk) <= {told for told, _ in in_time}


def _may_go(r: Rule, t: Talk, s: Series, now: datetime) -> bool:
    moment = r.moment(t, s.timezone)
    assert moment is not None
    assert t.starts_at is not None
    spare = ANNOUNCED_BEFORE if r.kind == ANNOUNCEMENT else timedelta(0)
    in_grace = r.grace is None or now < moment + r.grace
    return moment <= now < t.starts_at - spare and in_grace


@UNHURRIED
@given(pages, cadences, wakes, wakes)
def test_more_wake_ups_take_nothing_away(
    page: Page, cadence: tuple[Rule, ...], minutes: list[int], more: list[int]
) -> None:
    few = woken(page, cadence, sorted(minutes))
    many = woken(page, cadence, sorted(minutes + more + more))
    assert announced(few) <= announced(many)
    # A reminder gives way to an announcement, and only to one that few wake-ups were too few for.
    given_way = {t for r, t in set(few.copies) - set(many.copies)}
    assert given_way <= {t for _, t in announced(many) - announced(few)}


@UNHURRIED
@given(pages, cadences, instants, wakes)
def test_a_wake_up_at_every_moment_needs_no_other(
    page: Page, cadence: tuple[Rule, ...], first: int, more: list[int]
) -> None:
    place = page[0]
    start = instant(place[1], time(12), place[0].timezone)
    talks = woken(page, cadence, ()).talks.values()
    found = [r.moment(t, place[0].timezone) for r in cadence for t in talks]
    # What is late at the first one may wait for the morning.
    day = place[0].local(start + first * MINUTE).date()
    found += [instant(day + n * DAY, time(7), place[0].timezone) for n in (0, 1)]
    moments = [(at - start) // MINUTE for at in found if at is not None]
    on_time = [first, *(at for at in moments if at > first)]
    also = [at for at in more if at > first]
    enough = woken(page, cadence, sorted(on_time))
    assert sorted(woken(page, cadence, sorted(on_time + also)).copies) == sorted(enough.copies)


@UNHURRIED
@given(pages, cadences, wakes, st.sampled_from([None, 0, 2, 4, 6]), clocks, st.integers(0, 9))
def test_a_changed_rule_announces_nothing_anew(
    page: Page,
    cadence: tuple[Rule, ...],
    minutes: list[int],
    weekday: int | None,
    at: time,
    days_before: int,
) -> None:
    desk = woken(page, cadence, sorted(minutes))
    desk.cadence = tuple(
        replace(r, weekday=weekday, at=at, days_before=days_before, before=None) for r in cadence
    )
    owed = [(mail.rule, t.id) for mail in desk.ready() for t in mail.talks]
    assert set(owed).isdisjoint(desk.copies)


@UNHURRIED
@given(pages, cadences, instants, wakes)
def test_nothing_is_owed_of_what_counts_as_told_until_the_talk_moves(
    page: Page, cadence: tuple[Rule, ...], adopted: int, minutes: list[int]
) -> None:
    place = page[0]
    desk = woken(page, cadence, ())
    start = instant(place[1], time(12), place[0].timezone)
    talks = tuple(desk.talks.values())
    desk.counted = counted_as_told(place[0], cadence, talks, start + adopted * MINUTE)
    for number in sorted(minutes):
        desk.now = start + number * MINUTE
        desk.wake()
    assert {(c.rule, c.talk) for c in desk.counted}.isdisjoint(desk.copies)


@given(pages, cadences, wakes)
@settings(max_examples=20, deadline=None)
def test_the_mails_of_the_plan_can_be_composed_and_pass_the_check(
    page: Page, cadence: tuple[Rule, ...], minutes: list[int]
) -> None:
    desk = woken(page, cadence, ())
    start = instant(page[0][1], time(12), page[0][0].timezone)
    for number in sorted(minutes):
        desk.now = start + number * MINUTE
        for mail in desk.ready():
            verify(MailComposer().compose(mail, desk.now), mail)
        desk.wake()


def test_a_talk_that_ends_in_the_hour_that_comes_twice_can_be_announced() -> None:
    desk = Desk(PLACES[1], CADENCES[0])
    desk.talks = {"1": talk(1, PLACES[1], 0, time(2, 30))}
    desk.now = desk.plan().next_moment(desk.now) or desk.now
    for mail in desk.ready():
        verify(MailComposer().compose(mail, desk.now), mail)
