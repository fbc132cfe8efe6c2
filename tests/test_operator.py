"""The operator of the machine hears of trouble that no organiser can mend."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from desk import Desk
from mailbox_server import Mailbox
from mailbox_server import serving as mailbox_serving
from passes import Passes, at, talk
from test_service import _health, _stopped, _until, serving

from announcer import app
from announcer.announcement import Announcement
from announcer.announcer import Programme
from announcer.compose import MailComposer
from announcer.errors import (
    DeliveryDeferred,
    InternalError,
    LedgerBusy,
    SettingsError,
    SourceUnreadable,
)
from announcer.ledger import Pause
from announcer.message import Message
from announcer.operator import Complaint, Operator, Way, of_problems, of_report
from announcer.remembered import Heard, Kept, Memory, Tries
from announcer.report import Report
from announcer.settings import load_settings
from announcer.talks import Mailbox as Sender
from announcer.transport import BeforeData

OPERATOR = "it@example.org"
TABLE = f'\n[operator]\nmail = "{OPERATOR}"\n'
FRIDAY_TEN = "2020-04-03T10:00"
SECOND = '\n[[series]]\nid = "art"\nname = "Art"\n'
NOW = datetime(2026, 4, 10, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _mails(box: Mailbox) -> list[EmailMessage]:
    """Give what the operator got."""
    found = [content for to, content in box.received if to == [OPERATOR]]
    return [message_from_bytes(content, policy=SMTP) for content in found]


def _texts(box: Mailbox) -> list[str]:
    return [" ".join(mail.get_content().split()) for mail in _mails(box)]


def _add(desk: Desk, text: str) -> None:
    config = desk.folder / "config.toml"
    config.write_text(config.read_text() + text)


def _change(desk: Desk, old: str, new: str) -> None:
    config = desk.folder / "config.toml"
    assert old in config.read_text()
    config.write_text(config.read_text().replace(old, new))


@pytest.fixture
def watched(desk: Desk) -> Desk:
    """A desk whose machine has an operator, and whose series is adopted."""
    _add(desk, TABLE)
    done = desk.run("adopt", "--now", "2020-04-02T12:00")
    assert done.returncode == 0, done.stderr
    return desk


@pytest.fixture
def other() -> Iterator[Mailbox]:
    """The mail server of the operator's own way, which takes logins."""
    with mailbox_serving(logins=True) as box:
        box.passwords.append("another-Zs3cr3t")
        yield box


def _own_way(port: int) -> str:
    return (
        f'\n[operator.smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        'username = "watch@example.net"\n'
    )


# ── What is told, and when ───────────────────────────────────────────────────────────────────────


def test_broken_settings_are_told_when_first_seen_and_daily_until_they_are_mended(
    watched: Desk, mailbox: Mailbox
) -> None:
    _add(watched, SECOND)
    times = {"2020-04-02T13:00": 1, "2020-04-02T14:00": 1, "2020-04-03T09:00": 1, "2020-04-03T13:00": 2}  # fmt: skip
    for now, count in times.items():
        assert watched.run("send", "--now", now).returncode == 2
        assert len(_mails(mailbox)) == count, now
    first, second = _texts(mailbox)
    assert "art (config.toml: series[1]): out of service until this is fixed" in first
    assert "config.toml: series[1].list: is missing" in first
    assert "(since" not in first
    assert "(since Thu 2020-04-02 11:00 UTC)" in second
    _change(watched, SECOND, "")
    assert watched.run("send", "--now", "2020-04-05T13:00").returncode in {0, 1}
    assert len(_mails(mailbox)) == 2


def test_the_mail_says_that_no_person_wrote_it_and_can_be_told_apart(
    watched: Desk, mailbox: Mailbox
) -> None:
    _add(watched, SECOND)
    for day in (2, 3):
        watched.run("send", "--now", f"2020-04-0{day}T19:00")
    first, second = _mails(mailbox)
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Content-Transfer-Encoding"] == "quoted-printable"
    assert first["From"] == "ML Seminar <seminar@example.org>"
    assert first["To"] == OPERATOR
    assert first["Subject"] == "[announcer] operator: something needs you"
    assert first["Message-ID"] != second["Message-ID"]
    # The path of the settings alone may be longer, as it could not be found again in pieces.
    lines = [line for line in first.get_content().splitlines() if "/config.toml" not in line]
    assert max(map(len, lines)) <= 76


