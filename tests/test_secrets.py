"""What is secret in the settings is in no message, whatever is wrong with it."""

import asyncio
import json
import time
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from desk import Desk
from mailbox_server import Mailbox
from real import pg
from test_service import serving

from announcer import app as parts
from announcer import redaction
from announcer.errors import AnnouncerError
from announcer.redaction import redacted, remember, remember_address, remember_database
from announcer.settings import load_settings
from announcer.terminal import message

SECRET = "Zs3cr3t"
NOW = datetime(2020, 4, 3, 8, tzinfo=UTC)
# Twenty ways in which a password, or the address that it stands in, can be wrong.
WRONG_URLS = {
    "a percent sign": f"postgresql://ann:{SECRET}%Qx@127.0.0.1:1/db",
    "a percent sign at the end": f"postgresql://ann:{SECRET}%@127.0.0.1:1/db",
    "a NUL": f"postgresql://ann:{SECRET}%00@127.0.0.1:1/db",
    "no UTF-8": f"postgresql://ann:{SECRET}%ff@127.0.0.1:1/db",
    "a bracket in the host": f"postgresql://ann:{SECRET}@[127.0.0.1/db",
    "a bracket": f"postgresql://ann:[{SECRET}@127.0.0.1:1/db",
    "a blank": f"postgresql://ann:{SECRET} pass@127.0.0.1:1/db",
    "a blank before": f"postgresql://ann: {SECRET}@127.0.0.1:1/db",
    "a slash": f"postgresql://ann:Z/{SECRET}@127.0.0.1:1/db",
    "a slash after": f"postgresql://ann:{SECRET}/x@127.0.0.1:1/db",
    "an at sign": f"postgresql://ann:x@{SECRET}@127.0.0.1:1/db",
    "an at sign after": f"postgresql://ann:{SECRET}@x@127.0.0.1:1/db",
    "a colon": f"postgresql://ann:x:{SECRET}@127.0.0.1:1/db",
    "a hash": f"postgresql://ann:#{SECRET}@127.0.0.1:1/db",
    "a question mark": f"postgresql://ann:?{SECRET}@127.0.0.1:1/db",
    "a port that is none": f"postgresql://ann:{SECRET}@127.0.0.1:port/db",
    "a parameter that is none": f"postgresql://ann@127.0.0.1:1/db?pasword={SECRET}",
    "a password as a parameter": f"postgresql://ann@127.0.0.1:1/db?password={SECRET}",
    "another scheme": f"mysql://ann:{SECRET}@127.0.0.1/db",
    "a typing mistake in the scheme": f"postgrsql://ann:{SECRET}@127.0.0.1/db",
    "a connection string": f"host=127.0.0.1 port=1 user=ann password={SECRET}",
    "a connection string in quotes": f"password='{SECRET} x' host=127.0.0.1",
    "no scheme": f"ann:{SECRET}@127.0.0.1/db",
    "a backslash and quotes": f"postgresql://ann:{SECRET}\\\"'@127.0.0.1:1/db",
    "nothing listens": f"postgresql://ann:{SECRET}@127.0.0.1:1/db",
}


def _shows_nothing(text: str, where: object) -> None:
    assert "s3cr3t" not in text.lower(), (where, text)
    assert "Traceback" not in text, (where, text)
    assert "fault of announcer" not in text, (where, text)


@pytest.mark.parametrize("what", WRONG_URLS)
def test_a_wrong_address_of_the_ledger_shows_no_password(desk: Desk, what: str) -> None:
    url = WRONG_URLS[what]
    with (desk.folder / "config.toml").open("a") as file:
        file.write(f"\n[ledger]\nurl = {json.dumps(url)}\n")
    shown = _trouble(desk)
    _shows_nothing(shown, what)
    assert "ledger" in shown


def _trouble(desk: Desk) -> str:
    """Read the settings, the ledger and the page, and return what the command line says of them."""

    async def run() -> None:
        settings = load_settings(desk.folder / "config.toml", environ={})
        await parts.source(settings.series[0]).load(NOW)
        async with parts.opened_ledger(settings):
            pass

    with pytest.raises(AnnouncerError) as caught:
        asyncio.run(run())
    return message(str(caught.value))


