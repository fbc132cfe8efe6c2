"""A mailbox that is a real SMTP server: what a list received."""

from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """What a list received; ``answers`` are given to the next mails instead of taking them."""

    port: int = 0
    received: list[tuple[list[str], bytes]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answers and not (answer := self.answers.pop(0)).startswith("2"):
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        self.received.append((list(envelope.rcpt_tos), content))
        return "250 2.0.0 taken"
