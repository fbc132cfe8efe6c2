"""Looking changes nothing: the kernel's own account of the commands that may not send."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email import message_from_bytes
from email.policy import SMTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from desk import PAGE, Desk
from mailbox_server import Mailbox

from real.faults import DAY, DUE, LEASE_OVER, Scene, adopted, killed, mails, points, replayed
from real.needs import needs

KEY = "ml/announcement/2020-04-03"
LOOKS: tuple[tuple[str, ...], ...] = (
    ("send", "--dry-run", "--now", LEASE_OVER),
    ("plan", "--now", LEASE_OVER),
    ("talks", "--now", LEASE_OVER),
    ("preview", KEY, "--now", LEASE_OVER),
    ("log",),
    ("check", "--now", LEASE_OVER),
)
# All by which a process reaches the network, or changes what stands in a folder.
_WATCHED = (
    "connect,sendto,sendmsg,sendmmsg,openat,?open,?creat,?unlink,unlinkat,?rename,?renameat,"
    "renameat2,?mkdir,mkdirat,?link,linkat,?symlink,symlinkat,truncate,ftruncate,?chmod,fchmodat"
)
_REACHES = re.compile(r"(?:connect|sendto|sendmsg|sendmmsg)\(.*sa_family=(.*)")
# With the folder that a path is relative to, where strace -y shows one.
_WRITES = re.compile(
    r"(?:openat(?=\(.*O_(?:WRONLY|RDWR|CREAT|TRUNC))|creat|unlink|rename|mkdir|link|symlink"
    r'|truncate|chmod)\w*\((?:[^"<]*<([^>]*)>, )?"([^"]*)"'
)


@contextmanager
def _served(page: str) -> Iterator[int]:
    """Serve a page on a port of its own."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = page.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/markdown; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


class Jail:
    """A desk whose commands are watched; ``temporary`` is where they may make private copies."""

    def __init__(self, desk: Desk, mailbox: Mailbox, home: Path) -> None:
        self.desk = desk
        self.mailbox = mailbox
        self.home = home
        self.temporary = home / "temporary"
        self.temporary.mkdir()
        self._trace = home / "trace"
        self._secrets = home / "secrets"
        self._secrets.mkdir()
        (self._secrets / "announcer_smtp__password").write_text("hunter2")

    def run(self, *words: str) -> tuple[CompletedProcess[str], str]:
        """Run a command, and give what the kernel says of it."""
        under = ["strace", "-f", "--seccomp-bpf", "-y", "-s", "4096", "-e", f"trace={_WATCHED}"]
        environ = {"ANNOUNCER_SECRETS_DIR": str(self._secrets), "TMPDIR": str(self.temporary)}
        done = self.desk.run(*words, environ=environ, under=[*under, "-o", str(self._trace)])
        return done, self._trace.read_text()

    def written(self, calls: str) -> set[Path]:
        return {self.desk.folder / base / path for base, path in _WRITES.findall(calls)}

    def files(self) -> dict[str, tuple[bytes, int]]:
        return {
            str(path.relative_to(self.desk.folder)): (path.read_bytes(), path.stat().st_mtime_ns)
            for path in self.desk.folder.rglob("*")
            if path.is_file()
        }

    def keeps(self, words: tuple[str, ...], *, reaches: set[str], status: int = 0) -> None:
        """Check that a command reaches these addresses only, and leaves everything as it is."""
        before = self.files()
        done, calls = self.run(*words)
        assert done.returncode == status, (words, done.stderr)
        assert set(_REACHES.findall(calls)) == reaches, words
        assert "announcer_smtp__password" not in calls, words
        outside = {p for p in self.written(calls) if not p.is_relative_to(self.temporary)}
        # A process that reads a page says of itself that it is the one to end where memory is short.
        assert outside <= {Path("/dev/null"), Path("/proc/self/oom_score_adj")}, words
        assert list(self.temporary.iterdir()) == [], words
        assert self.files() == before, words


@pytest.fixture
def jailed(tmp_path: Path) -> Iterator[Callable[[Scene], Jail]]:
    with ExitStack() as stack:

        def start(scene: Scene) -> Jail:
            desk, mailbox = stack.enter_context(replayed(scene, tmp_path / "desk"))
            return Jail(desk, mailbox, tmp_path)

        yield start


