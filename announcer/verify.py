"""Re-reads a composed mail before it may go: what breaks a rule is held."""

import re
from collections.abc import Collection, Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser
from typing import Final

from announcer import agreement, invited
from announcer.announcement import Announcement
from announcer.cadence import CANCELLATION, NO_SEMINAR
from announcer.errors import VerificationFailed
from announcer.lines import columns
from announcer.message import LARGEST_BODY, TEST_MARK, Message
from announcer.prose import one_line
from announcer.talks import Mailbox, Series

_ONCE: Final = frozenset(
    {"from", "to", "subject", "date", "message-id", "mime-version", "content-type"}
)
_OF_ONE_PART: Final = "content-transfer-encoding"
_ACTIVE: Final = frozenset(
    {"script", "iframe", "form", "object", "embed", "base", "link", "svg", "video", "audio"}
)
_RUNS: Final = frozenset({"javascript", "vbscript", "data"})
_LOADS: Final = re.compile(r"@import|url\s*\(|expression\s*\(", re.IGNORECASE)
_LONGEST_LINE: Final = 998  # RFC 5322, 2.1.1
_LONGEST_ENCODED: Final = 76  # RFC 2045, 6.7 (5) and 6.8
_LONGEST_WORD: Final = 75  # RFC 2047, 2
# The library parses a header each time that it is asked for, dozens of times a mail.
_READER: Final = SMTP.clone(header_factory=lru_cache(maxsize=256)(SMTP.header_factory))
_WIDEST: Final = 76  # of a plain text, as mail programs show it


class _Active(HTMLParser):
    """Finds what would run, load or leave its place; text that only looks like it is text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._style = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element and its attributes."""
        self._style = tag == "style"
        if tag in _ACTIVE:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            # Browsers leave out blanks and controls when they read a scheme.
            scheme = re.sub(r"[\0-\x20]+", "", value or "").partition(":")[0].lower()
            loads = name == "style" and _LOADS.search(value or "")
            if name.startswith("on") or scheme in _RUNS or loads:
                self.found.append(f"<{tag} {name}=…>")

    def handle_data(self, data: str) -> None:
        """Look at a style sheet."""
        if self._style and _LOADS.search(data):
            self.found.append("a style sheet that loads another, or a picture")


def verify(
    message: Message, announcement: Announcement, *, own: Collection[str] = frozenset()
) -> None:
    """Read the bytes as a stranger would, and compare with what was meant.

    Args:
        message: the composed mail.
        announcement: what it is about.
        own: the templates of a user that it was made from, which choose their own words.

    Raises:
        VerificationFailed: naming the mail and the rule.
    """
    series, kind = announcement.series, announcement.kind
    mail = _read(message)
    _headers(message, mail, _meant(message, announcement))
    invites = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    invited_to = () if kind == NO_SEMINAR else announcement.talks
    _expect(message, len(invites) == len(invited_to), "has not one invite for each talk")
    _expect(
        message, len(message.said) == len(announcement.talks), "says not one thing of each talk"
    )
    _structure(message, mail)
    text, html = _bodies(message, mail)
    _pictures(message, mail, html, series)
    method = "CANCEL" if kind == CANCELLATION else "PUBLISH"
    for part, talk, said in zip(invites, invited_to, message.said, strict=False):
        _first(message, invited.broken(part, talk, series, said, method))
    names = [part.get_filename() for part in invites]
    _expect(message, len(set(names)) == len(names), "has two invites of the same name")
    at = mail["Date"].datetime
    _first(message, agreement.broken(announcement, message.subject, text, html, at=at, own=own))


def verify_notice(message: Message, series: Series) -> None:
    """Read a mail to an organiser as a stranger would: it never goes to the list.

    Raises:
        VerificationFailed: naming the mail and the rule.
    """
    verify_plain(message, series.sender)
    known = message.recipient in series.organisers and message.recipient != series.list
    _expect(message, known, f"goes to {message.recipient}, who is no organiser")


