"""A list gets no real mail by a clock that somebody made up."""

import pytest
from desk import Desk
from mailbox_server import Mailbox

FRIDAY_TEN = "2020-04-03T10:00"


@pytest.fixture
def elsewhere(desk: Desk) -> Desk:
    """Settings whose mail server is another machine, by a name that leads nowhere."""
    assert desk.run("adopt", "--now", "2020-04-02T12:00").returncode == 0
    config = desk.folder / "config.toml"
    text = config.read_text().replace('"127.0.0.1"', '"smtp.invalid"')
    config.write_text(text.replace('security = "none"', 'security = "starttls"'))
    return desk


@pytest.mark.parametrize("command", ["send", "serve"])
def test_a_made_up_time_is_refused_where_mails_would_leave_this_machine(
    elsewhere: Desk, command: str
) -> None:
    done = elsewhere.run(command, "--now", FRIDAY_TEN)
    assert done.returncode == 2
    assert "smtp.invalid" in done.stderr
    assert "--really" in done.stderr
    assert ("--dry-run" in done.stderr) is (command == "send")
    assert elsewhere.json("log") == []


def test_a_rehearsal_at_another_time_needs_no_more_words(elsewhere: Desk) -> None:
    [sent] = elsewhere.json("send", "--dry-run", "--now", FRIDAY_TEN)["sent"]
    assert sent["key"] == "ml/announcement/2020-04-03"


def test_whoever_says_really_is_believed(elsewhere: Desk) -> None:
    [deferred] = elsewhere.json("send", "--really", "--now", FRIDAY_TEN, status=1)["deferred"]
    assert "smtp.invalid" in deferred["reply"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_itself_is_no_way_to_a_list(desk: Desk, mailbox: Mailbox, host: str) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace('"127.0.0.1"', f'"{host}"'))
    assert len(desk.json("send", "--now", FRIDAY_TEN)["sent"]) == 1
    assert len(mailbox.received) == 1
