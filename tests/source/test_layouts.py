"""Each layout in which organisers write their talks, by one habit at a time."""

from datetime import date
from pathlib import Path

import pytest
from terms import BERLIN, NOW, series

from announcer.errors import SourceUnreadable
from announcer.source.hints import Hints
from announcer.source.page import PageSource
from announcer.talks import Reading, Status, Talk

SERIES = series()


def reading(text: str, *, name: str = "index.md", year: int | None = None) -> Reading:
    return PageSource(Path(name), SERIES, Hints(year=year)).read(text, NOW)


def read(text: str, *, name: str = "index.md", year: int | None = None) -> tuple[Talk, ...]:
    return reading(text, name=name, year=year).talks


def told(talk: Talk) -> tuple[str | None, tuple[str, ...], str]:
    return talk.title, talk.speakers, str(talk.day)


def clock(talk: Talk) -> str:
    assert talk.starts_at is not None
    return f"{talk.starts_at.astimezone(BERLIN):%H:%M}"


ENGINES = ("Engines", ("Ada Lovelace",), "2026-05-12")


@pytest.mark.parametrize(
    "page",
    [
        "### Engines (12 May 2026)\n\nSpeaker: Ada Lovelace (London)\n",
        "### 12 May 2026\n**Speaker:** Ada Lovelace\n**Title:** Engines\n",
        "### 12 May 2026\n\n**Engines**\n\nAda Lovelace (London)\n",
        "### Engines\n**Date:** 12 May 2026\n\n**Speaker:** Ada Lovelace\n",
        "### Engines\nTuesday 12 May 2026, 16:00 (online)\n\nAda Lovelace (London)\n",
        "### Ada Lovelace (London) - 12 May 2026\n\nEngines\n",
        "Engines (12 May 2026)\n---\n\nSpeaker: Ada Lovelace\n",
        "|Date|Speaker|Title|\n|:--|--|--:|\n|12 May 2026|Ada Lovelace (London)|Engines|\n",
        "Datum | Vortragende\\*r | Thema\n-|-|-\n12.5.2026 | Ada Lovelace | *Engines*\n",
        "|Quand|Titre|Intervenant·e|\n|--|--|--|\n|12 mai 2026|« Engines »|Ada Lovelace|\n",
        '|Date|Speaker / Title|\n|--|--|\n|12 May 2026|Ada Lovelace, "Engines"|\n',
        "### 12 May 2026\n**Ada Lovelace** (London)\n*Engines*\n",
        "- 12 May 2026: Ada Lovelace, *Engines*\n",
        "- 12 May 2026: Ada Lovelace - Engines\n",
        "* [12.05.2026] **Ada Lovelace** : « Engines » (working title)\n",
        '1. ["Engines"](https://example.org) by Ada Lovelace (12 May 2026)\n',
        "2026-05-12 (14h-16h). **Ada Lovelace (London)** : « Engines »\n",
        "12 May 2026\n: *Engines* — Ada Lovelace, University of London\n",
        "On Tuesday (May 12th 2026) at 1pm, Ada Lovelace will talk about [Engines](x.html).\n",
        "**Wann:** 12. Mai 2026\n**Wer:** Ada Lovelace\n**Titel:** Engines\n",
        "1. 12 May 2026: Engines - Ada Lovelace\n",
        "- On May 12, 2026, Ada Lovelace (London) will give a talk on Engines.\n",
        "**Engines**\nAda Lovelace (London)\nTuesday, May 12, 2026\n\nText.\n",
        "### Engines\n*Ada Lovelace, London* — 12 May 2026\n\nText.\n",
        "### Engines\n**Ada Lovelace** (London)\n\n12 May 2026, 16:00\n\nText.\n",
        "## 2026\n- 12.5. Ada Lovelace: Engines\n",
        "### Week 3 (May 12, 2026)\n- **Paper**: [Engines](https://example.org)\n- **Presenter**: Ada Lovelace\n",
        "- **Engines** (12 May 2026) — Ada Lovelace\n",
        "- 16:00, 12 May 2026 – Ada Lovelace – Engines\n",
        "- 📅 12 May 2026 🕓 16:00 📍 Room 5 — **Ada Lovelace**: *Engines*\n",
        '* May 12th, 2026, 4:30 PM - 5:30 PM: "Engines", Ada Lovelace (London), Room 5\n',
        "* 12.05.2026: Vortrag von Ada Lovelace – Engines\n",
        "**12 May 2026, 16:00–17:30, Room B**\nAda Lovelace, London\n_Engines_\n",
        "## 12 May 2026\n### Ada Lovelace (London)\n#### Engines\nText.\n",
        "### 12 May 2026 {#first}\n{{< talk >}}\n**Ada Lovelace** - Engines\n",
        "### Ada Lovelace, University of London (May 12, 2026)\n**Engines**\n",
        "Speaker: Ada Lovelace\nTitle: Engines\nDate: 12 May 2026\n",
        "- 12 May 2026\n  - Speaker: Ada Lovelace\n  - Title: Engines\n",
        "|Date|Speaker and Title|\n|--|--|\n|12 May 2026|**Ada Lovelace** (London) <br> *Engines*|\n",
        "|Date|Speaker email|Speaker|Talk title|\n|--|--|--|--|\n|12 May 2026|a@x|Ada Lovelace|Engines|\n",
    ],
)
def test_title_speaker_and_date_are_told_apart_in_every_layout(page: str) -> None:
    [talk] = read(page)
    assert told(talk) == ENGINES
    assert talk.unclear is None


