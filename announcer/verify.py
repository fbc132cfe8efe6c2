"""Re-reads a composed mail before it may go: what breaks a rule is held."""

import re
from collections.abc import Collection
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html import unescape
from html.parser import HTMLParser
from typing import Final

from icalendar import Calendar

from announcer.announcement import Announcement
from announcer.cadence import CANCELLATION, NO_SEMINAR
from announcer.errors import VerificationFailed
from announcer.message import LARGEST_BODY, Message
from announcer.prose import titled
from announcer.talks import Series, Talk

_ONCE: Final = frozenset(
    {"from", "to", "subject", "date", "message-id", "mime-version", "content-type"}
)
_OPTIONAL: Final = frozenset({"reply-to", "in-reply-to", "references", "auto-submitted"})
_OF_ONE_PART: Final = frozenset({"content-transfer-encoding"})
_ACTIVE: Final = frozenset(
    {"script", "iframe", "form", "object", "embed", "base", "link", "svg", "video", "audio"}
)
_RUNS: Final = frozenset({"javascript", "vbscript", "data"})


class _Active(HTMLParser):
    """Finds what would run, load or leave its place; text that only looks like it is text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element and its attributes."""
        if tag in _ACTIVE:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            # Browsers leave out blanks and controls when they read a scheme.
            scheme = re.sub(r"[\0-\x20]+", "", value or "").partition(":")[0].lower()
            if name.startswith("on") or scheme in _RUNS:
                self.found.append(f"<{tag} {name}=…>")


def verify(message: Message, announcement: Announcement) -> None:
    """Read the bytes as a stranger would, and compare with what was meant.

    Raises:
        VerificationFailed: naming the mail and the rule.
    """
    _bytes(message)
    mail = message_from_bytes(message.content, policy=SMTP)
    _headers(message, mail)
    text, html = _bodies(message, mail)
    _pictures(message, mail, html, announcement.series)
    invites = [
        part for part in mail.iter_attachments() if part.get_content_type() == "text/calendar"
    ]
    invited = () if announcement.kind == NO_SEMINAR else announcement.talks
    _expect(message, len(invites) == len(invited), "has not one invite for each talk")
    for part, talk in zip(invites, invited, strict=True):
        _invite(message, part, talk, announcement.kind)
    for talk in announcement.talks:
        _agree(message, talk, announcement, text, html)


def verify_notice(message: Message, series: Series) -> None:
    """Read a mail to an organiser as a stranger would: it never goes to the list.

    Raises:
        VerificationFailed: naming the mail and the rule.
    """
    _bytes(message)
    _headers(message, message_from_bytes(message.content, policy=SMTP), _OF_ONE_PART)
    known = message.recipient in series.organisers and message.recipient != series.list
    _expect(message, known, f"goes to {message.recipient}, who is no organiser")


def _expect(message: Message, holds: bool, rule: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise VerificationFailed(f"{message.key}: the composed mail {rule}; it is held")


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
    _expect(message, max(map(len, lines)) <= 998, "has a line of over 998 characters")


def _headers(message: Message, mail: EmailMessage, more: Collection[str] = frozenset()) -> None:
    names = [name.lower() for name in mail.keys()]  # noqa: SIM118 - keys repeat, a dict's would not
    for name in names:
        known = name in _ONCE | _OPTIONAL or name in more
        _expect(message, known, f"has a header that was not meant: {name}")
        _expect(message, names.count(name) == 1, f"has more than one header {name}")
    missing = sorted(_ONCE - set(names))
    _expect(message, not missing, f"lacks {', '.join(missing)}")
    _expect(message, not mail.defects, f"is malformed: {mail.defects}")
    to = [address.addr_spec for address in mail["To"].addresses]
    _expect(message, to == [message.recipient], f"goes to {to}, not to the list alone")
    _expect(
        message,
        str(mail["Subject"]) == message.subject,
        f"has a subject that reads back as {str(mail['Subject'])!r}",
    )
    senders = [address.addr_spec for address in mail["From"].addresses]
    _expect(message, senders == [message.sender], f"comes from {senders}")
    _expect(message, str(mail["Message-ID"]) == message.message_id, "has another Message-ID")


def _bodies(message: Message, mail: EmailMessage) -> tuple[str, str]:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    _expect(message, plain is not None and html is not None, "lacks its text or its HTML")
    assert plain is not None  # noqa: S101 - expected above
    assert html is not None  # noqa: S101 - expected above
    shown = html.get_content()
    size = len(shown.encode())
    _expect(message, size <= LARGEST_BODY, f"has HTML of {size} bytes, which Gmail would clip")
    danger = _Active(shown).found
    _expect(message, not danger, f"has {', '.join(danger)} in its HTML")
    return plain.get_content(), shown


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


def _invite(message: Message, part: EmailMessage, talk: Talk, kind: str) -> None:
    calendar = Calendar.from_ical(part.get_content().encode())
    events = calendar.walk("VEVENT")
    _expect(message, len(events) == 1, "has an invite with not one event")
    _expect(
        message,
        str(calendar.get("METHOD")) == part["Content-Type"].params.get("method"),
        "has an invite whose METHOD is not the part's",
    )
    method = "CANCEL" if kind == CANCELLATION else "PUBLISH"
    _expect(message, str(calendar.get("METHOD")) == method, f"has an invite that is not {method}")
    errors = [e for component in calendar.walk() for e in component.errors]
    _expect(message, not errors, f"has an invite that does not parse: {errors}")
    [event] = events
    start, end = event.decoded("dtstart"), event.decoded("dtend")
    _expect(
        message,
        (start, end) == (talk.starts_at, talk.ends_at),
        f"has an invite from {start} to {end}, but talk {talk.id} is from {talk.starts_at} "
        f"to {talk.ends_at}",
    )


def _agree(message: Message, talk: Talk, mail: Announcement, text: str, html: str) -> None:
    """See that title, time and place of a talk stand in the text and in the HTML."""
    series = mail.series
    assert talk.starts_at is not None  # noqa: S101 - the invite was compared with it
    start = series.local(talk.starts_at)
    for part, shown in (("text", _letters(text)), ("HTML", _letters(_unmarked(html)))):
        for name, fact in (
            ("title", titled(talk.title) if talk.title else ""),
            ("place", talk.location or ""),
            ("start", f"{start:%H:%M}"),
            ("day", str(start.day)),
            ("year", str(start.year)),
        ):
            wanted = _letters(fact.replace("=?", "= ?"))
            _expect(
                message, wanted in shown, f"does not say the {name} of talk {talk.id} in its {part}"
            )


def _unmarked(html: str) -> str:
    return unescape(re.sub(r"<[^<>]*>", "", html))


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
