from datetime import date, time
from pathlib import Path

import pytest
from terms import NOW, local, series

from announcer.source.page import PageSource
from announcer.talks import Status, Talk


def read(text: str, *, start: time | None = time(15)) -> tuple[Talk, ...]:
    return PageSource(Path("index.md"), series(start=start)).read(text, NOW).talks


def test_a_title_loses_its_number_and_its_quotes() -> None:
    [talk] = read('### 3. "Nets, and the *Rest*" 07.04.26\n')
    assert (talk.id, talk.title, talk.day) == ("3", "Nets, and the Rest", date(2026, 4, 7))


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("1. A talk (Ada) 2026-12-01 15:00", "A talk (Ada)"),
        ("A talk (01.12.26)", "A talk"),
        ("(01.12.26) A talk", "A talk"),
        ("A talk on f(x) [2026-12-01]", "A talk on f(x)"),
        ("2026-12-01: [0,1] and (0,1)", "[0,1] and (0,1)"),
    ],
)
def test_a_title_keeps_its_own_brackets(heading: str, title: str) -> None:
    [talk] = read(f"## {heading}\n")
    assert talk.title == title


def test_the_start_in_the_prose_wins_over_the_default() -> None:
    [talk] = read("### 3. A 07.04.26\nThis upcoming Tuesday 7.4 at 3:30pm.\n")
    assert local(talk) == "15:30-16:30"


def test_where_the_prose_is_silent_the_default_holds_and_then_the_opening() -> None:
    page = "We meet every Tuesday at 16:15.\n\n### 3. A 07.04.26\nText.\n"
    assert local(read(page)[0]) == "15:00-16:00"
    assert local(read(page, start=None)[0]) == "16:15-17:15"


def test_a_talk_without_any_time_has_none_and_says_so() -> None:
    [talk] = read("### 3. A 07.04.26\n", start=None)
    assert talk.starts_at is None
    assert any("no start is known" in warning for warning in talk.warnings)


def test_a_range_gives_the_end() -> None:
    [talk] = read("### 3. A 07.04.26\nTuesday, 15:00–16:30\n")
    assert local(talk) == "15:00-16:30"


@pytest.mark.parametrize("words", ["TBA", "tba", "???", '""', ""])
def test_these_words_mean_to_be_announced(words: str) -> None:
    [talk] = read(f"### 3. {words} 07.04.26\n")
    assert talk.tba
    assert talk.title is None


def test_a_weekday_that_contradicts_the_date_holds_the_talk() -> None:
    [talk] = read("### 3. A Monday 07.04.26\n")
    assert talk.unclear is not None
    assert "Monday" in talk.unclear
    assert talk.warnings


def test_another_date_ahead_makes_the_talk_unclear_and_a_past_one_only_warns() -> None:
    [ahead] = read("### 3. A 07.04.26\nWe meet on 14.04.26.\n")
    assert ahead.unclear is not None
    [past] = read("### 3. A 07.04.26\nPlanned for 01.04.26 first.\n")
    assert past.unclear is None
    assert past.warnings


def test_an_offset_of_the_other_half_of_the_year_is_asked_about_and_one_elsewhere_is_converted() -> (
    None
):
    [summer] = read("### 3. A 07.04.26\nTuesday at 3pm GMT+2\n")
    assert (local(summer), summer.unclear, summer.warnings) == ("15:00-16:00", None, ())
    [winter] = read("### 3. A 07.04.26\nTuesday at 3pm GMT+1\n")
    assert "GMT+1" in (winter.unclear or "")
    [far] = read("### 3. A 07.04.26\nTuesday at 9am EDT\n")
    assert (local(far), far.unclear) == ("15:00-16:00", None)
    assert far.warnings


def test_a_video_of_a_talk_ahead_is_its_stream_and_stays_a_link_in_the_text() -> None:
    player = '<iframe src="https://www.youtube.com/embed/hwWeAd5_K20"></iframe>'
    ahead, past = read(f"### 3. A 07.04.26\n{player}\n### 2. B 31.03.26\n{player}\n")
    assert ahead.stream == "https://www.youtube.com/watch?v=hwWeAd5_K20"
    assert past.stream is None
    assert ahead.abstract == "[Video](https://www.youtube.com/watch?v=hwWeAd5_K20)"


def test_an_entry_without_a_date_is_listed_without_one() -> None:
    dated, undated = read('### 3. A 07.04.26\n### 4. "B"\n')
    assert dated.day is not None
    assert (undated.id, undated.day, undated.title) == ("4", None, "B")


def test_double_encoded_text_is_repaired_and_right_text_is_left_alone() -> None:
    [talk] = read("### 3. A 07.04.26\nSÃ¸nderby, Müller, São Paulo\n")
    assert talk.abstract == "Sønderby, Müller, São Paulo"


def test_a_cancelled_talk_is_said_to_be() -> None:
    struck, said = read("### 3. ~~A 07.04.26~~\n### 4. CANCELLED: B 14.04.26\n")
    assert (struck.status, said.status) == (Status.CANCELLED, Status.CANCELLED)
    assert said.title == "B"


def test_the_section_decides_nothing() -> None:
    [talk] = read("## Past Topics\n### 3. A 07.04.26\n")
    assert talk.day == date(2026, 4, 7)
    assert talk.unclear is None


def test_comments_and_front_matter_are_not_read() -> None:
    assert read("---\ndate: 2026-04-07\n---\n<!--\n### 3. A 07.04.26\n-->\n") == ()


@pytest.mark.parametrize(
    "words",
    ["2026-04-07", "7.4.2026", "April 7, 2026", "7th of April 2026", "7. April 2026", "7 avril"],
)
def test_a_date_may_be_written_in_many_ways(words: str) -> None:
    [talk] = read(f"### 3. A talk, {words}\n")
    assert talk.day == date(2026, 4, 7)


def test_a_slashed_date_that_can_be_two_is_unclear() -> None:
    [talk] = read("### 3. A 7/4/2026\n")
    assert talk.unclear is not None
    assert "date_order" in talk.unclear


@pytest.mark.parametrize(
    ("words", "start"),
    [
        ("On Tuesday 7.4 we are in Room 4.05 at 14:00.", "14:00"),
        ("On Tuesday 7.4 we meet in room 4.05.", "15:00"),
        ("Wednesday starts with Theorem 3.07.", "15:00"),
    ],
)
def test_the_number_of_a_room_is_no_time_of_day(words: str, start: str) -> None:
    [talk] = read(f"### 3. T 07.04.26\n{words}\n")
    assert local(talk).partition("-")[0] == start


def test_a_start_at_night_is_asked_about() -> None:
    [talk] = read("### 3. T 07.04.26 04:05\n")
    assert "starts at 04:05, at night" in (talk.unclear or "")