def test_html_is_read_by_the_same_habits() -> None:
    table = (
        "<tr><th>Date<th>Title<th>Speaker</tr><tr><td>12 May 2026<td>Engines<td>Ada Lovelace</tr>"
    )
    items = "<ul><li><b>12 May 2026: </b>Ada Lovelace, <i>Engines</i></li></ul>"
    terms = "<dl><dt>12 May 2026</dt><dd><i>Engines</i> &mdash; Ada Lovelace, London</dd></dl>"
    for body in (f"<table>{table}</table>", items, terms):
        [talk] = read(f"<!doctype html><html><body><h2>Talks</h2>{body}</body></html>")
        assert told(talk) == ENGINES


def test_a_table_of_html_inside_markdown_is_read_and_names_its_own_line() -> None:
    page = "# Talks\n\n<table>\n<tr><th>Date</th><th>Title</th></tr>\n<tr><td>12 May 2026</td><td>A</td></tr>\n</table>\n"
    found = reading(page)
    assert list(found.origin.values()) == ["index.md, line 5"]


def test_a_cell_over_several_rows_holds_for_each_of_them() -> None:
    page = (
        "<table><tr><th>Date</th><th>Title</th></tr><tr><td rowspan=2>12 May 2026</td><td>A</td></tr>"
        "<tr><td>B</td></tr></table>"
    )
    assert [told(t)[::2] for t in read(page)] == [("A", "2026-05-12"), ("B", "2026-05-12")]


def test_a_table_without_names_is_told_by_its_shape() -> None:
    rows = "".join(
        f"<tr><td>{day} May 2026</td><td>Ada Lovelace</td><td>On engines and their many wheels</td></tr>"
        for day in (12, 19)
    )
    first, _ = read(f"<table>{rows}</table>")
    assert told(first) == ("On engines and their many wheels", ("Ada Lovelace",), "2026-05-12")


def test_what_programs_that_make_sites_write_is_read_too() -> None:
    cards = (
        '<div><h3>Engines</h3><p class="date">May 12, 2026 | 4:00 PM</p><p>Ada Lovelace</p></div>'
    )
    spans = (
        "<p><span>Tuesday, May 12, 2026, 4:00 PM</span></p><p><span>Speaker: </span><span>Ada Lovelace"
        "</span></p><p><span>Title: </span><span>Engines</span></p>"
    )
    moment = '<ul><li><time datetime="2026-05-12T16:00">May 12</time> Ada Lovelace: <i>Engines</i></li></ul>'
    breaks = "<p><b>May 12, 2026, 4 pm</b><br>Ada Lovelace, London<br><em>Engines</em></p>"
    for body in (cards, spans, moment, breaks):
        [talk] = read(f"<!doctype html><html><body>{body}</body></html>")
        assert (told(talk), clock(talk)) == (ENGINES, "16:00"), body


