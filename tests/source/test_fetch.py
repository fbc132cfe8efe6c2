import asyncio
import gzip
import os
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from terms import NOW, series
from web_server import Asked, Page, Web, web

from announcer.errors import SourceUnreadable
from announcer.service import ReadAhead
from announcer.source import Source
from announcer.source.calendar import CalendarSource
from announcer.source.data import DataSource
from announcer.source.decode import decoded
from announcer.source.fetch import Address, Answered, Fetcher, private
from announcer.source.forges import raw_address
from announcer.source.interface import InterfaceSource
from announcer.source.page import PageSource
from announcer.source.posts import PostsSource
from announcer.source.pretalx import Pretalx
from announcer.talks import Reading
from announcer.terminal import message

NEWS = b"# Talks\n"
DATE = {"Date": "Fri, 03 Apr 2026 08:00:00 GMT"}
OPEN = ip_address("127.0.0.2")  # stands for an address of the open web


@pytest.fixture
def site() -> Iterator[Web]:
    with web() as site:
        yield site


@pytest.fixture
def outside() -> Iterator[Web]:
    with web(str(OPEN)) as site:
        yield site


def not_open(address: Address) -> bool:
    return address != OPEN


def text(location: Path | str, fetcher: Fetcher | None = None) -> str:
    return asyncio.run((fetcher or Fetcher()).text(location))


def refused(location: Path | str, fetcher: Fetcher | None = None) -> str:
    with pytest.raises(SourceUnreadable) as caught:
        text(location, fetcher)
    return str(caught.value)


# What has not changed


def test_a_page_that_has_not_changed_is_not_sent_again(site: Web) -> None:
    def answer(asked: Asked) -> Page:
        if asked.headers.get("if-none-match") == '"1"':
            return Page(status=304, headers={"ETag": '"1"'}, length=None)
        return Page(body=NEWS, headers={"ETag": '"1"'})

    site.pages["/t.md"] = answer
    fetcher = Fetcher()
    assert [text(f"{site.url}/t.md", fetcher) for _ in range(3)] == ["# Talks\n"] * 3
    assert [a.headers.get("if-none-match") for a in site.asked] == [None, '"1"', '"1"']


def test_a_page_that_has_changed_is_read_anew(site: Web) -> None:
    fetcher = Fetcher()
    site.pages["/t.md"] = Page(body=b"one", headers={"ETag": '"1"'})
    assert text(f"{site.url}/t.md", fetcher) == "one"
    site.pages["/t.md"] = Page(body=b"two", headers={"ETag": '"2"'})
    assert text(f"{site.url}/t.md", fetcher) == "two"
    assert text(f"{site.url}/t.md", fetcher) == "two"
    site.pages["/t.md"] = Page(body=b"three")
    assert text(f"{site.url}/t.md", fetcher) == "three"
    assert text(f"{site.url}/t.md", fetcher) == "three"
    assert [a.headers.get("if-none-match") for a in site.asked] == [
        None,
        '"1"',
        '"2"',
        '"2"',
        None,
    ]


def test_a_date_is_asked_by_too_but_not_where_the_page_may_have_changed_since(site: Web) -> None:
    old, young = "Thu, 02 Apr 2026 08:00:00 GMT", "Fri, 03 Apr 2026 07:59:30 GMT"
    site.pages["/old"] = Page(body=NEWS, headers={**DATE, "Last-Modified": old})
    site.pages["/young"] = Page(body=NEWS, headers={**DATE, "ETag": '"1"', "Last-Modified": young})
    site.pages["/strange"] = Page(body=NEWS, headers={"Last-Modified": "yesterday", **DATE})
    fetcher = Fetcher()
    for path in ("/old", "/old", "/young", "/young", "/strange", "/strange"):
        text(f"{site.url}{path}", fetcher)
    asked = [
        (a.headers.get("if-modified-since"), a.headers.get("if-none-match")) for a in site.asked
    ]
    assert asked == [(None, None), (old, None), *[(None, None)] * 4]


def test_what_one_source_has_read_is_not_known_to_another(site: Web) -> None:
    site.pages["/t.md"] = Page(body=NEWS, headers={"ETag": '"1"'})
    text(f"{site.url}/t.md")
    text(f"{site.url}/t.md")
    assert "if-none-match" not in site.asked[1].headers


def test_not_changed_is_no_answer_to_who_has_never_read_it(site: Web) -> None:
    site.pages["/t.md"] = Page(status=304, length=None)
    assert "answered 304" in refused(f"{site.url}/t.md")


