"""What a mail costs with all that keeps it from being lost or sent twice, over the bare conversation.

Alternates, in one run: a pass of `announcer` that reads the page, plans, composes, verifies, claims,
marks, delivers and records one mail (three durable commits in a SQLite file); and `aiosmtplib`
handing the same bytes to the same server. Prints the median of the ratios of neighbours.

    .venv/bin/python bench/mail.py
"""

import asyncio
import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session

from announcer import app as parts
from announcer.announcer import Announcer
from announcer.ledger.sqlite import SqliteLedger
from announcer.settings import Settings, load_settings

TALKS = 40
FIRST = date(2026, 4, 7)
SETTINGS = """\
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
[[series]]
id = "bench"
name = "Bench"
list = "list@example.org"
sender = "office@example.org"
organisers = ["ada@example.org"]
timezone = "Europe/Berlin"
start = "15:00"
[series.source]
location = "page.md"
[[series.cadence]]
kind = "announcement"
weekday = "friday"
at = "10:00"
"""


class Mailbox:
    """Takes every mail."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take one."""
        return "250 taken"


async def passed(settings: Settings, now: datetime) -> bytes:
    """Let one pass send one mail, and give its bytes."""
    async with parts.opened_ledger(settings) as ledger:
        announcer = Announcer(
            [parts.programme(asked) for asked in settings.series],
            ledger=ledger,
            transport=parts.smtp(settings),
            clock=lambda _: now,
            limits=settings.limits,
            account=settings.smtp.account,
            tells=True,
        )
        report = await announcer.announce_due()
    [delivery] = report.deliveries
    assert delivery.message is not None
    assert report.exit_status == 0
    return delivery.message.content


async def bare(port: int, content: bytes) -> None:
    """Hand the same bytes over with nothing around."""
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
    async with client:
        await client.sendmail("office@example.org", ["list@example.org"], content)


async def main() -> None:
    """Measure, and print."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Mailbox(), loop=loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        days = [FIRST + timedelta(weeks=n) for n in range(TALKS)]
        page = "".join(f'## {n}. "Talk {n}" {day}\n\nAbout.\n\n' for n, day in enumerate(days, 1))
        (folder / "page.md").write_text(page)
        (folder / "config.toml").write_text(SETTINGS.format(port=port))
        settings = load_settings(folder / "config.toml", environ={})
        ledger = SqliteLedger.create(settings.ledger_path)
        start = datetime(2026, 4, 1, tzinfo=UTC)
        await ledger.adopt(
            "bench", "list@example.org", rules=["announcement"], counted=(), now=start
        )
        await ledger.close()
        ours, theirs = [], []
        for day in days:
            now = datetime.combine(day, datetime.min.time(), UTC) - timedelta(days=4, hours=-9)
            began = time.perf_counter()
            content = await passed(settings, now)
            between = time.perf_counter()
            await bare(port, content)
            ours.append(between - began)
            theirs.append(time.perf_counter() - between)
    server.close()
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)][2:]
    print(f"a pass with one mail: {1000 * statistics.median(ours):.1f} ms")
    print(f"the bare conversation: {1000 * statistics.median(theirs):.1f} ms")
    print(f"median of {len(ratios)} ratios: {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    asyncio.run(main())
