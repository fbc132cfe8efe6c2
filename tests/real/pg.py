"""A real PostgreSQL in a folder of its own, on a socket of its own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)
NEEDED = pytest.mark.skipif(
    BIN is None, reason="initdb is not there; it is in Debian's package postgresql"
)


@dataclass(frozen=True)
class Postgres:
    """A server; each database is made anew for its test."""

    folder: Path
    port: int
    owner: str

    def database(self) -> str:
        """Make a database, and give its URL."""
        name = f"t{uuid4().hex}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql://{self.owner}@127.0.0.1:{self.port}/{database}"

    def control(self, *words: str) -> None:
        """Start, stop or restart it."""
        assert BIN is not None
        as_owner(
            [str(BIN.parent / "pg_ctl"), "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), *words],
            self.owner,
        )  # fmt: skip


def as_owner(command: list[str], owner: str) -> None:
    """Run a command as the server's user, since it refuses to run as root."""
    if os.getuid() == 0:
        command = ["setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups", *command]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, check=False, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@contextmanager
def running(port: int) -> Iterator[Postgres]:
    """Make a cluster, start it, and end it."""
    assert BIN is not None
    owner = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    folder = Path(tempfile.mkdtemp(prefix="announcer-pg-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, owner, owner)
        data = str(folder / "data")
        as_owner([str(BIN), "-D", data, "-A", "trust", "-U", owner, "-N", "-E", "UTF8"], owner)
        server = Postgres(folder, port, owner)
        with (folder / "data" / "postgresql.conf").open("a") as conf:
            conf.write(
                f"port = {port}\nunix_socket_directories = '{folder}'\n"
                "listen_addresses = '127.0.0.1'\nmax_connections = 60\n"
            )
        server.control("start")
        try:
            yield server
        finally:
            server.control("-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
