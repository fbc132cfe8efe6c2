"""``python -m announcer``: the command line."""

from announcer.cli import main

main()
