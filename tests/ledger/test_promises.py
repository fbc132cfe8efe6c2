"""What every ledger promises, wherever it is kept."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from place import Place

from announcer.errors import (
    ClaimLost,
    LedgerMissing,
    MailExpired,
    PlanOutdated,
    TooLate,
    UsageError,
)
from announcer.ledger import (
    LEASE,
    Believed,
    Claim,
    CountedAsTold,
    Decision,
    Deferred,
    GivenBack,
    InDoubt,
    Pause,
    Period,
    Refused,
    Sent,
    Sighting,
    State,
    Watch,
    What,
)
from announcer.ledger.sql import SqlLedger
from announcer.message import Message, Said
from announcer.talks import Copy, Link, Status, Talk

NOW = datetime(2026, 4, 3, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
AT_ONCE = timedelta(0)  # a lease that has run out as soon as it is given


def message(content: bytes = b"one\r\n") -> Message:
    return Message(
        key="s/announcement/2026-04-03",
        series="s",
        kind="announcement",
        rule="announcement",
        due_at=NOW,
        sender="seminar@example.org",
        recipient="s@groups.example",
        message_id="<a@example.org>",
        subject="S",
        content=content,
        said=(),
    )


async def claimed(
    ledger: SqlLedger, mail: Message, *, copies: int = 0, now: datetime
) -> Claim | None:
    """Claim a mail that was planned from the series as it is, and whose time is far from over."""
    revision = (await ledger.history(mail.series)).revision
    expires_at = now + timedelta(days=7)
    return await ledger.claim(
        mail, copies=copies, revision=revision, expires_at=expires_at, now=now
    )


def with_two(
    place: Place,
    work: Callable[[SqlLedger, SqlLedger], Awaitable[None]],
    *,
    lease: timedelta = LEASE,
) -> None:
    """Let the ledgers of two processes meet in one place; the lease is the first one's."""

    async def run() -> None:
        await (await place.create()).close()
        first, second = await place.open(lease), await place.open(LEASE)
        await work(first, second)
        await first.close()
        await second.close()

    asyncio.run(run())


def test_a_claim_is_had_by_one(place: Place) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        assert await claimed(first, message(), now=NOW) is not None
        assert await claimed(second, message(), now=NOW) is None

    with_two(place, work)


def test_a_claim_whose_lease_ran_out_is_free_and_its_holder_is_stopped(place: Place) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        lost = await claimed(first, message(), now=NOW)
        assert lost is not None
        again = await claimed(second, message(b"two\r\n"), now=NOW + 11 * MINUTE)
        assert again is not None
        with pytest.raises(ClaimLost):
            await first.sending(lost, now=NOW + 11 * MINUTE)
        [row] = await second.rows()
        assert (row.content, row.copies, row.fence) == (b"two\r\n", 0, 2)

    with_two(place, work, lease=AT_ONCE)


def test_a_sending_whose_lease_ran_out_is_in_doubt_and_goes_once_more_with_the_same_bytes(
    place: Place,
) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        claim = await claimed(second, message(), now=NOW)
        assert claim is not None
        await first.sending(claim, now=NOW)
        assert [r.state for r in await second.expire("s", now=NOW + 11 * MINUTE)] == [
            State.IN_DOUBT
        ]
        later = NOW + 26 * MINUTE
        assert await claimed(second, message(), copies=1, now=NOW + 25 * MINUTE) is None
        assert await claimed(second, message(b"other\r\n"), copies=1, now=later) is None
        assert await claimed(second, message(), now=later) is None
        again = await claimed(second, message(), copies=1, now=later)
        assert again is not None
        await second.sending(again, now=later)
        await second.record(again, InDoubt(reply="lost"), now=later)
        assert await claimed(first, message(), copies=2, now=later + timedelta(days=1)) is None
        [row] = await first.rows()
        assert (row.state, row.copies) == (State.IN_DOUBT, 2)

    with_two(place, work, lease=AT_ONCE)


