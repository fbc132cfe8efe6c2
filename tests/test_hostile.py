"""Whatever a page may say: it stays text, in every part of a mail, and changes nothing else."""

import os
import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from icalendar import Calendar
from test_samples import SERIES

from announcer import cleaning
from announcer.announcement import Announcement
from announcer.cadence import ANNOUNCEMENT, CANCELLATION, REMINDER, UPDATE
from announcer.compose import LONGEST_CONCERN, MailComposer
from announcer.errors import VerificationFailed
from announcer.lines import columns
from announcer.message import Message
from announcer.past import Standing
from announcer.plain import to_text
from announcer.prose import one_line, spoken, to_html
from announcer.samples import sample_talk
from announcer.source import clean
from announcer.talks import Status, Talk
from announcer.verify import verify

TORTURE: Final = os.environ.get("TORTURE")
MAILS: Final = 20_000 if TORTURE else 200
FACTS: Final = 500_000 if TORTURE else 10_000
ABSTRACTS: Final = 50_000 if TORTURE else 1_500
FIRST: Final = "These words, Größe und שלום, come first."
COMPOSER: Final = MailComposer()
HEADERS: Final = [
    "auto-submitted", "content-type", "date", "from", "message-id", "mime-version", "reply-to",
    "subject", "to",
]  # fmt: skip
ATOMS: Final = (
    # What reads like a header, a part or a calendar of its own.
    "=?UTF-8?Q?=0A?=Bcc: x@y", "=?utf-8?b?QmNjOiBldmlsQGV4YW1wbGUub3Jn?=", "=?", "?=", "=0A",
    "\r\nBcc: evil@example.org", "\nTo: x@y", "\r\n.\r\n", "\r\n\r\n--=_0\r\n", "From x", "%0d%0aBcc:",
    "BEGIN:VEVENT", "\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR", ":DTSTART:19700101T000000", ";X=1:",
    # Line breaks of all sorts, controls, and what turns the direction of the text.
    "\r", "\n", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\0", "\x1b[31m", "\x7f",
    "\u202e", "\u202d", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c", "\ufeff", "\u200b", "\u00ad",
    "\ud800", "\udfff", "\ud83d\ude00", "\uffff", "\ufffe", "\U000e0041", "\U0010fffe", "â€¨", "â€©",
    # Templates and formats.
    "{{ series.list }}", "{% include '/etc/passwd' %}", "{# no", "{{", "%}", "%s %(x)s", "{0}", "${x}",
    # HTML that would run, load, hide or end something.
    "<script>alert(1)</script>", "<style>*{display:none}</style>", "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>', "</td></table></body></html>", "<!--", "-->", "<![CDATA[",
    "&lt;b&gt;", "&#10;", "&#x202e;", "&amp;amp;", "<svg/onload=x>", '" onmouseover="x', "<plaintext>",
    "<b", "<title>", "one = two", "online=1", "javascript:alert(1)", "<form action=x>", "<x@y>",
    # Markdown.
    "**", "_", "`", "```\n", "[x](javascript:1)", "![](http://t.example/p.gif)", "[a](https://a.example)",
    "<iframe src='https://v.example/1'></iframe>", "\n\n* ", "\n\n> > > ", "\n\n    ", "$E=mc^2$", "\\",
    # Ordinary, and not so ordinary, writing.
    "\\n", "\\N", "\\,", ";", ":", ",", '"', "'", "“Räume”", "Größe", "SÃ¸nderby", "e" + "\u0301" * 90, "ﷺ",
    "שלום עולם", "مرحبا", "数学", "💩", "👨‍👩‍👧‍👦", "🏳️‍🌈", "İ", "ß", "ſ", "\u0345", "  ", "\t", "\u00a0", "\u3000",
    "A" * 1000, "Ω" * 500, "ab " * 200,
)  # fmt: skip
TURNING: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
URLS: Final = (
    "https://a.example/",
    'https://a.example/"onclick="x',
    "https://a.example/?a=1&b=<c>'#%0d%0aBcc:",
    "https://a.example/" + "x" * 2000,
    None,
)


def raw(chance: random.Random) -> str:
    """Give one fact as a hostile page might have it."""
    pieces = []
    for _ in range(chance.randint(1, 6)):
        kind = chance.random()
        if kind < 0.7:
            pieces.append(chance.choice(ATOMS))
        elif kind < 0.85:
            pieces.append(chance.choice(("talk", "on", "of the", "x")))
        else:
            pieces.append("".join(chr(_any(chance)) for _ in range(chance.randint(1, 12))))
    return chance.choice(("", " ")).join(pieces)


def _any(chance: random.Random) -> int:
    return chance.randrange(chance.choice((0x80, 0x300, 0x3000, 0x10000, 0x110000)))


def talk(chance: random.Random, number: int) -> Talk:
    """Give a talk of a hostile page, through the border."""
    title = clean.line(raw(chance)) or None
    names = [clean.line(raw(chance)) for _ in range(chance.randrange(3))]
    return replace(
        sample_talk(SERIES, number),
        title=title,
        tba=title is None,
        speakers=tuple(name for name in names if name),
        location=clean.line(raw(chance)) or None,
        abstract=clean.text(f"{FIRST}\n\n{raw(chance)}"),
        url=chance.choice(URLS),
    )


def mail(chance: random.Random, number: int) -> Announcement:
    kind = chance.choice((ANNOUNCEMENT, REMINDER, UPDATE, CANCELLATION))
    talks = tuple(talk(chance, n) for n in range(chance.randint(1, 5)))
    if kind == CANCELLATION:
        talks = tuple(replace(t, status=Status.CANCELLED) for t in talks)
    assert talks[0].starts_at
    return Announcement(
        key=f"s/{kind}/{number}",
        series=SERIES,
        kind=kind,
        rule=kind,
        standing=Standing.DUE,
        due_at=talks[0].starts_at - timedelta(hours=2),
        expires_at=talks[0].starts_at,
        talks=talks,
        reason="due",
        notes=(raw(chance),) if chance.random() < 0.3 else (),
    )


class Shown(HTMLParser):
    """What a reader sees of an HTML part, and which elements and addresses it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.schemes: set[str] = set()
        self.links: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {v for name, v in attrs if name == "href" and v}
        self.schemes |= {(v or "").partition(":")[0] for name, v in attrs if name == "href"}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


TAGS: Final = {
    "html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td", "p", "h1", "strong",
    "s", "br", "a", "em", "ul", "ol", "li", "code", "pre", "blockquote", "h4", "sub", "sup", "hr",
}  # fmt: skip
OF_PROSE: Final = {"i", "b", "u", "del", "thead", "tbody", "th", "dl", "dt", "dd"}
ATTRIBUTES: Final = {
    "lang", "charset", "name", "content", "class", "style", "role", "width", "cellpadding",
    "cellspacing", "align", "href", "start", "dir",
}  # fmt: skip


def closed(text: str) -> str:
    """Leave out what wrapping may change."""
    return re.sub(r"\s+", "", text)


def headed(text: str) -> str:
    return " ".join(text.replace("=?", "= ?").split())[:300]


def parts(content: bytes) -> tuple[EmailMessage, str, str, list[Calendar]]:
    parsed = message_from_bytes(content, policy=SMTP)
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert text is not None
    assert html is not None
    files = [part.get_content() for part in parsed.iter_attachments()]
    calendars = [Calendar.from_ical(file.encode()) for file in files]
    return parsed, text.get_content(), html.get_content(), calendars


def reads_back(message: Message, meant: Announcement) -> None:
    """See that every fact is in the mail as it was cleaned, and nothing else has changed."""
    headers_read_back(message, meant)
    _, text, html, calendars = parts(message.content)
    assert [line for line in text.splitlines() if columns(line) > 76 and "://" not in line] == []
    shown = Shown(html)
    assert shown.tags <= TAGS | OF_PROSE
    assert shown.attributes <= ATTRIBUTES
    assert shown.schemes <= {"https", "http", "mailto"}
    words, seen = closed(text), closed("".join(shown.text))
    for words_of in (words, seen):
        abstracts = 0 if meant.kind == CANCELLATION else len(meant.talks)
        assert words_of.count(closed(FIRST)) == abstracts
        assert "attachedcalendar" in words_of or "attachedfile" in words_of
        for note in meant.notes:
            assert closed(one_line(note, LONGEST_CONCERN)) in words_of
    whole = "More on the page" not in text
    assert len(calendars) == len(meant.talks)
    for one, calendar in zip(meant.talks, calendars, strict=True):
        facts = [headed(spoken(one.title or "")), *map(headed, one.speakers), one.location or ""]
        for fact in facts:
            assert closed(fact) in words
            assert closed(fact) in seen
        cancelled = meant.kind == CANCELLATION
        for link in filter(None, (one.url, None if cancelled else one.stream)):
            assert f"\n  {link}\n" in text.replace("\r\n", "\n")
            assert link in shown.links
        if whole and not cancelled:
            assert closed(to_text(to_html(one.abstract or ""))) in words
            assert closed("".join(Shown(to_html(one.abstract or "")).text)) in seen
        invite_reads_back(calendar, one)


def headers_read_back(message: Message, meant: Announcement) -> None:
    head = message.content.partition(b"\r\n\r\n")[0]
    names = re.findall(rb"^([\w-]+):", head, re.MULTILINE)
    assert sorted(name.decode().lower() for name in names) == HEADERS
    assert max(map(len, message.content.split(b"\r\n"))) <= 78
    parsed = message_from_bytes(message.content, policy=SMTP)
    first = meant.talks[0]
    heading = headed(spoken(first.title)) if first.title else "title to be announced"
    assert heading in str(parsed["Subject"])
    assert str(parsed["Subject"]) == message.subject
    # As an older reader decodes it.
    raw = re.sub(r"\r\n(?=[ \t])", "", dict(parsed.raw_items())["Subject"])
    assert str(make_header(decode_header(raw))) == message.subject
    assert parsed["To"] == "s@groups.example"


def invite_reads_back(calendar: Calendar, one: Talk) -> None:
    [event] = calendar.walk("VEVENT")
    assert str(event["SUMMARY"]) == f"Seminar: {spoken(one.title or 'to be announced')}"
    assert str(event["LOCATION"]) == (one.location or one.stream)
    who = [", ".join(one.speakers)] if one.speakers else []
    where = [one.location] if one.location else []
    rest = [f"Stream: {one.stream}"] if one.stream else []
    rest += [one.url] if one.url else []
    assert str(event["DESCRIPTION"]).split("\n") == who + where + rest
    assert str(event.get("URL", "")) == (one.url or "")


def test_hostile_pages_change_no_header_break_no_rule_and_read_back_as_cleaned(
    figures: Callable[[str], None],
) -> None:
    facts = 0
    for number in range(MAILS):
        meant = mail(random.Random(number), number)
        facts += sum(3 + len(t.speakers) for t in meant.talks) + len(meant.notes)
        try:
            message = COMPOSER.compose(meant, meant.due_at)
            verify(message, meant)
            reads_back(message, meant)
        except (AssertionError, VerificationFailed) as error:
            raise AssertionError(f"seed {number}: {error}") from error
    figures(f"hostile pages: {facts} facts in {MAILS} mails, all as they were cleaned, none held")


def test_what_comes_over_the_border_is_clean_text_and_stays_it(
    figures: Callable[[str], None],
) -> None:
    chance = random.Random(1)
    for _ in range(FACTS):
        given = raw(chance)
        line, text = clean.line(given), clean.text(given)
        assert len(line.splitlines()) <= 1
        assert line == " ".join(line.split())
        assert len(line) <= cleaning.LONGEST_LINE
        for kept in (line, text.replace("\n", "")):
            # Cc: controls, Cs: surrogates, Zl and Zp: separators; and what turns the direction.
            assert {unicodedata.category(c) for c in kept} & {"Cc", "Cs", "Zl", "Zp"} <= {"Cc"}
            assert {c for c in kept if unicodedata.category(c) == "Cc"} <= {"\t"}
            assert not TURNING & set(kept)
            kept.encode()
    figures(f"hostile facts at the border: {FACTS}")


def test_hostile_markdown_becomes_inert_html_and_short_lines(
    figures: Callable[[str], None],
) -> None:
    chance = random.Random(2)
    for _ in range(ABSTRACTS):
        abstract = clean.text("\n".join(raw(chance) for _ in range(chance.randint(1, 4))))
        shown = Shown(to_html(abstract))
        assert shown.tags <= (TAGS - {"style", "meta", "title"}) | OF_PROSE
        assert shown.attributes <= {"href", "start", "dir"}
        assert shown.schemes <= {"http", "https", "mailto"}
        lines = to_text(to_html(abstract)).split("\n")
        assert [line for line in lines if columns(line) > 76 and "://" not in line] == []
    figures(f"hostile abstracts: {ABSTRACTS}")


@pytest.mark.parametrize("piece", ["A", "Ω", "e\u0301", "ﷺ", "<", "&", '"', "[", "(", "*", "_", "`", "> ", "<b>", "[a](", "![", "=?", "$", "- ", "&amp;", "\u0301", "{{", "<!--", "](", "\\"])  # fmt: skip
def test_a_fact_of_a_mebibyte_is_cut_and_can_go(piece: str) -> None:
    given = piece * (1024 * 1024 // len(piece.encode()))
    meant = mail(random.Random(0), 0)
    [first, *_] = meant.talks
    big = replace(
        first,
        title=clean.line(given) or None,
        tba=not clean.line(given),
        speakers=(clean.line(given) or "x",),
        location=clean.line(given) or "x",
        abstract=clean.text(f"{FIRST}\n\n{given}"),
    )
    meant = replace(meant, talks=(big,))
    message = COMPOSER.compose(meant, meant.due_at)
    verify(message, meant)
    reads_back(message, meant)


def test_what_would_run_is_held_even_where_a_template_has_it(tmp_path: Path) -> None:
    meant = mail(random.Random(0), 0)
    own = tmp_path / meant.kind / "html.html"
    own.parent.mkdir()
    for active in (
        "<script>1</script>", "<b onclick=x>b</b>", '<a href="java\nscript:x">a</a>', "<IMG src=x>",
    ):  # fmt: skip
        own.write_text('{% include "_layout.html" %}' + active, encoding="utf-8")
        message = MailComposer(tmp_path).compose(meant, meant.due_at)
        with pytest.raises(
            VerificationFailed, match=r"has <.*> in its HTML|a picture that is not the logo"
        ):
            verify(message, meant)


def test_words_that_only_look_like_code_hold_no_mail() -> None:
    meant = mail(random.Random(0), 0)
    title = "Which one = the best? On online=1, <script> and javascript:"
    meant = replace(meant, talks=(replace(meant.talks[0], title=title, tba=False),))
    message = COMPOSER.compose(meant, meant.due_at)
    verify(message, meant)
    reads_back(message, meant)


def test_a_lone_surrogate_of_a_template_is_held_with_a_sentence(tmp_path: Path) -> None:
    meant = mail(random.Random(0), 0)
    own = tmp_path / meant.kind / "text.txt"
    own.parent.mkdir()
    own.write_text('{{ "\\ud800" }}', encoding="utf-8")
    with pytest.raises(VerificationFailed, match="not valid Unicode text"):
        MailComposer(tmp_path).compose(meant, meant.due_at)
