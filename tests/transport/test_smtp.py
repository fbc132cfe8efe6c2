"""Every phase of an SMTP dialogue that goes wrong, against a server that knows the truth."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from announcer.errors import DeliveryDeferred, DeliveryError, DeliveryInDoubt, DeliveryRefused
from announcer.message import Message
from announcer.transport.smtp import Account, SmtpTransport

CONTENT = b"Subject: S\r\n\r\n.a line that begins with a dot\r\n"
HANG, CLOSE = "hang", "close"
USUAL = {
    "banner": "220 ready",
    "EHLO": "250 scripted",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "dot": "250 2.0.0 queued",
    "QUIT": "221 bye",
}
PHASES = ("banner", "EHLO", "MAIL", "RCPT", "DATA", "dot")
ANSWERS = (
    "451 4.3.0 later",
    "550 5.1.1 no",
    "421 4.3.2 closing",
    CLOSE,
    HANG,
    "garbage",
    "350 odd",
)


@dataclass
class Scripted:
    """Answers as it is told; ``taken`` holds what it has really taken."""

    script: dict[str, str]
    taken: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer("banner", writer)
            while line := await reader.readline():
                verb = line.split()[0].decode().upper().partition(":")[0]
                self.commands.append(verb)
                await self._answer(verb, writer)
                if verb == "DATA" and self._says("DATA").startswith("354"):
                    content = await reader.readuntil(b"\r\n.\r\n")
                    if self._says("dot").startswith("2"):
                        self.taken.append(content[:-3])
                    await self._answer("dot", writer)
                if verb == "QUIT":
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _says(self, phase: str) -> str:
        return self.script.get(phase, USUAL.get(phase, "250 ok"))

    async def _answer(self, phase: str, writer: asyncio.StreamWriter) -> None:
        answer = self._says(phase)
        if answer == HANG:
            await asyncio.Event().wait()
        if answer == CLOSE:
            raise ConnectionResetError
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        if answer.startswith("421"):
            raise ConnectionResetError


def message() -> Message:
    return Message(
        key="s/announcement/2026-04-03",
        series="s",
        kind="announcement",
        rule="announcement",
        due_at=datetime(2026, 4, 3, 8, tzinfo=UTC),
        sender="seminar@example.org",
        recipient="s@groups.example",
        message_id="<a@example.org>",
        subject="S",
        content=CONTENT,
        said=(),
    )


def delivered(
    script: dict[str, str], **account: object
) -> tuple[str | DeliveryError, Scripted, int]:
    """Try one delivery; give how it ended, the server, and how often DATA was marked."""
    marks = 0

    async def mark() -> None:
        nonlocal marks
        marks += 1

    async def run() -> tuple[str | DeliveryError, Scripted]:
        truth = Scripted(script)
        server = await asyncio.start_server(truth.talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        options = {
            "security": "none",
            "timeout": timedelta(seconds=0.3),
            "dot_timeout": timedelta(seconds=0.3),
            **account,
        }
        transport = SmtpTransport(Account(host="127.0.0.1", port=port, **options))  # type: ignore[arg-type]  # options of each test
        try:
            outcome: str | DeliveryError = await transport.deliver(message(), before_data=mark)
            assert "QUIT" not in truth.commands
        except DeliveryError as error:
            outcome = error
        await transport.close()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        return outcome, truth

    outcome, truth = asyncio.run(run())
    return outcome, truth, marks


def test_a_mail_is_taken_byte_for_byte_and_quit_comes_after() -> None:
    outcome, truth, marks = delivered({})
    assert outcome == "250 2.0.0 queued"
    assert truth.taken == [b"Subject: S\r\n\r\n..a line that begins with a dot\r\n"]
    assert truth.commands[-1] == "QUIT"
    assert marks == 1


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("answer", ANSWERS)
def test_no_outcome_contradicts_what_the_server_has(phase: str, answer: str) -> None:
    outcome, truth, marks = delivered({phase: answer})
    assert not isinstance(outcome, str)
    assert truth.taken == []
    if phase != "dot":
        assert not isinstance(outcome, DeliveryInDoubt)
        assert marks == (phase == "DATA")
    elif answer[0] not in "45":
        assert isinstance(outcome, DeliveryInDoubt)
    refused = phase in {"MAIL", "RCPT", "DATA", "dot"} and answer.startswith("5")
    assert isinstance(outcome, DeliveryRefused) == refused


@pytest.mark.parametrize("answer", ["250 ok", "251 will forward", "252 odd but yes", "200 ok"])
def test_any_2xx_to_the_dot_means_taken(answer: str) -> None:
    outcome, truth, _ = delivered({"dot": answer})
    assert outcome == answer
    assert len(truth.taken) == 1


@pytest.mark.parametrize("answer", [CLOSE, HANG, "garbage", "500 no"])
def test_what_quit_is_answered_does_not_matter(answer: str) -> None:
    outcome, truth, _ = delivered({"QUIT": answer})
    assert outcome == "250 2.0.0 queued"
    assert len(truth.taken) == 1


def test_starttls_is_never_skipped() -> None:
    outcome, truth, _ = delivered({}, security="starttls")
    assert isinstance(outcome, DeliveryDeferred)
    assert outcome.about == "account"
    assert not {"MAIL", "AUTH"} & set(truth.commands)


def test_a_refused_login_is_about_the_account_and_never_says_the_password() -> None:
    script = {"EHLO": "250-scripted\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 bad credentials"}
    outcome, _, _ = delivered(script, username="seminar@example.org", password="hunter2")
    assert isinstance(outcome, DeliveryDeferred)
    assert outcome.about == "account"
    assert "seminar@example.org" in str(outcome)
    assert "535 5.7.8 bad credentials" in str(outcome)
    assert "hunter2" not in str(outcome)


def test_a_quota_is_about_the_account() -> None:
    outcome, _, _ = delivered({"MAIL": "550 5.4.5 daily sending limit"})
    assert isinstance(outcome, DeliveryDeferred)
    assert outcome.about == "account"


def test_a_delivery_that_is_cancelled_ends_at_once() -> None:
    async def run() -> float:
        truth = Scripted({"dot": HANG})
        server = await asyncio.start_server(truth.talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport = SmtpTransport(Account(host="127.0.0.1", port=port, security="none"))
        marked = asyncio.Event()

        async def mark() -> None:
            marked.set()

        task = asyncio.create_task(transport.deliver(message(), before_data=mark))
        await marked.wait()
        loop = asyncio.get_running_loop()
        began = loop.time()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        server.close()
        return loop.time() - began

    assert asyncio.run(run()) < 1