def test_a_claim_that_ran_out_is_not_sent_even_where_nobody_has_overtaken(place: Place) -> None:
    async def work(first: SqlLedger, _: SqlLedger) -> None:
        claim = await claimed(first, message(), now=NOW)
        assert claim is not None
        with pytest.raises(ClaimLost, match="ran out"):
            await first.sending(claim, now=NOW + MINUTE)
        [row] = await first.rows()
        assert (row.state, row.copies) == (State.CLAIMED, 0)

    with_two(place, work, lease=AT_ONCE)


def test_a_mail_in_doubt_can_be_settled_also_when_its_second_attempt_was_killed(
    place: Place,
) -> None:
    async def work(first: SqlLedger, _: SqlLedger) -> None:
        claim = await claimed(first, message(), now=NOW)
        assert claim is not None
        await first.sending(claim, now=NOW)
        await first.record(claim, InDoubt(reply="lost"), now=NOW)
        killed = await claimed(first, message(), copies=1, now=NOW + 15 * MINUTE)
        assert killed is not None
        row = await first.settle(message().key, arrived=False, now=NOW + 16 * MINUTE)
        assert (row.state, row.copies, row.released) == (State.IN_DOUBT, 1, True)
        with pytest.raises(ClaimLost):
            await first.sending(killed, now=NOW + 16 * MINUTE)
        row = await first.settle(message().key, arrived=True, now=NOW + 17 * MINUTE)
        assert (row.state, row.copies) == (State.SENT, 1)

    with_two(place, work)


def test_what_a_person_said_of_the_caps_is_not_said_of_a_later_doubt(place: Place) -> None:
    async def work(first: SqlLedger, _: SqlLedger) -> None:
        assert await first.cap(message(), "too many", now=NOW)
        await first.release(message().key, now=NOW)
        claim = await claimed(first, message(), now=NOW)
        assert claim is not None
        await first.sending(claim, now=NOW)
        await first.record(claim, InDoubt(reply="lost"), now=NOW)
        [row] = await first.rows()
        assert not row.released

    with_two(place, work)


def test_a_250_is_a_fact_whoever_has_overtaken(place: Place) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        claim = await claimed(second, message(), now=NOW)
        assert claim is not None
        await first.sending(claim, now=NOW)
        await second.expire("s", now=NOW + 11 * MINUTE)
        again = await claimed(second, message(), copies=1, now=NOW + 26 * MINUTE)
        assert again is not None
        await first.record(claim, Sent(reply="250 ok"), now=NOW + 27 * MINUTE)
        with pytest.raises(ClaimLost):
            await second.sending(again, now=NOW + 27 * MINUTE)
        [row] = await first.rows()
        assert (row.state, row.copies) == (State.SENT, 1)

    with_two(place, work, lease=AT_ONCE)


def test_a_refused_second_copy_does_not_clear_the_doubt_about_the_first(place: Place) -> None:
    async def work(first: SqlLedger, _: SqlLedger) -> None:
        claim = await claimed(first, message(), now=NOW)
        assert claim is not None
        await first.sending(claim, now=NOW)
        await first.record(claim, InDoubt(reply="lost"), now=NOW)
        again = await claimed(first, message(), copies=1, now=NOW + 15 * MINUTE)
        assert again is not None
        await first.sending(again, now=NOW + 15 * MINUTE)
        await first.record(again, Refused(reply="550 no"), now=NOW + 15 * MINUTE)
        [row] = await first.rows()
        assert (row.state, row.copies) == (State.IN_DOUBT, 1)
        assert await claimed(first, message(), copies=1, now=NOW + timedelta(days=1)) is None

    with_two(place, work)


def test_a_deferred_mail_waits_and_one_given_back_does_not(place: Place) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        claim = await claimed(first, message(), now=NOW)
        assert claim is not None
        await first.record(claim, Deferred(until=NOW + MINUTE, reply="451"), now=NOW)
        assert await claimed(second, message(), now=NOW) is None
        again = await claimed(second, message(), now=NOW + MINUTE)
        assert again is not None
        assert again.attempt == 2
        await second.record(again, GivenBack(), now=NOW + MINUTE)
        assert await claimed(first, message(), now=NOW + MINUTE) is not None
        assert [e.what for e in await first.entries(message().key)] == [
            "claimed", "retry", "claimed", "retry", "claimed",
        ]  # fmt: skip

    with_two(place, work)


