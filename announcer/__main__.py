"""``announcer``, and ``python -m announcer``: the command line."""

import gc


def main() -> None:
    """Run the command line."""
    # Nothing that is imported is ever garbage, and looking for some costs a tenth of a short run.
    gc.disable()
    from announcer.cli import main as run  # noqa: PLC0415 - after the line above

    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