def test_the_only_series_being_broken_keeps_nothing_from_the_operator(
    watched: Desk, mailbox: Mailbox
) -> None:
    _change(watched, "Europe/Berlin", "Europe/Berln")
    for _ in range(2):
        done = watched.run("send", "--now", "2020-04-02T13:00")
        assert done.returncode == 2
        assert 'did you mean "Europe/Berlin"?' in done.stderr
    [text] = _texts(mailbox)
    assert '"Europe/Berln" is no time zone' in text
    done = watched.run("serve", "--now", "2020-04-04T13:00")
    assert done.returncode == 2
    assert len(_mails(mailbox)) == 2


def test_all_trouble_of_a_pass_is_in_one_mail(watched: Desk, mailbox: Mailbox) -> None:
    _add(watched, SECOND)
    (watched.folder / "announcer.db").write_bytes(b"no database")
    done = watched.run("send", "--now", FRIDAY_TEN)
    assert done.returncode == 2
    [mail] = _mails(mailbox)
    assert mail["Subject"] == "[announcer] operator: 2 things need you"
    [text] = _texts(mailbox)
    assert "art (config.toml: series[1])" in text
    assert "announcer.db" in text


def test_a_damaged_ledger_is_told_once_a_day_though_nothing_can_be_written_into_it(
    watched: Desk, mailbox: Mailbox
) -> None:
    (watched.folder / "announcer.db").write_bytes(b"no database")
    for now in ("2020-04-03T10:00", "2020-04-03T10:05", "2020-04-03T20:00", "2020-04-04T10:00"):
        assert watched.run("send", "--now", now).returncode == 2
    assert len(_mails(mailbox)) == 2
    kept = watched.folder / "announcer.db.operator.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text())["version"] == 1


def test_a_ledger_that_does_not_know_the_series_is_told(desk: Desk, mailbox: Mailbox) -> None:
    _add(desk, TABLE)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    _change(desk, 'id = "ml"', 'id = "new"')
    assert desk.run("send", "--now", FRIDAY_TEN).returncode == 2
    [text] = _texts(mailbox)
    assert "`announcer adopt --series new` takes it in" in text


def test_what_concerns_a_talk_or_its_page_is_for_the_organisers(
    watched: Desk, mailbox: Mailbox
) -> None:
    mailbox.answers.append("550 5.7.1 not a member")
    assert watched.run("send", "--now", FRIDAY_TEN).returncode == 1
    (watched.folder / "index.md").unlink()
    assert watched.run("send", "--now", "2020-04-05T10:00").returncode == 3
    assert len(mailbox.told) >= 1
    assert _mails(mailbox) == []


def test_a_series_without_organisers_tells_the_operator(desk: Desk, mailbox: Mailbox) -> None:
    _change(desk, 'organisers = ["anna@example.org"]\n', "")
    done = desk.run("check")
    assert done.returncode == 2
    assert "series[0].organisers: is missing" in done.stderr
    _add(desk, TABLE)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    mailbox.answers.append("550 5.7.1 not a member")
    desk.run("send", "--now", FRIDAY_TEN)
    [text] = _texts(mailbox)
    assert "550 5.7.1 not a member" in text
    assert mailbox.told == []


@pytest.mark.parametrize("words", [["--dry-run"], ["--to", "me@example.org"]])
def test_a_rehearsal_tells_nobody(watched: Desk, mailbox: Mailbox, words: list[str]) -> None:
    _add(watched, SECOND)
    watched.run("send", "--now", FRIDAY_TEN, *words)
    _change(watched, "Europe/Berlin", "Europe/Berln")
    watched.run("send", "--now", FRIDAY_TEN, *words)
    assert _mails(mailbox) == []
    assert not (watched.folder / "announcer.db.operator.json").exists()


# ── Trouble with the account ─────────────────────────────────────────────────────────────────────