def test_a_page_that_is_gone_is_not_answered_from_memory(site: Web) -> None:
    fetcher = Fetcher()
    site.pages["/t.md"] = Page(body=NEWS, headers={"ETag": '"1"'})
    text(f"{site.url}/t.md", fetcher)
    del site.pages["/t.md"]
    assert "answered 404" in refused(f"{site.url}/t.md", fetcher)


# Packing, and ends that come too early


def test_a_packed_page_is_unpacked(site: Web) -> None:
    site.pages["/t.md"] = Page(body=gzip.compress(NEWS), headers={"Content-Encoding": "gzip"})
    assert text(f"{site.url}/t.md") == "# Talks\n"
    assert site.asked[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("length", [-1, None])
def test_a_packed_page_that_is_cut_off_is_not_read(site: Web, length: int | None) -> None:
    half = gzip.compress(os.urandom(9000))[:5000]
    site.pages["/t.md"] = Page(body=half, headers={"Content-Encoding": "gzip"}, length=length)
    assert "was cut off" in refused(f"{site.url}/t.md")


def test_a_page_that_is_shorter_than_it_says_is_not_read(site: Web) -> None:
    site.pages["/t.md"] = Page(body=NEWS, length=900)
    assert "could not be fetched" in refused(f"{site.url}/t.md")


def test_what_is_not_packed_as_it_says_is_not_read(site: Web) -> None:
    site.pages["/t.md"] = Page(body=NEWS, headers={"Content-Encoding": "gzip"})
    assert "could not be fetched" in refused(f"{site.url}/t.md")
    site.pages["/t.md"] = Page(body=zlib.compress(NEWS), headers={"Content-Encoding": "br"})
    assert 'packed as "br"' in refused(f"{site.url}/t.md")


def test_a_page_that_unpacks_to_more_than_any_page_is_not_read(site: Web) -> None:
    bomb = gzip.compress(b"a" * 30_000_000)
    site.pages["/t.md"] = Page(body=bomb, headers={"Content-Encoding": "gzip"})
    assert "is larger than 5 MiB" in refused(f"{site.url}/t.md")
    site.pages["/u.md"] = Page(body=b"a" * 6_000_000)
    assert "is larger than 5 MiB" in refused(f"{site.url}/u.md")


# Charsets

GERMAN = "Vorträge – „Netze“"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain; charset=utf-8", GERMAN.encode()),
        ("text/plain; charset=windows-1252", GERMAN.encode("cp1252")),
        ("text/plain; charset=iso-8859-1", GERMAN.encode("cp1252")),  # as browsers read it
        ("text/plain; charset=iso-8859-1", GERMAN.encode()),  # said of every page by habit
        ("text/plain; charset=utf-8", GERMAN.encode("cp1252")),
        ("text/plain; charset=nonsense", GERMAN.encode()),
        ("text/plain", b"\xef\xbb\xbf" + GERMAN.encode()),
        ("text/plain", GERMAN.encode("utf-16")),
        ("text/plain", GERMAN.encode("cp1252")),
    ],
)
def test_the_charset_is_that_of_the_header_or_of_what_stands_there(
    site: Web, content_type: str, body: bytes
) -> None:
    site.pages["/t.md"] = Page(body=body, headers={"Content-Type": content_type})
    assert text(f"{site.url}/t.md") == GERMAN


def test_the_charset_may_stand_in_the_page(site: Web) -> None:
    for head in ('<meta charset="iso-8859-2">', '<?xml version="1.0" encoding="iso-8859-2"?>'):
        page = f"{head} Erdős"
        site.pages["/t"] = Page(
            body=page.encode("iso-8859-2"), headers={"Content-Type": "text/html"}
        )
        assert text(f"{site.url}/t") == page
    site.pages["/t"] = Page(body="Erdős 講演".encode("shift_jis", "replace"), headers={"Content-Type": "text/html; charset=shift_jis"})  # fmt: skip
    assert text(f"{site.url}/t") == "Erd?s 講演"


# Redirects


def to(target: str) -> Page:
    return Page(status=302, headers={"Location": target})


def test_redirects_are_followed_three_times(site: Web) -> None:
    site.pages |= {"/1": to("/2"), "/2": to("3"), "/3": to("/4"), "/4": Page(body=NEWS), "/0": to("/1")}  # fmt: skip
    assert text(f"{site.url}/1") == "# Talks\n"
    assert "redirects more than 3 times" in refused(f"{site.url}/0")


def test_what_a_redirect_leads_to_is_not_sent_again_either(site: Web) -> None:
    site.pages |= {"/1": to("/2"), "/2": Page(body=NEWS, headers={"ETag": '"1"'})}
    fetcher = Fetcher()
    assert text(f"{site.url}/1", fetcher) == text(f"{site.url}/1", fetcher)
    assert [(a.path, a.headers.get("if-none-match")) for a in site.asked[2:]] == [
        ("/1", None),
        ("/2", '"1"'),
    ]


