"""The name that the mail server is greeted with, and what `check --online` says of it."""

import socket
from pathlib import Path

import pytest
from desk import Desk
from mailbox_server import Mailbox

from announcer.errors import SettingsError
from announcer.hostnames import is_full_name, is_host_name
from announcer.quoting import quoted
from announcer.settings import load_settings

FULL = ["announcer.example.org", "a.b", "[192.0.2.1]", "[IPv6:2001:db8::1]", "xn--bro-hoa.example"]
VALID = ["0a1b2c3d4e5f", "localhost", "laptop", "laptop.local", "localhost.localdomain", "1.0.0.127.in-addr.arpa", "10.0.0.7"]  # fmt: skip
WRONG = ["", " ", "a b", "a..b", ".a", "a.", "-a.b", "a-.b", "a_b.example", "büro.example", "a\nb", "[1.2.3]", "[::1]", "a" * 64 + ".b", "a." * 127 + "bc"]  # fmt: skip


def greeted_as(desk: Desk, name: str) -> None:
    config = desk.folder / "config.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[smtp]\n", f'[smtp]\nhelo = "{name}"\n'), encoding="utf-8")


def test_the_server_is_greeted_with_the_name_of_the_settings(desk: Desk, mailbox: Mailbox) -> None:
    greeted_as(desk, "announcer.example.org")
    checked = desk.run("check", "--online", "--now", "2020-04-03T10:00")
    assert checked.returncode == 0, checked.stderr
    assert "EHLO" not in checked.stdout
    assert mailbox.greetings == ["announcer.example.org"]
    desk.run("adopt", "--now", "2020-04-02T12:00")
    desk.run("send", "--now", "2020-04-03T10:00")
    assert len(mailbox.received) == 1
    assert set(mailbox.greetings) == {"announcer.example.org"}


def test_a_name_that_is_no_full_domain_name_is_warned_about_and_used(
    desk: Desk, mailbox: Mailbox
) -> None:
    greeted_as(desk, "0a1b2c3d4e5f")
    checked = desk.run("check", "--online", "--now", "2020-04-03T10:00")
    assert checked.returncode == 0, checked.stderr
    assert (
        '! smtp.helo is "0a1b2c3d4e5f", which is not a full domain name, and many mail servers refuse such '
        'a greeting (EHLO); set helo = "announcer.example.org" in [smtp]'
    ) in checked.stdout
    assert mailbox.greetings == ["0a1b2c3d4e5f"]


def test_without_a_name_in_the_settings_that_of_the_machine_is_used_and_judged(
    desk: Desk, mailbox: Mailbox
) -> None:
    checked = desk.run("check", "--online", "--now", "2020-04-03T10:00")
    own = socket.getfqdn()
    warned = f'! this machine calls itself "{own}"' in checked.stdout
    assert warned is not is_full_name(own)
    assert mailbox.greetings == [own]
    assert "EHLO" not in desk.run("check", "--now", "2020-04-03T10:00").stdout


@pytest.mark.parametrize("name", [*FULL, *VALID])
def test_host_names_and_addresses_in_brackets_are_valid(name: str) -> None:
    assert is_host_name(name)
    assert is_full_name(name) is (name in FULL)


@pytest.mark.parametrize("name", WRONG)
def test_anything_else_is_a_mistake_in_the_settings_that_names_its_place(
    name: str, desk: Desk
) -> None:
    assert not is_host_name(name)
    assert not is_full_name(name)
    greeted_as(desk, name.replace("\n", "\\n"))
    with pytest.raises(SettingsError) as caught:
        load_settings(Path(desk.folder / "config.toml"), environ={})
    assert str(caught.value) == (
        f"config.toml: smtp.helo: {quoted(name)} is not a valid host name; use the full name of this machine in "
        'ASCII, like "announcer.example.org", or its address in brackets, like "[192.0.2.1]"'
    )


def test_the_environment_sets_it_too(desk: Desk) -> None:
    done = desk.run("check", environ={"ANNOUNCER_SMTP__HELO": "a b"})
    assert done.returncode == 2
    assert 'the environment variable ANNOUNCER_SMTP__HELO: "a b" is not a valid host name' in done.stderr  # fmt: skip
