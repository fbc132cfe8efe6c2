"""A command that runs in the background, and waiting for what it does."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from desk import Desk


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for another process, whose clock is the real one."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def log_of(desk: Desk) -> str:
    return (desk.folder / "log").read_text()


@contextmanager
def running(
    desk: Desk, *words: str, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run the command in the background; what it says on stderr goes to the desk's log."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        listen = f"127.0.0.1:{found.getsockname()[1]}"
    variables = {**os.environ, "ANNOUNCER_SERVICE__LISTEN": listen, **(environ or {})}
    command = [sys.executable, "-m", "announcer", *words]
    with (desk.folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=desk.folder, stderr=log, text=True, env=variables)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def ended(process: subprocess.Popen[str], status: int) -> float:
    """Tell a process to stop, and give how long that took."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == status
    return time.monotonic() - began
