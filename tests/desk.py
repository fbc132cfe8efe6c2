"""What an organiser has before them: a folder with settings and a page, and the command."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import forked

PAGE = """\
## Seminar
We meet and [stream](https://www.youtube.com/channel/abc).

## Future Topics
### 3. "Nets, and the Self-Attention Principle" 07.04.20
The next seminar will be this upcoming Tuesday 7.4 at 3pm. By SÃ¸nderby et al.
[pdf](https://arxiv.example/pdf)

### 4. TBA 14.04.20

## Past Topics
### 2. "Don't Fear the Sphere" 31.03.20
"""
SETTINGS = """\
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"

[[series]]
id = "ml"
name = "ML Seminar"
list = "ml@groups.example"
sender = "ML Seminar <seminar@example.org>"
organisers = ["anna@example.org"]
timezone = "Europe/Berlin"
start = "15:00"
location = "Room 2"

[series.source]
location = "index.md"

[[series.cadence]]
kind = "announcement"
weekday = "friday"
at = "10:00"

[[series.cadence]]
kind = "reminder"
days_before = 0
at = "09:00"
"""


class Desk:
    """A folder with settings and a page, as an organiser has it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        (folder / "config.toml").write_text(SETTINGS.format(port=port), encoding="utf-8")
        self.page(PAGE)

    def page(self, text: str) -> None:
        (self.folder / "index.md").write_text(text, encoding="utf-8")

    def run(
        self, *words: str, environ: Mapping[str, str] | None = None, under: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run the command, ``under`` another one where something watches it."""
        variables = {**os.environ, **(environ or {})}
        if not under and forked.can_run(environ or {}):
            return forked.run(words, self.folder, variables)
        command = [*under, sys.executable, "-m", "announcer", *words]
        return subprocess.run(
            command, cwd=self.folder, text=True, capture_output=True, check=False, env=variables
        )

    def json(self, *words: str, status: int = 0) -> Any:
        done = self.run(*words, "--json")
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout)

    def passed(self, now: str) -> Any:
        """Do a pass, in which mails may be held; its exit status is what its document says."""
        done = self.run("send", "--now", now, "--json")
        document = json.loads(done.stdout)
        mails = [mail for mails in document.values() if isinstance(mails, list) for mail in mails]
        trouble = any(mail["trouble"] for mail in mails)
        assert done.returncode == int(trouble), done.stderr
        return document
