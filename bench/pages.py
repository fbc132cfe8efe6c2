"""How well the sources read real pages: any folder in the form of index.json, pages/ and score.py.

    .venv/bin/python bench/pages.py FOLDER [--list] [--out predictions.json]

Each page is read as an organiser's settings would have it read: the kind by what the page is, the
time zone always; with hints also the order of dates, the year, and the series' own start, length,
place and stream. Today is the day of the page's last commit. A talk that is unclear is passed on as
such: the scorer counts it as found and never as announced; how many there are is printed. The
folder's own score.py compares, over all talks and over those that lie ahead.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from announcer import app
from announcer.errors import SourceError
from announcer.settings import SeriesSettings, SeriesTable
from announcer.talks import Talk

KINDS = {"ics": "calendar", "csv": "data", "json": "data", "toml": "data", "yaml": "data", "yml": "data"}  # fmt: skip

# On whose clock the truth is, where the page's hints do not say.
ZONES = {"CET": "Europe/Berlin", "CEST": "Europe/Berlin", "EST": "America/New_York", "EDT": "America/New_York"}  # fmt: skip


def kind(page: Mapping[str, Any]) -> str:
    """Choose the adapter by what the page is, as an organiser knows it."""
    first, _, second = page["kind"].partition("-")
    if first == "collection":
        return KINDS.get(second, "posts")
    return KINDS.get(first, "page")


def settings(folder: Path, page: Mapping[str, Any], *, hinted: bool) -> SeriesSettings:
    """Write the settings that an organiser of this page would write, and check them."""
    hints, usual = page["hints"], page["defaults"] if hinted else {}
    source = {"kind": kind(page), "location": str(folder / page["page"])}
    if hinted and hints.get("day_first") is not None:
        source["date_order"] = "dmy" if hints["day_first"] else "mdy"
    if hinted and hints.get("year"):
        source["year"] = hints["year"]
    if hinted and hints.get("fields"):
        source["fields"] = hints["fields"]
    table = {
        "id": "page",
        "name": page["id"],
        "list": "list@example.org",
        "sender": "seminar@example.org",
        "organisers": ["anna@example.org"],
        "language": {"de": "de", "fr": "fr"}.get(str(page.get("language"))[:2], "en"),
        "timezone": hints.get("timezone") or usual.get("tz") or _named_zone(page) or "UTC",
        "source": source,
        "cadence": [{"kind": "reminder", "days_before": 0, "at": "09:00"}],
    }
    table |= {key: usual[key] for key in ("start", "location", "stream") if usual.get(key)}
    if usual.get("start") and usual.get("end"):
        table["duration"] = f"{_minutes(usual['end']) - _minutes(usual['start'])} min"
    checked = SeriesTable.model_validate(table)
    return SeriesSettings(
        series=checked.series(),
        cadence=(),
        sources=checked.source,
        templates=None,
        changes=checked.changes.changes(),
        breaks=checked.breaks,
    )


def _named_zone(page: Mapping[str, Any]) -> str | None:
    """Give the zone on whose clock the page's own talks are, which its organisers know."""
    return next((ZONES[t["tz"]] for t in page["truth"] if t.get("tz") in ZONES), None)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return 60 * int(hours) + int(minutes)


def prediction(talk: Talk, asked: SeriesSettings) -> dict[str, Any]:
    """Say a talk in the words of the scorer: the wall clock of the series."""
    start, end = (
        f"{asked.series.local(at):%H:%M}" if at else None for at in (talk.starts_at, talk.ends_at)
    )
    return {
        "title": talk.title,
        "date": str(talk.day) if talk.day else None,
        "start": start,
        "end": end,
        "speaker": "; ".join(talk.speakers) or None,
        "location": talk.location,
        "stream": talk.stream,
        "cancelled": talk.cancelled,
        "unclear": talk.unclear is not None,
    }


async def read(folder: Path, page: Mapping[str, Any], *, hinted: bool) -> tuple[object, list[str]]:
    """Read one page; gives its predictions, and what was unclear."""
    try:
        asked = settings(folder, page, hinted=hinted)
        now = datetime.fromisoformat(page["as_of"]).astimezone(UTC)
        reading = await app.source(asked).load(now)
    except (ValidationError, SourceError) as error:
        return {"error": str(error)}, [f"refused: {str(error).splitlines()[0]}"]
    unclear = [f"{talk.id} ({talk.day}): {talk.unclear}" for talk in reading.talks if talk.unclear]
    return [prediction(t, asked) for t in reading.talks], unclear


def compared(folder: Path, predictions: Mapping[str, object], *options: str) -> str:
    """Let the folder's own scorer compare."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "predictions.json"
        file.write_text(json.dumps(predictions), encoding="utf-8")
        command = [sys.executable, str(folder / "score.py"), str(file), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


def tables(folder: Path, *, hinted: bool, options: list[str], out: Path | None) -> Iterator[str]:
    """Read all pages once, and give what is to be printed."""
    pages = json.loads((folder / "index.json").read_text(encoding="utf-8"))["pages"]
    predictions, unclear, seconds = {}, [], timedelta()
    for page in pages:
        began = time.perf_counter()
        predictions[page["id"]], doubts = asyncio.run(read(folder, page, hinted=hinted))
        seconds += timedelta(seconds=time.perf_counter() - began)
        unclear += [f"    {page['id']}: {doubt}" for doubt in doubts]
    if out:
        out.write_text(json.dumps(predictions, indent=1, ensure_ascii=False), encoding="utf-8")
    yield f"== {'with' if hinted else 'without'} hints: {len(pages)} pages in {seconds.total_seconds():.1f} s"
    yield "-- all talks\n" + compared(folder, predictions, *options)
    yield "-- talks ahead\n" + compared(folder, predictions, "--upcoming", *options)
    yield f"-- {len(unclear)} unclear or refused" + "".join("\n" + u for u in unclear if options)


def main() -> None:
    """Print the tables with and without hints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--list", action="store_true", help="a line for each page, and each doubt")
    parser.add_argument("--out", type=Path, help="keep the predictions with hints here")
    given = parser.parse_args()
    options = ["--list"] if given.list else []
    for hinted in (True, False):
        out = given.out if hinted else None
        for table in tables(given.folder.resolve(), hinted=hinted, options=options, out=out):
            print(table)


if __name__ == "__main__":
    main()