@pytest.mark.parametrize("what", ["a percent sign", "a bracket in the host", "another scheme"])
def test_no_command_shows_the_password_of_a_wrong_address(desk: Desk, what: str) -> None:
    with (desk.folder / "config.toml").open("a") as file:
        file.write(f"\n[ledger]\nurl = {json.dumps(WRONG_URLS[what])}\n")
    done = desk.run("send", "--log-format", "json")
    assert done.returncode == 2, done
    _shows_nothing(done.stdout + done.stderr, what)
    assert "config.toml: ledger.url: is not" in done.stderr


@pytest.mark.parametrize(
    ("table", "key"), [("smtp", "password"), ("ledger", "password"), ("ledger", "url")]
)
@pytest.mark.parametrize(
    "written",
    [
        '"Zs3cr3t"', '["Zs3cr3t"]', '{a = "Zs3cr3t"}', "'''\nZs3cr3t\n'''", '"\\u001b[31mZs3cr3t"',
        '"Zs3cr3t" "Zs3cr3t"',
    ],
)  # fmt: skip
def test_a_secret_of_another_type_is_not_quoted(
    desk: Desk, table: str, key: str, written: str
) -> None:
    path = desk.folder / "config.toml"
    line = f"{key} = {written}\n"
    text = path.read_text()
    path.write_text(
        text.replace("[smtp]\n", f"[smtp]\n{line}")
        if table == "smtp"
        else f"{text}\n[{table}]\n{line}"
    )
    _shows_nothing(_trouble(desk), line)


def test_the_password_of_the_ledger_may_be_kept_apart(desk: Desk, tmp_path: Path) -> None:
    url = {"ANNOUNCER_LEDGER__URL": "postgresql://ann@127.0.0.1:1/db"}
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "announcer_ledger__password").write_text("Zs3cr3t/%@ x\n")
    secret = {"ANNOUNCER_SECRETS_DIR": str(tmp_path / "s")}
    done = desk.run("plan", environ=url | secret)
    assert done.returncode == 2
    assert "postgresql://127.0.0.1:1/db" in done.stderr
    _shows_nothing(done.stderr, "secret file")
    done = desk.run("plan", environ={"ANNOUNCER_LEDGER__PASSWORD": SECRET})
    assert "password is for PostgreSQL" in done.stderr
    _shows_nothing(done.stderr, "no use")
    both = {"ANNOUNCER_LEDGER__URL": f"postgresql://ann:{SECRET}@h/d"}
    done = desk.run("plan", environ=both | {"ANNOUNCER_LEDGER__PASSWORD": SECRET})
    assert "url holds one as well" in done.stderr
    _shows_nothing(done.stderr, "both")


@pg.NEEDED
def test_a_password_that_postgresql_refuses_is_not_shown(desk: Desk, postgres: pg.Postgres) -> None:
    name = postgres.database().rpartition("/")[2]
    for password in (SECRET, f"{SECRET}%25", f"{SECRET}%2F%40"):
        url = f"postgresql://nobody:{password}@127.0.0.1:{postgres.port}/{name}"
        done = desk.run("send", environ={"ANNOUNCER_LEDGER__URL": url})
        assert done.returncode == 2
        assert f"postgresql://127.0.0.1:{postgres.port}/{name}" in done.stderr
        _shows_nothing(done.stdout + done.stderr, password)


PRIVATE = {
    "a token in the query": "http://127.0.0.1:{port}/page.md?token=Zs3cr3tZs3cr3t",
    "a private path": "http://127.0.0.1:{port}/ical/x%40group/private-Zs3cr3t0123456789/basic.ics",
    "a random path": "http://127.0.0.1:{port}/cal/Zs3cr3tabcdef0123456789/feed",
    "a random value": "http://127.0.0.1:{port}/feed?export=Zs3cr3tabcdef0123456789",
    "a uuid": "http://127.0.0.1:{port}/Zs3cr3t-1b4e28ba-2fa1-11d2-883f-0016d3cca427/feed",
    "a user": "http://ann:Zs3cr3t@127.0.0.1:{port}/page.md",
    "a user in another scheme": "ftp://ann:Zs3cr3t@127.0.0.1/page.md",
    "a blank": "http://127.0.0.1:{port}/page.md?access_token=Zs3cr3t x",
}


