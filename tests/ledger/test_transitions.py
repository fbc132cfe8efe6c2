"""The steps of a mail in the ledger to the second, and field by field.

``test_steps`` looks at every order of events, but sees neither seconds nor what a mail says.
"""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from announcer.errors import ClaimLost, MailExpired, UsageError
from announcer.ledger import (
    LEASE,
    RESEND_AFTER,
    Deferred,
    GivenBack,
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
    claim_of,
    free_at,
    step,
)
from announcer.message import Message, Said

NOW = datetime(2026, 4, 3, 8, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
EXPIRES = NOW + timedelta(days=1)
SAID = Said(
    talk="3",
    day=date(2026, 4, 7),
    moment_day=NOW.date(),
    title="Rings",
    speakers=(),
    stream=None,
    status="confirmed",
    starts_at=NOW + timedelta(days=4),
    ends_at=NOW + timedelta(days=4, hours=1),
    location="Room 2",
    uid="u",
    sequence=0,
    stamp=NOW,
    digest="",
)
MAIL = Message(
    key="s/announcement/2026-04-03",
    series="s",
    kind="announcement",
    rule="announcement",
    due_at=NOW,
    sender="seminar@example.org",
    recipient="s@groups.example",
    message_id="<a@example.org>",
    subject="Rings",
    content=b"Rings\r\n",
    said=(SAID,),
)
ANEW = replace(
    MAIL,
    due_at=NOW + MINUTE,
    sender="else@example.org",
    recipient="else@groups.example",
    subject="Fields",
    content=b"Fields\r\n",
    said=(replace(SAID, title="Fields"),),
)


def after(row: Row | None, event: Event) -> Row:
    found = step(row, event)
    assert found is not None
    return found


def claim(
    message: Message = MAIL, *, now: datetime = NOW, copies: int = 0, expires_at: datetime = EXPIRES
) -> Claimed:
    return Claimed(
        message=message,
        owner="o",
        now=now,
        clock=now,
        planned_at=0,
        revision=0,
        expires_at=expires_at,
        copies=copies,
    )


def sending(row: Row, *, now: datetime = NOW) -> Sending:
    return Sending(claim=claim_of(row, EXPIRES), now=now, clock=now)


def ended(row: Row, outcome: Outcome, *, now: datetime = NOW) -> Ended:
    return Ended(claim=claim_of(row, EXPIRES), outcome=outcome, now=now)


def expired(now: datetime) -> Expired:
    return Expired(now=now, clock=now)


CLAIMED = after(None, claim())
SENDING = after(CLAIMED, sending(CLAIMED))
DEFERRED = after(SENDING, ended(SENDING, Deferred(until=NOW + MINUTE, reply="451 later")))
DOUBT = after(SENDING, ended(SENDING, InDoubt(reply="no answer")))
SENT = after(SENDING, ended(SENDING, Sent(reply="250 taken")))
HELD = after(None, Capped(message=MAIL, why="too many", owner="o", now=NOW))
RELEASED = after(HELD, Released(key=MAIL.key, now=NOW, clock=NOW))


def test_a_mail_of_which_no_copy_exists_says_what_is_true_when_it_is_claimed_again() -> None:
    row = after(DEFERRED, claim(ANEW, now=NOW + MINUTE))
    shared = {field.name for field in fields(Message)} & {field.name for field in fields(Row)}
    assert {name: getattr(row, name) for name in shared} == {
        name: getattr(ANEW, name) for name in shared
    }
    assert (row.claimed_at, row.attempts, row.fence) == (NOW, 2, 2)
    capped = after(DEFERRED, Capped(message=ANEW, why="too many", owner="o", now=NOW))
    assert (capped.subject, capped.recipient) == (ANEW.subject, ANEW.recipient)


def test_a_mail_of_which_a_copy_may_exist_stays_what_it_is() -> None:
    later = NOW + RESEND_AFTER
    assert step(DOUBT, claim(ANEW, now=later, copies=1)) is None
    assert step(DOUBT, claim(now=later)) is None  # who meant the first copy makes no second
    again = after(DOUBT, claim(replace(ANEW, content=MAIL.content), now=later, copies=1))
    assert again.message() == MAIL


def test_a_claim_that_is_given_back_counts_as_no_attempt() -> None:
    row = after(CLAIMED, ended(CLAIMED, GivenBack(), now=NOW + SECOND))
    assert (row.state, row.attempts, row.copies) == (State.RETRY, 0, 0)
    assert free_at(row) == NOW + SECOND
    assert after(row, claim(now=NOW + SECOND)).attempts == 1


def test_a_doubt_after_a_deferral_waits_its_own_time_and_not_that_of_the_deferral() -> None:
    later = NOW + MINUTE
    again = after(DEFERRED, claim(now=later))
    handed_over = after(again, sending(again, now=later))
    doubt = after(handed_over, ended(handed_over, InDoubt(reply="no answer"), now=later))
    assert free_at(doubt) == later + RESEND_AFTER


@pytest.mark.parametrize(
    ("row", "free_from", "copies"),
    [
        (DEFERRED, NOW + MINUTE, 0),
        (DOUBT, NOW + RESEND_AFTER, 1),
        (CLAIMED, NOW + LEASE, 0),
    ],
)
def test_a_mail_is_free_from_its_time_on_and_not_a_second_before(
    row: Row, free_from: datetime, copies: int
) -> None:
    assert step(row, claim(now=free_from - SECOND, copies=copies)) is None
    assert step(row, claim(now=free_from, copies=copies)) is not None


def test_a_lease_holds_up_to_its_last_second() -> None:
    ends = NOW + LEASE
    assert after(CLAIMED, sending(CLAIMED, now=ends - SECOND)).lease_until == ends - SECOND + LEASE
    with pytest.raises(ClaimLost, match="ran out"):
        step(CLAIMED, sending(CLAIMED, now=ends))
    assert step(SENDING, expired(ends - SECOND)) == SENDING
    assert after(SENDING, expired(ends)).state is State.IN_DOUBT


def test_a_mail_may_go_up_to_the_last_second_of_its_time() -> None:
    ends = NOW + MINUTE
    last = after(None, claim(now=ends - SECOND, expires_at=ends))
    assert last.state is State.CLAIMED
    held_by = claim_of(last, ends)
    assert step(last, Sending(claim=held_by, now=ends - SECOND, clock=ends - SECOND)) is not None
    with pytest.raises(MailExpired):
        step(None, claim(now=ends, expires_at=ends))
    with pytest.raises(MailExpired):
        step(last, Sending(claim=held_by, now=ends, clock=ends))


def test_caps_hold_what_waits_for_its_next_attempt_but_not_what_a_person_let_go() -> None:
    cap = Capped(message=ANEW, why="too many", owner="o", now=NOW)
    assert after(DEFERRED, cap).state is State.HELD
    assert free_at(after(DEFERRED, cap)) is None
    for row in (RELEASED, CLAIMED, SENDING, DOUBT, SENT, HELD):
        assert step(row, cap) is None


def test_what_a_person_let_go_is_held_again_by_nothing_but_a_new_doubt() -> None:
    row = after(RELEASED, claim())
    assert row.released
    handed_over = after(row, sending(row))
    deferred = after(handed_over, ended(handed_over, Deferred(until=NOW, reply="451")))
    assert deferred.released
    assert not after(handed_over, ended(handed_over, InDoubt(reply="no answer"))).released
    assert not after(handed_over, expired(NOW + LEASE)).released


def test_a_decision_about_a_mail_that_was_sent_is_refused_and_one_about_its_talk_is_not() -> None:
    with pytest.raises(UsageError, match="was sent already"):
        step(SENT, Decided(key=MAIL.key, clock=NOW))
    assert step(SENT, Decided(key="s/reminder/2026-04-07", clock=NOW)) == SENT


def test_a_250_makes_a_copy_whatever_the_row_says() -> None:
    overtaken = after(CLAIMED, claim(now=NOW + LEASE))
    sent = after(overtaken, ended(SENDING, Sent(reply="250 taken")))
    assert (sent.state, sent.copies, sent.reply) == (State.SENT, 1, "250 taken")
    assert after(sent, ended(SENDING, Sent(reply="250 again"))) == sent


@pytest.mark.parametrize("outcome", [Refused(reply="550 no"), Deferred(until=NOW, reply="451")])
def test_that_a_second_copy_was_not_taken_says_nothing_about_the_first(outcome: Outcome) -> None:
    later = NOW + RESEND_AFTER
    again = after(DOUBT, claim(now=later, copies=1))
    handed_over = after(again, sending(again, now=later))
    assert handed_over.copies == 2
    row = after(handed_over, ended(handed_over, outcome, now=later))
    assert (row.state, row.copies) == (State.IN_DOUBT, 1)
    first = after(SENDING, ended(SENDING, outcome))
    assert (first.state in (State.REFUSED, State.RETRY), first.copies) == (True, 0)
