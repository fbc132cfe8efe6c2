"""Text of every script in a mail: cut with a sign, wrapped by its width, addresses whole, links to click."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_samples import SERIES

from announcer.agreement import Shown
from announcer.cleaning import line
from announcer.compose import MailComposer
from announcer.lines import columns, hang, joined, shortened, wrapped
from announcer.links import add_to_calendar
from announcer.plain import to_text
from announcer.prose import one_line, to_html
from announcer.samples import sample_talk, samples
from announcer.source.absolute import absolute
from announcer.talks import Talk
from announcer.verify import verify

HEBREW, ARABIC = "אלגברה מופשטת ותורת החוגים", "الجبر المجرد ونظرية الحلقات"
JAPANESE = "深層学習における対称性とネーターの定理について、その応用。" * 6
CHINESE = "关于环与理想的抽象代数以及（诺特）定理的历史。" * 6
ADDRESS = "https://example.org/" + "x" * 90


def bodies(talk: Talk, *, notes: tuple[str, ...] = ()) -> tuple[str, str]:
    """The text and the HTML of an announcement that is fit to go."""
    one = next(sample for sample in samples(SERIES, ["announcement"]) if sample.case == "one")
    mail = replace(one.mail, talks=(talk,), notes=notes)
    message = MailComposer().compose(mail, one.now)
    verify(message, mail)
    parsed = message_from_bytes(message.content, policy=SMTP)
    plain, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content().replace("\r\n", "\n"), html.get_content()


@pytest.mark.parametrize("words", [JAPANESE, CHINESE])
def test_chinese_and_japanese_are_wrapped_by_their_width(words: str) -> None:
    lines = wrapped(words, 72)
    assert "".join(lines) == words
    assert max(map(columns, lines)) <= 72
    assert all(columns(one) >= 64 for one in lines[:-1]), "lines are filled"
    assert not any(one[0] in "、。）」" or one[-1] in "（「" for one in lines)
    talk = replace(sample_talk(SERIES), title=words[:100], abstract=words, location=words[:40])
    text, _ = bodies(talk)
    assert max(columns(one) for one in text.split("\n") if "://" not in one) <= 76


@given(
    st.text(st.sampled_from("aé ，。（）深層ネ한국 א1-.") | st.characters(), max_size=300),
    st.integers(24, 80),
)
def test_what_is_wrapped_is_all_there_and_fits(words: str, width: int) -> None:
    lines = wrapped(words, width)
    assert "".join("".join(lines).split()) == "".join(words.split())
    for one in lines:
        assert (
            columns(one) <= width
            or "://" in one
            or "www." in one.lower()
            or "mailto:" in one.lower()
        )


def test_latin_words_are_wrapped_as_ever_and_korean_at_its_blanks() -> None:
    assert wrapped("one two three", 24, "* ", "  ") == ["* one two three"]
    assert hang("word " * 20, 9, 72).count("\n") == 1
    korean = "대칭성과 뇌터의 정리에 대하여 그 응용을 이야기합니다 그리고 더"
    lines = wrapped(korean, 30)
    assert " ".join(lines) == korean
    assert max(map(columns, lines)) <= 30
    assert joined("深層\n  学習 and\nmore") == "深層学習and more"


@pytest.mark.parametrize("words", [HEBREW, ARABIC])
def test_hebrew_and_arabic_take_their_own_direction(words: str) -> None:
    talk = replace(
        sample_talk(SERIES),
        title=words,
        speakers=(words[:12],),
        affiliations=(),
        location=words,
        abstract=f"{words}\n\n* {words}\n",
    )
    text, html = bodies(talk, notes=(words,))
    assert words in " ".join(text.split())
    for element in (
        '<h1 dir="auto" style',
        f'<p dir="auto">{words}</p>',
        f'<li dir="auto">{words}</li>',
    ):
        assert element in html
    assert f'dir="auto">{words}</td>' in html
    assert 'dir="auto"' not in to_html("Plain English, and *emphasis*.")


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("one two three four", 12, "one two…"),
        (f"see {ADDRESS} now", 40, "see…"),
        ("write to seminar@example.org now", 20, "write to…"),
        ("x" * 50, 20, "x" * 19 + "…"),
        ("as it is", 20, "as it is"),
    ],
)
def test_what_is_cut_says_so_and_no_address_is_cut(text: str, most: int, kept: str) -> None:
    assert one_line(text, most) == line(text, most) == kept


def test_a_title_that_is_too_long_ends_in_an_ellipsis_everywhere() -> None:
    talk = replace(sample_talk(SERIES), title="word " * 100)
    text, html = bodies(talk)
    assert str(talk.title).endswith("word…")
    assert "word…" in text
    assert "word…</h1>" in html


def test_an_abstract_is_never_cut_within_an_address() -> None:
    for before in ("", "word " * 3):
        short, is_cut = shortened(f"{before}{ADDRESS} and more", 60)
        assert (short, is_cut) == (f"{before.strip()} …" if before else " …", True)
    long = f"[paper](https://example.org/{'y' * 1200})"
    assert f'href="https://example.org/{"y" * 1200}"' in to_html(long)
    assert to_html(f"[]({ADDRESS})") == f'<p><a href="{ADDRESS}">example.org/…</a></p>'


def test_an_address_that_puts_a_talk_into_a_calendar_holds_whole_addresses() -> None:
    talk = replace(
        sample_talk(SERIES),
        speakers=tuple(f"Speaker Number {n}" for n in range(24)),
        stream="https://stream.example.org/" + "z" * 120,
    )
    for link in add_to_calendar(talk, SERIES):
        query = parse_qs(urlsplit(link.url).query)
        [words] = query.get("details") or query["body"]
        assert len(words) <= 501
        for one in words.split("\n"):
            assert "://" not in one or one.split(" ")[-1] in (talk.stream, talk.url, SERIES.website)


def test_the_links_of_a_note_can_be_clicked() -> None:
    _, html = bodies(
        sample_talk(SERIES), notes=("Register at https://example.org/register?a=1&b=2 <now>.",)
    )
    assert 'href="https://example.org/register?a=1&amp;b=2"' in html
    assert "&lt;now&gt;" in Shown(html).text or "<now>" in Shown(html).text


@pytest.mark.parametrize(
    ("markdown", "whole"),
    [
        ("[slides](slides.pdf)", "[slides](https://example.org/seminar/slides.pdf)"),
        ("[slides](/files/a.pdf)", "[slides](https://example.org/files/a.pdf)"),
        ("[above](#top)", "[above](https://example.org/seminar/index.html#top)"),
        ("[s][1]\n\n[1]: ../a.pdf", "[s][1]\n\n[1]: https://example.org/a.pdf"),
        ('<a href="b.pdf">b</a>', '<a href="https://example.org/seminar/b.pdf">b</a>'),
        ("[x](//cdn.example.org/x)", "[x](https://cdn.example.org/x)"),
        ("[x](https://else.example/x)", "[x](https://else.example/x)"),
        ("[x](mailto:a@example.org)", "[x](mailto:a@example.org)"),
        ("no [brackets] (at all)", "no [brackets] (at all)"),
    ],
)
def test_relative_links_are_completed_by_the_address_of_the_page(markdown: str, whole: str) -> None:
    assert absolute(markdown, "https://example.org/seminar/index.html") == whole
    assert to_text(to_html(whole)) != ""
