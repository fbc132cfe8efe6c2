"""The same talks say the same, in whatever form a program wrote the file that lists them."""

import codecs
import re
from pathlib import Path

import pytest
from terms import NOW, series

from announcer.source.data import DataSource
from announcer.source.decode import decoded
from announcer.source.facts import understood
from announcer.source.hints import NO_HINTS
from announcer.source.page import PageSource
from announcer.talks import Talk

SERIES = series()


def of_page(text: str, name: str = "talks.md") -> list[tuple[str | None, tuple[str, ...], str]]:
    """Read a page; gives title, speakers and start of each talk."""
    return [told(talk) for talk in PageSource(Path(name), SERIES).read(text, NOW).talks]


def of_data(text: str, name: str = "talks.csv") -> list[tuple[str | None, tuple[str, ...], str]]:
    """Read a data file; gives title, speakers and start of each talk."""
    facts = DataSource(Path(name), SERIES).read(text, name)
    return [told(talk) for talk in understood(facts, SERIES, NO_HINTS, NOW).talks]


def told(talk: Talk) -> tuple[str | None, tuple[str, ...], str]:
    """Give what a reader of the mail would see of a talk."""
    assert talk.starts_at is not None
    return talk.title, talk.speakers, f"{SERIES.local(talk.starts_at):%d.%m. %H:%M}"


NETS = ("Nets and knots", ("Ada Kovacs",), "07.04. 15:00")
RINGS = ("Rings and fields", ("Bela Bartok",), "14.04. 15:00")


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        (codecs.BOM_UTF8 + "Ü".encode(), "utf-8"),
        (codecs.BOM_UTF8 + "Ü".encode(), "UTF-8"),
        (codecs.BOM_UTF8 + "Ü".encode(), "iso-8859-1"),
        (codecs.BOM_UTF8 + "Ü".encode(), None),
        ("Ü".encode("utf-16"), "utf-16"),
        ("Ü".encode("utf-16-le"), "utf-16le"),
        ("\ufeffÜ".encode("utf-16-be"), "UTF-16BE"),
    ],
)
def test_a_byte_order_mark_is_no_part_of_the_text(content: bytes, charset: str | None) -> None:
    assert decoded(content, charset, "talks.ics") == "Ü"


@pytest.mark.parametrize(
    ("text", "title", "start"),
    [
        ('### 1. "P &ne; NP &amp; friends" 07.04.26\n', "P ≠ NP & friends", "07.04. 15:00"),
        ("### 7&nbsp;April&nbsp;2026: Rings &amp; fields\n", "Rings & fields", "07.04. 15:00"),
        ("- 7 April 2026, 16:00&ndash;17:00: *Nets*\n", "Nets", "07.04. 16:00"),
        ("- 7.&#160;April&#xA0;2026, 16:00&thinsp;&ndash;&thinsp;17:00 Uhr: *B&auml;ume*\n", "Bäume", "07.04. 16:00"),
        ("- 7&nbsp;avril 2026 &mdash; *L&rsquo;arbre &amp; la for&ecirc;t*\n", "L’arbre & la forêt", "07.04. 15:00"),
        ("- 7 April 2026, 16&#58;00: *Nets*\n", "Nets", "07.04. 16:00"),
        ("### 7 April 2026: Sums &lt; products\n", "Sums < products", "07.04. 15:00"),
        ("|Date|Title|\n|--|--|\n|7&nbsp;April 2026|Nets &amp; knots|\n", "Nets & knots", "07.04. 15:00"),
        ("### 7 April 2026: R&D and AT&T; a history\n", "R&D and AT&T; a history", "07.04. 15:00"),
    ],
)  # fmt: skip
def test_a_character_reference_in_markdown_is_its_character(
    text: str, title: str, start: str
) -> None:
    assert [(t, s) for t, _, s in of_page("# Seminar\n\n" + text)] == [(title, start)]


def test_a_reference_to_a_mark_of_html_makes_no_element() -> None:
    [(title, _, _)] = of_page("### 7 April 2026: Why &lt;b&gt; is bold\n")
    assert title == "Why <b> is bold"


