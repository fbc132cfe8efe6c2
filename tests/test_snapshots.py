"""The mails as they are, subject and parts apart in files, so that a review of a change shows them.

``make snapshots`` writes them anew; what is then in ``git diff`` is what readers will see.
"""

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from difflib import unified_diff
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from test_samples import SERIES

from announcer.compose import MailComposer
from announcer.message import Message
from announcer.samples import Sample, samples
from announcer.talks import Talk
from announcer.verify import verify

RENEW: Final = os.environ.get("SNAPSHOTS") == "renew"
FOLDER: Final = Path(__file__).parent / "snapshots"
MOST: Final = 400_000  # bytes of all of them: more than that nobody reviews
FULL: Final = replace(
    SERIES,
    name="Lattice Seminar",
    website="https://seminar.example.org/",
    list_page="https://groups.example.org/g/lattice",
    feed_url="https://seminar.example.org/talks.ics",
    footer=("Tea and cake from 14:30 on, in the foyer.", "https://seminar.example.org/code-of-conduct"),
)  # fmt: skip
SERIES_OF: Final = {
    "en": FULL,
    "de": replace(FULL, language="de"),
    "fr": replace(FULL, language="fr"),
    "de+en": replace(FULL, language="de", other_languages=("en",)),
    "also-times": replace(
        FULL, also_times=(ZoneInfo("America/New_York"), ZoneInfo("Pacific/Auckland"))
    ),
}
CHOSEN: Final = re.compile(
    r"(en|de|fr)-\S+-one|en-announcement-\S+|en-(update|cancellation)-five"
    r"|de\+en-(announcement|update|cancellation)-one|also-times-(announcement|update)-one"
)


def _out_of_step(talk: Talk) -> Talk:
    """Give a talk of the weeks in which the United States have changed their clocks, and Europe not."""
    assert talk.starts_at
    assert talk.ends_at
    assert talk.day
    earlier = timedelta(weeks=4) - timedelta(hours=1)
    return replace(
        talk,
        day=talk.day - timedelta(weeks=4),
        starts_at=talk.starts_at - earlier,
        ends_at=talk.ends_at - earlier,
    )


def _chosen() -> dict[str, Sample]:
    found = {
        f"{name}-{sample.kind}-{sample.case}": sample
        for name, series in SERIES_OF.items()
        for sample in samples(series)
    }
    name = "also-times-announcement-one"
    mail = found[name].mail
    mail = replace(mail, talks=tuple(map(_out_of_step, mail.talks)))
    found[name] = replace(found[name], mail=mail)
    return {name: sample for name, sample in found.items() if CHOSEN.fullmatch(name)}


CASES: Final = _chosen()


def files_of(message: Message) -> Mapping[str, str]:
    """Give subject and parts by their file's name, with the line ends of a review."""
    parsed = message_from_bytes(message.content, policy=SMTP)
    parts = [part for part in parsed.walk() if not part.is_multipart()]
    names = ["text.txt", "body.html", "invite.ics"]
    if len(parts) > len(names):
        names[2:] = [f"invite-{number}.ics" for number in range(1, len(parts) - 1)]
    files = {"subject.txt": f"{parsed['Subject']}\n"}
    for name, part in zip(names, parts, strict=False):
        raw = part.get_payload(decode=True)
        assert isinstance(raw, bytes)
        assert raw.endswith(b"\r\n")
        assert b"\n" not in raw.replace(b"\r\n", b"")
        files[name] = raw.decode().replace("\r\n", "\n")
    return files


@pytest.mark.parametrize("name", CASES)
def test_a_mail_is_as_its_snapshot_shows_it(name: str) -> None:
    sample, folder = CASES[name], FOLDER / name
    message = MailComposer().compose(sample.mail, sample.now)
    verify(message, sample.mail)
    files = files_of(message)
    if RENEW:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8", newline="")
    kept = {path.name: path.read_bytes().decode() for path in sorted(folder.glob("*"))}
    different = [
        line
        for file in sorted({*files, *kept})
        for line in unified_diff(
            kept.get(file, "").splitlines(),
            files.get(file, "").splitlines(),
            f"{name}/{file}, as it was",
            f"{name}/{file}, as it is",
            lineterm="",
        )
    ]
    if different or files != kept:
        pytest.fail(
            "\n".join(
                (*different, "", "If this is as it should be: `make snapshots` renews them.")
            ),
            pytrace=False,
        )


def test_there_is_no_snapshot_of_what_is_no_mail_any_more() -> None:
    there = {path for path in FOLDER.iterdir() if path.is_dir()}
    if RENEW:
        for gone in there - {FOLDER / name for name in CASES}:
            shutil.rmtree(gone)
    assert {path.name for path in FOLDER.iterdir()} == set(CASES)


def test_the_snapshots_are_few_enough_to_be_reviewed() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.*") if path.is_file()) < MOST