def test_fields_of_restructuredtext_are_labels() -> None:
    page = "Engines\n-------\n\n:Date: 12 May 2026\n:Speaker: Ada Lovelace\n"
    [talk] = read(page, name="talks.rst")
    assert told(talk) == ENGINES


def test_restructuredtext_is_read_from_its_tables_and_headings() -> None:
    page = (
        'Termine\n=======\n\n.. csv-table::\n   :header: "Datum", "ReferentIn", "Thema"\n\n'
        '   "2026-05-12", "Ada Lovelace", "Engines"\n'
    )
    [talk] = read(page, name="termine.rst")
    assert told(talk) == ENGINES


def test_events_that_a_page_names_for_programs_come_first_and_are_exact() -> None:
    event = (
        '{"@type": "Event", "name": "Engines", "startDate": "2026-05-12T14:00:00Z",'
        ' "performer": {"name": "Ada Lovelace"}, "location": {"name": "Room 5"}}'
    )
    page = (
        f'<!doctype html><html><body><script type="application/ld+json">{event}</script>'
        "<h3>12 May 2026</h3><p>Ada speaks</p></body></html>"
    )
    [talk] = read(page)
    assert told(talk) == ENGINES
    assert (clock(talk), talk.location) == ("16:00", "Room 5")


def test_microdata_is_read() -> None:
    page = (
        '<!doctype html><html><body><div itemscope itemtype="https://schema.org/Event">'
        '<b itemprop="name">Engines</b><time itemprop="startDate" datetime="2026-05-12T16:00">'
        "</time></div></body></html>"
    )
    [talk] = read(page)
    assert (talk.title, clock(talk)) == ("Engines", "16:00")


def test_a_column_that_no_name_claims_is_never_read() -> None:
    page = "|Date|Title|Phone|\n|--|--|--|\n|12 May 2026|A|0123 456|\n"
    assert "0123" not in repr(read(page))
    unruled = "Date|Title|Phone\n12 May 2026|A|0123 456\n"
    assert "0123" not in repr(reading(unruled))


@pytest.mark.parametrize(
    "row",
    [
        "||entfällt (Pfingsten)|",
        "|No JC|due to holiday|",
        "|||Christi Himmelfahrt|".replace("|||", "||"),
        "|Ada Lovelace|~~Engines~~|",
        "|Ada Lovelace|CANCELLED|",
        "||Spring recess|",
        "|pas de séance||",
    ],
)
def test_a_row_without_a_talk_is_never_one(row: str) -> None:
    [talk] = read(f"|Date|Speaker|Title|\n|--|--|--|\n|12 May 2026{row}\n")
    assert talk.status is Status.CANCELLED


@pytest.mark.parametrize(
    "words",
    ["Easter break", "1 May (no seminar)", "Labour Day (no seminar)", "entfällt wegen Krankheit"],
)
def test_an_item_without_a_talk_is_never_one(words: str) -> None:
    [talk] = read(f"- 12 May 2026: {words}\n")
    assert (talk.status, talk.title) == (Status.CANCELLED, None)


@pytest.mark.parametrize(
    "page",
    [
        "- 12 May 2026 (postponed from 5 May): Ada Lovelace, *Engines*\n",
        "- 12 May 2026: Ada Lovelace, *Engines* (moved from 19 May 2026)\n",
        "|Date|Speaker|Title|\n|--|--|--|\n|12 May 2026|Ada Lovelace|Engines (verschoben vom 5. Mai)|\n",
        "### Engines 12 May 2026, rescheduled from 5 May 2026\nSpeaker: Ada Lovelace\n",
    ],
)
def test_a_talk_that_was_moved_takes_place_on_its_new_date(page: str) -> None:
    [talk] = read(page)
    assert (told(talk), talk.status, talk.unclear) == (ENGINES, Status.CONFIRMED, None)


