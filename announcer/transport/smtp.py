"""Mail by SMTP, step by step, so that it is always known whether a copy may exist.

Outcomes are told by reply code and phase, never by the class of an exception.
"""

import asyncio
import os
import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol

from announcer.errors import DeliveryDeferred, DeliveryError, DeliveryInDoubt, DeliveryRefused
from announcer.message import Message
from announcer.transport import BeforeContent, BeforeData

# RFC 5321, 4.5.3.2.6 asks for ten minutes; a short wait makes doubts, and doubts make duplicates.
DOT_TIMEOUT: Final = timedelta(minutes=5)
_QUIT_SECONDS: Final = 2.0
# Said of the account or the server, whatever mail it is said about.
_ABOUT_ACCOUNT: Final = frozenset({421, 530, 534, 535})
# RFC 5321, 4.2: three digits, the same on each line, and no fourth.
_REPLY: Final = re.compile(rb"(\d{3})(?:-[^\n]*\n\1)*(?![\d-])[^\n]*\n")
_QUOTA: Final = re.compile(r"\b5\.4\.5\b|quota|sending limit", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where mails leave, and as whom. Time-outs are spans for one step each."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    auth: Literal["password", "xoauth2"] = "password"
    ca_file: Path | None = None
    timeout: timedelta = timedelta(seconds=30)
    dot_timeout: timedelta = DOT_TIMEOUT
    table: str = "smtp"  # of the settings, as messages name it
    helo: str | None = None  # the name of this machine, where it does not know its own

    @property
    def name(self) -> str:
        """The server as it is named in messages."""
        return f"{self.host}:{self.port}"

    @property
    def greeting(self) -> str:
        """The name of this machine that the server is greeted with."""
        return self.helo or socket.getfqdn()


class SmtpTransport:
    """Delivers over one connection for each mail; ``close`` says QUIT to the last."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client: aiosmtplib.SMTP | None = None

    @property
    def greeting(self) -> str:
        """The name that the server is greeted with."""
        return self._account.greeting

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        """Hand one mail over; see the port for what each error means."""
        await self.close()
        client = await self._connected()
        try:
            await self._envelope(client, "MAIL FROM", message.sender)
            await self._envelope(client, "RCPT TO", message.recipient)
            before_content = await before_data()
            reply = await self._content(client, message.content, before_content)
        except BaseException:
            _cut(client)
            raise
        self._client = client
        return reply

    async def check(self) -> None:
        """Connect, secure and log in, and take leave; nothing is sent.

        Raises:
            DeliveryDeferred: what stands in the way.
        """
        self._client = await self._connected()
        await self.close()

    async def close(self) -> None:
        """Say QUIT to a server that has taken a mail; what it answers does not matter any more."""
        client, self._client = self._client, None
        if client is None:
            return
        with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            await client.quit(timeout=_QUIT_SECONDS)
        client.close()

    async def _connected(self) -> aiosmtplib.SMTP:
        account = self._account
        client = aiosmtplib.SMTP(
            hostname=account.host,
            port=account.port,
            use_tls=account.security == "tls",
            # Never None: that would go on in the clear where STARTTLS was stripped.
            start_tls=account.security == "starttls",
            timeout=account.timeout.total_seconds(),
            local_hostname=account.helo,
            cert_bundle=str(account.ca_file) if account.ca_file else None,
        )
        try:
            await client.connect()
            await client.ehlo()
            if account.username is not None:
                await self._log_in(client, account.username)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise DeliveryDeferred(self._trouble(error), about="account") from error
        except BaseException:
            client.close()
            raise
        return client

    async def _log_in(self, client: aiosmtplib.SMTP, username: str) -> None:
        if not self._account.password:
            table = self._account.table
            name = f"announcer_{table.replace('.', '__')}__password"
            raise ValueError(
                f"{table}.username is {username}, but there is no password; put it in "
                f"{name.upper()} or in the secret file {name}"
            )
        if self._account.auth == "xoauth2":
            await client.auth_xoauth2(username, self._account.password)
        else:
            await client.login(username, self._account.password)

    def _trouble(self, error: Exception) -> str:
        """Say what stands between us and the server, and where to look."""
        account = self._account
        table = account.table
        said = error.message if isinstance(error, aiosmtplib.SMTPResponseException) else str(error)
        words = _one_line(said or type(error).__name__)
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
            cause = cause.__cause__ or cause.__context__
        if cause is not None:
            return f"{account.name}: its certificate is not trusted ({cause.verify_message}); check {table}.host and {table}.ca_file"
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            return f"{account.name} refused the login of {account.username} ({error.code} {words}); check {table}.username and the password"
        reason = error.__cause__ or error  # the library's own errors carry no number
        if isinstance(reason, OSError) and reason.errno and not isinstance(reason, ssl.SSLError):
            why = (
                reason.strerror
                if isinstance(reason, socket.gaierror)
                else os.strerror(reason.errno)
            )
            return f"{account.name} cannot be reached ({why}); check {table}.host, {table}.port and {table}.security"
        if isinstance(error, aiosmtplib.SMTPTimeoutError | TimeoutError):
            return f"{account.name} did not answer in time ({words}); check {table}.host, {table}.port and {table}.security"
        if isinstance(error, aiosmtplib.SMTPResponseException):
            return f"{account.name} answered {error.code} {words}"
        return f"{account.name}: {words}; check {table}.host, {table}.port and {table}.security"

    async def _envelope(self, client: aiosmtplib.SMTP, verb: str, address: str) -> None:
        command = f"{verb}:<{address}>".encode("ascii")
        try:
            response = await client.execute_command(command)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryDeferred(self._trouble(error), about="account") from error
        if response.code // 100 != 2:
            raise _refusal(response.code, response.message)

    async def _content(
        self, client: aiosmtplib.SMTP, content: bytes, before_content: BeforeContent | None
    ) -> str:
        """Send DATA and the content; from the first byte of it on, silence means doubt.

        The library's own call for this does both, and does not tell which of the two went
        unanswered.
        """
        protocol = client.protocol
        if protocol is None:
            raise DeliveryDeferred(f"{self._account.name} hung up before DATA", about="account")
        heard = _overheard(protocol)
        try:
            response = await client.execute_command(b"DATA")
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryDeferred(self._trouble(error), about="account") from error
        except asyncio.CancelledError:
            words = f"{self._account.name} had not asked for the content when this had to end"
            raise DeliveryDeferred(words) from None
        if response.code != 354:
            raise _refusal(response.code, response.message)
        if not _answers(response.code, heard, alone=True):
            words = f"{self._account.name} answered DATA more than once"
            raise DeliveryDeferred(words, about="account")
        heard.clear()
        if before_content is not None:
            before_content()
        try:
            protocol.write(_with_dots(content))
            response = await protocol.read_response(self._account.dot_timeout.total_seconds())
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryInDoubt(f"no answer to the mail: {self._trouble(error)}") from error
        reply = _words(response.code, response.message)
        if response.code // 100 not in (2, 4, 5) or not _answers(response.code, heard):
            raise DeliveryInDoubt(f"no clear answer to the mail: {reply}")
        if response.code // 100 != 2:
            raise _refusal(response.code, response.message)
        return reply


def _overheard(protocol: SMTPProtocol) -> bytearray:
    """Give what the server says from now on, as it comes in.

    The library keeps what follows on an answer for the next question, and reads any three digits
    as a code: neither may decide whether a copy exists.
    """
    heard = bytearray()
    hear = protocol.data_received

    def overhear(data: bytes) -> None:
        heard.extend(data)
        hear(data)

    protocol.data_received = overhear  # type: ignore[method-assign]
    return heard


def _answers(code: int, heard: bytearray, *, alone: bool = False) -> bool:
    """Whether a reply of this code is what was heard since the question, or how that begins."""
    reply = _REPLY.match(heard)
    if reply is None or int(reply[1]) != code:
        return False
    return not alone or reply.end() == len(heard)


def _with_dots(content: bytes) -> bytes:
    """Give the content as it goes over the wire (RFC 5321, 4.5.2), with its end.

    Servers disagree on what a bare CR or LF is, so that one could end the mail (2.3.8).
    """
    lines = re.sub(rb"\r\n?|\n", b"\r\n", content.removesuffix(b"\r\n")) + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", lines) + b".\r\n"


def _cut(client: aiosmtplib.SMTP) -> None:
    """Drop the connection and what waits to be sent: a plain close would send the rest first.

    After an answer that came early, or none, that rest would make a copy nobody reckons with.
    """
    if isinstance(client.transport, asyncio.WriteTransport):
        client.transport.abort()
    client.close()


def _refusal(code: int, words: str) -> DeliveryError:
    """Tell a definite answer that is not 2xx: again later, or never."""
    reply = _words(code, words)
    if code in _ABOUT_ACCOUNT or (code // 100 == 5 and _QUOTA.search(words)):
        return DeliveryDeferred(reply, about="account")
    if code // 100 == 5:
        return DeliveryRefused(reply)
    return DeliveryDeferred(reply)


def _words(code: int, words: str) -> str:
    return f"{code} {_one_line(words)}".strip()


def _one_line(words: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:500]
