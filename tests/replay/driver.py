"""Runs `announcer` at many times in one process, as cron would; between two runs the page changes.

python tests/replay/driver.py FOLDER    reads a list of {"now", "page"} from standard input
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path

from typer.main import get_command

from announcer.cli.options import app


def main() -> None:
    """Run, and print the exit status of each pass."""
    os.chdir(sys.argv[1])
    command = get_command(app)
    statuses = []
    for step in json.load(sys.stdin):
        if step["page"] is not None:
            Path("index.md").write_text(step["page"], encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()):
            status = command(["send", "--now", step["now"]], standalone_mode=False)
        statuses.append(status or 0)
    sys.stdout.write(json.dumps(statuses))


if __name__ == "__main__":
    main()