@pytest.mark.parametrize("words", ["postponed", "verschoben", "postponed to 26 May 2026"])
def test_a_talk_that_was_postponed_does_not_take_place(words: str) -> None:
    [talk] = read(f"- 12 May 2026: Ada Lovelace, *Engines* ({words})\n")
    assert talk.status is Status.CANCELLED
    assert (talk.unclear is not None) is ("to" in words)


def test_a_column_for_the_state_or_for_remarks_can_call_a_talk_off() -> None:
    page = "|Date|Title|Notes|\n|--|--|--|\n|12 May 2026|A|cancelled|\n|19 May 2026|B|instead of the cancelled one|\n"
    assert [t.status for t in read(page)] == [Status.CANCELLED, Status.CONFIRMED]


def test_a_time_to_be_announced_is_not_replaced_by_the_usual_one() -> None:
    [talk] = read("|Date|Time|Title|\n|--|--|--|\n|12 May 2026|TBA|A|\n")
    assert talk.starts_at is None


def test_a_zone_in_the_name_of_a_column_counts() -> None:
    [talk] = read("|Date|Time (UTC)|Title|\n|--|--|--|\n|12 May 2026|14:00|A|\n")
    assert (clock(talk), talk.unclear) == ("16:00", None)


def test_a_brief_date_may_be_followed_by_its_time_and_a_number_of_a_chapter_is_none() -> None:
    [talk] = read("## 2026\n- 12.05., 16 Uhr: Ada Lovelace: Engines\n")
    assert (told(talk), clock(talk)) == (ENGINES, "16:00")
    assert read("## 2026\n- 1.2. Introduction\n- 1.3. Methods\n") == ()
    assert read("## 2026\n- 12.5. A\n- 1.6. B\n")[1].day == date(2026, 6, 1)


def test_a_date_with_a_question_mark_holds_the_talk() -> None:
    [talk] = read("- 12 May 2026? Ada Lovelace: Engines\n")
    assert "question mark" in (talk.unclear or "")


def test_a_date_that_is_not_sure_holds_the_talk() -> None:
    [talk] = read("|Date|Title|\n|--|--|\n|12 May 2026 (tbc)|A|\n")
    assert "is not sure" in (talk.unclear or "")


def test_the_title_of_a_paper_before_a_colon_is_nobody() -> None:
    [talk] = read("|Date|Paper|\n|--|--|\n|12 May 2026|Cheri Pitfalls: Attacks on Memory|\n")
    assert (talk.title, talk.speakers) == ("Cheri Pitfalls: Attacks on Memory", ())


def test_affiliations_are_left_out_of_the_names_and_stay_in_the_text() -> None:
    [talk] = read(
        "### 12 May 2026\n**Speaker:** Ada Lovelace (London)\n**Title:** Engines\n\nShe (London) made them.\n"
    )
    assert (talk.speakers, talk.abstract) == (("Ada Lovelace",), "She (London) made them.")


def test_who_is_struck_through_gave_the_date_to_the_other() -> None:
    [talk] = read("|Date|Person|Paper|\n|--|--|--|\n|2026-05-12|~~Bob~~ Eve (4/4)|.|\n")
    assert (talk.speakers, talk.tba, talk.status) == (("Eve",), True, Status.CONFIRMED)


def test_a_date_that_is_struck_through_is_not_read() -> None:
    [talk] = read("|Date|Title|\n|--|--|\n|~~12 May 2026~~ 19 May 2026|A|\n")
    assert talk.day == date(2026, 5, 19)


