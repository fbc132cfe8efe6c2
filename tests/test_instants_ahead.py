"""Instants that a clock that was ahead has written: nothing false goes out, nothing is stuck for good."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from passes import CADENCE, SERIES, Passes, at, talk

from announcer.cadence import AS_USUAL
from announcer.errors import SourceUnreadable
from announcer.instants import SKEW, elapsed, known, within
from announcer.ledger import LONGEST_WAIT, Decision, History, Pause
from announcer.plan import plan_announcements

MINUTES, DAYS = timedelta(minutes=1), timedelta(days=1)
TUESDAY = talk(3, date(2026, 4, 7))
LATER = talk(4, date(2026, 4, 14))
AHEAD = (timedelta(hours=2), timedelta(days=3), timedelta(days=21), timedelta(days=4000))
GONE = SourceUnreadable("there is no page index.md; check source.location")


@pytest.fixture
def passes() -> Iterator[Passes]:
    passes = Passes()
    passes.adopt(at("01 10:00"), TUESDAY, LATER)
    yield passes
    passes.close()


def later(text: str, ahead: timedelta) -> str:
    return (at(text) + ahead).isoformat()


def test_an_instant_ahead_is_unknown_and_two_clocks_may_differ_a_little() -> None:
    now = at("03 10:00")
    assert (elapsed(now - DAYS, now), known(now - DAYS, now)) == (DAYS, now - DAYS)
    assert (elapsed(now + SKEW, now), known(now + SKEW, now)) == (timedelta(0), now)
    assert (elapsed(now + 2 * SKEW, now), known(now + 2 * SKEW, now)) == (None, None)
    assert (elapsed(None, now), known(None, now)) == (None, None)
    assert within(now + DAYS, now, DAYS) == now + DAYS
    assert within(now + DAYS + 2 * SKEW, now, DAYS) is None


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_page_that_was_read_at_an_instant_ahead_is_not_borne_when_it_is_gone(
    passes: Passes, ahead: timedelta
) -> None:
    passes.run_sql("UPDATE believed SET read_at = ?", later("03 09:00", ahead))
    report = passes.send(at("03 10:00"), shows=GONE)
    assert (report.exit_status, passes.mails) == (3, [])
    assert "Nothing goes out until the talks can be read again" in passes.notices[0]
    passes.send(at("03 10:05"), TUESDAY, LATER)
    assert passes.mails == ["s/announcement/2026-04-03"]
    assert passes.believed().read_at == at("03 10:05")
    passes.send(at("07 08:00"), shows=GONE)
    assert passes.send(at("07 09:00"), shows=GONE).deliveries == []


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("column", ["since", "clear"])
def test_a_change_first_seen_at_an_instant_ahead_is_told(
    passes: Passes, ahead: timedelta, column: str
) -> None:
    passes.send(at("03 10:00"), TUESDAY, LATER)
    moved = talk(3, date(2026, 4, 7), location="Room 5")
    passes.send(at("04 10:00"), moved, LATER)
    instants = '{"3": "' + later("04 10:00", ahead) + '"}'
    passes.run_sql(f"UPDATE believed SET {column} = ?", instants)
    for n in range(1, 4):
        passes.send(at("04 10:00") + n * 10 * MINUTES, moved, LATER)
    assert passes.mails == ["s/announcement/2026-04-03", "s/update/2026-04-04"]
    for day in ("07 09:00", "10 10:00", "14 09:00"):
        passes.send(at(day), moved, LATER)
    assert len(passes.mails) == 5


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_talk_first_seen_at_an_instant_ahead_is_missed_with_a_notice(
    passes: Passes, ahead: timedelta
) -> None:
    passes.run_sql("UPDATE seen SET since = ?", later("07 14:00", ahead))
    passes.send(at("07 14:00"), TUESDAY, LATER)
    assert any("s/reminder/2026-04-07" in notice for notice in passes.notices)


@pytest.mark.parametrize("ahead", AHEAD)
def test_organisers_that_were_told_at_an_instant_ahead_are_told_as_usual(
    passes: Passes, ahead: timedelta
) -> None:
    for now in ("02 12:00", "02 12:10"):
        passes.send(at(now), shows=GONE)
    assert len(passes.notices) == 1
    passes.run_sql("UPDATE notice SET told_at = ?", later("02 12:20", ahead))
    passes.send(at("02 12:20"), shows=GONE)
    passes.send(at("02 12:30"), shows=GONE)
    assert len(passes.notices) == 2
    passes.send(at("03 12:30"), shows=GONE)
    assert len(passes.notices) == 3


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_pause_longer_than_any_wait_is_over(passes: Passes, ahead: timedelta) -> None:
    passes.run_sql(
        "INSERT INTO pause (account, until, reply) VALUES ('account', ?, '535')",
        later("03 10:00", ahead),
    )
    passes.send(at("03 10:00"), TUESDAY, LATER)
    assert passes.mails == ["s/announcement/2026-04-03"]
    now = at("03 10:00")
    assert Pause(account="a", until=now + LONGEST_WAIT, reply="").lasts(now)
    assert not Pause(account="a", until=now, reply="").lasts(now)


ROW = (
    "UPDATE mail SET state = ?, copies = ?, next_attempt_at = ?, doubted_at = ?, settled_at = NULL, "
    "lease_until = ?, claimed_at = ?"
)


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize(
    ("state", "copies", "waits", "doubted", "minutes"),
    [
        ("retry", 0, True, False, 0),  # at once
        ("claimed", 0, False, False, 11),  # after a lease from now
        ("sending", 1, False, False, 26),  # after a lease, and the time that a doubt takes
        ("in_doubt", 1, False, True, 16),
        ("in_doubt", 1, True, True, 0),
    ],
)
def test_a_mail_whose_instants_lie_ahead_goes_on_once_and_is_not_stuck(
    passes: Passes,
    state: str,
    copies: int,
    waits: bool,  # noqa: FBT001 - a parameter of the test
    doubted: bool,  # noqa: FBT001 - as above
    minutes: int,
    ahead: timedelta,
) -> None:
    start = at("03 10:00")
    passes.send(start, TUESDAY, LATER)
    assert len(passes.mails) == 1
    wrong = (start + ahead).isoformat()
    passes.run_sql(
        ROW, state, copies, wrong if waits else None, wrong if doubted else None, wrong, wrong
    )
    went = None
    for minute in range(1, 40):
        passes.send(start + minute * MINUTES, TUESDAY, LATER)
        if went is None and len(passes.mails) == 2:
            went = minute - 1
    assert passes.mails == ["s/announcement/2026-04-03"] * 2
    assert went is not None
    assert minutes - 1 <= went <= minutes + 1


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize(
    "columns", [("settled_at",), ("claimed_at",), ("settled_at", "claimed_at")]
)
def test_a_mail_that_was_sent_at_an_instant_ahead_goes_no_second_time_and_hinders_no_other(
    passes: Passes, columns: tuple[str, ...], ahead: timedelta
) -> None:
    passes.send(at("03 10:00"), TUESDAY, LATER)
    for column in columns:
        passes.run_sql(f"UPDATE mail SET {column} = ?", later("03 10:00", ahead))
    for now in ("03 10:10", "07 09:00", "07 09:10", "10 10:00", "14 09:00"):
        passes.send(at(now), TUESDAY, LATER)
    assert passes.mails == [
        "s/announcement/2026-04-03",
        "s/reminder/2026-04-07",
        "s/announcement/2026-04-10",
        "s/reminder/2026-04-14",
    ]


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_ledger_that_was_adopted_at_an_instant_ahead_sends_as_usual(
    passes: Passes, ahead: timedelta
) -> None:
    passes.run_sql("UPDATE adoption SET adopted_at = ?", later("01 10:00", ahead))
    passes.run_sql("UPDATE rule SET known_since = ?", later("01 10:00", ahead))
    passes.send(at("03 10:00"), TUESDAY, LATER)
    assert passes.mails == ["s/announcement/2026-04-03"]


# What a person decided while the clock was ahead.


def standings(
    passes: Passes, what: str, rule: str, decided_at: datetime, *, now: datetime, **facts: object
) -> dict[str, str]:
    """Return how the mails of the plan stand after a decision about the talk of Tuesday."""
    history = passes._loop.run_until_complete(passes.ledger.history("s"))
    decision = Decision(
        series="s", rule=rule, talk="3", what=what, words="", who="anna", at=decided_at  # type: ignore[arg-type]  # the word of a test
    )  # fmt: skip
    history = History(
        series="s",
        adoption=history.adoption,
        rows=history.rows,
        believed=passes.believed(),
        decisions=(decision,),
    )
    shown = talk(3, date(2026, 4, 7), **facts)
    plan = plan_announcements(SERIES, CADENCE, (shown, LATER), history, now, changes=AS_USUAL)
    return {
        mail.rule: mail.standing.value for mail in plan.announcements if mail.talks[0].id == "3"
    }


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_decision_at_an_instant_ahead_is_neither_lost_nor_stretched(
    passes: Passes, ahead: timedelta
) -> None:
    passes.send(at("03 10:00"), TUESDAY, LATER)
    now = at("04 12:00")
    wrong = now + ahead
    assert standings(passes, "cancel", "", wrong, now=now)["cancellation"] == "due"
    moved = {"location": "Room 5"}
    assert standings(passes, "accept", "", wrong, now=now, **moved)["update"] == "due"
    assert standings(passes, "skip", "update", wrong, now=now, **moved)["update"] == "held"
    assert standings(passes, "hold", "update", wrong, now=now, **moved)["update"] == "held"
    assert standings(passes, "skip", "reminder", wrong, now=now)["reminder"] == "skipped"
    assert standings(passes, "hold", "reminder", wrong, now=now)["reminder"] == "held"


@pytest.mark.parametrize("ahead", AHEAD)
def test_what_is_remembered_of_a_flickering_page_is_settled_after_a_clock_was_ahead(
    passes: Passes, ahead: timedelta
) -> None:
    other = talk(3, date(2026, 4, 7), location="Room 5")
    passes.send(at("03 10:00"), TUESDAY, LATER)
    passes.send(at("03 12:00"), other, LATER)
    passes.send(at("03 12:00") + ahead, TUESDAY, LATER)
    for n in range(4):
        passes.send(at("03 12:10") + n * 10 * MINUTES, TUESDAY, LATER)
    assert passes.believed().talks[0].location == "Room 2"
    assert passes.believed().watched == {}
