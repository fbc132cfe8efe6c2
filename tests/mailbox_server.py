"""A mailbox that is a real SMTP server: what a list received."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

ORGANISER = "anna@example.org"


@dataclass
class Mailbox:
    """What a list received; ``answers`` are given to the next mails instead of taking them.

    "hang" takes the mail, and never says so; "cut" hangs up instead; "wait" says so once ``gate`` is open.
    What goes to an organiser stands in ``told``. ``greeted`` is set once RCPT came, to which there is no
    answer if ``stuck``.
    """

    port: int = 0
    received: list[tuple[list[str], bytes]] = field(default_factory=list)
    told: list[tuple[list[str], bytes]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refuses_organisers: bool = False
    stuck: bool = False
    greeted: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)
    # What happens elsewhere while the server takes its time: over the recipient of a mail to a
    # list, and over its final dot. Each is for one mail, and runs in a thread of its own.
    at_recipient: list[Callable[[], object]] = field(default_factory=list)
    at_dot: list[Callable[[], object]] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)  # that logins are accepted with
    greetings: list[str] = field(default_factory=list)  # the names in EHLO

    def known(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        mechanism: str,
        data: LoginPassword,
    ) -> AuthResult:
        """Accept a login by its password."""
        del server, session, envelope, mechanism
        return AuthResult(success=data.password.decode() in self.passwords, handled=False)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, name: str, responses: list[str]
    ) -> list[str]:
        session.host_name = name
        self.greetings.append(name)
        return responses

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        self.greeted.set()
        if self.stuck:
            await asyncio.Event().wait()
        envelope.rcpt_tos.append(address)
        if address != ORGANISER and self.at_recipient:
            await asyncio.to_thread(self.at_recipient.pop(0))
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if envelope.rcpt_tos == [ORGANISER]:
            if self.refuses_organisers:
                return "550 5.1.1 nobody here"
            assert isinstance(envelope.content, bytes)
            self.told.append((list(envelope.rcpt_tos), envelope.content))
            return "250 2.0.0 taken"
        answer = self.answers.pop(0) if self.answers else "250"
        if answer[0] in "45":
            return answer
        if self.at_dot:
            await asyncio.to_thread(self.at_dot.pop(0))
        content = envelope.content
        assert isinstance(content, bytes)
        self.received.append((list(envelope.rcpt_tos), content))
        if answer == "cut":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if answer == "hang":
            await asyncio.Event().wait()
        if answer == "wait":
            await asyncio.to_thread(self.gate.wait)
        return "250 2.0.0 taken"


@contextmanager
def serving(*, logins: bool = False) -> Iterator[Mailbox]:
    """Serve a mailbox on a port of its own, in a thread of its own; with ``logins`` it takes them."""
    box = Mailbox()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def start() -> asyncio.AbstractServer:
        server = await loop.create_server(
            lambda: SMTP(
                box,
                hostname="mailbox.example",
                loop=loop,
                authenticator=box.known if logins else None,
                auth_require_tls=False,
            ),
            "127.0.0.1",
            0,
        )
        box.port = server.sockets[0].getsockname()[1]
        ready.set()
        return server

    def run() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(start())
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    try:
        yield box
    finally:
        box.gate.set()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