@pytest.mark.parametrize("target", ["ftp://x.example/", "file:///etc/passwd", "http://u:p@x.example/"])  # fmt: skip
def test_a_redirect_to_what_is_no_web_page_is_not_followed(site: Web, target: str) -> None:
    site.pages["/1"] = to(target)
    shown = target.replace(":p@", ":***@")
    assert refused(f"{site.url}/1") == f"{site.url}/1 redirects to {shown}, which is no web page"


@pytest.mark.parametrize(
    "target",
    [
        "//ann:Zs3cr3t@x.example/", "https://ann:Zs3cr3t@x.example/", "//ann:Zs3cr3t@[x/",
        "/calendar/Zs3cr3tabcdef0123456789/feed", "/feed?export=Zs3cr3tabcdef0123456789",
        "/feed?subscription-key=Zs3cr3t", "/feed?ticket=Zs3cr3t", "/login?key=Zs3cr3t",
    ],
)  # fmt: skip
def test_what_is_secret_in_a_redirect_is_in_no_message(site: Web, target: str) -> None:
    site.pages["/1"] = to(target)
    shown = message(refused(f"{site.url}/1"))
    assert shown.startswith(site.url)
    assert "Zs3cr3t" not in shown


@pytest.mark.parametrize("target", ["data:,x", "http://[1", "http://x.example:y/"])
def test_a_redirect_to_what_is_no_address_is_not_followed(site: Web, target: str) -> None:
    site.pages["/1"] = to(target)
    assert refused(f"{site.url}/1").startswith(f"{site.url}/1 ")
    assert site.paths == ["/1"]


def test_a_page_that_asks_for_an_account_is_not_taken_for_the_page_of_talks(site: Web) -> None:
    site.pages |= {"/1": to("/users/sign_in?next=/1"), "/users/sign_in": Page(body=b"Sign in")}
    assert "asks for an account" in refused(f"{site.url}/1")


def test_a_redirect_from_the_open_web_into_a_private_network_is_not_followed(
    site: Web, outside: Web
) -> None:
    site.pages["/router"] = Page(body=b"secret")
    outside.pages |= {"/1": to(f"{site.url}/router"), "/2": to("/1")}
    for path in ("/1", "/2"):
        words = refused(f"{outside.url}{path}", Fetcher(not_open))
        assert words == (
            f"{outside.url}/1 redirects to a private address, {site.url}/router; it is not read"
        )
    assert site.paths == []


def test_a_name_is_judged_by_the_address_that_is_connected_to(site: Web, outside: Web) -> None:
    site.pages["/router"] = Page(body=b"secret")
    outside.pages["/1"] = to(f"http://localhost:{site.port}/router")
    assert "redirects to a private address" in refused(f"{outside.url}/1", Fetcher(not_open))
    assert site.paths == []


def test_redirects_within_a_private_network_or_out_of_it_are_followed(
    site: Web, outside: Web
) -> None:
    site.pages |= {"/1": to("/2"), "/2": to(f"{outside.url}/3")}
    outside.pages["/3"] = Page(body=NEWS)
    assert text(f"{site.url}/1", Fetcher(not_open)) == "# Talks\n"


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3", "127.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "::1", "fe80::1%2", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)  # fmt: skip
def test_private_addresses_are_known_however_they_are_written(address: str) -> None:
    assert private(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1", "::ffff:93.184.216.34"])
def test_addresses_of_the_open_web_are_not_private(address: str) -> None:
    assert not private(ip_address(address))


# Answers that are no page


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (403, "make it public"),
        (404, "check source.location"),
        (500, "wait for the server"),
        (204, "check source.location"),
    ],
)
def test_each_answer_that_is_no_page_says_what_to_do(site: Web, status: int, advice: str) -> None:
    site.pages["/t"] = Page(status=status)
    with pytest.raises(Answered, match=f"answered {status}, not 200; .*{advice}") as caught:
        text(f"{site.url}/t")
    assert caught.value.status == status


def test_a_server_that_is_not_there_is_named() -> None:
    with web() as site:
        pass
    assert refused(f"{site.url}/t").startswith(f"{site.url}/t could not be fetched: ")


# Files that a forge shows


