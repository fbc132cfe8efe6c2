"""More ways in which people write down one talk: who speaks, where the title is, which day a row has."""

import time as clock
from datetime import date, time
from pathlib import Path

import pytest
from terms import NOW, local, series

from announcer.source.page import PageSource
from announcer.talks import Talk

APRIL = date(2026, 4, 7)


def read(text: str) -> tuple[Talk, ...]:
    return PageSource(Path("index.md"), series(start=time(15))).read(text, NOW).talks


@pytest.mark.parametrize(
    "label",
    ["**Vortragende(r):**", "Referent(in):", "Orateur·rice :", "**Intervenant·e·s** :", "Speaker(s):"],
)  # fmt: skip
def test_a_label_may_name_speakers_of_every_gender(label: str) -> None:
    [talk] = read(f"### Nets (07.04.2026)\n\n{label} Ada Kovács (Szeged)\n")
    assert (talk.title, talk.speakers) == ("Nets", ("Ada Kovács",))


def test_a_column_may_name_speakers_of_every_gender() -> None:
    [talk] = read("|Date|Orateur·rice|Titre|\n|--|--|--|\n| 7 avril 2026 | Ada Kovács | Nets |\n")
    assert (talk.title, talk.speakers) == ("Nets", ("Ada Kovács",))


@pytest.mark.parametrize(
    "words",
    [
        "Nets and knots (Ada Kovács) [[paper](https://example.org/1)]",
        "Nets and knots (mit Ada Kovács)",
        "Nets and knots (by Ada Kovács)",
    ],
)
def test_a_name_in_brackets_behind_a_title_is_the_speaker(words: str) -> None:
    [talk] = read(f"- **7.4.2026**: {words}\n")
    assert (talk.title, talk.speakers) == ("Nets and knots", ("Ada Kovács",))


@pytest.mark.parametrize("words", ["Nets and knots (part two)", "Nets and knots (MIT Media Lab)"])
def test_what_else_stands_in_brackets_is_none(words: str) -> None:
    [talk] = read(f"- **7.4.2026**: {words}\n")
    assert (talk.title, talk.speakers) == (words, ())


def test_an_abstract_that_unfolds_is_no_part_of_the_title() -> None:
    cell = "Nets <details><summary>Abstract</summary>How many balls fit?</details>"
    [talk] = read(f"| Date | Title |\n|--|--|\n| 7.4.2026 | {cell} |\n")
    assert (talk.title, talk.abstract) == ("Nets", "How many balls fit?")


@pytest.mark.parametrize("below", ["*McGill*", "<small>McGill</small>", "Universität Bonn"])
def test_an_affiliation_below_the_name_is_no_speaker(below: str) -> None:
    cell = f"Ada Kovács<br>{below}"
    [talk] = read(f"| Date | Speaker | Title |\n|--|--|--|\n| 7.4.2026 | {cell} | Nets |\n")
    assert talk.speakers == ("Ada Kovács",)


def test_two_names_below_each_other_are_two_speakers() -> None:
    cell = "Ada Kovács (University of Szeged)<br>Bob Lee, Universität Bonn"
    [talk] = read(f"| Date | Speaker | Title |\n|--|--|--|\n| 7.4.2026 | {cell} | Nets |\n")
    assert talk.speakers == ("Ada Kovács", "Bob Lee")


def test_below_a_speakers_heading_the_date_may_stand_with_its_place() -> None:
    [talk] = read(
        "### Ada Kovács, McGill\nTuesday, 7 Apr 2026, 12:00 noon, Unioninkatu 40A\n\nTitle: *Nets*\n"
    )
    assert (talk.title, talk.speakers, talk.day) == ("Nets", ("Ada Kovács",), APRIL)
    assert local(talk).startswith("12:00")


def test_a_day_and_month_behind_a_short_weekday_are_a_date() -> None:
    [talk] = read("## Vorträge 2026\n\n### Di, 7.4., 14 Uhr\n\nAda Kovács: Nets\n")
    assert (talk.title, talk.speakers, talk.day) == ("Nets", ("Ada Kovács",), APRIL)
    assert local(talk).startswith("14:00")


@pytest.mark.parametrize("words", ["so 7.4. und mehr", "So 7.4 ist es", "Do 7.4.2 hold?"])
def test_a_short_word_before_numbers_is_no_date(words: str) -> None:
    assert read(f"## {words}\n") == ()


def test_a_name_alone_is_the_speaker_where_the_others_stand_first() -> None:
    talk = read("* 7.4.2026 Ada Kovács: Nets\n* 14.4.2026 Eve Grün: Knots\n* 21.4.2026 Bob Lee\n")[
        2
    ]
    assert (talk.title, talk.tba, talk.speakers) == (None, True, ("Bob Lee",))


def test_a_name_with_its_university_alone_below_a_date_is_the_speaker() -> None:
    [talk] = read("7 April 2026\n: **Ada Kovács**, Weizmann Institute\n")
    assert (talk.title, talk.speakers) == (None, ("Ada Kovács",))


MONTHS = "| Month | Date | Speaker | Title |\n|--|--|--|--|\n"


def test_a_column_of_months_completes_the_days() -> None:
    page = f"{MONTHS}| April 2026 | 7 | Ada Kovács | Nets |\n| | 14 | Bob Lee | Knots |\n"
    assert [talk.day for talk in read(page)] == [APRIL, date(2026, 4, 14)]


def test_a_day_before_the_one_above_is_in_a_month_that_is_not_said() -> None:
    page = f"{MONTHS}| April 2026 | 7 | Ada Kovács | Nets |\n| | 5 | Bob Lee | Knots |\n"
    assert [talk.day for talk in read(page)] == [APRIL, None]


TIMES = "| Date | Time | Speaker | Title |\n|--|--|--|--|\n| 7.4.2026 | 12:10 | Ada Kovács | Nets |\n"  # fmt: skip


def test_a_row_without_a_date_and_with_a_later_hour_is_of_the_day_above() -> None:
    second = read(f"{TIMES}| | 12:35 | Bob Lee | Knots |\n")[1]
    assert (second.day, local(second)[:5]) == (APRIL, "12:35")


@pytest.mark.parametrize("clock", ["", "12:00", "TBA"])
def test_a_row_without_a_date_and_without_a_later_hour_has_none(clock: str) -> None:
    assert read(f"{TIMES}| | {clock} | Bob Lee | Knots |\n")[1].day is None


HOSTILE = {
    "times": "Do, 1.",
    "brackets": "(Ada Kovács ",
    "months": "early of may ",
    "dashes": "tba - ",
    "dots": "a·",
    "remarks": "leider abgesagt ",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_no_line_keeps_a_pass_busy(piece: str) -> None:
    began = clock.process_time()
    read(f"- 7.4.2026: {piece * (16_000 // len(piece))} !\n")
    assert clock.process_time() - began < 5  # with a pattern that tries again it takes minutes
