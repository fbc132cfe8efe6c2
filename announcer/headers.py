"""The headers that all mails have, written so that every reader reads back what was meant."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final
from uuid import UUID, uuid5

from announcer.prose import one_line
from announcer.talks import Mailbox

# RFC 2045, 6.7 (5) allows lines of 76; the library would write 78.
POLICY: Final = SMTP.clone(max_line_length=76)
_NAMESPACE: Final = UUID("0d6c7c7e-5d2a-5a0b-9f51-3b1f6f1c9a44")
_LONGEST_WORD: Final = 60  # that a line of a header holds, after the header's name


def message_id(key: str, domain: str) -> str:
    """Give the Message-ID that a key stands for."""
    return f"<ann.{uuid5(_NAMESPACE, key).hex}@{domain}>"


def plain_mail(
    *, sender: Mailbox, recipient: str, subject: str, text: str, at: datetime, about: str
) -> EmailMessage:
    """Give a mail of one text that no person wrote, to one person.

    Args:
        sender: who it is from.
        recipient: a bare address.
        subject: one line.
        text: its lines, as they shall be read.
        at: its date.
        about: what its Message-ID stands for.
    """
    mail = EmailMessage(policy=POLICY)
    set_mailbox(mail, "From", sender)
    mail["To"] = recipient
    set_subject(mail, subject)
    mail["Date"] = format_datetime(at.replace(microsecond=0))
    mail["Message-ID"] = message_id(about, sender.domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text, cte="quoted-printable")
    return mail


def set_mailbox(mail: EmailMessage, header: str, mailbox: Mailbox) -> None:
    """Write an address with its name, and a name that must be encoded as a subject is."""
    name, address = one_line(mailbox.name), mailbox.address
    if name.isascii() and len(name) <= _LONGEST_WORD:
        mail[header] = Address(name, addr_spec=address)
    else:
        encoded = _encoded(header, name, "utf-8")
        mail.set_raw(header, f"{encoded}\r\n <{address}>")


def set_subject(mail: EmailMessage, subject: str) -> None:
    """Write a subject, encoded where it must be."""
    # A word that no line can hold would be folded once more when the mail is written.
    plain = subject.isascii() and max(map(len, subject.split()), default=0) <= _LONGEST_WORD
    mail.set_raw("Subject", _encoded("Subject", subject, "us-ascii" if plain else "utf-8"))


def _encoded(header: str, text: str, charset: str) -> str:
    """Encode a text by the old header class.

    The new one loses and adds blanks between encoded words, and may fold before the first word, which
    reads back with a blank in front (mail.md A8.2).
    """
    from email.header import Header  # noqa: PLC0415 - an exception, kept in one place

    return Header(text, charset, maxlinelen=74, header_name=header).encode(linesep="\r\n")