def test_what_caps_hold_goes_only_when_a_person_lets_it(place: Place) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        assert await first.cap(message(), "too many", now=NOW)
        assert not await second.cap(message(), "too many", now=NOW)
        assert await claimed(second, message(), now=NOW + timedelta(days=1)) is None
        with pytest.raises(UsageError, match="nothing to release"):
            await first.release("s/reminder/2026-04-03", now=NOW)
        released = await first.release(message().key, now=NOW + MINUTE)
        assert (released.state, released.released) == (State.RETRY, True)
        assert not await first.cap(message(), "too many again", now=NOW + MINUTE)
        claim = await claimed(second, message(b"two\r\n"), now=NOW + MINUTE)
        assert claim is not None
        [row] = await first.rows()
        assert row.content == b"two\r\n"
        with pytest.raises(TooLate, match="is being sent right now"):
            await first.release(message().key, now=NOW + MINUTE)

    with_two(place, work)


def test_a_mail_that_waits_is_held_by_caps_as_well_and_can_be_let_go_at_once(place: Place) -> None:
    async def work(first: SqlLedger, _: SqlLedger) -> None:
        claim = await claimed(first, message(), now=NOW)
        assert claim is not None
        await first.record(claim, Deferred(until=NOW + 60 * MINUTE, reply="451"), now=NOW)
        assert await first.cap(message(b"two\r\n"), "too many", now=NOW)
        await first.release(message().key, now=NOW + MINUTE)
        assert await claimed(first, message(), now=NOW + MINUTE) is not None

    with_two(place, work)


def test_what_was_refused_is_tried_again_when_a_person_says_so(place: Place) -> None:
    async def work(first: SqlLedger, _: SqlLedger) -> None:
        claim = await claimed(first, message(), now=NOW)
        assert claim is not None
        await first.sending(claim, now=NOW)
        await first.record(claim, Refused(reply="550 no"), now=NOW)
        assert await claimed(first, message(), now=NOW + timedelta(days=1)) is None
        await first.release(message().key, now=NOW + MINUTE)
        again = await claimed(first, message(b"two\r\n"), now=NOW + MINUTE)
        assert again is not None
        assert (again.attempt, again.copies) == (2, 0)

    with_two(place, work)


def test_a_person_ends_a_doubt_either_way_but_never_for_a_third_copy(place: Place) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        with pytest.raises(UsageError, match="nothing to settle"):
            await first.settle(message().key, arrived=True, now=NOW)
        claim = await claimed(first, message(), now=NOW)
        assert claim is not None
        await first.sending(claim, now=NOW)
        await first.record(claim, InDoubt(reply="lost"), now=NOW)
        await second.settle(message().key, arrived=False, now=NOW + MINUTE)
        again = await claimed(second, message(), copies=1, now=NOW + MINUTE)
        assert again is not None
        await second.sending(again, now=NOW + MINUTE)
        await second.record(again, InDoubt(reply="lost again"), now=NOW + MINUTE)
        with pytest.raises(UsageError, match="was sent 2 times already"):
            await first.settle(message().key, arrived=False, now=NOW + MINUTE)
        row = await first.settle(message().key, arrived=True, now=NOW + MINUTE)
        assert (row.state, row.copies) == (State.SENT, 2)

    with_two(place, work)


