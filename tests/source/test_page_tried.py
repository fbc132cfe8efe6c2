"""Pages as someone wrote them who tried the program with nothing but its README."""

from datetime import date
from pathlib import Path

from terms import NOW, local, series

from announcer.source.page import PageSource
from announcer.talks import Reading


def page(text: str) -> Reading:
    return PageSource(Path("index.md"), series()).read(text, NOW)


def test_a_time_at_the_end_of_an_item_is_its_own_and_another_one_in_it_is_asked_about() -> None:
    for line in ("*Graphs*, 16:30", "*Graphs* at 16:30!", "*Graphs* (16:30, Room 7)"):
        [talk] = page(f"# S\n\n- 14 April 2026: Ben Ng, {line}\n").talks
        assert (local(talk)[:5], talk.unclear) == ("16:30", None), line
    [talk] = page("# S\n\n- 14 April 2026: Ben Ng, *Graphs* -- at 16:30 this once only\n").talks
    assert talk.unclear == "its line names 16:30, and the usual start is 15:00"
    [talk] = page("# S\n\n- 14 April 2026: Ben Ng, *From 9:30 to infinity*\n").talks
    assert (local(talk)[:5], talk.unclear) == ("15:00", None)


def test_mar_before_a_day_and_its_month_is_tuesday() -> None:
    for words in ("mar. 14 avril 2026", "mar. 14 avr. 2026", "mar. 14/04/2026"):
        [talk] = page(f"# S\n\n- {words} : Ada Kovács, *Trees*\n").talks
        assert (talk.day, talk.unclear) == (date(2026, 4, 14), None), words
    [talk] = page("# S\n\n- Mar 3, 2026: Ada Kovács, *Trees*\n").talks
    assert talk.day == date(2026, 3, 3)


def test_a_weekday_that_fits_the_year_after_that_of_the_heading_is_asked_about() -> None:
    [talk] = page("# Seminar, Winter 2026\n\n- Wed 6 Jan: Fred Smith, *Graphs*\n").talks
    assert talk.day == date(2027, 1, 6)
    assert talk.unclear == '"Wed 6 Jan" is of 2026 by its heading, and of 2027 by its weekday'


def test_a_title_that_speaks_of_what_is_cancelled_is_not() -> None:
    for words, off in (
        ("Ada Kovács, *How projects get cancelled*", False),
        ("Ada Kovács, **Why flights are cancelled in winter**", False),
        ("Ada Kovács, *Knots* cancelled", True),
        ("*Talk is cancelled*", True),
        ("**Cancelled** Ada Kovács, *Knots*", True),
        ("*Ada Kovács: cancelled*", True),
    ):
        [talk] = page(f"# S\n\n- 14 April 2026: {words}\n").talks
        assert talk.cancelled is off, words


def test_a_title_line_that_is_struck_cancels_its_talk() -> None:
    for line in ("~~**Knots**~~", "<del>**Knots**</del>", "~~Knots~~", "<s>Knots</s>"):
        [talk] = page(f"# S\n\n## 14 April 2026: Ada Kovács\n\n{line}\n").talks
        assert talk.cancelled, line


def test_a_row_may_be_struck_by_a_style_or_say_in_any_cell_that_it_is_off() -> None:
    head = "<table><tr><th>Datum</th><th>Vortragende</th><th>Titel</th><th>Raum</th></tr>"
    for row in (
        '<td>14.04.2026</td><td>U. Meier</td><td><span style="text-decoration: line-through;">Knoten</span></td><td>HS 3</td>',
        "<td>14.04.2026<br>ABGESAGT</td><td>U. Meier</td><td>Knoten</td><td>HS 3</td>",
        "<td>14.04.2026</td><td>U. Meier</td><td>Knoten</td><td>fällt aus</td>",
        "<td>14.04.2026</td><td>U. Meier</td><td>Knoten<br><b>Der Vortrag muss leider entfallen.</b></td><td>HS 3</td>",
    ):
        html = f"<!doctype html><html><body>{head}<tr>{row}</tr></table></body></html>"
        [talk] = page(html).talks
        assert (talk.cancelled, talk.location == "fällt aus") == (True, False), row
    moved = "<tr><td>14.04.2026</td><td>U. Meier</td><td>Knoten</td><td><s>HS 3</s> HS 5</td></tr>"
    [talk] = page(f"<!doctype html><html><body>{head}{moved}</table></body></html>").talks
    assert (talk.cancelled, talk.location) == (False, "HS 5")


def test_who_speaks_is_known_before_the_title_is() -> None:
    lines = (
        "TBA (Eva Müller)", "Eva Müller, TBC", "Eva Müller (title TBA)", "Eva Müller: to be announced",
        "t.b.a., Eva Müller (Köln)",
    )  # fmt: skip
    for line in lines:
        talks = page(f"# S\n\n- 7 April 2026: Ben Ng, *Trees*\n- 14 April 2026: {line}\n").talks
        assert (talks[1].title, talks[1].speakers) == (None, ("Eva Müller",)), line
        assert talks[0].title == "Trees"


def test_a_line_that_names_the_state_cancels_and_confirms() -> None:
    text = "# S\n\n## 14 April 2026: Ada Kovács\n\n**Knots**\n\n{}\n\nAn abstract.\n"
    for line, off in (
        ("Status: cancelled", True),
        ("**Status:** abgesagt", True),
        ("Status: confirmed", False),
    ):
        [talk] = page(text.format(line)).talks
        assert (talk.title, talk.cancelled) == ("Knots", off), line
