"""One delivery by SMTP: what goes over the wire, and whose trouble it is when it fails.

Which fault of a server leads to which outcome is the matrix's (``test_matrix``).
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from announcer.errors import (
    DeliveryDeferred,
    DeliveryError,
    DeliveryInDoubt,
    DeliveryRefused,
)
from announcer.ledger import LEASE
from announcer.message import Message
from announcer.transport import BeforeContent
from announcer.transport.smtp import Account, SmtpTransport
from transport.scripted import CLOSE, HANG, Act, Scripted

CONTENT = b"Subject: S\r\n\r\n.a line that begins with a dot\r\n"
LONG = CONTENT + b"all work and no play makes a dull line\r\n" * 50_000


def message(content: bytes = CONTENT) -> Message:
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
        content=content,
        said=(),
    )


async def deliver(truth: Scripted, mail: Message, **account: object) -> str | DeliveryError:
    options = {
        "security": "none",
        "timeout": timedelta(seconds=0.3),
        "dot_timeout": timedelta(seconds=0.3),
        **account,
    }

    async def mark() -> None:
        assert truth.commands[-1] == "RCPT"

    async with truth.listening() as port:
        transport = SmtpTransport(Account(host="127.0.0.1", port=port, **options))  # type: ignore[arg-type]  # options of each test
        try:
            outcome: str | DeliveryError = await transport.deliver(mail, before_data=mark)
            assert "QUIT" not in truth.commands
        except DeliveryError as error:
            outcome = error
        await transport.close()
        await truth.ended()
    return outcome


def delivered(
    script: Mapping[str, Act | str], content: bytes = CONTENT, **account: object
) -> tuple[str | DeliveryError, Scripted]:
    """Try one delivery; give how it ended, and the server."""
    truth = Scripted(script)
    return asyncio.run(deliver(truth, message(content), **account)), truth


def test_a_mail_is_taken_byte_for_byte_and_quit_comes_after() -> None:
    outcome, truth = delivered({})
    assert outcome == "250 2.0.0 queued"
    assert truth.taken == [b"Subject: S\r\n\r\n..a line that begins with a dot\r\n"]
    assert truth.commands[-1] == "QUIT"


@pytest.mark.parametrize("end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r\n"])
def test_no_line_of_a_mail_can_end_it(end: bytes) -> None:
    _, truth = delivered({}, CONTENT + b"one" + end + b"MAIL FROM:<two@example.org>")
    taken = b"one\r\n..\r\nMAIL FROM:<two@example.org>\r\n"
    assert truth.taken == [b"Subject: S\r\n\r\n..a line that begins with a dot\r\n" + taken]
    assert truth.commands == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]


@pytest.mark.parametrize("answer", ["250 ok", "251 will forward", "252 odd but yes", "200 ok"])
def test_any_2xx_to_the_dot_means_taken(answer: str) -> None:
    outcome, truth = delivered({"dot": answer})
    assert outcome == answer
    assert len(truth.taken) == 1


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("552 5.3.4 too big", DeliveryRefused), ("452 4.3.1 full", DeliveryDeferred), ("what", DeliveryInDoubt)],
)  # fmt: skip
def test_after_an_answer_that_comes_early_the_rest_of_the_mail_stays_here(
    answer: str, outcome: type[DeliveryError]
) -> None:
    """A server that takes whatever ends with a dot, whatever it said before, has nothing."""
    early = Act(says=answer.encode() + b"\r\n", takes=True)
    truth = Scripted({"body": early}, window=2048)
    found = asyncio.run(deliver(truth, message(LONG), timeout=timedelta(seconds=5)))
    assert isinstance(found, outcome)
    assert truth.content_came
    assert truth.taken == []


def test_starttls_is_never_skipped() -> None:
    outcome, truth = delivered({}, security="starttls")
    assert isinstance(outcome, DeliveryDeferred)
    assert outcome.about == "account"
    assert not {"MAIL", "AUTH"} & set(truth.commands)


def test_a_refused_login_is_about_the_account_and_never_says_the_password() -> None:
    script = {"EHLO": "250-scripted\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 bad credentials"}
    outcome, _ = delivered(script, username="seminar@example.org", password="hunter2")
    assert isinstance(outcome, DeliveryDeferred)
    assert outcome.about == "account"
    assert "refused the login of seminar@example.org" in str(outcome)
    assert "535 5.7.8 bad credentials" in str(outcome)
    assert "hunter2" not in str(outcome)


@pytest.mark.parametrize(
    ("phase", "act"),
    [
        ("MAIL", "550 5.4.5 too many"),
        ("MAIL", "550 daily sending limit reached"),
        ("dot", "554 Quota exceeded"),
        ("dot", "421 4.3.2 closing"),
        ("RCPT", CLOSE),
        ("DATA", HANG),
        ("DATA", "354 go on\r\n250 queued"),
    ],
)
def test_a_quota_and_a_lost_server_are_about_the_account(phase: str, act: Act | str) -> None:
    outcome, _ = delivered({phase: act})
    assert isinstance(outcome, DeliveryDeferred)
    assert outcome.about == "account"


@pytest.mark.parametrize("answer", ["359 odd", "334 what", "250 ok", "451 later"])
def test_only_354_to_data_is_an_invitation(answer: str) -> None:
    outcome, truth = delivered({"DATA": answer})
    assert isinstance(outcome, DeliveryDeferred)
    assert (truth.content_came, truth.taken) == (False, [])


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA", "dot"])
def test_what_a_code_says_of_the_account_is_about_the_account_and_no_other_is(phase: str) -> None:
    account = {"421 closing", "530 log in", "534 too weak a login", "535 bad credentials"}
    others = {
        "450 busy",
        "451 later",
        "452 4.2.2 over quota",
        "454 not now",
        "533 what",
        "536 what",
        "550 no",
        "554 no",
    }
    about = {}
    for answer in account | others:
        error, _ = delivered({phase: answer})
        about[answer] = isinstance(error, DeliveryDeferred) and error.about == "account"
    assert {answer for answer, is_about_account in about.items() if is_about_account} == account


def test_a_server_has_less_time_for_its_answer_than_the_lease_of_the_mail_lasts() -> None:
    """Else another process would hold the mail for lost while this one still waits."""
    account = Account(host="127.0.0.1", port=25)
    assert account.timeout + account.dot_timeout < LEASE


def test_a_server_that_does_not_answer_quit_keeps_nobody_waiting() -> None:
    async def run() -> float:
        async with Scripted({"QUIT": HANG}).listening() as port:
            transport = SmtpTransport(Account(host="127.0.0.1", port=port, security="none"))
            await transport.deliver(message(), before_data=_nothing)
            loop = asyncio.get_running_loop()
            began = loop.time()
            await transport.close()
            return loop.time() - began

    # A container is killed after ten seconds, and eight of them are for the answer to the mail.
    assert asyncio.run(run()) < 5


async def _nothing() -> None:
    """Have no ledger to tell."""


def test_a_delivery_that_is_cancelled_ends_at_once() -> None:
    async def run() -> float:
        truth = Scripted({"dot": HANG})
        asked = asyncio.Event()

        async def mark() -> BeforeContent:
            return asked.set

        async with truth.listening() as port:
            transport = SmtpTransport(Account(host="127.0.0.1", port=port, security="none"))
            task = asyncio.create_task(transport.deliver(message(), before_data=mark))
            await asked.wait()
            loop = asyncio.get_running_loop()
            began = loop.time()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return loop.time() - began

    assert asyncio.run(run()) < 1