PAGES = [
    "<html><body><h1>Seminar</h1>\n<h2>7 April 2026: Nets and knots</h2>\n<p>Speaker: Ada Kovacs</p>\n"
    "<h2>14 April 2026: Rings and fields</h2>\n<p>Speaker: Bela Bartok</p>\n</body></html>",
    "<html><body><div><h1>Seminar</h1>\n<div><h2>Talks</h2>\n<div><h3>7 April 2026: Nets and knots</h3>\n<p>Speaker: Ada Kovacs</p></div>\n"
    "<div><h3>14 April 2026: Rings and fields</h3>\n<p>Speaker: Bela Bartok</p></div></div></div></body></html>",
    "<html><body><h1>Seminar</h1>\n<p>Welcome.</p>\n<table><tr><th>Date</th><th>Speaker</th><th>Title</th></tr>\n"
    "<tr><td>7 April 2026</td>\n<td>Ada Kovacs</td><td>Nets and knots</td></tr>\n"
    "<tr><td>14 April 2026</td><td>Bela Bartok</td><td>Rings and fields</td></tr></table></body></html>",
    "<html><body><h1>Seminar</h1>\n<p>Welcome.</p>\n<p>Date: 7 April 2026</p>\n<p>Speaker: Ada Kovacs</p>\n<p>Title: Nets and knots</p>\n"
    "<p>Date: 14 April 2026</p>\n<p>Speaker: Bela Bartok</p>\n<p>Title: Rings and fields</p></body></html>",
    "<html><body><h1>Seminar</h1>\n<p>Every Tuesday at 15:00</p>\n<h2>Talks</h2>\n<ul><li>7 April 2026: <b>Ada Kovacs</b>, <i>Nets and knots</i></li>\n"
    "<li>14 April 2026: <b>Bela Bartok</b>, <i>Rings and fields</i></li></ul></body></html>",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_a_page_means_the_same_with_and_without_line_breaks(page: str) -> None:
    assert of_page(page, "talks.html") == [NETS, RINGS]
    assert of_page(re.sub(r">\s+<", "><", page), "talks.html") == [NETS, RINGS]


TEXT = "We study nets, knots, rings, and fields, and how they meet, in low dimension, and beyond."


@pytest.mark.parametrize(
    "text",
    [
        f'Datum;Referent;Titel;Zusammenfassung\n07.04.2026;Ada Kovacs;Nets and knots;"{TEXT}"\n',
        f"Datum;Referent;Titel;Zusammenfassung\n07.04.2026;Ada Kovacs;Nets and knots;{TEXT}\n",
        f"Date\tSpeaker\tTitle\tAbstract\n2026-04-07\tAda Kovacs\tNets and knots\t{TEXT}; {TEXT}\n",
        'Date,Speaker,Title,Abstract\n2026-04-07,Ada Kovacs,Nets and knots,"a; b; c; d; e;\nf; g; h; i"\n',
        "Date,Speaker,Title\n2026-04-07,Ada Kovacs,Nets and knots\n\n;;;;;;;;;;\n",
        f'Séminaire;;;\nDate;Orateur;Titre;Résumé\n07/04/2026;Ada Kovacs;Nets and knots;"{TEXT}"\n',
        f'"Date";"Speaker";"Title";"Abstract"\n"2026-04-07";"Ada Kovacs";"Nets and knots";"{TEXT}"\n',
    ],
)
def test_what_parts_the_cells_is_told_by_the_names_of_the_columns(text: str) -> None:
    talks = DataSource(Path("talks.csv"), SERIES).read(text, "talks.csv")
    first = understood(talks, SERIES, NO_HINTS, NOW).talks[0]
    assert (first.title, first.speakers) == ("Nets and knots", ("Ada Kovacs",))


def test_a_title_with_semicolons_in_a_file_with_commas_is_one_title() -> None:
    text = "Date,Speaker,Title\n2026-04-07,Ada Kovacs,Nets; knots; rings; fields; trees\n"
    assert of_data(text) == [("Nets; knots; rings; fields; trees", ("Ada Kovacs",), "07.04. 15:00")]