@pytest.mark.parametrize(
    "page",
    [
        "|Title|Dates|Deadline|\n|--|--|--|\n|A conference|6-10 July 2026|15 April 2026|\n",
        "## Important dates\n- 12 May 2026: abstracts\n",
        "# Seminar\n\n- Deadline for registration: 12 May 2026\n",
        "Last updated: 12 May 2026\n",
        "- [Ada](x.html) joins us on 12 May 2026\n- Exam: 12 May 2026\n",
        "## Talks\n**When?** On Tuesdays at 15:00, which is 13:00 UTC from 12 May 2026 on.\n",
        "# Seminar\n<!--\n- 12 May 2026: Ada Lovelace, *Engines*\n-->\n",
        "<!doctype html><html><body><p>Talks</p><!-- <p>12 May 2026: A</p> --><footer>12 May 2026</footer></body></html>",
        "<!doctype html><html><body><p>Talks</p><ul hidden><li>12 May 2026: A</li></ul></body></html>",
    ],
)
def test_what_is_no_talk_is_never_read_as_one(page: str) -> None:
    assert read(page) == ()


def test_a_span_of_days_is_unclear() -> None:
    for words in (
        "6-10 July 2026",
        "6.–10. Juli 2026",
        "July 6-10",
        "Jun 28-Jul 2",
        "June 28 - July 2, 2026",
    ):
        [talk] = read(f"- {words}: Summer school\n", year=2026)
        assert talk.unclear is not None


def test_a_talk_that_stands_in_a_list_and_again_with_its_abstract_is_one() -> None:
    page = (
        "## Schedule\n- 12 May 2026: Ada Lovelace, *Engines of Analysis*\n\n"
        "## Abstracts\n12 May 2026\n: *Engines of Analysis* — Ada Lovelace\n"
    )
    assert len(read(page)) == 1


@pytest.mark.parametrize(
    "page",
    [
        "## 12 May 2026\n- 10:00 – 11:00 Ada Lovelace: *Engines*\n- 11:30 Carl Gauss: *Numbers*\n",
        "### 12 May 2026\n\n**10:00** Ada Lovelace (London): Engines\n\n**11:30** Carl Gauss: Numbers\n",
    ],
)
def test_a_day_with_two_times_below_it_has_two_talks(page: str) -> None:
    first, second = read(page)
    assert (told(first), clock(first)) == (ENGINES, "10:00")
    assert (second.title, clock(second)) == ("Numbers", "11:30")


def test_the_programme_of_an_evening_is_one_meeting_whose_start_is_asked_about() -> None:
    [talk] = read("## 12 May 2026\n- 18:30 Doors open\n- 19:00 Ada Lovelace: Engines\n")
    assert "18:30 and 19:00" in (talk.unclear or "")


def test_a_day_with_two_headings_below_it_has_two_talks() -> None:
    page = "## 12 May 2026\n### Engines\n#### Abstract\nText.\n### Numbers\n"
    assert [(t.title, str(t.day)) for t in read(page)] == [
        ("Engines", "2026-05-12"),
        ("Numbers", "2026-05-12"),
    ]


def test_blocks_of_labelled_lines_are_told_apart_where_the_first_label_comes_again() -> None:
    page = (
        "Speaker: Ada Lovelace\nTitle: Engines\nDate: 12 May 2026\n\n---\n\n"
        "Speaker: Carl Gauss\nTitle: Numbers\nDate: 19 May 2026\n"
    )
    first, second = read(page)
    assert told(first) == ENGINES
    assert told(second) == ("Numbers", ("Carl Gauss",), "2026-05-19")
    assert (first.unclear, second.unclear) == (None, None)


def test_two_talks_of_one_day_stay_two() -> None:
    page = "|Date|Time|Title|\n|--|--|--|\n|12 May 2026|16:00|A|\n|12 May 2026|17:00|B|\n"
    assert [clock(t) for t in read(page)] == ["16:00", "17:00"]


@pytest.mark.parametrize(
    ("page", "day"),
    [
        ("## Summer 2026\n- 12 May: A\n", date(2026, 5, 12)),
        ("## Wintersemester 2025/26\n- 12 January: A\n", date(2026, 1, 12)),
        ("## Wintersemester 2025/26\n- 12 November: A\n", date(2025, 11, 12)),
        ("---\ntitle: Spring 2026 Colloquium\n---\n- 12 May: A\n", date(2026, 5, 12)),
        ("- Tuesday, 12 May: A\n", date(2026, 5, 12)),
    ],
)
def test_the_year_comes_from_what_stands_around_it(page: str, day: date) -> None:
    [talk] = read(page)
    assert (talk.day, talk.unclear) == (day, None)