@pytest.mark.parametrize("what", PRIVATE)
def test_what_is_secret_in_the_address_of_a_page_is_in_no_message(desk: Desk, what: str) -> None:
    path = desk.folder / "config.toml"
    address = PRIVATE[what].format(port=1)
    path.write_text(path.read_text().replace('"index.md"', json.dumps(address)))
    shown = _trouble(desk)
    _shows_nothing(shown, what)
    assert "127.0.0.1" in shown


def test_an_organiser_is_told_of_a_page_without_its_token(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    path = desk.folder / "config.toml"
    address = "http://127.0.0.1:1/public/page.md?token=Zs3cr3t"
    path.write_text(path.read_text().replace('"index.md"', json.dumps(address)))
    for now in ("2020-04-03T10:00", "2020-04-04T13:00"):
        done = desk.run("send", "--now", now, "--json", "--log-format", "json")
        assert done.returncode == 3, done
        _shows_nothing(done.stdout + done.stderr, now)
    told = [content.decode().replace("=\r\n", "") for _, content in mailbox.told]
    assert any("127.0.0.1:1/public/page.md" in text for text in told)
    _shows_nothing("".join(told), "mails")
    _shows_nothing(desk.run("log").stdout, "log")


def test_the_health_address_and_the_log_of_the_service_show_no_secret(desk: Desk) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    path = desk.folder / "config.toml"
    address = "http://127.0.0.1:1/public/page.md?token=Zs3cr3t"
    path.write_text(path.read_text().replace('"index.md"', json.dumps(address)))
    with serving(desk, "2020-04-03T12:00") as (_, port):
        end = time.monotonic() + 30
        text = ""
        while "page.md" not in text and time.monotonic() < end:
            with suppress(httpx.HTTPError):
                text = httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).text
    assert "http://127.0.0.1:1/public/page.md" in text
    _shows_nothing(text + (desk.folder / "log").read_text(), "service")


def test_an_ordinary_address_is_shown_whole() -> None:
    for address in (
        "https://m-dml.example/seminar/2026-04-03-on-topology/index.md?order=desc",
        "https://www.youtube.com/@channel/live",
        "https://example.org/seminars/winter_2026/Programme-Overview.html",
    ):
        remember_address(address)
        words = f"{address} answered 404, not 200; check source.location"
        assert redacted(words) == words


@pytest.mark.parametrize(
    "text",
    [
        "https://ann:s3cr3t@h.org/x", "postgres://a:s3/cr3t@h/x and more", "https://s3cr3t@h.org",
        "x https://h.org/?a=1&access_token=s3cr3t&b=2", "https://h.org/?X-Amz-Signature=s3cr3t",
        "host=h password=s3cr3t", "password = 's3 cr3t'", "https://h.org/private-0123s3cr3t/basic.ics",
        "redirects to <https://h.org/?sig=s3cr3t>",
    ],
)  # fmt: skip
def test_what_stands_where_secrets_stand_is_blotted_out(text: str) -> None:
    shown = redacted(text)
    assert redaction.BLOT in shown
    assert not {"s3", "cr3t", "s3cr3t"} & set(shown.replace("'", " ").replace("/", " ").split())
    assert "s3cr3t" not in shown


def test_a_password_is_found_in_the_forms_that_others_give_it() -> None:
    remember('p%ss wörd/"x"', username="ann")
    for form in (
        'p%ss wörd/"x"', "p%25ss%20w%C3%B6rd%2F%22x%22", 'p%ss wörd/\\"x\\"',
        b64encode('\0ann\0p%ss wörd/"x"'.encode()).decode(),
    ):  # fmt: skip
        assert "***" in redacted(f"535 bad {form} given"), form


def test_a_short_secret_leaves_words_alone() -> None:
    remember("ab")
    assert message("a table, about ab.") == "a table, about ***."


def test_redaction_takes_time_that_is_linear_in_the_text() -> None:
    remember_database("postgresql://ann:hunter22@h/d")
    times = []
    shapes = ["a" * 8, "x://", "token", "passw=", "?a&", "passw='", "a=b&", "@:/", "://@ "]
    for size in (20_000, 160_000):
        began = time.process_time()
        for shape in shapes:
            redacted(shape * (size // len(shape)))
        times.append(time.process_time() - began)
    assert times[1] < 8 * 6 * times[0] + 0.5
