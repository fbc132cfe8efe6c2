"""Runs the main job on an example page, over real SMTP into a server that it starts itself.

Prints what the list received, and where the files are. Leaves everything in the folder ``demo``.
"""

import asyncio
import os
import shutil
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from announcer.display import say, show_content
from announcer.message import parts_of

HERE = Path(__file__).parent
FOLDER = HERE.parent / "demo"
# The ledger is adopted on Wednesday; then cron calls `announcer send` at the two moments.
STEPS = (
    ("adopt", "2026-04-08T12:00"),
    ("send", "2026-04-10T10:00"),
    ("send", "2026-04-10T10:05"),
    ("send", "2026-04-14T09:00"),
)


class Mailbox:
    """The list: takes every mail."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one mail."""
        assert isinstance(envelope.content, bytes)
        self.received.append(envelope.content)
        return "250 2.0.0 taken by the list"


async def main() -> int:
    """Run the demonstration; gives the exit status."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for name in ("seminar.md", "config.toml"):
        shutil.copy(HERE / name, FOLDER / name)
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, loop=loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    environ = {**os.environ, "ANNOUNCER_SMTP__PORT": str(port)}
    for command, now in STEPS:
        say(f"$ announcer {command} --now {now}")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "announcer", command, "--config", "config.toml", "--now", now,
            cwd=FOLDER, env=environ, stdin=asyncio.subprocess.DEVNULL,  # nobody is asked
        )  # fmt: skip
        if await process.wait():
            say(f"announcer {command} failed with status {process.returncode}")
            return 1
    server.close()
    say("", f"The list received {len(mailbox.received)} mails:")
    for number, content in enumerate(mailbox.received, 1):
        say("", "=" * 72)
        show_content(content)
        for ending, part in parts_of(content):
            path = FOLDER / f"mail-{number}{ending}"
            path.write_bytes(part)
            say(f"  {path.relative_to(HERE.parent)}")
    return 0 if len(mailbox.received) == 2 else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