def test_the_year_may_stand_in_the_name_of_the_file() -> None:
    [talk] = read("- 12 May: A\n", name="colloquium-spring2026.md")
    assert (talk.day, talk.unclear) == (date(2026, 5, 12), None)


@pytest.mark.parametrize(
    "page",
    [
        "- 12 May: A\n",  # neither year nor weekday: this year's, or one of a page that is old
        "## Fall 2025\n- 12 January: A\n",
        "## Fall 2025 and Spring 2026\n- 12 May: A\n",
    ],
)
def test_a_year_that_nothing_tells_for_sure_leaves_the_talk_unclear(page: str) -> None:
    [talk] = read(page)
    assert talk.unclear is not None


def test_a_heading_and_the_settings_that_name_two_years_leave_the_talk_unclear() -> None:
    [talk] = read("## Summer 2026\n- 12 May: A\n", year=2025)
    assert talk.unclear is not None


def test_the_order_of_slashes_is_told_from_the_whole_page() -> None:
    page = "|Date|Title|\n|--|--|\n|13/05/2026|A|\n|06/07/2026|B|\n"
    assert read(page)[1].day == date(2026, 7, 6)


def test_orders_that_contradict_each_other_name_both_lines() -> None:
    page = "|Date|Title|\n|--|--|\n|13/05/2026|A|\n|05/14/2026|B|\n|06/07/2026|C|\n"
    unclear = read(page)[2].unclear
    assert unclear is not None
    assert "line 3" in unclear
    assert "line 4" in unclear


@pytest.mark.parametrize("words", ["Jun 28-Jul 2", "June 28 - July 2, 2026"])
def test_the_first_day_of_a_span_is_its_day(words: str) -> None:
    [talk] = read(f"- {words}: Summer school\n", year=2026)
    assert talk.day == date(2026, 6, 28)


def test_a_number_before_a_whole_date_is_no_day() -> None:
    [talk] = read("### Talk 7 May 12, 2026: Engines\n")
    assert talk.day == date(2026, 5, 12)


def test_a_weekday_in_a_cell_that_contradicts_its_date_holds_the_talk() -> None:
    [talk] = read("|Date|Title|\n|--|--|\n|Mo, 12.05.2026|A|\n")
    assert talk.unclear is not None


@pytest.mark.parametrize(
    ("words", "start"),
    [
        ("16:15", "16:15"),
        ("4pm", "16:00"),
        ("12pm-1pm", "12:00"),
        ("11-1pm", "11:00"),
        ("15 Uhr", "15:00"),
        ("16 Uhr c.t.", "16:15"),
        ("16 s.t.", "16:00"),
        ("14h30", "14:30"),
        ("14h-16h", "14:00"),
        ("noon", "12:00"),
        ("14-16", "14:00"),
        ("13.30-16.30", "13:30"),
        ("3:00", "15:00"),  # as usual: nobody meets at three at night
    ],
)
def test_a_time_may_be_written_in_many_ways(words: str, start: str) -> None:
    [talk] = read(f"|Date|Time|Title|\n|--|--|--|\n|12 May 2026|{words}|A|\n")
    assert clock(talk) == start


def test_a_time_that_can_be_in_the_morning_or_the_afternoon_is_asked_about() -> None:
    [talk] = read("|Date|Time|Title|\n|--|--|--|\n|12 May 2026|4:00|A|\n")
    assert "in the morning or the afternoon" in (talk.unclear or "")


def test_a_date_with_dots_is_not_taken_for_a_time() -> None:
    [talk] = read("## 2026\n|Datum|Thema|\n|-|-|\n|14.10.|A|\n")
    assert (talk.day, clock(talk)) == (date(2026, 10, 14), "15:00")