def _with_login(desk: Desk, port: int) -> dict[str, str]:
    """Let the account of the series log in with a password that its server does not accept."""
    config = desk.folder / "config.toml"
    text = re.sub(r"port = \d+", f'port = {port}\nusername = "seminar@example.org"', config.read_text(), count=1)  # fmt: skip
    config.write_text(text)
    return {"ANNOUNCER_SMTP__PASSWORD": "wrong-Zs3cr3t"}


def test_a_refused_login_is_told_by_the_operators_own_way(watched: Desk, other: Mailbox) -> None:
    _add(watched, _own_way(other.port))
    with mailbox_serving(logins=True) as refusing:
        environ = _with_login(watched, refusing.port)
        environ["ANNOUNCER_OPERATOR__SMTP__PASSWORD"] = "another-Zs3cr3t"
        done = watched.run("send", "--now", FRIDAY_TEN, environ=environ)
        assert done.returncode == 1
        again = watched.run("send", "--now", "2020-04-03T10:05", environ=environ)
        assert again.returncode == 1
    assert refusing.received == []
    [mail], [text] = _mails(other), _texts(other)
    assert mail["From"] == "announcer <watch@example.net>"
    assert f"127.0.0.1:{refusing.port} refused the login of seminar@example.org" in text
    assert "Zs3cr3t" not in text + done.stderr + done.stdout


def test_without_another_way_trouble_with_the_account_is_told_once_it_works_again(
    watched: Desk, mailbox: Mailbox
) -> None:
    with mailbox_serving(logins=True) as refusing:
        environ = _with_login(watched, refusing.port)
        assert watched.run("send", "--now", FRIDAY_TEN, environ=environ).returncode == 1
        logins = len(refusing.greetings)
        watched.run("send", "--now", "2020-04-03T10:00:30", environ=environ)
        assert len(refusing.greetings) == logins  # it is left in peace
        refusing.passwords.append("wrong-Zs3cr3t")
        assert watched.run("send", "--now", "2020-04-03T10:30", environ=environ).returncode == 0
        [text] = _texts(refusing)
        assert "refused the login" in text
        assert "(seen first on Fri 2020-04-03 08:00 UTC; it is so no more)" in text
        assert watched.run("send", "--now", "2020-04-05T10:30", environ=environ).returncode == 0
        assert len(_texts(refusing)) == 1


def test_where_the_own_way_fails_the_account_of_the_series_is_taken(
    watched: Desk, mailbox: Mailbox, other: Mailbox
) -> None:
    _add(watched, SECOND.rstrip() + _own_way(other.port))
    environ = {"ANNOUNCER_OPERATOR__SMTP__PASSWORD": "wrong-Zs3cr3t"}
    done = watched.run("send", "--now", "2020-04-02T13:00", environ=environ)
    assert done.returncode == 2
    assert len(_mails(mailbox)) == 1
    assert _mails(other) == []
    assert "the operator could not be told by [operator.smtp]" in done.stderr
    assert "check operator.smtp.username and the password" in done.stderr


def test_a_mail_that_fails_changes_no_status_and_is_tried_again_at_its_time(
    watched: Desk, mailbox: Mailbox
) -> None:
    _add(watched, SECOND)
    mailbox.answers += ["451 busy", "451 busy"]
    for now, left in {"13:00": 1, "13:00:20": 1, "13:01:10": 0, "13:02": 0}.items():
        done = watched.run("send", "--now", f"2020-04-02T{now}")
        assert done.returncode == 2
        assert len(mailbox.answers) == left, now
    assert ("451 busy" in done.stderr) is False
    assert _mails(mailbox) == []
    watched.run("send", "--now", "2020-04-02T13:10")
    assert len(_mails(mailbox)) == 1


# ── The service ──────────────────────────────────────────────────────────────────────────────────


def test_serve_tells_of_a_broken_change_while_the_last_good_settings_hold(
    watched: Desk, mailbox: Mailbox
) -> None:
    with serving(watched, "2020-04-03T09:59:52") as (process, port):
        _until(lambda: _health(port) == 200, "healthy after the first pass")
        _change(watched, '"Europe/Berlin"', '"Europe/Berln"')
        _until(lambda: len(_mails(mailbox)) == 1, "the operator hears of the mistake")
        assert _stopped(process) < 3
    [text] = _texts(mailbox)
    assert "the last good settings hold until this is fixed" in text