TALK = Talk(
    id="1",
    title="Größenordnungen",
    speakers=("Emmy Noether",),
    day=date(2026, 4, 7),
    starts_at=datetime(2026, 4, 7, 13, tzinfo=UTC),
    ends_at=datetime(2026, 4, 7, 14, tzinfo=UTC),
    location="Room 2",
    links=(Link(text="paper", url="https://example.org/paper"),),
    abstract="*About*",
    status=Status.TENTATIVE,
    warnings=("a warning",),
)
UNDATED = Talk(id="2", tba=True)
SAID = Said(
    talk="1",
    day=date(2026, 4, 7),
    moment_day=date(2026, 4, 3),
    title="Größenordnungen",
    speakers=("Emmy Noether",),
    starts_at=datetime(2026, 4, 7, 13, tzinfo=UTC),
    ends_at=datetime(2026, 4, 7, 14, tzinfo=UTC),
    location="Room 2",
    stream=None,
    status="confirmed",
    uid="u",
    sequence=0,
    stamp=NOW,
    digest="d",
)


def test_all_that_is_kept_is_read_back_as_it_was_also_from_a_private_copy(place: Place) -> None:
    told = CountedAsTold(
        talk="0", rule="reminder", day=date(2026, 4, 1), moment_day=date(2026, 4, 1)
    )
    believed = Believed(
        series="s",
        read_at=NOW,
        talks=(TALK, UNDATED),
        seen={"1": NOW, "2": NOW},
        states={"1": {"a": Period(first=NOW, last=NOW + MINUTE)}},
        watched={"1": Watch(sightings=(Sighting(at=NOW, state="a"),), shown={"a": "Room “2”"})},
        copies={"page": Copy(modified=NOW), "other": Copy(made_at=NOW)},
        outdated_since=NOW,
    )
    mail = message()
    mail = Message(**{f: getattr(mail, f) for f in mail.__slots__} | {"said": (SAID,)})

    async def work(first: SqlLedger, second: SqlLedger) -> None:
        await first.adopt("s", "s@groups.example", rules=["reminder"], counted=[told], now=NOW)
        await first.believe(believed)
        claim = await claimed(first, mail, now=NOW)
        assert claim is not None
        await first.pause(Pause(account="a", until=NOW + MINUTE, reply="535"), now=NOW)
        copy = await place.read()
        for ledger in (second, copy):
            history = await ledger.history("s")
            assert history.believed == believed
            assert history.counted == (told,)
            assert history.adoption is not None
            assert history.adoption.rules == {"reminder": NOW}
            [row] = history.rows
            assert row.message() == mail
            assert (history.clock is not None) is place.own_clock
            assert (await ledger.pauses())["a"].reply == "535"
            assert [e.what for e in await ledger.entries(mail.key)] == ["claimed"]
        await copy.adopt("other", "o@groups.example", rules=[], counted=[], now=NOW)
        await copy.close()
        assert set(await first.adoptions()) == {"s"}
        await first.resume("a")
        assert await second.pauses() == {}

    with_two(place, work)


def test_the_talks_that_are_believed_replace_those_before_but_keep_when_they_were_first_seen(
    place: Place,
) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        await first.adopt("s", "s@groups.example", rules=[], counted=[], now=NOW)
        await first.believe(Believed(series="s", read_at=NOW, talks=(TALK,), seen={"1": NOW}))
        later = Believed(
            series="s",
            read_at=NOW + MINUTE,
            talks=(UNDATED,),
            seen={"1": NOW + MINUTE, "2": NOW + MINUTE},
        )
        await second.believe(later)
        kept = (await first.history("s")).believed
        assert kept is not None
        assert (kept.talks, kept.read_at) == ((UNDATED,), NOW + MINUTE)
        assert kept.seen == {"1": NOW, "2": NOW + MINUTE}

    with_two(place, work)


def test_a_cause_is_told_by_one_once_a_day_and_some_only_once(place: Place) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        causes = {"source": "the page is gone", "missed": "it was missed"}

        async def tell(ledger: SqlLedger, now: datetime) -> frozenset[str]:
            return await ledger.tell(causes, series="s", again={"source"}, now=now)

        assert await tell(first, NOW) == {"source", "missed"}
        assert await tell(second, NOW + 23 * 60 * MINUTE) == frozenset()
        assert await tell(second, NOW + 24 * 60 * MINUTE) == {"source"}
        later = NOW + 24 * 60 * MINUTE
        await second.untold({"missed": "it was missed"}, series="s", now=later)
        assert await tell(first, NOW + 25 * 60 * MINUTE) == {"missed"}
        assert [(e.what, e.why) for e in await first.entries("s")] == [
            ("told the organisers", "the page is gone"),
            ("told the organisers", "it was missed"),
            ("told the organisers", "the page is gone"),
            ("could not tell the organisers", "it was missed"),
            ("told the organisers", "it was missed"),
        ]

    with_two(place, work)


