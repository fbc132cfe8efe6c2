"""Why a talk is cancelled, and where it went, as its page says it."""

import asyncio
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from terms import series

from announcer.quantities import Span
from announcer.source import remarks
from announcer.source.called_off import why_cancelled
from announcer.source.judged import JudgedSource
from announcer.source.page import PageSource
from announcer.talks import Reading, Status, Talk

NOW = datetime(2020, 4, 3, 10, tzinfo=UTC)
SERIES = series(start=time(15))
ROWS = """\
| Date | Speaker | Title | Remarks |
|---|---|---|---|
| 07.04.2020 | Emmy Noether | Rings | {remark} |
| 14.04.2020 | Évariste Galois | Fields | |
| 21.04.2020 | Emil Artin | Braids | |
"""


def read(page: str) -> Reading:
    """Read a page as the program does: found, looked at closely, and judged."""
    whose = SERIES

    class Page:
        async def load(self, now: datetime) -> Reading:
            return PageSource(Path("index.md"), whose).read(f"## Future\n{page}", now)

    async def no_breaks(_: datetime) -> tuple[Span, ...]:
        return ()

    return asyncio.run(JudgedSource(Page(), whose, no_breaks, recurring=False).load(NOW))


def rings(page: str) -> Talk:
    """The talk about rings, as the page has it."""
    [talk] = [talk for talk in read(page).talks if talk.title and "Rings" in talk.title]
    return talk


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("Cancelled due to illness.", "illness"),
        ("Due to illness, the talk is cancelled", "illness"),
        ("Unfortunately the talk is cancelled because the speaker is ill.", "the speaker is ill"),
        ("CANCELLED (speaker ill)", "speaker ill"),
        ("cancelled – strike at Deutsche Bahn", "strike at Deutsche Bahn"),
        ("cancelled (see https://x.example, strike)", None),
        ("cancelled: Emmy Noether", None),
        ("cancelled", None),
        ("Entfällt wegen Krankheit", "Krankheit"),
        ("Wegen Krankheit der Referentin entfällt der Vortrag leider.", "Krankheit der Referentin"),
        ("Der Vortrag muss aufgrund des Streiks leider ausfallen", "des Streiks"),
        ("Der Vortrag fällt krankheitsbedingt aus", "krankheitsbedingt"),
        ("abgesagt, weil die Referentin erkrankt ist", "weil die Referentin erkrankt ist"),
        ("annulé en raison de la grève", "grève"),
        ("La séance est annulée pour cause d’intempéries.", "intempéries"),
        ("POSTPONED", "postponed"),
        ("postponed due to illness", "illness"),
        ("verschoben auf unbestimmte Zeit", "verschoben auf unbestimmte Zeit"),
        ("cancelled due to " + "a very long story " * 9, None),
    ],
)
def test_a_reason_is_what_the_sentence_gives_as_one(sentence: str, why: str | None) -> None:
    assert why_cancelled(sentence) == why


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (ROWS.format(remark="cancelled because the speaker is ill"), "the speaker is ill"),
        ('### 3. "Rings" 07.04.2020 CANCELLED due to illness\n', "illness"),
        ('### 3. "Rings" 07.04.2020\n\nEntfällt wegen Krankheit.\n', "Krankheit"),
        ('### 3. "Rings" 07.04.2020 CANCELLED\n\nTerms cancel because of symmetry.\n', None),
        ('### 3. ~~"Rings due to symmetry" 07.04.2020~~\n', None),
    ],
)
def test_a_cancelled_talk_carries_the_reason_of_its_page(page: str, why: str | None) -> None:
    talk = rings(page)
    assert (talk.status, talk.why_cancelled) == (Status.CANCELLED, why)


@pytest.mark.parametrize(
    ("remark", "starts_at"),
    [
        ("postponed to 23.04.2020", "2020-04-23 15:00"),
        ("Postponed to Thursday, 23 April", "2020-04-23 15:00"),
        ("postponed to 23 April 2020, 16:30", "2020-04-23 16:30"),
        ("verschoben auf den 23.04.2020 um 16:30 Uhr", "2020-04-23 16:30"),
        ("postponed until 23 April, same time and place", "2020-04-23 15:00"),
        ("reporté au 23 avril", "2020-04-23 15:00"),
    ],
)  # fmt: skip
def test_a_talk_that_is_postponed_to_a_day_takes_place_on_it(remark: str, starts_at: str) -> None:
    for page in (
        ROWS.format(remark=remark),
        f'### 3. "Rings" 07.04.2020\n\n{remark.capitalize()}.\n',
    ):
        talk = rings(page)
        assert talk.starts_at is not None
        assert talk.ends_at is not None
        assert (talk.status, talk.unclear) == (Status.CONFIRMED, None), page
        assert talk.day == date(2020, 4, 23)
        assert f"{talk.starts_at.astimezone(ZoneInfo('Europe/Berlin')):%Y-%m-%d %H:%M}" == starts_at


@pytest.mark.parametrize(
    "remark",
    [
        "postponed", "postponed to May", "postponed to 23 April or 24 April", "postponed to 02/03/2020",
        "postponed to 23 April, room 5", "postponed to 31 March 2020",
        "postponed to Friday, 23 April", "postponed to 23 April, 16:00 New York time",
    ],
)  # fmt: skip
def test_a_new_date_that_is_not_sure_is_not_taken(remark: str) -> None:
    talk = rings(ROWS.format(remark=remark))
    assert talk.day == date(2020, 4, 7)
    assert talk.cancelled or talk.unclear


def test_a_field_that_says_perhaps_postponed_is_asked_about() -> None:
    [doubt] = remarks.doubts(["probably postponed to 23 April (tbc)"], date(2020, 4, 7), None)
    assert "another day than 2020-04-07" in doubt


def test_a_talk_that_stands_at_its_new_date_too_is_not_there_twice() -> None:
    page = ROWS.format(remark="postponed to 23.04.2020")
    reading = read(f"{page}| 23.04.2020 | Emmy Noether | Rings | |\n")
    found = [(talk.day, talk.cancelled) for talk in reading.talks if talk.title == "Rings"]
    assert found == [(date(2020, 4, 7), True), (date(2020, 4, 23), False)]
