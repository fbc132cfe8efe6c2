"""The log: in order of time, as much of it as is asked for, and one line for each mail in a pipe."""

import json

import pytest
from desk import Desk
from mailbox_server import Mailbox


@pytest.fixture
def kept(desk: Desk, mailbox: Mailbox) -> Desk:
    """A ledger whose first mail was refused first, and sent last."""
    desk.run("adopt", "--now", "2020-04-02T12:00")
    mailbox.answers.append(
        "550 5.7.1 this list takes mails of members alone, and you are none of them"
    )
    desk.json("send", "--now", "2020-04-03T10:00", status=1)
    assert len(desk.json("send", "--now", "2020-04-07T09:00", status=1)["sent"]) == 1
    desk.run("release", "ml/announcement/2020-04-03", "--now", "2020-04-07T11:00")
    assert len(desk.json("send", "--now", "2020-04-07T11:05")["sent"]) == 1
    return desk


def _keys(desk: Desk, *words: str) -> list[str]:
    return [row["key"] for row in desk.json("log", *words)]


ANNOUNCED, REMINDED = "ml/announcement/2020-04-03", "ml/reminder/2020-04-07"


def test_the_log_is_in_order_of_time_and_shows_as_much_as_is_asked_for(kept: Desk) -> None:
    assert _keys(kept) == [REMINDED, ANNOUNCED]
    assert _keys(kept, "--since", "2020-04-07T10:00") == [ANNOUNCED]
    assert _keys(kept, "--since", "2020-04-07T10:00+02:00") == [ANNOUNCED]
    assert _keys(kept, "--since", "2020-04-08") == []
    assert _keys(kept, "--state", "sent", "--series", "ml") == [REMINDED, ANNOUNCED]
    assert _keys(kept, "--state", "refused", "--state", "in_doubt") == []
    wrong = kept.run("log", "--since", "yesterday")
    assert wrong.returncode == 2
    assert 'write it like "2026-04-03"' in wrong.stderr


def test_in_a_pipe_each_mail_is_one_line_with_its_zone(kept: Desk) -> None:
    lines = [line for line in kept.run("log").stdout.splitlines() if line.startswith("ml/")]
    assert [line.split()[0] for line in lines] == [REMINDED, ANNOUNCED]
    assert "Tue 2020-04-07 11:05 CEST" in lines[1]


def test_a_pass_with_nothing_to_do_says_what_comes_next(kept: Desk) -> None:
    done = kept.run("send", "--now", "2020-04-07T12:00")
    assert done.stdout.splitlines()[0] == "Nothing is due."
    kept.page(
        '## Future\n### 3. "Nets, and the Self-Attention Principle" 07.04.20\n\n### 5. "Trees" 21.04.20\n'
    )
    done = kept.run("send", "--now", "2020-04-07T12:05")
    assert done.stdout.splitlines() == [
        "Nothing is due.",
        "Next comes ml/announcement/2020-04-17, on Fri 2020-04-17 10:00 CEST.",
    ]


def test_each_line_of_the_log_in_json_names_its_series(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    done = desk.run("send", "--log-format", "json", "--now", "2020-04-03T10:00")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["series"], line["key"], line["outcome"]) for line in lines] == [
        ("ml", ANNOUNCED, "sent")
    ]
    assert len(mailbox.received) == 1


def test_what_happened_to_a_series_and_what_people_decided_is_in_order_of_time(desk: Desk) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    desk.run("hold", "ml/announcement/2020-04-03", "--now", "2020-04-02T13:00")
    desk.run("adopt", "--list", "ml@groups.example", "--now", "2020-04-02T14:00")
    lines = [line for line in desk.run("log").stdout.splitlines() if line.startswith("ml: ")]
    words = [line.partition("CEST  ")[2].split()[0] for line in lines]
    assert words[:2] == ["adopted:", "hold"]
    times = [line.partition("CEST")[0] for line in lines]
    assert times == sorted(times)