def test_serve_without_a_usable_ledger_tells_before_it_ends(
    watched: Desk, mailbox: Mailbox
) -> None:
    (watched.folder / "announcer.db").write_bytes(b"no database")
    with serving(watched, FRIDAY_TEN) as (process, _):
        assert process.wait(20) == 2
    [text] = _texts(mailbox)
    assert "announcer.db" in text


# ── check ────────────────────────────────────────────────────────────────────────────────────────


def test_check_says_who_the_operator_is_and_logs_in_there_too(
    watched: Desk, other: Mailbox
) -> None:
    said = watched.run("check").stdout
    assert f"{OPERATOR}: is told of trouble with settings, account and ledger" in said
    assert "only once it works again" in said
    _add(watched, _own_way(other.port))
    right = {"ANNOUNCER_OPERATOR__SMTP__PASSWORD": "another-Zs3cr3t"}
    done = watched.run("check", "--online", environ=right)
    assert done.returncode == 0, done.stderr
    assert f"127.0.0.1:{other.port}: connected, and logged in where asked" in done.stdout
    assert "only once it works again" not in done.stdout
    wrong = {"ANNOUNCER_OPERATOR__SMTP__PASSWORD": "wrong-Zs3cr3t"}
    done = watched.run("check", "--online", environ=wrong)
    assert done.returncode == 1
    assert "refused the login of watch@example.net" in done.stderr
    none = watched.run("check", "--online")
    assert "ANNOUNCER_OPERATOR__SMTP__PASSWORD" in none.stderr


# ── The settings ─────────────────────────────────────────────────────────────────────────────────

MISTAKES = {
    f"{_own_way(25)}": 'operator: smtp is given, but nobody who gets its mails; add mail = "it',
    '\n[operator]\nmail = "it"\n': "operator.mail: ",
    '\n[operator]\nmail = "ML@groups.example"\n': 'operator.mail: "ML@groups.example" is the list of config.toml: series[0]',
    '\n[operator]\nmial = "it@example.org"\n': 'operator.mial: unknown key; did you mean "mail"?',
    f'{TABLE}[operator.smtp]\nhost = "h.example"\npassword = "Zs3cr3t"\n': "operator.smtp.password: a password does not belong in this file; put it in ANNOUNCER_OPERATOR__SMTP__PASSWORD",
    f'{TABLE}[operator.smtp]\nhost = "h.example"\nprot = 25\n': 'operator.smtp.prot: unknown key; did you mean "port"?',
    f"{TABLE}[operator.smtp]\nport = 25\n": "operator.smtp.host: is missing",
    f'{TABLE}[operator.smtp]\nhost = "h.example"\nsecurity = "none"\n': "in the clear to h.example",
}


@pytest.mark.parametrize(("table", "words"), MISTAKES.items(), ids=list(MISTAKES.values()))
def test_a_mistake_in_the_table_is_named(desk: Desk, table: str, words: str) -> None:
    _add(desk, table)
    with pytest.raises(SettingsError) as caught:
        load_settings(desk.folder / "config.toml", environ={})
    assert words in str(caught.value)
    assert "Zs3cr3t" not in str(caught.value)


def test_the_operator_and_the_own_way_can_come_from_the_environment(desk: Desk) -> None:
    environ = {
        "ANNOUNCER_OPERATOR__MAIL": OPERATOR,
        "ANNOUNCER_OPERATOR__SMTP__HOST": "mail.example.net",
        "ANNOUNCER_OPERATOR__SMTP__PORT": "465",
        "ANNOUNCER_OPERATOR__SMTP__SECURITY": "tls",
    }
    secrets = desk.folder / "secrets"
    secrets.mkdir()
    (secrets / "announcer_operator__smtp__password").write_text("hunter2\n")
    environ["ANNOUNCER_SECRETS_DIR"] = str(secrets)
    settings = load_settings(desk.folder / "config.toml", environ=environ)
    assert settings.operator.mail == OPERATOR
    assert settings.operator.smtp is not None
    assert (settings.operator.smtp.account, settings.operator.smtp.security) == ("mail.example.net:465", "tls")  # fmt: skip
    password = settings.operator.smtp.password
    assert password is not None
    assert password.get_secret_value() == "hunter2"
    settings = load_settings(desk.folder / "config.toml", environ=environ, secrets=False)
    assert settings.operator.smtp is not None
    assert settings.operator.smtp.password is None
    with pytest.raises(SettingsError, match="the environment variable ANNOUNCER_OPERATOR__SMTP__PORT: must"):  # fmt: skip
        load_settings(
            desk.folder / "config.toml",
            environ=environ | {"ANNOUNCER_OPERATOR__SMTP__PORT": "many"},
        )


