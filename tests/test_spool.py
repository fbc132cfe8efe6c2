"""Outcomes on disk: read back as they were kept, or named as damaged; never anything else."""

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from announcer.app import state_folder
from announcer.ledger import Claim, Deferred, InDoubt, Refused, Sent
from announcer.spool import Damaged, Heard, Spool, Unrecorded

AT = datetime(2020, 4, 3, 8, 0, 1, 234567, tzinfo=UTC)
KEY = "ml/announcement/2020-04-03"
OUTCOMES: list[Heard] = [
    Sent(reply="250 2.0.0 taken"),
    Deferred(until=AT, reply="451 später"),
    Refused(reply="550 no\x00such \ud800 list"),
    InDoubt(reply=""),
]


def entry(outcome: Heard = OUTCOMES[0], *, key: str = KEY, owner: str = "o") -> Unrecorded:
    claim = Claim(key=key, owner=owner, fence=2, attempt=1, copies=0, expires_at=AT)
    return Unrecorded(
        ledger="announcer.db", message_id="<1@example.org>", claim=claim, outcome=outcome, at=AT
    )


def spool(folder: Path) -> Spool:
    return Spool(folder, "announcer.db", ledger="announcer.db")


def only_file(folder: Path) -> Path:
    [path] = folder.iterdir()
    return path


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: type(outcome).__name__)
def test_another_process_reads_what_one_has_kept_until_it_is_forgotten(
    tmp_path: Path, outcome: Heard
) -> None:
    kept = spool(tmp_path / "state" / "announcer").keep(entry(outcome))
    assert kept.path is not None
    assert kept.path.stat().st_mode & 0o777 == 0o600
    other = spool(kept.path.parent)
    assert other.contents() == ([entry(outcome)], [])
    other.forget(entry(outcome))
    assert spool(kept.path.parent).contents() == ([], [])
    assert list(kept.path.parent.iterdir()) == []


def test_two_processes_keep_two_attempts_side_by_side_and_other_files_are_left_alone(
    tmp_path: Path,
) -> None:
    for other in ("announcer.db", "announcer.db-journal", "other.db.unrecorded.x.json"):
        (tmp_path / other).write_bytes(b"of somebody else")
    for owner in ("a", "b", "a"):
        spool(tmp_path).keep(entry(owner=owner))
    found, damaged = spool(tmp_path).contents()
    assert ([one.claim.owner for one in found], damaged) == (["a", "b"], [])


def test_a_file_that_was_cut_or_changed_anywhere_is_named_as_damaged(tmp_path: Path) -> None:
    spool(tmp_path).keep(entry())
    path = only_file(tmp_path)
    whole = path.read_bytes()
    harmed = [whole[:length] for length in range(len(whole) - 1)]
    harmed += [
        whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
        for at in range(len(whole) - 1)
        for bit in (0, 5)
    ]
    harmed += [b"{}\n", b"[]\n", b"\x00" * 4096, whole * 200]
    for content in harmed:
        path.write_bytes(content)
        found, [damaged] = spool(tmp_path).contents()
        assert (found, damaged.path) == ([], path)
        assert damaged.may_concern(KEY)
        assert not damaged.may_concern("ml/reminder/2020-04-07")


def test_what_is_no_regular_file_is_damaged_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    spool(tmp_path).keep(entry())
    path = only_file(tmp_path)
    path.rename(tmp_path / "real")
    for make in (os.mkfifo, os.mkdir, lambda name: name.symlink_to(tmp_path / "real")):
        make(path)
        found, [damaged] = spool(tmp_path).contents()
        assert (found, damaged.path) == ([], path)
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def test_what_a_killed_process_had_written_counts_and_what_a_living_one_writes_is_left(
    tmp_path: Path,
) -> None:
    spool(tmp_path).keep(entry())
    path = only_file(tmp_path)
    unfinished = path.rename(path.with_name(path.name + ".new"))
    assert spool(tmp_path).contents() == ([entry()], [])
    with unfinished.open("rb+") as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        assert spool(tmp_path).contents() == ([], [])
        writing.truncate(20)
    assert spool(tmp_path).contents() == ([], [])
    spool(tmp_path).forget(entry())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_leaves_memory_and_one_that_cannot_be_read_is_named(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", Path("/proc/announcer")):
        mine = spool(folder)
        kept = mine.keep(entry())
        assert kept.path is None
        assert "in memory only" in str(kept)
        assert "cannot be written (" in str(kept)
        assert mine.contents()[0] == [entry()]
    assert mine.contents()[1] == []
    [damaged] = spool(tmp_path / "file").contents()[1]
    assert isinstance(damaged, Damaged)
    assert "cannot be listed" in damaged.why
    assert damaged.may_concern(KEY)


def test_a_key_of_any_form_makes_a_name_of_its_own_folder(tmp_path: Path) -> None:
    for key in ("a/../../b/2020-04-03", "ä/ß.json/2020", "x" * 300 + "/y", "a/b.c/1"):
        mine = spool(tmp_path)
        assert mine.keep(entry(key=key)).path is not None
        found, damaged = spool(tmp_path).contents()
        assert ([one.key for one in found], damaged) == ([key], [])
        path = only_file(tmp_path)
        path.write_bytes(b"")
        [harmed] = spool(tmp_path).contents()[1]
        assert harmed.may_concern(key)
        mine.forget(entry(key=key))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.b/x/2020-04-03", "a_b/x/2020-04-03"),
        ("a/b_x/2020-04-03", "a_b/x/2020-04-03"),
        ("x" * 120 + "/1", "x" * 120 + "/2"),
        ("a/x/2020-04-03/2", "a/x_2020-04-03/2"),
    ],
)
def test_two_keys_that_look_alike_in_names_have_files_of_their_own(
    tmp_path: Path, one: str, other: str
) -> None:
    mine = spool(tmp_path)
    for key in (one, other):
        mine.keep(entry(key=key))
    assert {kept.key for kept in spool(tmp_path).contents()[0]} == {one, other}
    mine.forget(entry(key=one))
    assert [kept.key for kept in spool(tmp_path).contents()[0]] == [other]


def test_the_state_folder_is_the_first_that_is_named() -> None:
    named = {
        "ANNOUNCER_STATE_DIR": "/srv/state",
        "STATE_DIRECTORY": "/var/lib/announcer:/var/lib/other",
        "XDG_STATE_HOME": "/home/anna/.state",
    }
    expected = ("/srv/state", "/var/lib/announcer", "/home/anna/.state/announcer")
    for name, folder in zip(tuple(named), expected, strict=True):
        assert state_folder(named) == Path(folder)
        del named[name]
    assert state_folder({}) == Path.home() / ".local" / "state" / "announcer"


def test_a_folder_that_cannot_be_written_is_known_before_it_is_needed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    hindrance = spool(tmp_path / "file" / "announcer").hindrance()
    assert hindrance is not None
    assert "ANNOUNCER_STATE_DIR" in hindrance
    assert spool(tmp_path / "new" / "announcer").hindrance() is None
    assert Spool().hindrance() is None
