"""Entries of a page whose date is not understood: each is listed, or named in a warning."""

from datetime import date
from pathlib import Path

import pytest
from terms import NOW, series

from announcer.source.page import PageSource
from announcer.talks import Reading


def read(text: str) -> Reading:
    return PageSource(Path("index.md"), series()).read(text, NOW)


def warned(text: str) -> list[str]:
    return [said.removeprefix("index.md, ") for said in read(text).warnings]


@pytest.mark.parametrize("words", ["35.5.2026", "sometime in May", "05.010.2026"])
def test_a_row_whose_date_is_not_understood_is_listed_without_one_and_says_so(words: str) -> None:
    rows = f"| 7.4.2026 | Nets |\n| {words} | Cats |\n"
    first, second = read(f"| Date | Title |\n|--|--|\n{rows}").talks
    assert (first.day, second.day, second.title) == (date(2026, 4, 7), None, "Cats")
    assert f'"{words}" was not understood as a date' in second.warnings[0]
    assert not first.warnings


@pytest.mark.parametrize("words", ["?", "TBA", ""])
def test_a_row_whose_date_is_to_be_announced_is_listed_without_a_word(words: str) -> None:
    _, second = read(f"|Date|Title|\n|--|--|\n| 7.4.2026 | Nets |\n| {words} | Cats |\n").talks
    assert (second.day, second.title, second.warnings) == (None, "Cats", ())


def test_the_rows_of_a_table_where_no_date_is_understood_are_named() -> None:
    page = '| Date | Title |\n|--|--|\n| 35.5.2026 | Cats |\n| Date | Title |\n| | |\n| - | " |\n'
    assert 'line 3: "35.5.2026 | Cats" has no date that is understood' in warned(page)
    assert len(warned(page)) == 2  # and that nothing was understood as a talk


def test_the_rows_of_an_evenings_programme_are_no_talks_without_a_date() -> None:
    page = "| Time | Topic |\n|--|--|\n| 9:00 | Introduce the speaker |\n| 9:10-9:55 | Talk |\n"
    assert warned(page) == ["index.md: nothing was understood as a talk"]


def test_a_row_without_a_letter_is_neither_a_talk_nor_named() -> None:
    found = read('| Date | Title |\n|--|--|\n| 7.4.2026 | Nets |\n| " | |\n')
    assert (len(found.talks), found.warnings) == (1, ())


def test_an_item_among_dated_ones_that_has_no_date_is_named() -> None:
    page = "* 7.4.2026: Nets\n* sometime: Dogs\n* Knots\n* 14.4.2026: Eels\n"
    assert warned(page) == [
        'line 2: "sometime: Dogs" has no date that is understood',
        'line 3: "Knots" has no date that is understood',
    ]


@pytest.mark.parametrize(
    "words", ["TBD: Dogs", "sometime in May: Dogs", "late May: Dogs", "35.5.2026: Dogs", "?: Dogs"]
)
def test_an_item_below_dated_ones_that_has_something_for_a_date_is_named(words: str) -> None:
    page = f"* 7.4.2026: Nets\n* {words}\n* bring your own lunch\n"
    assert warned(page) == [f'line 2: "{words}" has no date that is understood']


def test_what_stands_inside_or_below_a_dated_item_and_other_lists_are_not_named() -> None:
    page = "* [Home](/)\n* [News](/n)\n\nTalks\n\n* 7.4.2026: Nets\n  * with pictures\n* 14.4.2026: Eels\n\nMore\n\n* TBD\n"
    assert warned(page) == []


@pytest.mark.parametrize("words", ["35.5.2026 Cats", "TBD: Cats", "Sometime in May: Cats"])
def test_a_heading_among_dated_ones_that_has_something_for_a_date_is_named(words: str) -> None:
    page = f"## 7.4.2026 Nets\n\n## {words}\n\n## May the best win\n\n## How to join\n"
    assert warned(page) == [f'line 3: "{words}" has no date that is understood']


@pytest.mark.parametrize("words", ["draft: true", "published: false", 'published: "false"'])
def test_of_a_page_that_is_a_draft_nothing_is_read_and_that_is_said(words: str) -> None:
    found = read(f"---\ntitle: Nets\n{words}\n---\n## 7.4.2026 Nets\n")
    assert found.talks == ()
    assert found.warnings == (
        "index.md: its front matter says that it is a draft, so nothing of it is read",
    )


def test_a_page_that_is_no_draft_is_read() -> None:
    assert read("---\ndraft: false\npublished: true\n---\n## 7.4.2026 Nets\n").talks
