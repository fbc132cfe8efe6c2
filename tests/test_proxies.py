"""Pages are fetched by the way that the settings or the environment name, and by no other."""

import asyncio
import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from desk import Desk
from web_server import Page, Web, web

from announcer.errors import SourceUnreadable
from announcer.loop import Loop
from announcer.proxies import Proxies, is_proxy
from announcer.source.access import Access
from announcer.source.fetch import Fetcher
from announcer.source.slots import Slots

PROXY = "http://proxy.example.org:3128"


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        ("https://a.example/t", {}, None),
        ("https://a.example/t", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://a.example/t", {"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, PROXY),
        ("https://a.example/t", {"https_proxy": "", "HTTPS_PROXY": PROXY}, None),
        ("http://a.example/t", {"HTTPS_PROXY": PROXY}, None),
        ("http://a.example/t", {"HTTP_PROXY": PROXY}, PROXY),
        ("http://a.example/t", {"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}, None),
        ("http://a.example/t", {"http_proxy": PROXY, "REQUEST_METHOD": "GET"}, PROXY),
        ("http://a.example/t", {"ALL_PROXY": PROXY}, PROXY),
        ("https://a.example/t", {"HTTPS_PROXY": "proxy.example.org:3128"}, PROXY),
        ("https://a.example/t", {"HTTPS_PROXY": PROXY, "NO_PROXY": "b.example, a.example"}, None),
        ("https://a.example/t", {"HTTPS_PROXY": PROXY, "NO_PROXY": ".example"}, None),
        ("https://a.example/t", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*.example"}, None),
        ("https://a.example/t", {"HTTPS_PROXY": PROXY, "no_proxy": "*"}, None),
        ("https://a.example/t", {"HTTPS_PROXY": PROXY, "NO_PROXY": "ample"}, PROXY),
        ("https://a.example/t", {"HTTPS_PROXY": PROXY, "NO_PROXY": "a.example:443"}, None),
        ("https://a.example/t", {"HTTPS_PROXY": PROXY, "NO_PROXY": "a.example:8443"}, PROXY),
        ("https://10.1.2.3/t", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, None),
        ("https://[::1]:8443/t", {"HTTPS_PROXY": PROXY, "NO_PROXY": "::1"}, None),
        ("https://a.example/t", {"HTTPS_PROXY": PROXY, "NO_PROXY": ""}, PROXY),
    ],
)
def test_the_environment_names_a_proxy_as_it_does_for_curl(
    url: str, environ: dict[str, str], proxy: str | None
) -> None:
    assert Proxies(environ=environ).of(url) == proxy
    # That of the settings holds whatever the environment says.
    assert Proxies(named="http://ours:1", environ=environ).of(url) == "http://ours:1"


@pytest.mark.parametrize(
    "wrong",
    ["socks5://ada:Zs3cr3t@h:1", "http://", "http://h:99999", "http://h:1/path", "http://a@b@c:1",
     "http://h:1?x=Zs3cr3t", "http://h\n:1", "://Zs3cr3t"],
)  # fmt: skip
def test_a_wrong_proxy_is_an_error_and_never_passed_over(wrong: str) -> None:
    assert not is_proxy(wrong)
    with pytest.raises(ValueError, match="the environment variable HTTPS_PROXY is not") as caught:
        Proxies(environ={"HTTPS_PROXY": wrong}).of("https://a.example/t")
    assert "s3cr3t" not in str(caught.value)


def fetched(url: str, access: Access) -> str:
    return asyncio.run(Fetcher(access=access).text(url))


def test_a_page_is_fetched_by_the_proxy_with_its_password_and_our_name() -> None:
    with web() as proxy:
        proxy.pages["http://a.example/t.md"] = Page(body=b"# Talks")
        named = proxy.url.replace("//", "//ada:s3cr3t%40x@")
        access = Access(proxies=Proxies(named=named), user_agent="announcer (ann@a.example)")
        assert fetched("http://a.example/t.md", access) == "# Talks"
    [asked] = proxy.asked
    login = base64.b64encode(b"ada:s3cr3t@x").decode()
    assert asked.headers["proxy-authorization"] == f"Basic {login}"
    assert asked.headers["user-agent"] == "announcer (ann@a.example)"


@contextmanager
def _tunnel(lines: list[bytes]) -> Iterator[str]:
    """A proxy that notes what it is asked, and refuses it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as asked:
                lines.append(asked.recv(4096))
                asked.sendall(b"HTTP/1.1 407 Say who you are\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join(10)


def test_a_proxy_that_refuses_is_named_without_its_password(desk: Desk) -> None:
    asked: list[bytes] = []
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace('"index.md"', '"https://a.example/t.md"'))
    with _tunnel(asked) as place:
        done = desk.run(
            "talks", environ={"HTTPS_PROXY": f"http://ada:Zs3cr3t@{place}", "NO_PROXY": ""}
        )
    assert asked[0].startswith(b"CONNECT a.example:443 HTTP/1.1\r\n")
    assert done.returncode == 3
    assert "407 Say who you are; check source.location and the proxy" in done.stderr
    assert "s3cr3t" not in done.stderr
    assert base64.b64encode(b"ada:Zs3cr3t").decode() not in done.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('proxy = "socks5://ada:Zs3cr3t@proxy:1080"', "fetch.proxy: is not the address of an HTTP proxy; write it like"),
        ('proxy = {a = "Zs3cr3t"}', "fetch.proxy: is not the address of an HTTP proxy"),
        ('proxy = "http://ada:Zs3/cr3t@proxy:1080"', "fetch.proxy: is not the address of an HTTP proxy"),
        ('proxi = "http://h:1"', 'fetch.proxi: unknown key; did you mean "proxy"?'),
        ('timeout = "1 h"', "fetch.timeout: is longer than 5 minutes"),
        ("timeout = 30", "fetch.timeout: 30 is no duration"),
        ("at_once = 0", "fetch.at_once: must be at least 1, not 0"),
        ("per_host = 1000", "fetch.per_host: must be at most 100, not 1000"),
        ('user_agent = "Müller"', 'fetch.user_agent: "Müller" cannot be sent in a header'),
        ('user_agent = "a\\r\\nX: y"', "fetch.user_agent: "),
        ('ca_file = ""', "fetch.ca_file: must be a path in quotes"),
    ],
)  # fmt: skip
def test_a_mistake_in_fetch_stops_everything_and_says_what_to_do(
    desk: Desk, line: str, words: str
) -> None:
    with (desk.folder / "config.toml").open("a") as file:
        file.write(f"\n[fetch]\n{line}\n")
    done = desk.run("send", "--dry-run")
    assert done.returncode == 2
    assert f"config.toml: {words}" in done.stderr
    assert "s3" not in done.stderr


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_used_are_named_and_nothing_is_fetched(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    with web() as site, pytest.raises(SourceUnreadable, match=r"\[fetch\] ca_file: .*ca\.pem"):
        fetched(f"{site.url}/t.md", Access(ca_file=tmp_path / "ca.pem"))
    assert not site.asked


@pytest.mark.parametrize("scheme", ["webcal", "webcals", "WebCal"])
def test_a_link_to_a_calendar_is_read_as_https(desk: Desk, scheme: str) -> None:
    config = desk.folder / "config.toml"
    text = config.read_text().replace('"index.md"', f'"{scheme}://127.0.0.1:1/t.ics"')
    config.write_text(text)
    done = desk.run("talks", environ={"NO_PROXY": "*"})
    assert "https://127.0.0.1:1/t.ics could not be fetched" in done.stderr


def test_redirects_and_steps_share_the_time_of_a_page() -> None:
    with web() as site:
        gate = threading.Event()

        def slow(_: object) -> Page:
            gate.wait(10)
            return Page(body=b"late")

        site.pages |= {"/1": Page(status=302, headers={"Location": "/2"}), "/2": slow}
        with pytest.raises(SourceUnreadable, match=r"/1 was not there after 0\.3 seconds"):
            fetched(f"{site.url}/1", Access(timeout=timedelta(seconds=0.3)))
        gate.set()


def test_a_server_is_asked_for_no_more_pages_at_once_than_it_may_be() -> None:
    most = _most_at_once(6, Access(slots=Slots(8, 2)))
    assert most == 2
    assert _most_at_once(4, Access(slots=Slots(1, 2))) == 1


def _most_at_once(pages: int, access: Access) -> int:
    now, most, lock = 0, 0, threading.Lock()

    def answer(_: object) -> Page:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.05)  # so that others would come meanwhile
        with lock:
            now -= 1
        return Page(body=b"# Talks")

    async def work(site: Web) -> None:
        fetcher = Fetcher(access=access)
        await asyncio.gather(*(fetcher.text(f"{site.url}/{n}") for n in range(pages)))

    with web() as site:
        site.pages |= {f"/{n}": answer for n in range(pages)}
        asyncio.run(work(site))
    return most


def test_what_takes_long_keeps_no_other_server_waiting() -> None:
    async def work() -> None:
        slots = Slots(2, 1, patience=0.01)
        hangs = asyncio.Event()

        async def hang(host: str) -> None:
            async with slots.one(host):
                await hangs.wait()

        tasks = [asyncio.create_task(hang(host)) for host in ("a", "b", "c")]
        async with asyncio.timeout(20), slots.one("d"):
            pass
        hangs.set()
        await asyncio.gather(*tasks)
        # Each place was given back once.
        async with asyncio.timeout(1), slots.one("a"), slots.one("b"):
            assert slots._all.locked()

    asyncio.run(work())


def test_names_are_looked_up_in_threads_of_their_own() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        assert await loop.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM) == (
            socket.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
        )
        with pytest.raises(socket.gaierror):
            await loop.getaddrinfo("256.1.1.1", 80, flags=socket.AI_NUMERICHOST)

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(work())
