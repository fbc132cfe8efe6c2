"""Nobody's telephone rings at night: what is late waits for the morning, unless the talk begins first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from desk import SETTINGS, Desk
from hypothesis import given
from hypothesis import strategies as st
from passes import BERLIN, NINE, WEEKLY, Passes, at, talk

from announcer.cadence import Changes, Night, instant
from announcer.settings import load_settings
from announcer.talks import Status, Talk

NIGHT = Night(start=time(22), end=time(7))
RINGS = talk(1, date(2026, 4, 7))
FIELDS = talk(2, date(2026, 4, 14))
ZONES = [
    ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
]


def local(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=BERLIN, fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]  # parts of a date


@pytest.fixture
def told() -> Iterator[Passes]:
    """A list that has heard of the talk of Tuesday, 7 April, 15:00."""
    passes = Passes()
    passes.adopt(at("02 12:00"), RINGS, FIELDS)
    passes.send(at("03 10:00"), RINGS, FIELDS)
    yield passes
    passes.close()


def moved(to: time, room: str = "Room 2") -> Talk:
    starts_at = datetime.combine(date(2026, 4, 7), to, BERLIN).astimezone(UTC)
    return replace(
        RINGS, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), location=room
    )


CANCELLED = replace(RINGS, status=Status.CANCELLED)


@pytest.mark.parametrize(
    ("changed", "kind"), [(moved(time(16)), "update"), (CANCELLED, "cancellation")]
)
def test_a_change_at_night_is_told_in_the_morning(told: Passes, changed: Talk, kind: str) -> None:
    for now in ("04 21:55", "04 22:05", "04 23:30", "05 03:00", "05 06:59"):
        told.send(at(now), changed, FIELDS)
    assert told.mails[1:] == []
    [(key, standing, reason)] = [m for m in told.plan(at("05 06:59")) if kind in m[0]]
    assert (key, standing) == (f"s/{kind}/2026-04-05", "upcoming")
    assert reason == "goes out on Sunday 2026-04-05 07:00"
    told.send(at("05 07:00"), changed, FIELDS)
    assert told.mails[1:] == [f"s/{kind}/2026-04-05"]


def test_a_change_of_the_evening_that_nobody_told_in_time_waits_for_the_morning(
    told: Passes,
) -> None:
    told.send(at("04 21:00"), moved(time(16)), FIELDS)
    told.send(at("05 03:00"), moved(time(16)), FIELDS)  # the server was down
    assert told.mails[1:] == []
    told.send(at("05 07:00"), moved(time(16)), FIELDS)
    assert told.mails[1:] == ["s/update/2026-04-04"]  # the day on which it fell due


def test_a_change_in_the_evening_is_told_in_the_evening(told: Passes) -> None:
    for now in ("04 21:45", "04 21:55"):
        told.send(at(now), moved(time(16)), FIELDS)
    assert told.mails[1:] == ["s/update/2026-04-04"]


@pytest.mark.parametrize("changed", [moved(time(6)), moved(time(7))])
def test_what_begins_before_the_morning_is_told_at_night(told: Passes, changed: Talk) -> None:
    told.send(at("06 23:00"), changed, FIELDS)
    told.send(at("06 23:10"), changed, FIELDS)
    assert told.mails[1:] == ["s/update/2026-04-06"]


def test_an_early_talk_that_is_called_off_at_night_is_told_at_night(told: Passes) -> None:
    early = moved(time(6, 30))
    told.send(at("05 12:00"), early, FIELDS)
    told.send(at("05 12:10"), early, FIELDS)
    off = replace(early, status=Status.CANCELLED)
    told.send(at("06 23:00"), off, FIELDS)
    told.send(at("06 23:10"), off, FIELDS)
    assert told.mails[1:] == ["s/update/2026-04-05", "s/cancellation/2026-04-06"]


def test_where_the_night_is_off_a_change_is_told_at_any_hour(told: Passes) -> None:
    told.changes = Changes(night=None)
    told.send(at("04 23:00"), moved(time(16)), FIELDS)
    told.send(at("04 23:10"), moved(time(16)), FIELDS)
    assert told.mails[1:] == ["s/update/2026-04-04"]


def test_a_title_that_comes_at_night_is_announced_in_the_morning(told: Passes) -> None:
    untitled = replace(FIELDS, title=None, tba=True)
    told.send(at("10 10:00"), untitled)
    for now in ("11 23:00", "11 23:30", "12 06:30", "12 07:00"):
        told.send(at(now), FIELDS)
    assert told.mails[1:] == ["s/announcement/2026-04-10"]
    assert told.post.taken[-1].content.count(b"Date: Sun, 12 Apr 2026 07:00:00 +0200") == 1


def test_what_was_due_in_the_day_and_is_caught_up_with_at_night_waits(told: Passes) -> None:
    told.send(at("10 23:00"), FIELDS)  # the server was down since Friday at ten
    assert told.mails[1:] == []
    told.send(at("11 07:00"), FIELDS)
    assert told.mails[1:] == ["s/announcement/2026-04-10"]


def test_what_is_hardly_late_goes(told: Passes) -> None:
    told.cadence = (WEEKLY, replace(NINE, at=time(21, 50), days_before=1))
    told.send(at("10 10:00"), FIELDS)
    told.send(at("13 22:10"), FIELDS)
    assert told.mails[1:] == ["s/announcement/2026-04-10", "s/reminder/2026-04-13"]


def test_a_rule_of_the_night_goes_at_its_moment(told: Passes) -> None:
    told.cadence = (WEEKLY, replace(NINE, at=time(5, 30)))
    told.send(at("10 10:00"), FIELDS)
    told.send(at("14 06:45"), FIELDS)  # more than an hour late, but of this night
    assert told.mails[1:] == ["s/announcement/2026-04-10", "s/reminder/2026-04-14"]


def test_a_reminder_whose_time_would_be_over_by_the_morning_goes_at_night(told: Passes) -> None:
    told.cadence = (replace(NINE, at=time(20), days_before=1),)
    told.send(at("13 22:30"), FIELDS)
    assert told.mails[1:] == ["s/reminder/2026-04-13"]


def test_a_change_of_clocks_makes_a_night_longer_or_shorter() -> None:
    # In the night to 29 March 2026 clocks go forward, in that to 25 October 2026 back.
    for day, hours in ((date(2026, 3, 28), 8), (date(2026, 4, 28), 9), (date(2026, 10, 24), 10)):
        night = NIGHT.around(instant(day, time(23), BERLIN), BERLIN)
        assert night is not None
        assert night[1] - night[0] == timedelta(hours=hours)
        assert night[1].astimezone(BERLIN).time() == time(7)


def test_a_night_that_ends_in_the_hour_that_comes_twice_ends_once() -> None:
    night = Night(start=time(22), end=time(2, 30))
    first, second = (local(2026, 10, 25, 2, 15, fold=fold) for fold in (0, 1))
    assert night.morning(first, BERLIN) == local(2026, 10, 25, 2, 30)
    assert night.around(second, BERLIN) is None  # it was 2:30 already
    # Where the hour does not exist, the night ends with it.
    assert night.morning(local(2026, 3, 29, 1, 0), BERLIN) == local(2026, 3, 29, 3, 0)


@given(
    at_=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from(ZONES),
)
def test_every_morning_is_by_day_and_less_than_a_day_away(
    at_: datetime, start: time, end: time, zone: ZoneInfo
) -> None:
    if start == end:
        return
    night, at_ = Night(start=start, end=end), at_.replace(tzinfo=UTC)
    morning = night.morning(at_, zone)
    assert at_ <= morning <= at_ + timedelta(hours=25)
    found = night.around(at_, zone)
    assert (found is None) == (morning == at_)
    if found is not None:
        assert found[0] <= at_ < found[1] == morning
        assert instant(morning.astimezone(zone).date(), end, zone) == morning


def test_the_hours_of_the_night_are_a_setting(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    (tmp_path / "index.md").write_text("## Future\n")

    def night(words: str) -> Night | None:
        config.write_text(SETTINGS.format(port=1) + f"\n[series.changes]\n{words}\n")
        return load_settings(config).series[0].changes.night

    assert night("") == NIGHT
    assert night('night = "23:30-06:00"') == Night(start=time(23, 30), end=time(6))
    assert night('night = "00:00 – 6:30"') == Night(start=time(0), end=time(6, 30))
    assert night('night = "off"') is None


@pytest.mark.parametrize("words", ['"22-7"', '"22:00"', '"07:00-07:00"', '"25:00-07:00"', "true", '"never"'])  # fmt: skip
def test_a_night_that_is_none_is_named(desk: Desk, words: str) -> None:
    config = desk.folder / "config.toml"
    config.write_text(config.read_text() + f"\n[series.changes]\nnight = {words}\n")
    done = desk.run("plan")
    assert done.returncode == 2
    assert "series[0].changes.night" in done.stderr
    assert (
        'write the hours of a night like "22:00-07:00", or "off"' in done.stderr
        or "is no" in done.stderr
    )