def test_what_stands_in_brackets_behind_a_date_is_its_time_and_place() -> None:
    [talk] = read("- 12 May 2026 (13-16 small meeting room): Ada Lovelace - Engines\n")
    assert told(talk) == ENGINES
    assert (clock(talk), talk.location) == ("13:00", "small meeting room")


def test_a_heading_of_a_term_is_no_talk() -> None:
    page = "## Term 13 April 2026\n### 14 April 2026: A\n### 21 April 2026: B\n"
    assert [t.title for t in read(page)] == ["A", "B"]


def test_an_undated_row_is_listed_without_a_day() -> None:
    undated = read("|Date|Title|\n|--|--|\n|12 May 2026|A|\n|soon|B|\n")[1]
    assert (undated.title, undated.day) == ("B", None)


def test_a_date_with_a_typing_error_is_named_and_not_read() -> None:
    found = reading("- 12.05.2026: A\n- 05.010.2026: B\n")
    assert [talk.title for talk in found.talks] == ["A"]
    assert any("line 2" in warning for warning in found.warnings)


def test_a_talk_by_somebody_may_have_a_holiday_in_its_title() -> None:
    [talk] = read("- 12 May 2026: **Ada Lovelace** - Spring break of ice\n")
    assert talk.status is Status.CONFIRMED


def test_a_line_with_a_date_ahead_that_is_not_understood_is_named() -> None:
    found = reading("- 12 May 2026: A\n\nWe will perhaps meet on Tuesday, 19 May 2026.\n")
    assert len(found.talks) == 1
    assert any("line 3" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    "page",
    [
        "<!doctype html><html><head><title>x</title></head><body><h1>404 Not Found</h1></body></html>",
        "<!doctype html><html><body><script>app()</script></body></html>",
        "<html></html>",
    ],
)
def test_an_error_page_or_an_empty_one_is_an_error(page: str) -> None:
    with pytest.raises(SourceUnreadable):
        reading(page)


def test_the_hints_of_the_settings_hold_for_a_page() -> None:
    def hinted(page: str, hints: Hints) -> Reading:
        return PageSource(Path("index.md"), SERIES, hints).read(page, NOW)

    page = (
        "## Ours\n- 12 May 2026: OUT: A\n- 19 May 2026: to be fixed\n## Theirs\n- 20 May 2026: C\n"
    )
    words = Hints(sections=("ours",), cancel_words=("out",), tba_words=("to be fixed",))
    off, tba = hinted(page, words).talks
    assert (off.title, off.status, tba.title) == ("A", Status.CANCELLED, None)
    kept = hinted(page, Hints(skip_sections=("theirs", "old")))
    assert len(kept.talks) == 2
    assert 'it has no section "old"' in " ".join(kept.warnings)
    with pytest.raises(SourceUnreadable, match='no section "hers"'):
        hinted(page, Hints(sections=("hers",)))


def test_the_settings_can_name_a_column_or_a_label_and_then_no_other_is_read() -> None:
    def titled(page: str) -> tuple[Talk, ...]:
        hints = Hints(fields=(("title", "Head line"),))
        return PageSource(Path("index.md"), SERIES, hints).read(page, NOW).talks

    [row] = titled("|Date|Title|Head line|\n|--|--|--|\n|12 May 2026|secret|Engines|\n")
    [block] = titled("### 12 May 2026\n**Head line:** Engines\n")
    assert (row.title, block.title) == ("Engines", "Engines")
    assert "secret" not in repr(row)


def test_a_flood_of_dates_is_no_page_of_talks() -> None:
    with pytest.raises(SourceUnreadable, match="20001 entries"):
        reading("- 2026-05-12\n" * 20_001)


@pytest.mark.parametrize(
    "piece", ["[", "*", "<div>", "|", "((", "`", "~~a", "1.", "12 May ", "<ul>\n", "- 1/1 ", "«"]
)
def test_a_page_of_one_piece_over_and_over_is_read_in_bounded_time(piece: str) -> None:
    for start in ("", "<!doctype html><html><body>"):
        try:
            reading(start + piece * (200_000 // len(piece)))
        except SourceUnreadable:
            continue
