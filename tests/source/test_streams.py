"""The stream of a talk: its player, what is labelled so, a known service; of two that could be it none."""

from dataclasses import replace
from pathlib import Path

import pytest
from terms import NOW, series

from announcer.source.data import DataSource
from announcer.source.facts import understood
from announcer.source.hints import NO_HINTS
from announcer.source.page import PageSource
from announcer.talks import Talk

USUAL = "https://usual.example/s"
SERIES = replace(series(), stream=USUAL)
OWN = "https://webconf.uni.example/r/nets"
ZOOM = "https://uni.zoom.us/j/123"
PLAYER = '<iframe src="https://www.youtube.com/embed/hwWeAd5_K20"></iframe>'
WATCHED = "https://www.youtube.com/watch?v=hwWeAd5_K20"


def read(page: str) -> Talk:
    """Read the one talk of a page."""
    [talk] = PageSource(Path("talks.md"), SERIES).read(page, NOW).talks
    return talk


def below(*lines: str) -> Talk:
    """Read a heading with lines below it."""
    return read("### 7 April 2026: Nets\n**Speaker:** Ada Kovács\n\n" + "\n\n".join(lines) + "\n")


def of_data(fields: str) -> Talk:
    """Read an entry of a data file."""
    facts = DataSource(Path("t.yml"), SERIES).read(
        f"- title: Nets\n  date: 2026-04-07\n{fields}", "t.yml"
    )
    [talk] = understood(facts, SERIES, NO_HINTS, NOW).talks
    return talk


@pytest.mark.parametrize(
    "line",
    [
        f"**Stream:** <{OWN}>", f"**Zoom:** [join here]({OWN})", f"Livestream: {OWN}", f"Video: {OWN}", f"- BBB: [Raum]({OWN})",
        f"**Online:** {OWN}", f"*Visio :* {OWN}", f"Videokonferenz: [hier]({OWN})", f"Zoom link: {OWN}",
    ],
)  # fmt: skip
def test_what_is_labelled_as_the_stream_is_it_whatever_its_host(line: str) -> None:
    assert below(line, "We look at nets.").stream == OWN


@pytest.mark.parametrize("name", ["Zoom", "Stream", "Livestream", "Online", "Visio", "BBB"])
def test_a_column_of_streams_is_believed(name: str) -> None:
    md = f"|Date|Title|{name}|\n|--|--|--|\n|7 April 2026|Nets|[Join]({OWN})|\n"
    html = f"<html><body><table><tr><th>Date</th><th>Title</th><th>{name}</th></tr><tr><td>7 April 2026</td><td>Nets</td><td><a href='{OWN}'>Join</a></td></tr></table></body></html>"
    assert (read(md).stream, read(html).stream) == (OWN, OWN)


@pytest.mark.parametrize(
    "line", [f"Zoom: {ZOOM}", f"See {ZOOM}", f"[Slides](https://files.example/a.pdf) and {ZOOM}"]
)
def test_the_player_comes_before_any_other_link(line: str) -> None:
    assert below(line, PLAYER).stream == WATCHED
    assert below(PLAYER, line).stream == WATCHED


def test_a_label_comes_before_a_link_of_a_known_service() -> None:
    assert below(f"Last year we met at {ZOOM}", f"Stream: {OWN}").stream == OWN


@pytest.mark.parametrize(
    "lines",
    [
        (f"Zoom: {ZOOM}", f"Livestream: {OWN}"),
        (f"Join {ZOOM} or watch https://www.youtube.com/watch?v=hwWeAd5_K20",),
        (PLAYER, PLAYER.replace("hwWeAd5_K20", "hwWeAd5_K21")),
        (f"Zoom: [Monday]({ZOOM}) or [Tuesday](https://uni.zoom.us/j/456)",),
    ],
)
def test_where_two_links_could_be_the_stream_none_is_told(lines: tuple[str, ...]) -> None:
    talk = below(*lines)
    assert (talk.stream, talk.unclear) == (None, None)
    assert "two links could be its stream" in " ".join(talk.warnings)


@pytest.mark.parametrize(
    "line",
    [
        "The recording of the last talk: https://youtu.be/hwWeAd5_K20",
        "[Aufzeichnung](https://youtu.be/hwWeAd5_K20) des letzten Vortrags",
        "[Slides](https://files.example/a.pdf)",
        '<iframe src="https://www.google.com/maps/embed?pb=1"></iframe>',
        "Zoom: 123 456 789",
    ],
)
def test_what_shows_something_else_is_no_stream(line: str) -> None:
    assert below(line).stream == USUAL


@pytest.mark.parametrize(
    ("fields", "stream"),
    [
        (f"  zoom: {ZOOM}\n", ZOOM),
        (f"  stream: {OWN}\n  abstract: See {ZOOM}\n", OWN),
        (f"  abstract: 'Stream: {OWN}'\n", OWN),
        (f"  bbb: {OWN}\n", OWN),
        (f"  location: Room 5, {OWN}\n", OWN),
        (f"  stream: {OWN} or {ZOOM}\n", None),
        (f"  abstract: '{ZOOM} or https://meet.google.com/abc'\n", None),
        ("", USUAL),
    ],
)
def test_the_stream_of_data_is_its_field_or_what_its_text_labels(
    fields: str, stream: str | None
) -> None:
    assert of_data(fields).stream == stream