def test_a_place_without_a_ledger_is_never_given_one_by_opening_it(place: Place) -> None:
    async def run() -> None:
        for opened in (place.open(LEASE), place.read()):
            with pytest.raises(LedgerMissing, match="announcer adopt"):
                await opened
        await (await place.create()).close()
        await (await place.open(LEASE)).close()

    asyncio.run(run())


HOLD = Decision(
    series="s", rule="announcement", talk="1", what="hold", words="", who="anna", at=NOW
)
CANCEL = replace(HOLD, rule="", what="cancel")
BELIEVED = Believed(series="s", read_at=NOW, talks=(TALK,), seen={"1": NOW})


def about_the_talk() -> Message:
    return replace(message(), said=(SAID,))


async def in_doubt(ledger: SqlLedger) -> None:
    claim = await claimed(ledger, about_the_talk(), now=NOW)
    assert claim is not None
    await ledger.sending(claim, now=NOW)
    await ledger.record(claim, InDoubt(reply="lost"), now=NOW)


async def capped(ledger: SqlLedger) -> None:
    assert await ledger.cap(about_the_talk(), "too many", now=NOW)


async def nothing(_: SqlLedger) -> None:
    """The series is as it was adopted."""


Act = Callable[[SqlLedger], Awaitable[object]]
RAISES: dict[str, tuple[Act, Act]] = {
    "a hold": (nothing, lambda ledger: ledger.decide([HOLD], key=message().key, now=NOW)),
    "a skip": (
        nothing,
        lambda ledger: ledger.decide([replace(HOLD, what="skip")], key=message().key, now=NOW),
    ),
    "a note": (
        nothing,
        lambda ledger: ledger.decide([replace(HOLD, what="note")], key=message().key, now=NOW),
    ),
    "a cancellation": (nothing, lambda ledger: ledger.decide([CANCEL], key="s", now=NOW)),
    "a release of a row": (capped, lambda ledger: ledger.release(message().key, now=NOW)),
    "a settled doubt": (
        in_doubt,
        lambda ledger: ledger.settle(message().key, arrived=False, now=NOW),
    ),
    "a new address": (
        nothing,
        lambda ledger: ledger.adopt("s", "new@groups.example", rules=[], counted=[], now=NOW),
    ),
    "a new rule": (
        nothing,
        lambda ledger: ledger.adopt("s", "s@groups.example", rules=["r"], counted=[], now=NOW),
    ),
    "a change of the page": (
        nothing,
        lambda ledger: ledger.believe(replace(BELIEVED, talks=(replace(TALK, title="New"),))),
    ),
    "a talk that went from the page": (
        nothing,
        lambda ledger: ledger.believe(replace(BELIEVED, talks=(), gone=(TALK,))),
    ),
    "since when a talk is as it is": (
        nothing,
        lambda ledger: ledger.believe(replace(BELIEVED, since={"1": NOW})),
    ),
    "since when a talk can be announced": (
        nothing,
        lambda ledger: ledger.believe(replace(BELIEVED, clear={"1": NOW})),
    ),
    "a talk that may be another one": (
        nothing,
        lambda ledger: ledger.believe(replace(BELIEVED, unsure=frozenset({"1"}))),
    ),
    "a talk that readings do not agree on": (
        nothing,
        lambda ledger: ledger.believe(replace(BELIEVED, watched={"1": Watch()})),
    ),
    "one reading more of a talk that readings do not agree on": (
        lambda ledger: ledger.believe(replace(BELIEVED, watched={"1": Watch()})),
        lambda ledger: ledger.believe(
            replace(BELIEVED, watched={"1": Watch(sightings=(Sighting(at=NOW, state="a"),))})
        ),
    ),
}


