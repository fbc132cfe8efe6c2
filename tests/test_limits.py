"""How many mails a list may get: in a pass, in a day, in a week, to the minute."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, time, timedelta

import pytest
from passes import HOUR, Passes, at, talk

from announcer.cadence import REMINDER, Rule

NINE = Rule(kind=REMINDER, at=time(9), grace=HOUR)
TWELVE = Rule(kind=REMINDER, name="noon", at=time(12), grace=HOUR)
AGAIN = Rule(kind=REMINDER, name="again", at=time(9), grace=HOUR)
TALKS = [talk(n, date(2026, 4, 5) + n * timedelta(days=1)) for n in range(1, 16)]


@dataclass(frozen=True)
class Limits:
    per_pass: int = 99
    per_day: int = 99
    per_week: int = 99


@pytest.fixture
def passes() -> Iterator[Passes]:
    with closing(Passes()) as passes:
        yield passes


def days(passes: Passes, limits: Limits, *cadence: Rule, number: int = 3) -> list[list[str]]:
    """Return the rules whose mails went on each of so many days; each day has a talk."""
    passes.limits, passes.cadence = limits, cadence
    passes.adopt(at("05 10:00"), *TALKS)
    hours = sorted({rule.at.hour for rule in cadence if rule.at})
    went = []
    for day in range(6, 6 + number):
        before = len(passes.mails)
        for hour in hours:
            passes.send(at(f"{day:02} {hour:02}:00"), *TALKS)
        went.append([key.split("/")[1] for key in passes.mails[before:]])
    return went


def test_what_is_within_all_limits_goes(passes: Passes) -> None:
    limits = Limits(per_pass=2, per_day=3, per_week=21)
    each_day = ["again", "reminder", "noon"]
    assert days(passes, limits, NINE, AGAIN, TWELVE) == [each_day] * 3


def test_of_two_mails_of_a_pass_that_takes_one_neither_goes(passes: Passes) -> None:
    assert days(passes, Limits(per_pass=1), NINE, AGAIN, TWELVE) == [["noon"]] * 3
    assert "limits.per_pass is 1" in passes.notices[0]


def test_a_day_has_twenty_four_hours(passes: Passes) -> None:
    # At nine the mail of nine the day before is a day old, that of noon is not.
    went = days(passes, Limits(per_day=1), NINE, TWELVE)
    assert went == [["reminder"]] * 3
    assert "limits.per_day is 1" in passes.notices[0]


def test_a_week_has_seven_days(passes: Passes) -> None:
    went = days(passes, Limits(per_week=6), NINE, number=14)
    assert [number for number, mails in enumerate(went, 1) if not mails] == [7, 14]
    assert "limits.per_week is 6" in passes.notices[0]
