"""A series has its own colour and its own last lines, and can be read by day and in the dark."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_compose import NOW, mail
from test_words import texts

from announcer.announcement import Announcement
from announcer.colours import (
    ACCENT,
    DARK_ACCENT,
    DARK_GROUND,
    ENOUGH,
    GROUND,
    contrast,
    lightened,
)
from announcer.compose import MailComposer
from announcer.errors import SettingsError
from announcer.settings import load_settings
from announcer.verify import verify

ROOT = Path(__file__).parents[1]
COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def _with(accent: str | None = None, footer: tuple[str, ...] = ()) -> Announcement:
    announcement = mail(abstract="See [this](https://a.example).")
    series = replace(announcement.series, accent=accent, footer=footer)
    return replace(announcement, series=series)


def test_the_ratio_of_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == contrast("#ffffff", "#777777")
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(COLOURS)
def test_every_colour_can_be_read_in_the_dark_once_it_is_lightened(colour: str) -> None:
    assert contrast(lightened(colour), DARK_GROUND) >= ENOUGH


def test_the_grounds_and_inks_of_the_templates_can_be_read() -> None:
    layout = (ROOT / "templates" / "_layout.html").read_text(encoding="utf-8")
    assert f"background-color:{GROUND};" in layout
    assert f"background-color: {DARK_GROUND} !important" in layout
    everywhere = layout + (ROOT / "templates" / "_body.html").read_text(encoding="utf-8")
    light = set(re.findall(r"[\" ;]color:(#\w{6});", everywhere))
    dark = set(re.findall(r"{ color: (#\w{6}) !important", everywhere))
    assert len(light) == len(dark) == 2
    assert all(contrast(ink, GROUND) >= ENOUGH for ink in light | {ACCENT})
    assert all(contrast(ink, DARK_GROUND) >= ENOUGH for ink in dark | {DARK_ACCENT})


def test_an_accent_colours_every_link_and_a_line_on_top() -> None:
    announcement = _with("#7a0019")
    message = MailComposer().compose(announcement, NOW)
    verify(message, announcement)
    _, html, _ = texts(message)
    assert ACCENT not in html
    assert "\na { color: #7a0019; }\n" in html
    assert f"a {{ color: {lightened('#7a0019')} !important; }}" in html
    assert html.count("border-top:3px solid #7a0019") == 1


def test_without_an_accent_there_is_no_line_on_top() -> None:
    _, html, _ = texts(MailComposer().compose(_with(), NOW))
    assert f"\na {{ color: {ACCENT}; }}\n" in html
    assert f"a {{ color: {DARK_ACCENT} !important; }}" in html
    assert "3px" not in html


def test_the_footer_ends_the_mail_with_its_addresses_as_links() -> None:
    announcement = _with(footer=("Department <of> Mathematics", "https://math.example"))
    message = MailComposer().compose(announcement, NOW)
    verify(message, announcement)
    text, html, _ = texts(message)
    assert text.endswith(
        "https://groups.example/s\n\nDepartment <of> Mathematics\nhttps://math.example\n"
    )
    assert "Department &lt;of&gt; Mathematics<br>" in html
    assert 'href="https://math.example"' in html


def _settings(tmp_path: Path, line: str) -> Path:
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    path = tmp_path / "config.toml"
    path.write_text(text.replace("website = ", f"{line}\nwebsite = "), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        (
            'accent = "#ffcc00"',
            'accent: "#ffcc00" has a contrast of 1.4 on the ground of the mail, and links need '
            "4.5; choose a darker one (in dark mode it is lightened)",
        ),
        ('accent = "blue"', 'accent: "blue" is no colour; write it like "#1a4f9c"'),
        ("footer = 5", 'footer: 5 is no text; write "one line", or ["one line", "another"]'),
    ],
)
def test_a_colour_that_cannot_be_read_is_a_mistake(tmp_path: Path, line: str, mistake: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(_settings(tmp_path, line), environ={})
    assert error.value.mistakes == (f"config.toml: series[0].{mistake}",)


@pytest.mark.parametrize("lines", ['"One\\n\\nTwo"', '["One", " Two "]', '"""\nOne\nTwo\n"""'])
def test_a_footer_is_a_text_or_a_list_of_lines(tmp_path: Path, lines: str) -> None:
    [asked] = load_settings(_settings(tmp_path, f"footer = {lines}"), environ={}).series
    assert asked.series.footer == ("One", "Two")
