"""When organisers are asked about facts of the page: early enough, daily where it hurries, never in a flood."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta

import pytest
from passes import HOUR, Passes, at, talk

from announcer.talks import Talk

DOUBT = "the line says Tuesday, and that day is a Wednesday"
SOON = talk(1, date(2026, 4, 14))  # announced on Friday, April 10, at 10:00
FAR = talk(2, date(2026, 6, 2))
DAY = timedelta(days=1)


@pytest.fixture
def passes() -> Iterator[Passes]:
    with closing(Passes()) as found:
        found.adopt(at("01 12:00"), SOON, FAR)
        assert found.notices == []
        yield found


def _unclear(one: Talk) -> Talk:
    return replace(one, unclear=DOUBT)


def test_what_is_unclear_is_asked_about_once_it_has_stood_for_the_quiet_time(
    passes: Passes,
) -> None:
    for minute, notices in ((0, 0), (5, 0), (10, 1), (20, 1)):
        passes.send(at(f"06 12:{minute:02}"), _unclear(SOON), FAR)
        assert len(passes.notices) == notices
    assert DOUBT in passes.notices[0]
    assert "announcer accept 1" in passes.notices[0]


def test_what_is_mended_within_the_quiet_time_is_never_asked_about(passes: Passes) -> None:
    passes.send(at("06 12:00"), _unclear(SOON), FAR)
    passes.send(at("06 12:05"), SOON, FAR)
    passes.send(at("06 13:00"), SOON, FAR)
    assert passes.notices == []


def test_a_talk_far_ahead_is_asked_about_once_and_one_of_this_week_every_day(
    passes: Passes,
) -> None:
    for days in range(4):
        for hours in (0, 1, 5):
            passes.send(at("05 12:00") + days * DAY + hours * HOUR, SOON, _unclear(FAR))
    assert len(passes.notices) == 1
    for days in range(3):
        for hours in (0, 1, 5):
            passes.send(at("09 12:00") + days * DAY + hours * HOUR, _unclear(SOON), _unclear(FAR))
    assert len(passes.notices) == 1 + 3
    assert "s/announcement/2026-04-10" in passes.notices[-1]  # then it is due, and held
    passes.send(at("13 12:00"), SOON, _unclear(FAR))
    assert len(passes.notices) == 4


def test_a_far_doubt_becomes_a_daily_one_a_week_before_its_mail(passes: Passes) -> None:
    start = at("20 12:00")
    passes.send(start, FAR)
    before, counts = len(passes.notices), []
    for days in range(45):
        passes.send(start + HOUR + days * DAY, _unclear(FAR))
        counts.append(len(passes.notices) - before)
    # Its announcement is due on Friday, May 29, at 10:00, which is on the 39th day.
    assert counts[1] == counts[30] == 1
    assert counts[33] > 1
    assert counts[39] - counts[35] >= 4


def test_forty_doubts_far_ahead_are_one_notice_that_names_five(passes: Passes) -> None:
    many = [talk(n, date(2026, 6, 2) + n * DAY) for n in range(2, 42)]
    passes.send(at("05 12:00"), SOON, *many)
    for hours in range(1, 6):
        passes.send(at("05 12:00") + hours * HOUR, SOON, *map(_unclear, many))
    [notice] = passes.notices
    assert notice.count(DOUBT) == 5
    assert "and 35 more talks are unclear; `announcer talks` shows them all" in notice


def test_an_organisers_word_ends_the_asking(passes: Passes) -> None:
    passes.send(at("06 12:00"), _unclear(SOON), FAR)
    passes.send(at("06 12:10"), _unclear(SOON), FAR)
    passes.decide(at("06 13:00"), "cancel", "1")
    passes.send(at("08 12:00"), _unclear(SOON), FAR)
    assert len(passes.notices) == 1


def test_a_title_is_asked_for_from_two_days_before_its_mail_until_it_is_there(
    passes: Passes,
) -> None:
    untitled = replace(SOON, title=None, tba=True)
    for day, notices in (("05", 0), ("07", 0), ("08", 1), ("09", 2)):
        for hour in (11, 12, 13):
            passes.send(at(f"{day} {hour}:00"), untitled, FAR)
        assert len(passes.notices) == notices, day
    assert (
        "its title is not known; s/announcement/2026-04-10, of Fri 2026-04-10 10:00 CEST"
        in passes.notices[0]
    )
    passes.send(at("09 18:00"), SOON, FAR)
    passes.send(at("10 09:00"), SOON, FAR)
    assert len(passes.notices) == 2


@pytest.mark.parametrize(("speakers", "notices"), [(("Emmy Noether",), 2), ((), 0)])
def test_a_speaker_is_asked_for_where_talks_of_this_page_usually_have_one(
    passes: Passes, speakers: tuple[str, ...], notices: int
) -> None:
    others = [talk(n, date(2026, 6, 2) + n * DAY, speakers=speakers) for n in range(3, 6)]
    passes.send(at("08 12:00"), SOON, FAR, *others)
    passes.send(at("09 12:00"), SOON, FAR, *others)
    assert len(passes.notices) == notices
    assert all("its speaker is not known" in notice for notice in passes.notices)


def test_a_place_that_there_is_none_of_is_not_asked_for_again(passes: Passes) -> None:
    nowhere = replace(SOON, location=None)
    passes.send(at("08 12:00"), nowhere, FAR, talk(3, date(2026, 6, 9)))
    passes.send(at("08 12:30"), nowhere, FAR, talk(3, date(2026, 6, 9)))
    [notice] = passes.notices
    assert "its place is not known" in notice
    passes.decide(at("08 13:00"), "accept", "1")
    passes.send(at("09 13:00"), nowhere, FAR, talk(3, date(2026, 6, 9)))
    assert len(passes.notices) == 1


def test_who_hears_of_a_missed_mail_hears_how_it_can_still_go(passes: Passes) -> None:
    passes.send(at("14 14:30"), SOON, FAR)
    passes.send(at("14 15:30"), SOON, FAR)
    [early] = passes.notices
    assert "`announcer send s/announcement/2026-04-10` still sends it" in early
    assert "s/reminder/2026-04-14" in early