@pytest.mark.parametrize(
    ("shown", "raw"),
    [
        ("https://github.com/o/r/blob/main/talks/x.md", "https://github.com/o/r/raw/main/talks/x.md"),
        ("https://github.com/o/r/blob/main/x.md?plain=1#L3", "https://github.com/o/r/raw/main/x.md"),
        ("https://gitlab.uni.example/g/s/r/-/blob/main/x.md?ref_type=heads", "https://gitlab.uni.example/g/s/r/-/raw/main/x.md"),
        ("https://codeberg.org/o/r/src/branch/main/x.md", "https://codeberg.org/o/r/raw/branch/main/x.md"),
    ],
)  # fmt: skip
def test_the_page_that_shows_a_file_is_read_as_the_file(shown: str, raw: str) -> None:
    assert raw_address(shown) == raw


@pytest.mark.parametrize(
    "url",
    [
        "https://raw.githubusercontent.com/o/r/main/x.md",
        "https://github.com/o/r",
        "https://example.org/a/blob/b/x.md",
        "https://example.org/o/r/src/branch/main/x.md",
    ],
)
def test_any_other_address_is_read_as_it_is(url: str) -> None:
    assert raw_address(url) == url


def test_a_file_that_a_forge_shows_is_read_raw(site: Web) -> None:
    site.pages["/g/r/-/raw/main/x.md"] = Page(body=NEWS)
    assert text(f"{site.url}/g/r/-/blob/main/x.md?ref_type=heads") == "# Talks\n"


def test_a_checkout_is_read_as_files(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_bytes(GERMAN.encode())
    assert text(tmp_path / "x.md") == GERMAN
    assert refused(tmp_path) == f"{tmp_path} is a folder; name the page itself in source.location"


def test_a_pipe_is_no_page_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.md")
    assert "is no file that can be read" in refused(tmp_path / "x.md")


# Sources


def kinds(site: Web) -> dict[str, Source]:
    whose = series()
    return {
        "/t.md": PageSource(f"{site.url}/t.md", whose),
        "/t.yml": DataSource(f"{site.url}/t.yml", whose),
        "/p.md": PostsSource(f"{site.url}/p.md", whose),
        "/t.ics": CalendarSource(f"{site.url}/t.ics", whose),
        "/e/schedule/export/schedule.json": InterfaceSource(Pretalx(), f"{site.url}/e/", whose),
    }


BODIES = {
    "/t.md": b"# Talks\n### Nets 07.04.26\n",
    "/t.yml": b"- {title: Nets, date: 2026-04-07}\n",
    "/p.md": b"---\ntitle: Nets\nstart: 2026-04-07\n---\n",
    "/t.ics": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:Nets\nDTSTART:20260407T130000Z\nEND:VEVENT\nEND:VCALENDAR\n",
    "/e/schedule/export/schedule.json": b'{"schedule": {"conference": {"days": [{"rooms": {"R": [{"title": "Nets", "date": "2026-04-07T15:00:00+02:00"}]}}]}}}',
}  # fmt: skip


@pytest.mark.parametrize("path", list(BODIES))
def test_the_service_asks_each_kind_of_source_for_what_has_changed_only(
    site: Web, path: str
) -> None:
    def answer(asked: Asked) -> Page:
        known = asked.headers.get("if-none-match") == '"1"'
        return Page(
            status=304 if known else 200,
            body=b"" if known else BODIES[path],
            headers={"ETag": '"1"'},
            length=None if known else -1,
        )

    site.pages[path] = answer
    source = ReadAhead(kinds(site)[path], timedelta(minutes=10))

    def in_pass(minutes: int) -> Reading:
        source.begin_pass()
        return asyncio.run(source.load(NOW + timedelta(minutes=minutes)))

    first, soon, later = map(in_pass, (0, 5, 11))
    assert [talk.title for talk in first.talks] == ["Nets"]
    assert first == soon == replace(later, read_at=first.read_at)
    assert [a.headers.get("if-none-match") for a in site.asked] == [None, '"1"']


@pytest.mark.parametrize(
    "charset", ["undefined", "idna", "punycode", "unicode_escape", "raw-unicode-escape"]
)
@pytest.mark.parametrize("content", [b"Talks", b"Vortr\xe4ge", "Vorträge".encode()])
def test_a_charset_that_no_page_is_written_in_makes_it_unreadable(
    charset: str, content: bytes
) -> None:
    with pytest.raises(SourceUnreadable, match=f'charset "{charset}", which no page is written in'):
        decoded(content, charset, "index.md")
    page = f'<meta charset="{charset}">'.encode() + content
    with pytest.raises(SourceUnreadable, match="which no page is written in"):
        decoded(page, None, "index.html")


@pytest.mark.parametrize("charset", ["nonsense", "base64", "hex", "rot13", "a\0b", "x" * 9000, "é"])
def test_a_charset_that_is_not_known_is_none(charset: str) -> None:
    assert decoded("Vorträge".encode(), charset, "index.md") == "Vorträge"
