"""Rules are expanded within a window, with work that is counted; dateutil is what they are checked against."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar.prop import vRecur
from terms import NOW, series

from announcer.errors import SourceUnreadable
from announcer.source.calendar import CalendarSource
from announcer.source.holidays import holidays
from announcer.source.recurrence import Allowance, occurrences, parsed
from announcer.source.said import Facts

BERLIN = ZoneInfo("Europe/Berlin")
# dateutil looks for the next occurrence up to the year 9999, be there none: so it is asked near that.
FIRST, LAST = datetime(9988, 3, 1), datetime(9991, 3, 1)


def read(*lines: str, start: str = "DTSTART:20200407T100000Z") -> tuple[list[Facts], list[str]]:
    return calendar("\n".join(("UID:1", "SUMMARY:Good", start, *lines)))


def calendar(*entries: str) -> tuple[list[Facts], list[str]]:
    inner = "".join(f"BEGIN:VEVENT\n{entry}\nEND:VEVENT\n" for entry in entries)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{inner}END:VCALENDAR\n"
    return CalendarSource(Path("c.ics"), series()).read(text, "c.ics", NOW)


def listed(numbers: st.SearchStrategy[int], name: str) -> st.SearchStrategy[str]:
    some = st.lists(numbers, min_size=1, max_size=3, unique=True)
    return some.map(lambda them: f";{name}={','.join(map(str, them))}") | st.just("")


def either(*signs: range) -> st.SearchStrategy[int]:
    return st.sampled_from([number for numbers in signs for number in numbers])


DAYS = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
NTH = st.sampled_from(["1MO", "-1FR", "2WE", "5TH", "-2SU"])
RULES = st.one_of(
    st.tuples(
        st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY"]),
        listed(either(range(1, 13)), "BYMONTH"),
        st.lists(DAYS, max_size=3, unique=True).map(lambda d: f";BYDAY={','.join(d)}" if d else ""),
        listed(either(range(24)), "BYHOUR"),
    ),
    st.tuples(
        st.sampled_from(["FREQ=MONTHLY", "FREQ=YEARLY"]),
        listed(either(range(1, 13)), "BYMONTH"),
        listed(either(range(1, 32), range(-31, 0)), "BYMONTHDAY"),
        st.lists(NTH, max_size=2, unique=True).map(lambda d: f";BYDAY={','.join(d)}" if d else ""),
        listed(st.sampled_from([1, 2, -1, -2]), "BYSETPOS"),
    ),
    st.tuples(
        st.just("FREQ=YEARLY"),
        listed(either(range(1, 367), range(-366, 0)), "BYYEARDAY"),
        listed(either(range(1, 54), range(-53, 0)), "BYWEEKNO"),
        st.lists(DAYS, max_size=2, unique=True).map(lambda d: f";BYDAY={','.join(d)}" if d else ""),
    ),
)
ENDS = st.sampled_from(["", ";COUNT=1", ";COUNT=40", ";UNTIL=99900501T000000", ";UNTIL=99890301"])


@settings(max_examples=100, deadline=None)
@given(
    parts=RULES,
    end=ENDS,
    interval=st.sampled_from([1, 2, 3, 7]),
    week=st.sampled_from(["", ";WKST=SU", ";WKST=WE"]),
    start=st.dates(date(9982, 1, 1), date(9990, 12, 31)),
)
def test_a_rule_gives_what_dateutil_gives(
    parts: tuple[str, ...], end: str, interval: int, week: str, start: date
) -> None:
    rule = "".join(parts) + f";INTERVAL={interval}{week}{end}"
    begin = datetime(start.year, start.month, start.day, 16, 15)
    all_of_them = takewhile(lambda at: at <= LAST, rrulestr(rule, dtstart=begin))
    expected = [at for at in all_of_them if at >= FIRST]
    own = parsed(vRecur.from_ical(rule))
    found = list(occurrences(own, begin, FIRST, LAST, Allowance(100_000)))
    assert found == expected


def test_a_rule_keeps_the_wall_clock_over_a_change_of_clocks() -> None:
    start = datetime(2026, 3, 17, 16, tzinfo=BERLIN)
    window = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC))
    found = list(occurrences(parsed({"FREQ": ["WEEKLY"]}), start, *window, Allowance(100)))
    assert [f"{at:%d. %H:%M}" for at in found] == ["17. 16:00", "24. 16:00", "31. 16:00", "07. 16:00"]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=WEEKLY;INTERVAL=0", "INTERVAL=0 never ends"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL=-1 never ends"),
        ("FREQ=SECONDLY", "FREQ=SECONDLY is not read"),
        ("FREQ=HOURLY;COUNT=3", "FREQ=HOURLY is not read"),
        (
            f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}",
            "1440 times a day",
        ),
    ],
)
def test_a_rule_that_never_ends_or_repeats_all_day_is_named_and_not_followed(
    rule: str, words: str
) -> None:
    found, warnings = read(f"RRULE:{rule}")
    assert found == []
    assert words in warnings[0]
    assert warnings[0].startswith('c.ics, line 5: "Good" was not understood')


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYMONTHDAY=31;BYMONTH=2",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31;COUNT=3",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
        "FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=100",
        "FREQ=DAILY;BYSETPOS=366",
        "FREQ=YEARLY;INTERVAL=9999",
        "FREQ=DAILY;INTERVAL=999999999",
    ],
)
def test_a_rule_without_occurrences_costs_no_more_than_its_window(rule: str) -> None:
    start = datetime(2021, 4, 7, 10, tzinfo=UTC)
    allowance = Allowance(10_000)
    own = parsed(vRecur.from_ical(rule))
    window = (NOW - timedelta(days=400), NOW + timedelta(days=300))
    assert list(occurrences(own, start, *window, allowance)) == []


def test_of_a_rule_with_many_occurrences_those_ahead_are_read_and_what_is_cut_is_said() -> None:
    found, warnings = read("RRULE:FREQ=DAILY;BYHOUR=10,14")
    assert len(found) == 500
    assert [f.when[0][:10] for f in (found[0], found[-1])] == ["2026-04-03", "2026-12-08"]
    assert warnings == [
        'c.ics, line 5: "Good" is not read as a whole: it repeats more than 500 times, and is read '
        "from 2026-04-03 to 2026-12-08"
    ]


def test_of_past_occurrences_the_latest_are_read() -> None:
    found, _ = read("RRULE:FREQ=DAILY")
    days = [f.when[0][:10] for f in found]
    assert (len(days), days[-1]) == (500, "2027-01-27")
    assert days[0] == "2025-09-15"


def test_a_flood_of_single_dates_is_bounded_as_a_rule_is() -> None:
    dates = [f"{datetime(2026, 1, 1, 10) + timedelta(minutes=70 * n):%Y%m%dT%H%M%SZ}" for n in range(6_000)]  # fmt: skip
    found, warnings = read(f"RDATE:{','.join(dates)}")
    assert len(found) == 500
    assert "repeats more than 500 times" in warnings[0]


def test_a_flood_of_exceptions_takes_out_what_it_names_and_nothing_else() -> None:
    dates = [f"{datetime(2020, 4, 7, 10) + timedelta(days=n):%Y%m%dT%H%M%SZ}" for n in range(6_000) if n % 7]  # fmt: skip
    found, warnings = read("RRULE:FREQ=DAILY", f"EXDATE:{','.join(dates)}")
    assert [f.when[0][:10] for f in found if "2026-04" in f.when[0]] == ["2026-04-07", "2026-04-14", "2026-04-21", "2026-04-28"]  # fmt: skip
    assert warnings == []


def test_an_exception_of_a_whole_day_takes_out_the_occurrence_of_that_day() -> None:
    found, _ = read("RRULE:FREQ=WEEKLY;UNTIL=20260430T000000Z", "EXDATE;VALUE=DATE:20260414")
    days = [f.when[0][:10] for f in found if "2026-04" in f.when[0]]
    assert days == ["2026-04-07", "2026-04-21", "2026-04-28"]


def test_days_without_a_time_repeat_as_days() -> None:
    found, _ = read(
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "EXDATE;VALUE=DATE:20260414",
        start="DTSTART;VALUE=DATE:20260407",
    )
    assert [f.when for f in found] == [("2026-04-07",), ("2026-04-21",)]


def test_a_single_date_may_be_a_period_with_its_own_end() -> None:
    found, _ = read("RDATE;VALUE=PERIOD:20260408T100000Z/PT3H", start="DTSTART:20260407T100000Z")
    assert [f.when[0] for f in found] == ["2026-04-07T10:00:00+00:00", "2026-04-08T10:00:00+00:00"]
    assert found[1].until == ("2026-04-08T13:00:00+00:00",)


def test_a_calendar_whose_zone_is_named_apart_repeats_on_the_clock_of_that_zone() -> None:
    text = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nX-WR-TIMEZONE:Europe/Berlin\nBEGIN:VEVENT\nUID:1\n"
        "SUMMARY:Good\nDTSTART:20260317T150000Z\nRRULE:FREQ=WEEKLY;COUNT=4\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    found, _ = CalendarSource(Path("c.ics"), series()).read(text, "c.ics", NOW)
    hours = [f.when[0][8:16] for f in found]
    assert hours == ["17T15:00", "24T15:00", "31T14:00", "07T14:00"]


def test_rules_that_need_too_much_work_together_leave_the_calendar_unread() -> None:
    entries = [
        f"UID:{n}\nSUMMARY:A\nDTSTART:19700101T100000Z\nRRULE:FREQ=DAILY;COUNT=40000"
        for n in range(21)
    ]
    with pytest.raises(SourceUnreadable, match=r"c\.ics, line \d+: the rules .* too much work"):
        calendar(*entries)


def test_more_occurrences_than_a_calendar_of_talks_has_leave_it_unread() -> None:
    entries = [f"UID:{n}\nSUMMARY:A\nDTSTART:20260101T100000Z\nRRULE:FREQ=DAILY" for n in range(13)]
    with pytest.raises(SourceUnreadable, match="repeat more than 5000 times"):
        calendar(*entries)


def test_one_bad_rule_leaves_the_other_entries_as_they_are() -> None:
    found, warnings = calendar(
        "UID:1\nSUMMARY:Bad\nDTSTART:20200407T100000Z\nRRULE:FREQ=WEEKLY;INTERVAL=0",
        "UID:2\nSUMMARY:Nets\nDTSTART:20260407T100000Z",
    )
    assert [f.titles for f in found] == [("Nets",)]
    assert len(warnings) == 1


def breaks(tmp_path: Path, rule: str) -> list[date]:
    file = tmp_path / "holidays.ics"
    file.write_text(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20000501\nSUMMARY:Labour Day\n"
        f"RRULE:{rule}\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    return [span.first for span in asyncio.run(holidays(file, NOW))]


def test_a_holiday_of_every_year_is_one_of_the_years_around(tmp_path: Path) -> None:
    days = [date(year, 5, 1) for year in (2025, 2026, 2027, 2028)]
    assert breaks(tmp_path, "FREQ=YEARLY") == days


@pytest.mark.parametrize("rule", ["FREQ=YEARLY;INTERVAL=0", "FREQ=SECONDLY"])
def test_a_calendar_of_holidays_with_a_rule_that_never_ends_is_refused(
    tmp_path: Path, rule: str
) -> None:
    with pytest.raises(SourceUnreadable, match=r"cannot be read|can be read"):
        breaks(tmp_path, rule)
