"""An envelope and its bytes, and what they say of each talk."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from announcer import cleaning

if TYPE_CHECKING:
    from email.message import EmailMessage

TEST_MARK: Final = "[test] "  # before the subject of a test mail, which follows on no other
LARGEST_BODY: Final = 80_000  # bytes of text or HTML; Gmail hides what comes after some 102,000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one mail says of one talk; kept with the mail, so that a later one can be compared.

    ``uid``, ``sequence`` and ``stamp`` are those of its calendar entry (RFC 5545: UID, SEQUENCE,
    DTSTAMP); ``digest`` is of everything else in that entry, so that two entries with the same
    digest are the same revision. ``moment_day`` is the local day of the instant that the rule gave.
    """

    talk: str  # the talk's id
    day: date
    moment_day: date
    title: str | None
    speakers: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    location: str | None
    stream: str | None
    status: str
    uid: str
    sequence: int
    stamp: datetime
    digest: str
    first_id: str | None = None  # the talk's identity, where that is not its id

    def __post_init__(self) -> None:
        """Clean what an older ledger may hold, as a talk cleans what a source says."""
        for name in ("title", "location"):
            if (raw := getattr(self, name)) is not None:
                object.__setattr__(self, name, cleaning.line(raw) or None)
        if self.stream is not None:
            object.__setattr__(self, "stream", cleaning.address(self.stream) or None)
        object.__setattr__(self, "speakers", cleaning.lines(self.speakers))

    @property
    def identity(self) -> str:
        """What stays the same whatever else about the talk changes."""
        return self.first_id or self.talk


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One mail, ready to go: the SMTP envelope, the bytes, and what the ledger keeps of it."""

    key: str
    series: str  # the series' id
    kind: str
    rule: str  # the rule's name, or its kind
    due_at: datetime
    sender: str  # MAIL FROM: a bare address
    recipient: str  # RCPT TO: the list, a bare address
    message_id: str  # with its angle brackets
    subject: str  # as rendered, decoded
    content: bytes  # RFC 5322, CRLF line ends
    said: tuple[Said, ...]

    def __post_init__(self) -> None:
        if self.due_at.tzinfo is not UTC:
            raise ValueError(f"{self.key}: {self.due_at!r} is not an instant in UTC")
        if not (self.message_id.startswith("<") and self.message_id.endswith(">")):
            raise ValueError(f"{self.key}: {self.message_id!r} is not a Message-ID")


def parts_of(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Give a mail and its parts, each with the ending of its file name."""
    from email import message_from_bytes  # noqa: PLC0415 - only previews need it
    from email.policy import SMTP  # noqa: PLC0415 - as above

    yield ".eml", content
    mail = message_from_bytes(content, policy=SMTP)
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        if body is not None:
            shown = _with_pictures(body.get_content(), mail)
            yield f".{'txt' if kind == 'plain' else kind}", shown.encode()
    invites = list(mail.iter_attachments())
    for number, part in enumerate(invites, 1):
        raw = part.get_payload(decode=True)
        if isinstance(raw, bytes):
            yield (f"-{number}" if len(invites) > 1 else "") + ".ics", raw


def _with_pictures(html: str, mail: "EmailMessage") -> str:
    """Let a browser show the pictures that a mail carries."""
    for part in mail.walk():
        name, raw = part["Content-ID"], part.get_payload(decode=True)
        if name and isinstance(raw, bytes):
            data = f"data:{part.get_content_type()};base64,{b64encode(raw).decode()}"
            html = html.replace(f"cid:{name.strip('<>')}", data)
    return html
