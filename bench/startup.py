"""What a rehearsal costs: CPU time of `announcer send --dry-run`, beside a bare import of the card's packages.

    .venv/bin/python bench/startup.py [CONFIG [NOW]]

Both are started anew in turns, so that a noisy machine is noisy to both; the median of the ratios
of neighbours is what counts. The example seminar unless a settings file is named.
"""

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROUNDS = 15
CARD = "import jinja2, aiosmtplib, apscheduler.schedulers.asyncio, pydantic_settings, icalendar"


def cpu(command: list[str], folder: Path) -> float:
    """Run a command; gives its seconds of CPU."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=ENVIRON)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


# Bytecode may be written, as on any machine where the program is installed.
ENVIRON = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def main() -> None:
    """Measure, and print the medians and their ratio."""
    config = Path(
        sys.argv[1] if sys.argv[1:] else HERE.parent / "examples" / "config.toml"
    ).resolve()
    now = sys.argv[2] if sys.argv[2:] else "2026-04-10T10:00"
    rehearsal = [sys.executable, "-m", "announcer", "send", "--dry-run", "--json"]
    rehearsal += ["--config", str(config), "--now", now]
    imports = [sys.executable, "-c", CARD]
    cpu(rehearsal, config.parent)
    cpu(imports, config.parent)
    rounds = [(cpu(rehearsal, config.parent), cpu(imports, config.parent)) for _ in range(ROUNDS)]
    ratio = statistics.median(a / b for a, b in rounds)
    print(f"send --dry-run           {statistics.median(a for a, _ in rounds):.3f} s of CPU")
    print(f"import of five packages  {statistics.median(b for _, b in rounds):.3f} s of CPU")
    print(f"ratio                    {ratio:.2f}")


if __name__ == "__main__":
    main()
