"""A free slot is no talk, and a title that is quoted is never replaced by a line of the text."""

from pathlib import Path

import pytest
from data_files import reading
from terms import NOW, series

from announcer.source.gate import judge
from announcer.source.page import PageSource
from announcer.talks import Talk


def read(page: str) -> Talk:
    """Read the one talk of a page, and let the gate judge it."""
    whose = series()
    [talk] = judge(PageSource(Path("talks.md"), whose).read(page, NOW), whose).talks
    return talk


FREE = [
    "open slot", "Available", "(vacant)", "free", "Unavailable", "slot available", "frei", "noch frei", "freier Termin", "verfügbar",
    "libre", "créneau libre", "Volunteer needed", "speaker wanted", "Your name here!", "sign up", "This slot is free", "Referent gesucht",
]  # fmt: skip


@pytest.mark.parametrize("words", FREE)
def test_a_free_slot_is_no_clear_talk_and_no_title(words: str) -> None:
    pages = [
        f"|Date|Speaker|Title|\n|--|--|--|\n|7 April 2026|{words}||\n",
        f"|Date|Speaker|Title|\n|--|--|--|\n|7 April 2026||{words}|\n",
        f"- 7 April 2026: {words}\n",
        f"### 7 April 2026: {words}\n",
    ]
    whose = series()
    data = f"- {{date: 2026-04-07, speaker: '{words}'}}\n- {{date: 2026-04-14, title: '{words}'}}\n"
    for talk in (*map(read, pages), *judge(reading(data), whose).talks):
        assert talk.unclear is not None
        assert (talk.title, talk.speakers, talk.tba) == (None, (), True)


@pytest.mark.parametrize(
    "title",
    [
        "Free groups",
        "Open problems in topology",
        "Available energy",
        "Freie Gruppen",
        "TBA",
        "offen",
    ],
)
def test_a_title_that_only_begins_so_or_is_to_come_is_no_free_slot(title: str) -> None:
    talk = read(f"|Date|Speaker|Title|\n|--|--|--|\n|7 April 2026|Ada Kovács|{title}|\n")
    assert (talk.speakers, talk.unclear) == (("Ada Kovács",), None)


@pytest.mark.parametrize("words", ["free", "open slot", "available"])
def test_a_speaker_whose_title_is_open_has_the_slot(words: str) -> None:
    talk = read(f"|Date|Speaker|Title|\n|--|--|--|\n|7 April 2026|Ada Kovács|{words}|\n")
    assert (talk.title, talk.speakers, talk.unclear) == (None, ("Ada Kovács",), None)


@pytest.mark.parametrize("words", ["Alle", "all", "Everyone", "various", "tous"])
def test_everybody_is_no_speaker(words: str) -> None:
    talk = read(f"|Date|Speaker|Title|\n|--|--|--|\n|7 April 2026|{words}|Discussion of nets|\n")
    assert (talk.speakers, talk.unclear) == ((), None)


@pytest.mark.parametrize(
    "words",
    [
        "Special Session",
        "Panel Discussion",
        "Tom Gur University of Cambridge",
        "Anna Em Technische Universität Wien",
    ],
)
def test_what_is_no_name_or_more_than_one_is_asked_about(words: str) -> None:
    talk = read(f"|Date|Speaker|Title|\n|--|--|--|\n|7 April 2026|{words}|Nets and knots|\n")
    assert "does not look like the name" in (talk.unclear or "")


def test_an_affiliation_that_the_site_marks_as_one_is_no_part_of_the_name() -> None:
    cell = (
        '<a href="x">Ada Kovács</a>\n<span class="speaker-affiliation">University of Szeged</span>'
    )
    talk = read(
        "<html><body><table><tr><th>Date</th><th>Speaker</th><th>Title</th></tr>"
        f"<tr><td>7 April 2026</td><td>{cell}</td><td>Nets</td></tr></table></body></html>"
    )
    assert (talk.speakers, talk.unclear) == (("Ada Kovács",), None)


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ('### "Nets and knots" (7 April 2026)\n**Speaker:** Ada\n\n**Topic:** topology\n', "Nets and knots"),
        ('### 7 April 2026: "Nets and knots"\n\nSubject: topology\n', "Nets and knots"),
        ("### 7. April 2026: „Netze und Knoten“\nThema: Topologie\n", "Netze und Knoten"),
        ("### 7 avril 2026 : « Réseaux et nœuds »\nSujet : topologie\n", "Réseaux et nœuds"),
        ('### 3. "Nets and knots" by Ada Kovács, 07.04.2026\n**Topic:** topology\n', "Nets and knots"),
        ('### "Nets and knots"\n**Topic:** topology\n**Date:** 7 April 2026\n', "Nets and knots"),
        ('### 7 April 2026\n\n"Nets and knots"\n\nTopic: topology\n', "Nets and knots"),
        ('- 7 April 2026: **Ada Kovács**, "Nets and knots"\n  - Topic: topology\n', "Nets and knots"),
        ('### 3. "Nets and knots" 07.04.2026\nOn 7 April 2026 Ada Kovács speaks about rings.\n', "Nets and knots"),
        ("### 7 April 2026: Ada Kovács\n**Topic:** Nets and knots\n", "Nets and knots"),
        ("### 7 April 2026: Seminar\n**Topic:** Nets and knots\n", "Nets and knots"),
    ],
)  # fmt: skip
def test_a_quoted_title_is_never_replaced_by_a_line_of_the_text(page: str, title: str) -> None:
    talk = read(page)
    assert (talk.title, talk.unclear) == (title, None)


