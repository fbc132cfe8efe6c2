"""A mistake in the settings of one series takes that series out of service, and no other."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import SETTINGS, Desk
from mailbox_server import Mailbox
from test_service import _health, _log, _stopped, _until, serving

from announcer import app
from announcer.errors import SettingsError, UsageError
from announcer.settings import Settings, load_settings, read_settings, with_last_good

FRIDAY_TEN = "2020-04-03T10:00"
HEAD, _MARK, SERIES = SETTINGS.partition("[[series]]\n")


def _table(name: str) -> str:
    return "[[series]]\n" + SERIES.replace('"ml"', f'"{name}"').replace("ml@", f"{name}@")


def _folder(folder: Path, *, port: int = 25, **tables: str) -> Path:
    """Write settings that include a file for each series; return the main file."""
    (folder / "series").mkdir(exist_ok=True)
    head = HEAD.format(port=port)
    (folder / "config.toml").write_text(f'include = ["series/*.toml"]\n{head}', encoding="utf-8")
    for name, text in tables.items():
        file = folder / "series" / f"{name}.toml"
        file.write_text(text.replace('"index.md"', '"../index.md"'), encoding="utf-8")
    return folder / "config.toml"


def _read(path: Path) -> Settings:
    return read_settings(path, environ={})


def _ids(settings: Settings) -> list[str]:
    return [asked.series.id for asked in settings.series]


MISTAKES: dict[str, tuple[Callable[[str], str], str]] = {
    "a wrong value": (
        lambda text: text.replace("Europe/Berlin", "Europe/Berln"),
        'series/geometry.toml: series[0].timezone: "Europe/Berln" is no time zone; did you mean',
    ),
    "a key that is missing": (
        lambda text: text.replace('organisers = ["anna@example.org"]', ""),
        "series/geometry.toml: series[0].organisers: is missing",
    ),
    "no TOML": (
        lambda text: text.replace('name = "', "name = "),
        "series/geometry.toml is not valid TOML",
    ),
    "a table of all": (
        lambda text: '[smtp]\nhost = "other.example"\n' + text,
        "series/geometry.toml: smtp: only [[series]] tables can stand in an included file",
    ),
    "one bracket": (
        lambda text: text.replace("[[series]]", "[series]").split("\n[series.source]")[0],
        "series/geometry.toml: series: write [[series]], with two brackets",
    ),
    "no table": (
        lambda _: "series = [5]",
        "series/geometry.toml: series[0]: must be a table, not 5",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_one_file_takes_only_its_series_out_of_service(
    tmp_path: Path, name: str
) -> None:
    harm, words = MISTAKES[name]
    path = _folder(tmp_path, algebra=_table("algebra"), geometry=harm(_table("geometry")))
    settings = _read(path)
    assert _ids(settings) == ["algebra"]
    [broken] = settings.broken
    assert words in broken.mistakes[0]
    assert broken.place.startswith("series/geometry.toml")
    # Named, it is refused with what is wrong, whether its id can be read or not.
    with pytest.raises((SettingsError, UsageError)) as caught:
        app.chosen(settings, ["geometry"])
    assert words in str(caught.value)
    assert [a.series.id for a in app.chosen(settings, ["algebra"])] == ["algebra"]
    assert app.out_of_service(settings, ["algebra"]) == ()
    assert app.out_of_service(settings, []) == (broken,)


def test_a_file_that_is_a_folder_a_dangling_link_or_not_text_is_named(tmp_path: Path) -> None:
    path = _folder(tmp_path, algebra=_table("algebra"))
    (tmp_path / "series" / "folder.toml").mkdir()
    (tmp_path / "series" / "link.toml").symlink_to(tmp_path / "nowhere.toml")
    (tmp_path / "series" / "latin.toml").write_bytes('name = "Müller"'.encode("latin-1"))
    settings = _read(path)
    assert _ids(settings) == ["algebra"]
    latin, link = settings.mistakes
    assert "series/latin.toml is not text in UTF-8" in latin
    assert "series/link.toml does not exist" in link


def test_an_include_that_matches_nothing_leaves_the_other_series_in_service(
    tmp_path: Path,
) -> None:
    path = _folder(tmp_path, algebra=_table("algebra"))
    text = path.read_text().replace(
        "include = [", 'include = ["more/*.toml", "~nobody/x", "**x", ".", "", "/", '
    )
    path.write_text(text)
    settings = _read(path)
    assert _ids(settings) == ["algebra"]
    assert settings.mistakes[0] == 'config.toml: include[0]: no file matches "more/*.toml"'
    assert len(settings.mistakes) == 6


def test_a_file_that_two_patterns_match_is_read_once(tmp_path: Path) -> None:
    path = _folder(tmp_path, algebra=_table("algebra"))
    path.write_text(path.read_text().replace("include = [", 'include = ["*.toml", "s*/a*.toml", '))
    assert _ids(_read(path)) == ["algebra"]


def test_series_that_share_an_id_are_all_out_of_service_as_none_is_known_to_be_meant(
    tmp_path: Path,
) -> None:
    copied = _table("algebra").replace("algebra@", "geometry@")
    path = _folder(tmp_path, algebra=_table("algebra"), geometry=copied, logic=_table("logic"))
    settings = _read(path)
    assert _ids(settings) == ["logic"]
    assert settings.mistakes == (
        'series/algebra.toml: series[0].id: "algebra" is the id of series/geometry.toml: series[0] too, '
        "so that none of them is served; give each an id of its own",
        'series/geometry.toml: series[0].id: "algebra" is the id of series/algebra.toml: series[0] too, '
        "so that none of them is served; give each an id of its own",
    )


def test_what_all_series_share_refuses_the_whole_with_the_mistakes_of_the_series_too(
    tmp_path: Path,
) -> None:
    geometry = _table("geometry").replace("Europe/Berlin", "Europe/Berln")
    path = _folder(tmp_path, algebra=_table("algebra"), geometry=geometry)
    path.write_text(path.read_text().replace("port = 25", 'port = "many"'))
    with pytest.raises(SettingsError) as caught:
        _read(path)
    smtp, timezone = caught.value.mistakes
    assert smtp == 'config.toml: smtp.port: must be a whole number, not "many"'
    assert timezone.startswith("series/geometry.toml: series[0].timezone")


def test_settings_that_are_empty_lack_the_account_and_the_series(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    with pytest.raises(SettingsError) as caught:
        _read(path)
    assert [line.partition(" is missing")[0] for line in caught.value.mistakes] == [
        "config.toml: smtp:",
        "config.toml: series:",
    ]


def test_settings_of_which_every_series_is_broken_are_refused(tmp_path: Path) -> None:
    path = _folder(tmp_path, algebra=_table("algebra").replace("Berlin", "Berln"))
    assert _read(path).series == ()
    with pytest.raises(SettingsError, match=r"series\[0\]\.timezone"):
        load_settings(path, environ={})


@pytest.mark.parametrize("name", MISTAKES)
def test_a_broken_series_goes_on_with_its_last_good_settings(tmp_path: Path, name: str) -> None:
    harm, _ = MISTAKES[name]
    before = _read(_folder(tmp_path, algebra=_table("algebra"), geometry=_table("geometry")))
    moved = _table("algebra").replace("Room 2", "Room 9")
    after = _read(_folder(tmp_path, algebra=moved, geometry=harm(_table("geometry"))))
    held = with_last_good(after, before)
    assert [(a.series.id, a.series.location) for a in held.series] == [
        ("algebra", "Room 9"),
        ("geometry", "Room 2"),
    ]
    assert held.broken == after.broken
    # Still so after the next reading, and no more once it is right again.
    assert _ids(with_last_good(after, held)) == ["algebra", "geometry"]
    assert with_last_good(before, held) == before


def test_a_series_that_shares_an_id_since_lately_goes_on_as_it_was(tmp_path: Path) -> None:
    before = _read(_folder(tmp_path, algebra=_table("algebra")))
    copied = _table("algebra").replace("algebra@", "geometry@")
    held = with_last_good(_read(_folder(tmp_path, geometry=copied)), before)
    assert [(a.series.id, a.series.list) for a in held.series] == [
        ("algebra", "algebra@groups.example")
    ]


def test_a_series_that_was_taken_out_does_not_come_back_as_another_is_broken(
    tmp_path: Path,
) -> None:
    path = _folder(tmp_path, algebra=_table("algebra"), geometry=_table("geometry"))
    before = _read(path)
    (tmp_path / "series" / "geometry.toml").unlink()
    broken = _table("algebra").replace("Berlin", "Berln")
    after = _read(_folder(tmp_path, algebra=broken))
    assert _ids(with_last_good(after, before)) == ["algebra"]


def test_a_folder_of_series_that_is_away_for_a_while_changes_nothing(tmp_path: Path) -> None:
    path = _folder(tmp_path, algebra=_table("algebra"), geometry=_table("geometry"))
    before = _read(path)
    (tmp_path / "series").rename(tmp_path / "away")
    after = _read(path)
    assert _ids(after) == []
    assert _ids(with_last_good(after, before)) == ["algebra", "geometry"]


def test_the_others_are_served_and_each_run_says_what_is_out_of_service(
    desk: Desk, mailbox: Mailbox
) -> None:
    port = tomllib.loads((desk.folder / "config.toml").read_text())["smtp"]["port"]
    geometry = _table("geometry")
    _folder(desk.folder, port=port, algebra=_table("algebra"), geometry=geometry)
    assert desk.run("adopt", "--now", "2020-04-02T12:00").returncode == 0
    broken = geometry.replace("Europe/Berlin", "Europe/Berln")
    _folder(desk.folder, port=port, algebra=_table("algebra"), geometry=broken)
    sent = desk.run("send", "--now", FRIDAY_TEN)
    assert sent.returncode == 2
    assert 'series/geometry.toml: series[0].timezone: "Europe/Berln"' in sent.stderr
    assert "out of service until this is fixed: geometry (series/geometry.toml" in sent.stderr
    assert [to for to, _ in mailbox.received] == [["algebra@groups.example"]]
    chosen = desk.run("plan", "--series", "algebra", "--now", FRIDAY_TEN)
    assert chosen.returncode == 0, chosen.stderr
    named = desk.run("hold", "geometry/announcement/2020-04-03", "--now", FRIDAY_TEN)
    assert named.returncode == 2
    assert "series[0].timezone" in named.stderr
    [line] = [line for line in named.stderr.splitlines() if "geometry" in line and "fixed" in line]
    assert "the others are served" in line
    cancelled = desk.run("cancel", "3", "--now", FRIDAY_TEN)
    assert cancelled.returncode == 2
    assert "name the series of talk 3 by --series" in cancelled.stderr
    feed = desk.run("feed", "--out", "talks.ics", "--now", FRIDAY_TEN)
    assert feed.returncode == 2
    assert not (desk.folder / "talks.ics").exists()


def test_serve_goes_on_with_the_last_good_settings_of_a_broken_series(
    desk: Desk, mailbox: Mailbox
) -> None:
    port = tomllib.loads((desk.folder / "config.toml").read_text())["smtp"]["port"]
    tables = {name: _table(name) for name in ("algebra", "geometry")}
    _folder(desk.folder, port=port, **tables)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    with serving(desk, "2020-04-03T09:59:40") as (process, health):
        _until(lambda: _health(health) == 200, "healthy after the first pass")
        for name, old, new in (
            ("algebra", "Room 2", "Room 9"),
            ("geometry", '"Europe/Berlin"', '"Europe/Berln"'),
        ):
            file = desk.folder / "series" / f"{name}.toml"
            file.write_text(file.read_text().replace(old, new))
        _until(lambda: len(mailbox.received) == 2, "both mails leave at their moment")
        _until(lambda: _health(health) == 503, "the health address tells of the mistake")
        _stopped(process)
    rooms = {to[0]: b"Room 9" in content for to, content in mailbox.received}
    assert rooms == {"algebra@groups.example": True, "geometry@groups.example": False}
    [line] = [line for line in _log(desk).splitlines() if "the last good settings hold" in line]
    assert "geometry (series/geometry.toml: series[0])" in line
    assert 'did you mean "Europe/Berlin"?' in line
