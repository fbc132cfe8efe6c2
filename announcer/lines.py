"""A text in the lines of a plain mail: wrapped, with every address whole."""

from textwrap import wrap


def hang(text: str, indent: int, width: int) -> str:
    """Wrap a text whose first line follows on a label of ``indent`` characters.

    An address that is longer than a line stands on one of its own; no other word may be.
    """
    lines = []
    for line in _wrapped(text, indent, width, break_long_words=False):
        whole = len(line) <= width or "://" in line
        lines += [line] if whole else _wrapped(line.strip(), indent, width, break_long_words=True)
    return "\n".join(lines)[indent:]


def _wrapped(text: str, indent: int, width: int, *, break_long_words: bool) -> list[str]:
    blank = " " * indent
    return wrap(
        text,
        width,
        initial_indent=blank,
        subsequent_indent=blank,
        break_on_hyphens=False,
        break_long_words=break_long_words,
    )
