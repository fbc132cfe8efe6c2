"""Why a talk is understood as it is: the lines that gave its facts, and how sure they are."""

from pathlib import Path

from desk import Desk
from terms import NOW, series

from announcer.source.data import DataSource
from announcer.source.explained import Evidence, Sure, explained
from announcer.source.facts import understood
from announcer.source.hints import NO_HINTS
from announcer.source.page import PageSource
from announcer.talks import Reading

SERIES = series(location="Room 1")


def _of(reading: Reading, number: int = 0) -> dict[str, tuple[str | None, str, str | None]]:
    """Give value, sureness and place of each fact of a talk."""
    talk = reading.talks[number]
    found: list[Evidence] = list(explained(talk, reading.grounds[talk.id], SERIES))
    return {e.fact: (e.value, e.sure.value, e.where) for e in found}


def _page(text: str) -> Reading:
    return PageSource(Path("index.md"), SERIES).read(text, NOW)


def _data(text: str) -> Reading:
    source = DataSource(Path("t.yml"), SERIES)
    return understood(source.read(text, "t.yml"), SERIES, NO_HINTS, NOW)


def test_each_fact_of_a_heading_names_its_line() -> None:
    found = _of(
        _page(
            '# Seminar 2026\n\n### 3. "Knots" 14.4.2026\n\nSpeaker: Emmy Noether\n\n'
            "Tuesday 14.4 at 4:15pm in Room 7.\n\nPlace: Room 7\n"
        )
    )
    assert found == {
        "title": ("Knots", "said", "index.md, line 3"),
        "speaker": ("Emmy Noether", "said", "index.md, line 5"),
        "date": ("2026-04-14", "read", "index.md, line 3"),
        "start": ("16:15", "read", "index.md, line 7"),
        "end": ("17:15", "usual", "settings: duration"),
        "location": ("Room 7", "said", "index.md, line 7"),
        "stream": (None, "not known", None),
        "abstract": ("Tuesday 14.4 at 4:15pm in Room 7.", "said", "index.md, line 7"),
    }


def test_a_year_from_a_heading_names_both_lines_and_what_is_usual_names_the_setting() -> None:
    found = _of(_page("# Talks\n\n## Spring 2026\n\n| Date | Speaker | Title |\n|-|-|-|\n| 12 May | E. Noether | Rings |\n"))  # fmt: skip
    assert found["date"] == ("2026-05-12", "year from above", "index.md, line 7; index.md, line 3")
    assert found["start"] == ("15:00", "usual", "settings: start")
    assert found["location"] == ("Room 1", "usual", "settings: location")
    assert found["title"] == ("Rings", "said", "index.md, line 7")


def test_a_year_that_is_only_the_nearest_says_so() -> None:
    found = _of(_page("### Tuesday, 14 April: Knots\n"))
    assert found["date"] == ("2026-04-14", "nearest year", "index.md, line 1")


def test_what_is_cancelled_or_unclear_names_why() -> None:
    found = _of(_page("### Knots, 14.4.2026 and 15.4.2026\n\n"))
    assert found["unclear"][:2] == ("the heading names 2026-04-14 and 2026-04-15", "unclear")
    found = _of(_page("### Cancelled: Knots, 14.4.2026\n\n"))
    assert found["status"] == ("cancelled", "read", "index.md, line 1")
    assert _of(_page("### Knots, 14.4.2026\n")).keys().isdisjoint({"status", "unclear"})


def test_a_field_of_data_names_the_line_of_its_entry_and_an_instant_is_read_in_the_own_zone() -> (
    None
):
    found = _of(
        _data(
            '- title: A\n- {title: Knots, speaker: E. Noether, start: "2026-04-14T14:00:00+02:00"}\n'
        ),
        number=1,
    )
    assert found["title"] == ("Knots", "said", "t.yml, line 2")
    assert found["date"] == ("2026-04-14", "read", "t.yml, line 2")
    assert found["start"] == ("14:00", "read", "t.yml, line 2")


def test_every_evidence_is_one_of_the_words_that_are_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "page.md").read_text(encoding="utf-8")
    assert [sure.value for sure in Sure if f"| {sure.value} |" not in text] == []


def test_explain_shows_the_facts_and_what_was_not_understood_with_its_line(desk: Desk) -> None:
    desk.page(
        '# S\n\n### 1. "Knots" 14.4.2026\n\n## Later\n\nA trip on 5.5.2026 to the hills beyond the lake, with cats, dogs and a lunch; bring shoes\n'
    )
    shown = desk.run("talks", "--explain", "--now", "2026-04-03T10:00")
    assert shown.returncode == 0
    assert 'title     said       Knots ← index.md, line 3: ### 1. "Knots" 14.4.2026' in shown.stdout
    assert '! index.md, line 7: "5.5.2026" was not understood as a talk' in shown.stdout
    [talk, *_] = desk.json("talks", "--explain", "--now", "2026-04-03T10:00")
    assert talk["explained"][0] == {
        "fact": "title",
        "value": "Knots",
        "sure": "said",
        "where": "index.md, line 3",
        "words": '### 1. "Knots" 14.4.2026',
    }
    assert "explained" not in desk.json("talks", "--now", "2026-04-03T10:00")[0]


def test_an_abstract_that_names_the_usual_time_and_place_is_not_what_gave_them() -> None:
    told = _of(
        _data(
            "- title: Nets\n  speaker: Ada Kovács\n  date: 2026-04-07\n"
            "  abstract: We meet at 15:00 in Room 1, until 16:00.\n"
        )
    )
    assert {told[fact][1] for fact in ("start", "end", "location")} == {"usual"}


def test_a_start_on_another_clock_or_from_a_remark_names_its_line() -> None:
    found = _of(_page("### Knots, 14.4.2026\nTime: 8:00 EDT\n"))
    assert found["start"] == ("14:00", "read", "index.md, line 2")
    found = _of(_page("### Knots, 14.4.2026\n\n16:15 Uhr! in Raum 7\n"))
    assert found["start"] == ("16:15", "read", "index.md, line 3")
    assert found["location"] == ("Raum 7", "said", "index.md, line 3")
    found = _of(_data("- {title: Knots, date: 2026-04-14, note: 16:15 Uhr!}\n"))
    assert found["start"] == ("16:15", "read", "t.yml, line 1")