@pytest.mark.parametrize("what", RAISES)
def test_a_mail_planned_before_the_series_changed_is_not_claimed(place: Place, what: str) -> None:
    before, change = RAISES[what]

    async def work(first: SqlLedger, second: SqlLedger) -> None:
        await first.adopt("s", "s@groups.example", rules=[], counted=[], now=NOW)
        await first.believe(BELIEVED)
        await before(first)
        planned = await second.history("s")
        await change(first)
        other = replace(about_the_talk(), key="s/reminder/2026-04-07", message_id="<b@example.org>")
        revision, expires_at = planned.revision, NOW + timedelta(days=7)
        for mail, copies in ((about_the_talk(), 0), (about_the_talk(), 1), (other, 0)):
            with pytest.raises(PlanOutdated, match="has changed since this was planned"):
                await second.claim(
                    mail, copies=copies, revision=revision, expires_at=expires_at, now=NOW + MINUTE
                )
        assert (await second.history("s")).revision == planned.revision + 1
        assert await claimed(second, other, now=NOW) is not None

    with_two(place, work)


def test_what_changes_nothing_for_the_plan_and_another_series_let_a_claim_be(place: Place) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        await first.adopt("s", "s@groups.example", rules=[], counted=[], now=NOW)
        await first.adopt("t", "t@groups.example", rules=[], counted=[], now=NOW)
        await first.believe(BELIEVED)
        planned = await second.history("s")
        states = {"1": {"a": Period(first=NOW, last=NOW)}}
        await first.believe(replace(BELIEVED, read_at=NOW + MINUTE, states=states))
        await first.decide([replace(HOLD, series="t")], key="t/announcement/2026-04-03", now=NOW)
        other = replace(message(), key="s/reminder/2026-04-07", message_id="<b@example.org>")
        sent = await claimed(first, other, now=NOW)
        assert sent is not None
        await first.sending(sent, now=NOW)
        await first.record(sent, Sent(reply="250"), now=NOW)
        assert (await second.history("s")).revision == planned.revision

    with_two(place, work)


def test_of_a_claim_and_a_decision_the_first_one_wins_however_close_they_are(place: Place) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        await first.adopt("s", "s@groups.example", rules=[], counted=[], now=NOW)
        ends = set()
        for number in range(20):
            mail = replace(
                about_the_talk(), key=f"s/announcement/{number}", message_id=f"<{number}@s>"
            )
            revision = (await first.history("s")).revision
            expires_at = NOW + timedelta(days=1)
            claim = first.claim(mail, revision=revision, expires_at=expires_at, now=NOW)
            decision = second.decide([replace(HOLD, talk=str(number))], key=mail.key, now=NOW)
            both = (claim, decision) if number % 2 else (decision, claim)
            done = await asyncio.gather(*both, return_exceptions=True)
            ends.add(frozenset(type(end).__name__ for end in done if isinstance(end, Exception)))
        # One of the two is always told that it came second.
        assert ends <= {frozenset({"PlanOutdated"}), frozenset({"TooLate"})}

    with_two(place, work)


def test_a_mail_whose_time_is_over_is_neither_claimed_nor_sent(place: Place) -> None:
    async def work(first: SqlLedger, _: SqlLedger) -> None:
        ends = NOW + MINUTE
        with pytest.raises(MailExpired, match="its time was over"):
            await first.claim(message(), revision=0, expires_at=ends, now=ends)
        claim = await first.claim(message(), revision=0, expires_at=ends, now=NOW)
        assert claim is not None
        with pytest.raises(MailExpired, match="its time was over"):
            await first.sending(claim, now=ends)
        await first.record(claim, GivenBack(), now=ends)
        [row] = await first.rows()
        assert (row.state, row.copies, row.attempts) == (State.RETRY, 0, 0)

    with_two(place, work)


