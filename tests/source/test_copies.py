"""Of when a copy of a page is: what its server and the caches say travels with the reading."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from terms import NOW, series
from web_server import Asked, Page, web

from announcer.source.fetch import Fetcher
from announcer.source.page import PageSource
from announcer.talks import Copy

TEXT = b'## Future\n### 3. "Nets" 07.04.26\n'
MODIFIED = "Fri, 03 Apr 2026 07:00:00 GMT"
AT = datetime(2026, 4, 3, 7, tzinfo=UTC)


def copy(**headers: str) -> Copy:
    """Return what a page served with these headers says of its copy."""
    with web() as site:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        site.pages["/"] = Page(body=TEXT, headers=named)
        reading = asyncio.run(PageSource(site.url + "/", series()).load(NOW))
        assert [talk.title for talk in reading.talks] == ["Nets"]
        [found] = reading.copies.values()
        assert site.url not in "".join(reading.copies)
        return found


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Copy()),
        ({"Last_Modified": MODIFIED, "Age": "90"}, Copy(modified=AT, age=timedelta(seconds=90))),
        ({"Age": "0"}, Copy(age=timedelta(0))),
        ({"Age": "90, 5"}, Copy(age=timedelta(seconds=90))),
        ({"Age": "-5"}, Copy()),
        ({"Age": "9" * 400}, Copy()),
        ({"Age": "²"}, Copy()),
        ({"Last_Modified": "last week"}, Copy()),
        ({"Last_Modified": "Fri, 03 Apr 99999 07:00:00 GMT"}, Copy()),
        ({"Last_Modified": "Fri, 03 Apr 2026 07:00:00"}, Copy(modified=AT)),
    ],
)
def test_last_modified_and_age_travel_with_the_reading(
    headers: dict[str, str], expected: Copy
) -> None:
    assert copy(**headers) == expected


def test_a_page_that_has_not_changed_keeps_its_date_and_has_the_age_of_the_answer() -> None:
    def answer(asked: Asked) -> Page:
        if "if-modified-since" in asked.headers:
            return Page(status=304, headers={"Age": "600"})
        day = {"Date": "Fri, 03 Apr 2026 08:00:00 GMT", "Last-Modified": MODIFIED}
        return Page(body=TEXT, headers=day)

    async def read(url: str) -> list[Copy]:
        fetcher = Fetcher()
        copies: list[Copy] = []
        for _ in range(2):
            await fetcher.text(url)
            copies += fetcher.taken_copies().values()
        return copies

    with web() as site:
        site.pages["/"] = answer
        assert asyncio.run(read(site.url + "/")) == [
            Copy(modified=AT),
            Copy(modified=AT, age=timedelta(minutes=10)),
        ]
