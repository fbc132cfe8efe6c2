"""No mail is so long that Gmail hides its end: long abstracts are cut where one would stop reading."""

from dataclasses import replace
from datetime import timedelta

import pytest
from test_compose import NOW, mail
from test_words import texts

from announcer.announcement import Announcement
from announcer.compose import MailComposer
from announcer.errors import VerificationFailed
from announcer.lines import shortened
from announcer.message import LARGEST_BODY
from announcer.verify import verify

PAGE = "https://seminar.example/talks"
SENTENCE = "What came of it in the end is told in this sentence of the abstract. "


def several(abstracts: list[str], page: str | None = PAGE) -> Announcement:
    """Give a mail about talks with these abstracts."""
    announcement = mail()
    [talk] = announcement.talks
    assert talk.starts_at
    assert talk.ends_at
    assert talk.day
    talks = tuple(
        replace(
            talk,
            id=f"{n}",
            title=f"Talk number {n}",
            abstract=abstract,
            url=page and f"{page}/{n}",
            day=talk.day + timedelta(days=n),
            starts_at=talk.starts_at + timedelta(days=n),
            ends_at=talk.ends_at + timedelta(days=n),
        )
        for n, abstract in enumerate(abstracts)
    )
    return replace(announcement, talks=talks)


def made(announcement: Announcement) -> tuple[str, str]:
    """Give the text and the HTML of a mail that may go."""
    message = MailComposer().compose(announcement, NOW)
    verify(message, announcement)
    return texts(message)[:2]


@pytest.mark.parametrize("piece", ["Ж", "数", "<", "& ", SENTENCE, "Кто это сделал. ", "💩"])
@pytest.mark.parametrize("number", [1, 5, 12])
def test_talks_with_long_abstracts_go_all_the_same(piece: str, number: int) -> None:
    text, html = made(several([(piece * 12_000)[:12_000]] * number))
    for part in (text, html):
        assert len(part.replace("\n", "\r\n").encode()) <= LARGEST_BODY
        for n in range(number):
            assert f"{PAGE}/{n}" in part


def test_only_the_long_ones_of_several_abstracts_are_cut_each_with_a_way_to_read_on() -> None:
    short = SENTENCE * 20
    announcement = several([short, *["Größe! " * 1_700] * 8])
    text, html = made(announcement)
    for part, once in ((text, "More on the page:"), (html, ">More on the page<")):
        whole, *rest = (part.split("Talk number ") if part is text else part.split("<h1"))[-9:]
        assert once not in whole
        assert "of the abstract." in whole
        assert all(once in cut and "…" in cut for cut in rest)
    assert len(html.encode()) > 0.8 * LARGEST_BODY


def test_an_abstract_without_a_page_to_read_on_ends_with_an_ellipsis() -> None:
    text, html = made(several([SENTENCE * 170] * 9, page=None))
    assert "More on the page" not in text + html
    assert text.count("of the abstract. …") == html.count("of the abstract. …") == 9


def test_at_the_border_a_mail_goes_whole_and_one_sentence_further_it_is_cut() -> None:
    """Every further sentence adds to all nine, until the mail would be too large."""
    cut = False
    for sentences in range(90, 130, 5):
        html = made(several([SENTENCE * sentences] * 9))[1]
        whole = html.count(SENTENCE.strip()) == 9 * sentences
        assert whole is ("More on the page" not in html)
        assert not (cut and whole)
        cut = cut or not whole
        assert 0.8 * LARGEST_BODY < len(html.encode()) <= LARGEST_BODY
    assert cut
    assert made(several([SENTENCE * 90] * 9))[1].count("More on the page") == 0


def test_more_talks_than_a_mail_holds_are_held_with_the_reason() -> None:
    announcement = several(["Short."] * 80)
    message = MailComposer().compose(announcement, NOW)
    with pytest.raises(VerificationFailed, match=r"has HTML of \d+ bytes, which Gmail would clip"):
        verify(message, announcement)


@pytest.mark.parametrize(
    ("markdown", "longest", "cut"),
    [
        ("short", 20, "short"),
        ("One.\n\nTwo, and so on", 8, "One.\n\n…"),
        ("One. Two! Three, and so on", 14, "One. Two! …"),
        ("He said “no.” Then, after a while", 22, "He said “no.” …"),
        ("one two three", 9, "one two …"),
        ("one two, 3.5 or more", 14, "one two, 3.5 …"),
        ("a " + "x" * 30, 20, "a " + "x" * 18 + " …"),
        # A paragraph that ends early would lose what there is room for.
        ("One.\n\nTwo three four five six", 22, "One.\n\nTwo three four …"),
        ("```\ncode\n```\n\nmore of it", 18, "```\ncode\n```\n\n…"),
    ],
)
def test_a_text_is_cut_after_a_paragraph_else_a_sentence_else_a_word(
    markdown: str, longest: int, cut: str
) -> None:
    assert shortened(markdown, longest) == (cut, markdown != cut)
