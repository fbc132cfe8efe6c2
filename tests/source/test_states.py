"""What a page says of a talk that is off, to be announced, or at another hour, in the ways of people."""

from datetime import time
from pathlib import Path

import pytest
from terms import NOW, local, series

from announcer.source.page import PageSource
from announcer.talks import Talk


def read(text: str, *, start: time | None = time(15)) -> tuple[Talk, ...]:
    return PageSource(Path("index.md"), series(start=start)).read(text, NOW).talks


LAYOUTS = {
    "heading": "## 7.4.2026: Nets\n\nAda Kovács\n\n{words}\n\nHow many balls fit?\n",
    "heading with labels": "## Nets, 7.4.2026\n\n* who: Ada Kovács\n* {words}\n",
    "paragraph": "**7 April 2026**  \nAda Kovács (Szeged)  \n*Nets*  \n{words}\n\n**14 April 2026**  \nBob Lee\n*Knots*\n",
    "item": "- 7.4.2026: Ada Kovács, *Nets*\n  {words}\n",
    "block": "Speaker: Ada Kovács\nTitle: Nets\nDate: 7.4.2026\n{words}\n",
}
OFF = ["**POSTPONED to next term**", "CANCELLED", "Postponed", "*Entfällt leider!*", "This talk has been cancelled due to illness.", "Reportée"]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("words", OFF)
def test_a_line_of_its_own_inside_an_entry_cancels_the_talk(layout: str, words: str) -> None:
    first, *rest = read(layout.format(words=words))
    assert first.cancelled
    assert not any(talk.cancelled for talk in rest)


@pytest.mark.parametrize(
    "words",
    [
        "Terms of higher order that would have to be summed with care in all cases are\ncancelled.",
        "In 1994 the mission was cancelled.",
        "No seminar on 14 April.",
        "The lunch is cancelled.",
        "15:00 Bob Lee: Knots (cancelled)",
    ],
)
@pytest.mark.parametrize("layout", ["heading", "block"])
def test_a_line_about_something_else_does_not(layout: str, words: str) -> None:
    assert not read(LAYOUTS[layout].format(words=words))[0].cancelled


@pytest.mark.parametrize(
    "cell",
    ["**cancelled** [Nets](https://example.org/n)", "*abgesagt* Nets", "__CANCELLED:__ Nets"],
)
def test_an_emphasised_word_before_the_title_of_a_row_cancels_it(cell: str) -> None:
    [talk] = read(f"| Date | Speaker | Title |\n|--|--|--|\n| 7.4.2026 | Ada Kovács | {cell} |\n")
    assert (talk.title, talk.cancelled) == ("Nets", True)


def test_an_emphasised_first_word_of_another_kind_belongs_to_the_title() -> None:
    [talk] = read("| Date | Title |\n|--|--|\n| 7.4.2026 | **Cancelling** Nets |\n")
    assert (talk.title, talk.cancelled) == ("Cancelling Nets", False)


@pytest.mark.parametrize("words", ["No seminar (Thanksgiving)", "No seminar", "Thanksgiving"])
def test_no_talk_among_headings_that_name_speakers_is_none(words: str) -> None:
    entry = "### April {day}, 2026 — {head}\n\n**Nets {day}**\n\n"
    page = "".join(entry.format(day=d, head="Ada Kovács (Szeged)") for d in (7, 14, 21))
    talk = read(f"{page}### April 28, 2026 — {words}\n")[-1]
    assert (talk.title, talk.speakers, talk.cancelled) == (None, (), True)


@pytest.mark.parametrize("words", ["– vorlesungsfrei –", "vorlesungsfreie Zeit"])
def test_a_week_without_lectures_has_no_talk(words: str) -> None:
    rows = f"| 7.4.2026 | Nets | Ada Kovács |\n| 14.4.2026 | {words} | |\n"
    talk = read(f"| Datum | Titel | Wer |\n|--|--|--|\n{rows}")[1]
    assert (talk.title, talk.cancelled) == (None, True)


@pytest.mark.parametrize("words", ["volunteer?", "speaker needed", "?"])
def test_who_is_still_looked_for_is_no_speaker(words: str) -> None:
    [talk] = read(f"| Date | Speaker | Title |\n|--|--|--|\n| 7.4.2026 | {words} | - |\n")
    assert (talk.title, talk.speakers, talk.cancelled) == (None, (), False)


@pytest.mark.parametrize("words", ["?: paper TBA", "paper TBA", "TBA – TBA", "Title: TBA"])
def test_what_is_still_to_be_announced_is_no_title(words: str) -> None:
    [talk] = read(f"- 7 April 2026 - {words}\n")
    assert (talk.title, talk.speakers) == (None, ())


@pytest.mark.parametrize(
    "words",
    [
        "**Attention: this week at 9:30!**",
        "Achtung: diesmal um 9:30 Uhr",
        "Exceptionally at 9:30.",
        "(unusual time: 9:30)",
    ],
)
def test_an_hour_that_is_said_to_be_another_one_is_the_talks_own(words: str) -> None:
    page = 'We meet at 15:00.\n\n### "Nets", 7.4.2026\n\n* who: Ada Kovács\n* {words}\n'
    assert local(read(page.format(words=words))[0]).startswith("09:30")
