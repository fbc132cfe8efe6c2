"""Listeners in other zones read when a talk is for them, also when the clocks are out of step."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_compose import BERLIN, NOW, mail

from announcer.announcement import Announcement
from announcer.cadence import instant
from announcer.compose import MailComposer
from announcer.elsewhere import Elsewhere, elsewhere, shift
from announcer.errors import SettingsError
from announcer.settings import load_settings
from announcer.talks import Series
from announcer.verify import verify

NEW_YORK = ZoneInfo("America/New_York")
EXAMPLE = Path(__file__).parents[1] / "config.example.toml"


def series(here: ZoneInfo, *there: str, language: str = "en") -> Series:
    zones = tuple(map(ZoneInfo, there))
    return replace(mail().series, timezone=here, also_times=zones, language=language)


def at_three(here: ZoneInfo, day: date, *there: str, language: str = "en") -> tuple[Elsewhere, ...]:
    """Say when a talk of that day, from 15:00 to 16:00, is elsewhere."""
    start = instant(day, time(15), here)
    end = start + timedelta(hours=1)
    return elsewhere(series(here, *there, language=language), start, end, language)


# In 2026 the United States change on 8 March and 1 November, Europe on 29 March and 25 October.
@pytest.mark.parametrize(
    ("day", "clock", "out_of_step"),
    [
        (date(2026, 3, 3), "09:00–10:00 (EST, UTC-5)", 0),
        (date(2026, 3, 7), "09:00–10:00 (EST, UTC-5)", 0),
        (date(2026, 3, 8), "10:00–11:00 (EDT, UTC-4)", 1),
        (date(2026, 3, 10), "10:00–11:00 (EDT, UTC-4)", 1),
        (date(2026, 3, 17), "10:00–11:00 (EDT, UTC-4)", 1),
        (date(2026, 3, 24), "10:00–11:00 (EDT, UTC-4)", 1),
        (date(2026, 3, 28), "10:00–11:00 (EDT, UTC-4)", 1),
        (date(2026, 3, 29), "09:00–10:00 (EDT, UTC-4)", 0),
        (date(2026, 3, 31), "09:00–10:00 (EDT, UTC-4)", 0),
        (date(2026, 7, 7), "09:00–10:00 (EDT, UTC-4)", 0),
        (date(2026, 10, 24), "09:00–10:00 (EDT, UTC-4)", 0),
        (date(2026, 10, 25), "10:00–11:00 (EDT, UTC-4)", 1),
        (date(2026, 10, 27), "10:00–11:00 (EDT, UTC-4)", 1),
        (date(2026, 10, 31), "10:00–11:00 (EDT, UTC-4)", 1),
        (date(2026, 11, 1), "09:00–10:00 (EST, UTC-5)", 0),
        (date(2026, 11, 3), "09:00–10:00 (EST, UTC-5)", 0),
    ],
)
def test_the_weeks_in_which_america_and_europe_are_out_of_step(
    day: date, clock: str, out_of_step: int
) -> None:
    [there] = at_three(BERLIN, day, "America/New_York")
    said = "one hour later than usual in New York, because of the change of clocks"
    assert (there.when, there.shift) == (f"New York: {clock}", said * out_of_step)


def test_seen_from_america_the_same_weeks_come_earlier_in_europe() -> None:
    said = {
        day: at_three(NEW_YORK, day, "Europe/Berlin")[0]
        for day in (date(2026, 3, 3), date(2026, 3, 10), date(2026, 4, 7), date(2026, 10, 27))
    }
    assert [(there.when, there.shift) for there in said.values()] == [
        ("Berlin: 21:00–22:00 (CET, UTC+1)", ""),
        (
            "Berlin: 20:00–21:00 (CET, UTC+1)",
            "one hour earlier than usual in Berlin, because of the change of clocks",
        ),
        ("Berlin: 21:00–22:00 (CEST, UTC+2)", ""),
        (
            "Berlin: 20:00–21:00 (CET, UTC+1)",
            "one hour earlier than usual in Berlin, because of the change of clocks",
        ),
    ]


def test_a_zone_that_changes_its_clocks_at_other_times_of_the_year_is_compared_with_before() -> (
    None
):
    # Sydney is 8 hours ahead in the European summer and 10 in winter, and 9 for a few weeks.
    found = {
        day: shift(BERLIN, ZoneInfo("Australia/Sydney"), instant(day, time(9), BERLIN))
        for day in (date(2026, 7, 1), date(2026, 10, 13), date(2026, 12, 1), date(2026, 4, 1))
    }
    hour = timedelta(hours=1)
    assert list(found.values()) == [0 * hour, hour, 0 * hour, -hour]


def test_a_zone_without_summer_time_is_as_usual_all_year() -> None:
    for month in range(1, 13):
        at = datetime(2026, month, 15, 14, tzinfo=UTC)
        assert not shift(BERLIN, ZoneInfo("Asia/Tokyo"), at)
        assert not shift(BERLIN, BERLIN, at)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2035, 1, 1)))
def test_berlin_and_new_york_are_an_hour_apart_from_usual_or_not_at_all(at: datetime) -> None:
    moment = at.replace(tzinfo=UTC)
    apart = (
        moment.astimezone(BERLIN).replace(tzinfo=None)
        - moment.astimezone(NEW_YORK).replace(tzinfo=None)
    )  # fmt: skip
    assert apart + shift(BERLIN, NEW_YORK, moment) == timedelta(hours=6)


def test_the_weekday_stands_where_it_is_another_one() -> None:
    day = date(2026, 4, 7)
    said = at_three(BERLIN, day, "Asia/Tokyo", "Pacific/Auckland", "Asia/Kathmandu")
    assert [there.when for there in said] == [
        "Tokyo: 22:00–23:00 (JST, UTC+9)",
        "Auckland: Wednesday, 01:00–02:00 (NZST, UTC+12)",
        "Kathmandu: 18:45–19:45 (UTC+5:45)",
    ]
    [auckland] = at_three(BERLIN, day, "Pacific/Auckland", language="de")
    assert auckland.when == "Auckland: Mittwoch, 01:00–02:00 Uhr (NZST, UTC+12)"


def _in_march(language: str = "en") -> Announcement:
    announcement = mail()
    [talk] = announcement.talks
    start = instant(date(2026, 3, 10), time(15), BERLIN)
    talk = replace(talk, day=date(2026, 3, 10), starts_at=start, ends_at=start + timedelta(hours=1))
    return replace(
        announcement,
        talks=(talk,),
        series=series(BERLIN, "America/New_York", "Asia/Tokyo", language=language),
    )


def _parts(announcement: Announcement) -> tuple[str, str]:
    message = MailComposer().compose(announcement, NOW)
    verify(message, announcement)
    parsed = message_from_bytes(message.content, policy=SMTP)
    plain, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content().replace("\r\n", "\n"), html.get_content()


def test_the_mail_says_the_other_times_below_its_own() -> None:
    text, html = _parts(_in_march())
    assert (
        "When:    Tuesday, March 10, 2026, 15:00–16:00 (CET, UTC+1)\n"
        "         New York: 10:00–11:00 (EDT, UTC-4)\n"
        "         one hour later than usual in New York, because of the change of\n"
        "         clocks\n"
        "         Tokyo: 23:00–00:00 (JST, UTC+9)\n"
        "Where:   Room 2\n"
    ) in text
    assert "New York: 10:00–11:00 (EDT, UTC-4)<br>" in html


def test_the_other_times_are_told_in_the_language_of_the_mail() -> None:
    text, _ = _parts(_in_march("de"))
    assert (
        "        New York: 10:00–11:00 Uhr (EDT, UTC-4)\n"
        "        eine Stunde später als sonst in New York, wegen der\n"
        "        Zeitumstellung\n"
        "        Tokio: 23:00–00:00 Uhr (JST, UTC+9)\n"
    ) in text
    text, _ = _parts(_in_march("fr"))
    assert "New York\u00a0: 10:00–11:00 (EDT, UTC-4)\n" in text
    assert "une heure plus tard que d’habitude (New York), en raison du" in text


def test_the_settings_name_the_zones_or_say_which_is_none(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("# also_times", "also_times")
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    [asked] = load_settings(path, environ={}).series
    assert asked.series.also_times == (NEW_YORK,)
    path.write_text(text.replace("New_York", "New_Yrok"), encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load_settings(path, environ={})
    assert error.value.mistakes == (
        'config.toml: series[0].also_times[0]: "America/New_Yrok" is no time zone; did you mean '
        '"America/New_York"?',
    )
