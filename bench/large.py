"""How long the largest pages take, and how much memory: a page of 4 MiB, a table of 10,000 rows.

    .venv/bin/python bench/large.py

Each page is read in a process of its own, so that its peak of memory is its own.
"""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from announcer.errors import SourceUnreadable
from announcer.source.page import PageSource
from announcer.talks import Mailbox, Series

MIB = 2**20
NOW = datetime(2026, 4, 3, 8, tzinfo=UTC)
PROSE = "How densely can equal spheres fill a space of many dimensions, and who needs to know it? "


def series() -> Series:
    """Give a series for any page."""
    mailbox = Mailbox(address="seminar@example.org")
    return Series(
        id="s",
        name="S",
        list="s@example.org",
        sender=mailbox,
        organisers=(),
        reply_to=mailbox,
        timezone=ZoneInfo("Europe/Berlin"),
    )


def _days(count: int) -> list[date]:
    return [date(2000, 1, 4) + timedelta(days=n) for n in range(count)]


def _table(rows: int) -> str:
    cells = (
        f"| {day} | 16:00 | Ada Kovács (Szeged) | Nets {n} |\n" for n, day in enumerate(_days(rows))
    )
    return "| Date | Time | Speaker | Title |\n|--|--|--|--|\n" + "".join(cells)


def _html_table(rows: int) -> str:
    cells = (
        f"<tr><td>{day}</td><td>Ada Kovács</td><td>Nets {n}</td></tr>\n"
        for n, day in enumerate(_days(rows))
    )
    head = "<tr><th>Date</th><th>Speaker</th><th>Title</th></tr>\n"
    return f"<!doctype html><html><body><table>{head}{''.join(cells)}</table></body></html>"


def _headings(size: int) -> str:
    entry = '### {n}. "Nets {n}" {day}\n**Speaker:** Ada Kovács\n\n' + PROSE * 8 + "\n\n"
    count = size // len(entry)
    return "".join(entry.format(n=n, day=day) for n, day in enumerate(_days(count)))


def _items(size: int) -> str:
    count = size // 240
    return "".join(
        f"- {day}: Ada Kovács, *Nets {n}* {PROSE * 2}\n" for n, day in enumerate(_days(count))
    )


def _filled(piece: str, size: int) -> str:
    return piece * (size // len(piece))


PAGES: dict[str, Callable[[], str]] = {
    "table of 10,000 rows, Markdown": lambda: _table(10_000),
    "table of 10,000 rows, HTML": lambda: _html_table(10_000),
    "headings with abstracts, 1 MiB": lambda: _headings(MIB),
    "headings with abstracts, 4 MiB": lambda: _headings(4 * MIB),
    "list of items, 1 MiB": lambda: _items(MIB),
    "list of items, 4 MiB": lambda: _items(4 * MIB),
    "prose, 4 MiB": lambda: _filled(PROSE + "\n", 4 * MIB),
    "one line, 4 MiB": lambda: _filled(PROSE, 4 * MIB),
    "HTML that nests, 4 MiB": lambda: "<!doctype html><html><body>" + _filled("<div>", 4 * MIB),
    "a flood of dates, 4 MiB": lambda: _filled("- 2026-04-07\n", 4 * MIB),
}


def measure(name: str) -> None:
    """Read one page, and print what it took."""
    text = PAGES[name]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    try:
        said = f"{len(PageSource(Path('page.md'), series()).read(text, NOW).talks):6} talks"
    except SourceUnreadable as error:
        said = f"refused: {str(error)[:60]}"
    took = time.perf_counter() - began
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"{name:34} {len(text) / MIB:5.1f} MiB {took:6.1f} s  +{peak:5.0f} MiB  {said}", flush=True
    )


def main() -> None:
    """Measure every page, or those whose names hold the words that are given."""
    for name in PAGES:
        if all(word in name for word in sys.argv[1:]):
            process = multiprocessing.get_context("spawn").Process(target=measure, args=(name,))
            process.start()
            process.join()


if __name__ == "__main__":
    main()
