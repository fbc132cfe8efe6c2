"""Web pages on a real server: what they answer, and what they were asked."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request: its path with the query, and its headers in small letters."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One answer; ``length`` is what it says of its length where that is a lie, or nothing."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = -1


@dataclass
class Web:
    """A site: by path (with its query, or without) a page, or what makes one of the request."""

    address: str = "127.0.0.1"
    port: int = 0
    pages: dict[str, Page | Callable[[Asked], Page]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def answer(self, asked: Asked) -> Page:
        self.asked.append(asked)
        found = self.pages.get(asked.path) or self.pages.get(asked.path.partition("?")[0])
        if found is None:
            return Page(status=404, body=b"<!DOCTYPE html><title>Not found</title>")
        return found if isinstance(found, Page) else found(asked)


@contextmanager
def web(address: str = "127.0.0.1") -> Iterator[Web]:
    """Serve a site on a port of its own, in a thread of its own."""
    site = Web(address)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            page = site.answer(Asked(path=self.path, headers=headers))
            self.send_response_only(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            length = len(page.body) if page.length == -1 else page.length
            if length is not None:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            try:
                self.wfile.write(page.body)
            except OSError:
                self.close_connection = True  # who asked has read enough

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    with ThreadingHTTPServer((address, 0), Handler) as server:
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join(10)
