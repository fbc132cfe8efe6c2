"""A talk that a page names twice is one talk where both agree, and asked about where they do not."""

from pathlib import Path

import pytest
from terms import BERLIN, NOW, series

from announcer.source.gate import judge
from announcer.source.page import PageSource
from announcer.talks import Talk

SERIES = series(location="Room 2")
ROW = "|Date|Speaker|Title|\n|--|--|--|\n|7 April 2026|Ada Kovacs|Nets and knots|\n|14 April 2026|Bela Bartok|Rings|\n"


def read(page: str, name: str = "talks.md") -> list[Talk]:
    """Read the talks of 7 April, and let the gate judge them."""
    reading = judge(PageSource(Path(name), SERIES).read(page, NOW), SERIES)
    return [talk for talk in reading.talks if talk.day and talk.day.day == 7]


def clock(talk: Talk) -> str:
    """Give the start on the clocks of the series."""
    return f"{talk.starts_at.astimezone(BERLIN):%H:%M}" if talk.starts_at else ""


BOXES = {
    "as it is": "7 April 2026, 16:00, Room 5\n\n**Ada Kovacs** (Szeged)\n\nNets and knots\n",
    "longer": "7 April 2026, 16:00, Room 5\n\n**Ada Kovacs** (Szeged)\n\nNets and knots: an introduction\n",
    "with another sign": "7 April 2026, 16:00, Room 5\n\n**Ada Kovacs** (Szeged)\n\nNets & Knots\n",
    "with an initial": "7 April 2026, 16:00, Room 5\n\n**A. Kovacs** (Szeged)\n\nNets and knots\n",
    "labelled": "7 April 2026, 16:00, Room 5\n\nSpeaker: Ada Kovacs\n\nTitle: Nets and knots\n",
}


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_the_next_talk_on_top_and_the_same_in_the_schedule_are_one_talk(box: str) -> None:
    [talk] = read(f"# Seminar\n\n## Next seminar\n\n{box}\n## Schedule\n\n{ROW}")
    assert (clock(talk), talk.location, talk.unclear) == ("16:00", "Room 5", None)
    assert (talk.title or "").lower().startswith("nets")
    assert talk.speakers[0].endswith("Kovacs")


@pytest.mark.parametrize(
    "schedule",
    [
        "|Date|Time|Speaker|Title|\n|--|--|--|--|\n|7 April 2026|14:00|Ada Kovacs|Nets and knots|\n",
        "- 7 April 2026, 14:00: **Ada Kovacs**, *Nets and knots*\n",
        "### 7 April 2026, 14:00: Nets and knots\nSpeaker: Ada Kovacs\n",
    ],
)
def test_a_talk_on_two_clocks_is_asked_about(schedule: str) -> None:
    talks = read(f"# Seminar\n\n## Next seminar\n\n{BOXES['as it is']}\n## Schedule\n\n{schedule}")
    assert talks
    assert all(talk.unclear for talk in talks)


def test_two_parts_of_one_day_are_two_talks() -> None:
    box = "7 April 2026, 16:00\n\n**Ada Kovacs** (Szeged)\n\nNets and knots, Part II\n"
    row = "|Date|Speaker|Title|\n|--|--|--|\n|7 April 2026|Ada Kovacs|Nets and knots, Part I|\n"
    assert len(read(f"# Seminar\n\n## Also\n\n{box}\n## Schedule\n\n{row}")) == 2
