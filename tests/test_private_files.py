"""What is written can be read by its owner alone, and goes where it is meant to go."""

import asyncio
import os
import socket
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk

from announcer.errors import DeliveryDeferred
from announcer.ledger.sqlite import SqliteLedger
from announcer.private_files import PRIVATE, PUBLIC, write_file, write_into
from announcer.terminal import escaped, json_text
from announcer.transport.folder import write

NOW = ("--now", "2020-04-03T10:00")


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Whatever a process leaves of the modes of its files."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    write_file(tmp_path / "a", b"one")
    write_file(tmp_path / "a", b"two")
    assert (_mode(tmp_path / "a"), (tmp_path / "a").read_bytes()) == (0o600, b"two")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    write_file(tmp_path / "b", b"", mode=PUBLIC)
    assert _mode(tmp_path / "b") == 0o666 & ~umask


def test_a_ledger_is_private_from_its_first_byte_and_its_journal_too(
    tmp_path: Path, umask: int
) -> None:
    path = tmp_path / "l.db"
    asyncio.run(SqliteLedger.create(path).close())
    assert _mode(path) == 0o600
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (a)")
    connection.execute("INSERT INTO t VALUES (1)")
    assert _mode(tmp_path / "l.db-journal") == 0o600
    connection.close()
    assert umask is not None


def test_no_symbolic_link_is_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"mine")
    link = tmp_path / "out" / "k.eml"
    link.parent.mkdir()
    for target in (other, tmp_path / "nowhere"):
        link.symlink_to(target)
        with pytest.raises(DeliveryDeferred, match="symbolic link"):
            write(tmp_path / "out", "k", ".eml", b"content")
        with pytest.raises(OSError, match="symbolic link"):
            write_file(link, b"content")
        link.unlink()
    assert other.read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "folder").symlink_to(tmp_path / "out")
    with pytest.raises(OSError, match="symbolic link"):
        write_into(tmp_path / "folder", "k", b"content")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_hard_link_keeps_its_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    os.link(tmp_path / "a", tmp_path / "b")
    write_file(tmp_path / "b", b"content")
    assert (tmp_path / "a").read_bytes() == b"mine"


def test_a_pipe_a_socket_or_a_device_is_neither_waited_for_nor_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "socket"))
    for name in ("pipe", "socket"):
        for mode in (PRIVATE, PUBLIC):
            with pytest.raises(OSError, match="it is a pipe or a device; name a file"):
                write_file(tmp_path / name, b"content", mode=mode)
        with pytest.raises(DeliveryDeferred, match="it is a pipe or a device"):
            write(tmp_path, name, "", b"content")
    listening.close()
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["pipe", "socket"]


def test_the_files_of_each_command_are_private_and_a_feed_is_public(desk: Desk) -> None:
    folder = desk.folder
    for words in (
        ("adopt", "--now", "2020-04-02T12:00"),
        ("send", "--dry-run", "--out", "rehearsal", *NOW),
        ("preview", "ml/announcement/2020-04-03", "--out", "shown", *NOW),
        ("preview", "--all", "--out", "gallery"),
        ("feed", "--out", "feed.ics", *NOW),
    ):
        done = desk.run(*words)
        assert done.returncode == 0, done
    private = [folder / "announcer.db"]
    for name in ("rehearsal", "shown", "gallery"):
        assert _mode(folder / name) == 0o700
        private += list((folder / name).iterdir())
    assert len(private) > 10
    assert {_mode(path) for path in private} == {0o600}
    assert _mode(folder / "feed.ics") & 0o044 == 0o044
    assert desk.run("check", *NOW).stdout.count("chmod") == 0
    (folder / "announcer.db").chmod(0o640)
    assert "(mode 0640); `chmod 600 announcer.db`" in desk.run("check", *NOW).stdout
    (folder / "feed.ics").unlink()
    (folder / "feed.ics").symlink_to(folder / "elsewhere")
    done = desk.run("feed", "--out", "feed.ics", *NOW)
    assert (done.returncode, (folder / "elsewhere").exists()) == (2, False)
    assert "feed.ics cannot be written: it is a symbolic link" in done.stderr


CONTROLS = "\x1b]0;title\x07 \x9b31m \u202eback\u202c \u2066x\u2069 a\rb \x7f \x85 \u2028"


def test_controls_are_shown_escaped() -> None:
    assert escaped(CONTROLS) == (
        r"\x1b]0;title\x07 \x9b31m \u202eback\u202c \u2066x\u2069 a\rb \x7f \x85 \u2028"
    )
    assert escaped("one\ntwo\tthree") == "one\\ntwo\tthree"
    assert escaped("half \ud83d") == r"half \ud83d"
    ordinary = "Kovács, שלום \u200f(a) 数学 🎓"
    assert escaped(ordinary) == ordinary
    assert json_text({"a": "\x9b\u202e\ud83d\x1b"}) == r'{"a": "\u009b\u202e\ud83d\u001b"}'


def test_no_control_of_a_page_a_file_name_or_a_setting_reaches_the_terminal(desk: Desk) -> None:
    hidden = "\x1b[31m\x9b\u202e"
    text = (desk.folder / "index.md").read_text()
    desk.page(text.replace("Nets, and", f"Nets{hidden} and").replace("TBA", f"TBA {hidden}"))
    path = desk.folder / "config.toml"
    path.write_text(path.read_text().replace("Room 2", "Room \\u202e2"))
    for words in (("talks",), ("talks", "--explain"), ("plan",), ("talks", "--json"), ("check",)):
        done = desk.run(*words, *NOW)
        assert not set("\x1b\x9b\u202e") & set(done.stdout + done.stderr), words
    path.write_text(path.read_text().replace("index.md", "no\\u001b[31m\\u009b.md"))
    done = desk.run("talks", *NOW)
    assert done.returncode == 3
    assert r"no\x1b[31m\x9b.md" in done.stderr
    path.write_text(
        path.read_text().replace("port = ", 'host2 = "\\u001b"\n"\\u001b[31mk" = 1\nport = ')
    )
    done = desk.run("talks", *NOW)
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
