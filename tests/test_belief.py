"""How much of a page may change at once until it counts as broken."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from passes import Passes, at
from passes import talk as page_talk
from terms import series

from announcer.belief import believed
from announcer.errors import SourceUnreadable, SourceUntrusted
from announcer.talks import Reading, Status, Talk

WHOSE = series(start=time(15))
NOW = datetime(2026, 4, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)
# Titles that have nothing in common, so that no talk is taken for another.
TITLES = ("Rings", "Knots", "Zeta", "Moduli", "Waves", "Chaos", "Groups", "Braids")


def talk(number: int, day: date | None = None, **facts: object) -> Talk:
    """Return a talk of its own title; one a week, the first one next Tuesday."""
    day = day or date(2026, 4, 7) + 7 * number * DAY
    start = datetime.combine(day, time(13), UTC)
    values: dict[str, object] = {
        "title": TITLES[number % len(TITLES)] + "abcdefghij"[number // len(TITLES)] * 9,
        "day": day,
        "starts_at": start,
        "ends_at": start + timedelta(hours=1),
    }
    return Talk(id=f"talk {number}", **(values | facts))  # type: ignore[arg-type]  # the facts of a test


def is_believed(before: Iterable[Talk], after: Iterable[Talk]) -> bool:
    first = believed(None, Reading(talks=tuple(before)), WHOSE, NOW - DAY)
    try:
        believed(first, Reading(talks=tuple(after)), WHOSE, NOW)
    except SourceUntrusted:
        return False
    return True


def moved(one: Talk) -> Talk:
    assert one.day is not None
    return replace(talk(int(one.id.split()[1]), one.day + 2 * DAY), id=one.id)


AT_ONCE = [(3, 2, True), (4, 2, True), (4, 3, False), (5, 2, True), (5, 3, False), (6, 3, True), (6, 4, False)]  # fmt: skip


@pytest.mark.parametrize(("ahead", "lost", "right"), AT_ONCE)
def test_half_of_four_or_more_talks_ahead_may_go_or_move_at_once_and_no_more(
    ahead: int,
    lost: int,
    right: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    talks = [talk(number) for number in range(ahead)]
    assert is_believed(talks, talks[lost:]) is right
    assert is_believed(talks, [*map(moved, talks[:lost]), *talks[lost:]]) is right


def test_past_talks_may_all_go_at_once() -> None:
    past = [talk(number, date(2026, 3, 3 + number)) for number in range(5)]
    ahead = [talk(number) for number in range(5, 8)]
    assert is_believed([*past, *ahead], ahead)


def test_all_talks_of_a_term_may_be_called_off_at_once_also_without_their_days() -> None:
    talks = [talk(number) for number in range(6)]
    off = [replace(one, status=Status.CANCELLED) for one in talks]
    assert is_believed(talks, off)
    assert is_believed(talks, [replace(one, day=None, starts_at=None, ends_at=None) for one in off])


def test_forty_nine_new_talks_are_a_term_and_fifty_are_a_mistake() -> None:
    known = talk(0)
    new = [talk(number, date(2026, 4, 8) + number * DAY) for number in range(1, 51)]
    past = [talk(number, date(2026, 1, 1) + number * DAY) for number in range(51, 80)]
    assert is_believed([known], [known, *new[:49]])
    assert is_believed([known], [known, *new[:49], *past])
    assert not is_believed([known], [known, *new])


@pytest.mark.parametrize(("days", "known"), [(1, True), (59, True), (62, False)])
def test_a_talk_that_left_the_page_after_its_day_is_known_again_for_sixty_days(
    days: int,
    known: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    one, other = talk(0, date(2026, 4, 1)), talk(1, date(2026, 9, 1))
    last = believed(None, Reading(talks=(one, other)), WHOSE, NOW)
    for day in (1, days):
        last = believed(last, Reading(talks=(other,)), WHOSE, NOW + day * DAY)
    assert (one in last.gone) is known


@pytest.mark.parametrize(("now", "stands"), [("07 12:00", True), ("07 12:01", False)])
def test_a_page_that_has_long_been_the_same_stands_for_three_days_from_its_last_reading(
    now: str,
    stands: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    shown = page_talk(3, date(2026, 4, 7))
    with closing(Passes()) as passes:
        passes.adopt(at("01 10:00"), shown)
        for read_at in ("01 10:30", "02 12:00", "03 10:00", "04 12:00"):
            passes.send(at(read_at), shown)
        report = passes.send(at(now), shows=SourceUnreadable("there is no page"))
        assert passes.mails[1:] == (["s/reminder/2026-04-07"] if stands else [])
        assert report.exit_status == 3