@pytest.mark.parametrize("line", ["Title: Rings", "**Topic:** Topology", "Thema: Ringe"])
def test_a_heading_and_a_line_with_two_titles_are_asked_about(line: str) -> None:
    assert "its heading says" in (read(f"### 7 April 2026: Nets and knots\n{line}\n").unclear or "")


def test_a_column_that_groups_the_talks_is_not_their_title() -> None:
    rows = "".join(f"|{day} April 2026|Topology|Nets {day}|\n" for day in (7, 14, 21))
    page = "|Date|Theme|Paper|\n|--|--|--|\n" + rows
    talks = PageSource(Path("talks.md"), series()).read(page, NOW).talks
    assert [talk.title for talk in talks] == ["Nets 7", "Nets 14", "Nets 21"]


@pytest.mark.parametrize(
    "page",
    [
        "## Borrowing\n📅 7 April 2026 🕒 18:30 📍 Café Anker, Hafenstr. 3 🎤 Jette Brandt\n\nOwnership.\n",
        "## Borrowing\n- 📅 **7 April 2026**\n- ⏰ 18:30\n- 📍 Café Anker, Hafenstr. 3\n- 👤 Jette Brandt\n",
        "## Borrowing\n🗓️ Tue, 7 April 2026, 6:30 pm · 📍 Where: Café Anker, Hafenstr. 3\n\n👩‍🏫 Jette Brandt\n",
        "## Borrowing\n📅: 7. April 2026\n\nZeit: 18:30\n\nOrt: Café Anker, Hafenstr. 3\n\nSprecher: Jette Brandt\n",
        "<html><body><h2>Borrowing</h2><p>📅 7 April 2026<br>🕡 18:30<br>📍 Café Anker, Hafenstr. 3<br>🎤 Jette Brandt</p></body></html>",
    ],
)  # fmt: skip
def test_a_sign_names_its_fact_as_a_word_does(page: str) -> None:
    talk = read(page)
    assert (talk.title, talk.location) == ("Borrowing", "Café Anker, Hafenstr. 3")
    assert talk.speakers == ("Jette Brandt",)
    assert f"{talk.starts_at:%H:%M}" == "16:30"
    assert talk.unclear is None


def test_a_talk_in_two_languages_is_asked_about() -> None:
    whose = series()
    page = (
        "## Programm\n- 7. April 2026, 18 Uhr: Annika Voss, „Wörter, die keiner braucht“\n"
        "## Programme\n- April 7, 2026, 6 pm: Annika Voss, “Words that nobody needs”\n"
    )
    talks = judge(PageSource(Path("talks.md"), whose).read(page, NOW), whose).talks
    assert all("two talks at one time" in (talk.unclear or "") for talk in talks)


@pytest.mark.parametrize(
    "words",
    [
        "no lunch (faculty day)",
        "kein Mittagessen",
        "room closed, no meeting",
        "Nets (Presenter: Ada Kovács)",
        "Tower 3400",
        "HIT E 41.1",
        "(Lab 4)",
    ],
)
def test_words_that_are_no_title_are_asked_about(words: str) -> None:
    assert read(f"- 7 April 2026: {words}\n").unclear is not None


@pytest.mark.parametrize(
    "words",
    ["No free lunch", "AlphaFold 2", "Fermat in 1637", "NoisePage: a database", "Nets (a survey)"],
)
def test_a_title_with_a_number_or_a_no_is_one(words: str) -> None:
    talk = read(f"|Date|Speaker|Title|\n|--|--|--|\n|7 April 2026|Ada Kovács|{words}|\n")
    assert (talk.title, talk.unclear) == (words, None)


def test_cards_with_a_numbered_place_behind_the_time_keep_their_heading_as_the_title() -> None:
    card = (
        "<article><h3>Seeing with ears</h3><p>Marguerite Okafor, Leeds</p>"
        "<p><time datetime='2026-04-07'>Tue, Apr 7, 2026</time> · 3:30 – 4:30 PM · Tower 3400</p></article>"
    )
    talk = read(f"<html><body><h1>Talks</h1>{card}</body></html>")
    assert (talk.title, talk.speakers, talk.unclear) == (
        "Seeing with ears",
        ("Marguerite Okafor",),
        None,
    )


@pytest.mark.parametrize("words", ["Vollversammlung, kein Seminar", "faculty meeting, no talk"])
def test_a_remark_that_ends_in_there_is_no_talk_calls_it_off(words: str) -> None:
    talk = read(f"|Date|Speaker|Title|Notes|\n|--|--|--|--|\n|7 April 2026|||{words}|\n")
    assert talk.cancelled


@pytest.mark.parametrize(
    "date", ["7 April 2026*", "7 April 2026 †", "7 April 2026¹", "7 April 2026 \\\\*"]
)
def test_a_date_with_a_footnote_is_asked_about(date: str) -> None:
    page = f"|Date|Title|\n|--|--|\n|{date}|Nets and knots|\n\n\\\\* at 12:00 in Room 9\n"
    assert "footnote" in (read(page).unclear or "")


def test_an_emphasised_date_has_no_footnote() -> None:
    assert read("|Date|Title|\n|--|--|\n|*7 April 2026*|Nets and knots|\n").unclear is None


def test_a_remark_that_the_slot_is_free_is_no_clear_talk() -> None:
    talk = read("|Date|Speaker|Title|Notes|\n|--|--|--|--|\n|7 April 2026|||frei|\n")
    [data] = reading("- {date: 2026-04-07, speaker: '', title: '', note: frei}\n").talks
    assert talk.unclear
    assert data.unclear