def verify_plain(message: Message, sender: Mailbox) -> None:
    """Read a mail of one text as a stranger would.

    Raises:
        VerificationFailed: naming the mail and the rule.
    """
    mail = _read(message)
    meant = {
        "from": _mailbox(sender),
        "auto-submitted": "auto-generated",
        _OF_ONE_PART: "quoted-printable",
    }
    _headers(message, mail, meant)


def _expect(message: Message, holds: bool, rule: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise VerificationFailed(f"{message.key}: the composed mail {rule}; it is held")


def _first(message: Message, rules: Iterator[str]) -> None:
    for rule in rules:
        _expect(message, False, rule)  # noqa: FBT003 - as above


def _read(message: Message) -> EmailMessage:
    _bytes(message)
    mail = message_from_bytes(message.content, policy=_READER)
    for part in mail.walk():
        _expect(message, not part.defects, f"is malformed: {part.defects}")
    return mail


def _bytes(message: Message) -> None:
    content = message.content
    lines = content.split(b"\r\n")
    _expect(message, content.endswith(b"\r\n"), "does not end with a line break")
    _expect(message, content.isascii(), "is not plain ASCII on the wire")
    _expect(message, b"\0" not in content, "has a NUL")
    _expect(
        message,
        not any(b"\r" in line or b"\n" in line for line in lines),
        "has a bare CR or LF",
    )
    longest = max(map(len, lines))
    _expect(message, longest <= _LONGEST_LINE, f"has a line of over {_LONGEST_LINE} characters")
    head = content.partition(b"\r\n\r\n")[0]
    words = re.findall(rb"=\?[^?\s]+\?[bq]\?[^?\s]*\?=", head, re.IGNORECASE)
    longest = max(map(len, words), default=0)
    _expect(message, longest <= _LONGEST_WORD, f"has an encoded word of {longest} characters")


def _meant(message: Message, announcement: Announcement) -> dict[str, str]:
    """Give what each header must say that does not come with the message itself."""
    series, thread = announcement.series, announcement.thread
    meant = {"from": _mailbox(series.sender), "reply-to": _mailbox(series.reply_to)}
    if series.auto_submitted:
        meant["auto-submitted"] = "auto-generated"
    if thread and not message.subject.startswith(TEST_MARK):
        meant |= {"in-reply-to": thread[-1], "references": " ".join(thread)}
    _expect(
        message, message.recipient == series.list, f"goes to {message.recipient}, not to the list"
    )
    return meant


def _mailbox(mailbox: Mailbox) -> str:
    return f"{one_line(mailbox.name)} <{mailbox.address}>"


def _headers(message: Message, mail: EmailMessage, meant: dict[str, str]) -> None:
    names = [name.lower() for name in mail.keys()]  # noqa: SIM118 - keys repeat, a dict's would not
    for name in names:
        _expect(message, name in _ONCE | set(meant), f"has a header that was not meant: {name}")
        _expect(message, names.count(name) == 1, f"has more than one header {name}")
    missing = sorted((_ONCE | set(meant)) - set(names))
    _expect(message, not missing, f"lacks {', '.join(missing)}")
    for name in names:
        _expect(message, not mail[name].defects, f"has a header {name} that is malformed")
    to = [address.addr_spec for address in mail["To"].addresses]
    _expect(message, to == [message.recipient], f"goes to {to}, not to {message.recipient} alone")
    said = {
        "subject": message.subject,
        "message-id": message.message_id,
        "mime-version": "1.0",
        **meant,
    }
    for name, value in said.items():
        found = _value(mail, name)
        _expect(
            message,
            found == value,
            f"has a header {name} that reads back as {found!r}, not {value!r}",
        )
    from_ = message.sender == mail["From"].addresses[0].addr_spec
    _expect(message, from_, f"has an envelope of {message.sender}, which is not who it is from")
    _expect(message, mail["Date"].datetime is not None, "has a date that no program reads")


def _value(mail: EmailMessage, name: str) -> str:
    if name not in {"from", "reply-to"}:
        return str(mail[name])
    # The newer reader of the library adds blanks between the encoded words of a name.
    raw = next(value for key, value in mail.raw_items() if key.lower() == name)
    shown, address = parseaddr(re.sub(r"\r\n(?=[ \t])", "", raw))
    return f"{make_header(decode_header(shown))} <{address}>"


def _structure(message: Message, mail: EmailMessage) -> None:
    """See that the parts are those of mail.md A2, in their order and encoding."""
    parts = list(mail.walk())
    types = [part.get_content_type() for part in parts]
    pictures = [kind for kind in types if kind.startswith("image/")]
    html = ["multipart/related", "text/html", *pictures] if pictures else ["text/html"]
    meant = ["multipart/mixed", "multipart/alternative", "text/plain", *html]
    meant += ["text/calendar"] * types.count("text/calendar")
    _expect(message, types == meant, f"is built of {', '.join(types)}, not of {', '.join(meant)}")
    for part in parts:
        encoding = str(part["Content-Transfer-Encoding"] or "")
        kind = part.get_content_type()
        if kind in {"text/plain", "text/html"}:
            plainly = encoding == "quoted-printable" and part.get_content_charset() == "utf-8"
            _expect(message, plainly, f"has {kind} that is not UTF-8 in quoted-printable")
            _expect(message, part.get_content_disposition() is None, f"has {kind} as an attachment")
        if encoding:
            longest = max(map(len, str(part.get_payload()).splitlines()), default=0)
            _expect(
                message,
                longest <= _LONGEST_ENCODED,
                f"has a line of {longest} characters in {kind}",
            )


def _bodies(message: Message, mail: EmailMessage) -> tuple[str, str]:
    text, html = (_decoded(message, mail, kind) for kind in ("text/plain", "text/html"))
    for line in text.splitlines():
        fits = columns(line) <= _WIDEST or "://" in line or "mailto:" in line
        _expect(
            message,
            fits,
            f"has a line of {len(line)} characters in its text, which only an address may: {line[:40]!r} …",
        )
    danger = _Active(html).found
    _expect(message, not danger, f"has {', '.join(danger)} in its HTML")
    return text, html


def _decoded(message: Message, mail: EmailMessage, kind: str) -> str:
    [part] = [part for part in mail.walk() if part.get_content_type() == kind]
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)  # noqa: S101 - only a multipart has none
    name = "HTML" if kind == "text/html" else "a text"
    clipped = f"has {name} of {len(raw)} bytes, which Gmail would clip; {LARGEST_BODY} fit"
    _expect(message, len(raw) <= LARGEST_BODY, clipped)
    try:
        return raw.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise VerificationFailed(
            f"{message.key}: the composed mail has {name} that is no UTF-8; it is held"
        ) from error


def _pictures(message: Message, mail: EmailMessage, html: str, series: Series) -> None:
    """See that the only picture is the logo, and that the mail carries what it shows."""
    logo, domain = series.logo, series.sender.domain
    tags = re.findall(r"<\s*img\b[^>]*>?", html, re.IGNORECASE)
    _expect(message, len(tags) <= (logo is not None), "has a picture that is not the logo")
    for tag in tags:
        said = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        source = logo.source(domain) if logo else ""
        _expect(message, unescape(said.get("src", "")) == source, "shows another picture")
        whole = bool(said.get("alt", "").strip()) and said.get("width", "").isdecimal()
        _expect(message, whole, "has a logo without words or without a width")
    carried = [part for part in mail.walk() if part.get_content_maintype() == "image"]
    wanted = [logo.content] if logo and not logo.url and tags else []
    found = [part.get_payload(decode=True) for part in carried]
    _expect(message, found == wanted, "does not carry the logo that it shows, and nothing else")
    for part in carried:
        assert logo is not None  # noqa: S101 - else it was not wanted
        named = part["Content-ID"] == f"<{logo.cid(domain)}>"
        _expect(message, named, "carries a logo under another name")