def _rehearses_what_it_sends(jail: Jail) -> None:
    """Check that a dry run lists, and writes, exactly what the next pass sends."""
    out = jail.home / "rehearsal"
    rehearsed = jail.desk.json("send", "--dry-run", "--out", str(out), "--now", LEASE_OVER)
    assert jail.mailbox.received == []
    sent = jail.desk.json("send", "--now", LEASE_OVER)
    wanted = ("key", "to", "subject", "message_id")
    listed, gone = (
        [tuple(mail[name] for name in wanted) for mail in report["sent"]]
        for report in (rehearsed, sent)
    )
    assert len(listed) == 2
    assert gone == listed
    # The series whose page was there first goes first.
    received = [(to, message_from_bytes(content, policy=SMTP)) for to, content in jail.mailbox.received]  # fmt: skip
    assert sorted((to, str(m["Subject"]), m["Message-ID"]) for to, m in received) == sorted(
        ([to], subject, message_id) for _, to, subject, message_id in listed
    )
    written = [Path(mail["file"]).read_bytes() for mail in rehearsed["sent"]]
    assert sorted(written) == sorted(content for _, content in jail.mailbox.received)


@needs("strace", "strace")
def test_looking_reaches_nothing_and_writes_nothing_and_a_dry_run_lists_what_is_sent(
    tmp_path: Path, jailed: Callable[[Scene], Jail]
) -> None:
    jail = jailed(adopted(tmp_path / "due"))
    for words in LOOKS:
        jail.keeps(words, reaches=set())
    _rehearses_what_it_sends(jail)
    for words in (*LOOKS, ("log", KEY), ("log", "--json")):
        jail.keeps(words, reaches=set())


@needs("strace", "strace")
def test_looking_at_a_page_on_the_web_reaches_that_page_and_nothing_else(
    tmp_path: Path, jailed: Callable[[Scene], Jail]
) -> None:
    jail = jailed(adopted(tmp_path / "due"))
    with _served(PAGE) as port:
        config = jail.desk.folder / "config.toml"
        page = f'"http://127.0.0.1:{port}/index.md"'
        config.write_text(config.read_text().replace('"index.md"', page))
        web = f'AF_INET, sin_port=htons({port}), sin_addr=inet_addr("127.0.0.1")}}, 16) = -1 EINPROGRESS (Operation now in progress)'
        for words in LOOKS:
            jail.keeps(words, reaches=set() if words == ("log",) else {web})
        _rehearses_what_it_sends(jail)


@needs("strace", "strace")
def test_looking_right_after_a_crash_leaves_the_hot_journal_to_the_next_pass(
    tmp_path: Path, jailed: Callable[[Scene], Jail]
) -> None:
    due = adopted(tmp_path / "due")
    found = points(due, tmp_path / "watched", DUE)
    commit = next(n for n, point in enumerate(found) if point.call.startswith("unlink"))
    written = [point for point in found[:commit] if point.call == "pwrite64"]
    jail = jailed(due)
    # The last write before the first commit: pages of the ledger are new, its end is not reached.
    assert killed(jail.desk, DUE, written[-1])
    assert (jail.desk.folder / "announcer.db-journal").stat().st_size > 4096
    for words in LOOKS:
        jail.keeps(words, reaches=set())
    _rehearses_what_it_sends(jail)
    assert [mail.outcome for mail in mails(jail.desk, jail.mailbox)] == ["sent", "sent"]


@needs("strace", "strace")
def test_the_same_account_shows_what_a_real_pass_reaches_reads_and_writes(
    tmp_path: Path, jailed: Callable[[Scene], Jail]
) -> None:
    jail = jailed(adopted(tmp_path / "due"))
    done, calls = jail.run("send", "--now", DUE)
    assert done.returncode == 0, done.stderr
    assert any(f"htons({jail.mailbox.port})" in reached for reached in _REACHES.findall(calls))
    assert "announcer_smtp__password" in calls
    ledger = jail.desk.folder / "announcer.db"
    assert {ledger, ledger.with_name("announcer.db-journal")} <= jail.written(calls)


@needs("strace", "strace")
def test_looking_without_a_ledger_does_not_start_one(
    tmp_path: Path, jailed: Callable[[Scene], Jail]
) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    jail = jailed(Scene(folder=folder))
    for words in LOOKS:
        jail.keeps(words, reaches=set(), status=2 if words == ("log",) else 0)
    done, _ = jail.run("send", "--now", DAY + "10:00")
    assert done.returncode == 2
    assert jail.mailbox.received == []
    assert not list(jail.desk.folder.glob("announcer.db*"))