@pytest.mark.parametrize("what", ["hold", "skip", "note", "release"])
@pytest.mark.parametrize("marked", [False, True])
def test_a_decision_about_a_mail_that_is_being_sent_comes_too_late(
    place: Place, what: What, *, marked: bool
) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        claim = await claimed(first, about_the_talk(), now=NOW)
        assert claim is not None
        if marked:
            await first.sending(claim, now=NOW)
        before = await second.history("s")
        with pytest.raises(TooLate, match=f"{claim.key} is being sent right now"):
            await second.decide([replace(HOLD, what=what)], key=claim.key, now=NOW)
        with pytest.raises(TooLate, match=f"{claim.key} is being sent right now"):
            await second.release(claim.key, decisions=[HOLD], now=NOW)
        history = await second.history("s")
        assert (history.decisions, history.revision) == ((), before.revision)

    with_two(place, work)


def test_a_decision_given_by_another_key_is_too_late_for_the_same_talk_and_rule(
    place: Place,
) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        assert await claimed(first, about_the_talk(), now=NOW) is not None
        with pytest.raises(TooLate, match="s/announcement/2026-04-03 is being sent"):
            await second.decide([HOLD], key="s/announcement/2026-04-03/2", now=NOW)
        await second.decide([replace(HOLD, talk="2")], key="s/announcement/2026-04-10", now=NOW)
        await second.decide([replace(HOLD, rule="reminder")], key="s/reminder/2026-04-07", now=NOW)
        assert len((await second.history("s")).decisions) == 2

    with_two(place, work)


def test_a_talk_is_cancelled_although_a_mail_about_it_is_being_sent_which_is_named(
    place: Place,
) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        assert await second.decide([CANCEL], key="s", now=NOW) == ()
        assert await claimed(first, about_the_talk(), now=NOW) is not None
        assert await second.decide([CANCEL], key="s", now=NOW) == (message().key,)
        assert [d.what for d in (await first.history("s")).decisions] == ["cancel", "cancel"]

    with_two(place, work)


def test_a_mail_that_was_sent_cannot_be_held_and_one_whose_process_is_gone_can(
    place: Place,
) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        lost = await claimed(first, about_the_talk(), now=NOW)
        assert lost is not None
        await second.decide([HOLD], key=lost.key, now=NOW + 11 * MINUTE)
        with pytest.raises(ClaimLost):
            await first.sending(lost, now=NOW + 11 * MINUTE)
        claim = await claimed(second, about_the_talk(), now=NOW + 11 * MINUTE)
        assert claim is not None
        await second.sending(claim, now=NOW + 11 * MINUTE)
        await second.record(claim, Sent(reply="250"), now=NOW + 11 * MINUTE)
        with pytest.raises(UsageError, match="was sent already"):
            await second.decide([HOLD], key=claim.key, now=NOW + 12 * MINUTE)

    with_two(place, work, lease=AT_ONCE)


def test_a_decision_is_too_late_also_where_one_side_goes_by_a_clock_of_its_own(
    place: Place,
) -> None:
    async def work(first: SqlLedger, second: SqlLedger) -> None:
        assert await claimed(first, about_the_talk(), now=NOW) is not None
        for now in (NOW + timedelta(days=2000), NOW - timedelta(days=2000)):
            with pytest.raises(TooLate, match="is being sent right now"):
                await second.decide([HOLD], key=message().key, now=now)
            with pytest.raises(TooLate, match="is being sent right now"):
                await second.release(message().key, now=now)

    with_two(place, work)


def test_a_claim_whose_process_has_long_gone_is_bound_by_a_decision_on_any_clock(
    place: Place,
) -> None:
    async def work(first: SqlLedger, _: SqlLedger) -> None:
        assert await claimed(first, about_the_talk(), now=NOW) is not None
        await first.decide([HOLD], key=message().key, now=NOW + timedelta(days=2000))
        assert (await first.history("s")).decisions == (HOLD,)

    with_two(place, work, lease=AT_ONCE)