# ── In parts ─────────────────────────────────────────────────────────────────────────────────────


class Post:
    """A way out that counts what it took, and gives ``answer`` instead while there is one."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.answer: Exception | None = None
        self.tried = 0

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        self.tried += 1
        if self.answer is not None:
            raise self.answer
        await before_data()
        self.taken.append(message)
        return "250 taken"

    async def close(self) -> None:
        """Nobody to take leave of."""


def _way(post: Post, table: str = "smtp") -> Way:
    sender = Sender(name="Séminaire", address="seminar@example.org")
    return Way(table=table, account=f"{table}@h:25", transport=post, sender=sender)


def _hears(
    post: Post, words: list[str], now: datetime, memory: Memory, pause: Pause | None = None
) -> None:
    operator = Operator(OPERATOR, ways=[_way(post)], memory=memory, settings="/etc/config.toml")
    complaints = [Complaint(cause=line, words=line) for line in words]
    asyncio.run(operator.hear(complaints, now, pause=pause))


def test_trouble_that_comes_and_goes_is_told_once_a_day() -> None:
    post, memory = Post(), Memory()
    for number in range(23 * 60):
        _hears(post, ["the ledger is away"] if number % 2 else [], NOW + number * HOUR / 60, memory)
    assert len(post.taken) == 1


def test_a_clock_that_was_ahead_silences_nothing_for_long() -> None:
    post, memory = Post(), Memory()
    _hears(post, ["the ledger is away"], NOW + 1000 * HOUR, memory)
    _hears(post, ["the ledger is away"], NOW, memory)
    assert len(post.taken) == 2


def test_a_server_that_refuses_again_and_again_is_asked_ever_more_rarely() -> None:
    post, memory = Post(), Memory()
    post.answer = DeliveryDeferred("535 no", about="account")
    for minute in range(24 * 60):
        _hears(post, ["the ledger is away"], NOW + minute * HOUR / 60, memory)
    assert 20 < post.tried < 40


def test_an_account_that_is_paused_is_left_in_peace() -> None:
    post, memory = Post(), Memory()
    pause = Pause(account="smtp@h:25", until=NOW + HOUR / 2, reply="535 no")
    _hears(post, ["the ledger is away"], NOW, memory, pause)
    assert post.tried == 0
    _hears(post, [], NOW + HOUR, memory, pause)
    [mail] = post.taken
    text = message_from_bytes(mail.content, policy=SMTP).get_content()
    assert "it is so no more" in " ".join(text.split())


def test_an_error_of_any_type_stays_within(caplog: pytest.LogCaptureFixture) -> None:
    post, memory = Post(), Memory()
    post.answer = KeyError("Zs3cr3t")
    _hears(post, ["the ledger is away"], NOW, memory)
    assert "internal error (KeyError" in caplog.text
    assert "Zs3cr3t" not in caplog.text


def test_very_much_trouble_is_a_mail_of_bounded_size_and_the_rest_comes_next() -> None:
    post, memory = Post(), Memory()
    words = [f"series {number} is broken: {'very ' * 1000}" for number in range(30)]
    _hears(post, words, NOW, memory)
    _hears(post, words, NOW + HOUR, memory)
    _hears(post, words, NOW + 2 * HOUR, memory)
    first, second = post.taken
    assert len(first.content) < 60_000
    assert second.subject == "[announcer] operator: 10 things need you"


def test_one_trouble_of_many_series_is_told_in_one_sentence() -> None:
    problems = []
    for number in range(9):
        busy = LedgerBusy(f"db.example.org: no answer in {number // 9} s")
        busy.series = f"s{number}"
        problems.append(busy)
    elsewhere = SourceUnreadable("https://example.org: 404")
    [complaint] = of_problems([*problems, elsewhere])
    assert complaint.words == "s0, s1, s2, s3, s4 and 4 more: db.example.org: no answer in 0 s"


def test_figures_that_differ_make_no_new_trouble() -> None:
    causes = {
        complaint.cause
        for seconds in (3, 17)
        for complaint in of_problems([InternalError(f"internal error after {seconds} s")])
    }
    assert len(causes) == 1


class _Broken(MailComposer):
    """A composer with a fault that nobody foresaw."""

    def compose(self, announcement: Announcement, now: datetime) -> Message:
        raise KeyError("Zs3cr3t")


class _Faulty(Passes):
    """The program with that fault."""

    def _programme(self) -> Programme:
        return replace(super()._programme(), composer=_Broken())


def test_an_internal_error_that_one_mail_met_is_told() -> None:
    passes = _Faulty()
    about = talk(1, date(2026, 4, 14))
    passes.adopt(at("06 12:00"), about)
    report = passes.send(at("10 10:00"), about)
    [complaint] = of_report(report, at("10 10:00"))
    assert "internal error (KeyError at " in complaint.words
    assert "s/announcement/2026-04-10" in complaint.words
    assert "Zs3cr3t" not in complaint.words
    passes.close()


def test_a_pause_that_is_over_is_no_trouble_while_nothing_waits() -> None:
    pause = Pause(account="a", until=NOW, reply="421 closing")
    report = Report(pause=pause)
    assert len(list(of_report(report, NOW - HOUR / 60))) == 1
    assert list(of_report(report, NOW)) == []


def test_nothing_leaves_this_machine_by_a_clock_that_is_made_up(desk: Desk) -> None:
    _add(desk, f'{TABLE}[operator.smtp]\nhost = "mail.example.net"\n')
    settings = load_settings(desk.folder / "config.toml", environ={})

    def tables(*, only_here: bool) -> list[str]:
        operator = app.operator(settings, Memory(), only_here=only_here)
        assert operator is not None
        return [way.table for way in operator._ways]

    assert tables(only_here=False) == ["operator.smtp", "smtp"]
    assert tables(only_here=True) == ["smtp"]


# ── The memory ───────────────────────────────────────────────────────────────────────────────────

KEPT = Kept(
    heard={"a": Heard(words="é", first=NOW, seen=NOW + HOUR, told=None)},
    tries={"smtp": Tries(failures=2, again=NOW)},
)


def test_the_memory_outlives_the_process(tmp_path: Path) -> None:
    place = tmp_path / "state" / "operator.json"
    Memory(place).write(KEPT)
    assert Memory(place).read() == KEPT
    assert place.stat().st_mode & 0o777 == 0o600


def test_a_place_that_cannot_be_written_has_another(tmp_path: Path) -> None:
    gone, other = tmp_path / "gone" / "operator.json", tmp_path / "state" / "operator.json"
    Memory(gone, other).write(KEPT)
    assert Memory(gone, other).read() == KEPT
    assert not gone.parent.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"version": 2}', b'{"version": 1, "heard": 5, "tries": {}}', b"\xff",
     b'{"version": 1, "heard": {"a": {}}, "tries": {}}', b"[" * 100_000, b"1" * 1_000_001],
    ids=range(9),
)  # fmt: skip
def test_a_memory_that_is_damaged_counts_as_empty(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "operator.json"
    place.write_bytes(content)
    assert Memory(place).read() == Kept()
    assert "the operator may be told once more" in caplog.text


def test_a_memory_in_whose_place_a_link_stands_is_neither_read_nor_followed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    target, place = tmp_path / "target", tmp_path / "operator.json"
    target.write_text("theirs")
    place.symlink_to(target)
    memory = Memory(place)
    assert memory.read() == Kept()
    memory.write(KEPT)
    assert target.read_text() == "theirs"
    assert memory.read() == KEPT
    assert "kept in memory only" in caplog.text


def test_what_was_told_long_ago_is_forgotten() -> None:
    kept = Kept()
    kept.see({"a": "a", "b": "b"}, NOW)
    kept.heard["a"].told = NOW
    kept.see({}, NOW + timedelta(days=3))
    assert set(kept.heard) == {"b"}  # nobody was told of it yet
    kept.see({}, NOW + timedelta(days=31))
    assert kept.heard == {}
