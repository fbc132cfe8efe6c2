"""Formulas as organisers write them for their page, in LaTeX, as what any mail program can show.

Letters, signs, indices, powers, fractions and roots become Unicode and ``<sup>``, ``<sub>``. What
has no such form stays as it was written: a formula that reads wrong is worse than its source.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pylatexenc.latex2text import MacroTextSpec
    from pylatexenc.latexwalker import LatexNode

LONGEST: Final = 500
# A sign of a formula between brackets that Markdown also takes for brackets which are just escaped.
_MATHS: Final = re.compile(r"[\\^_=<>+*/|]|^.{1,2}$")
_BRACKETED: Final = re.compile(
    rf"\\{{1,2}}\((.{{1,{LONGEST}}}?)\\{{1,2}}\)|\\{{1,2}}\[(.{{1,{LONGEST}}}?)\\{{1,2}}\]",
    re.DOTALL,
)
# Neither before a digit nor after a blank: "$5 and $6" are prices.
DOLLARS: Final = re.compile(
    rf"(?<![\\$\w])(?:\$\$\s*(?P<apart>[^$]{{1,{LONGEST}}}?)\s*\$\$"
    rf"|\$(?![\s$])(?P<inline>[^$]{{1,{LONGEST}}}?)(?<![\s\\])\$)(?![\d$])"
)
_BOARD: Final = dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True))
_AS_THEY_ARE: Final = frozenset(
    {"mathrm", "mathcal", "mathbf", "mathsf", "mathfrak", "mathscr", "mathit", "boldsymbol", "bm",
     "text", "textrm", "textit", "textbf", "operatorname", "mbox", "emph"}
)  # fmt: skip
_NOTHING: Final = frozenset(
    {"left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "displaystyle", "limits", "!"}
)
_ACCENTS: Final = {
    "hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7",
}  # fmt: skip
_BLANK: Final = frozenset({",", ";", ":", " ", "quad", "qquad", "~"})
_TIED: Final = "\u00a0"  # so that no line ends in the middle of a formula
_RELATIONS: Final = frozenset("=<>≤≥≈≡→∈⊂⊆±×∼")


def marked(markdown: str) -> str:
    r"""Write formulas in brackets, ``\(x\)`` and ``\[x\]``, between dollars like the others."""

    def dollars(found: re.Match[str]) -> str:
        inner = (found[1] or found[2]).strip()
        if found[0].startswith("\\\\"):  # written for a Markdown that halves them
            inner = inner.replace("\\\\", "\\")
        return f"${inner}$" if inner and _MATHS.search(inner) else found[0]

    return _BRACKETED.sub(dollars, markdown) if "\\" in markdown else markdown


def shown(text: str) -> str:
    """Give a line of plain text, such as a title, as HTML in which its formulas can be read."""
    whole: list[str] = []
    end = 0
    text = marked(text)
    for found in DOLLARS.finditer(text):
        formula = to_html(found["apart"] or found["inline"])
        if formula is not None:
            whole += (escape(text[end : found.start()]), formula)
            end = found.end()
    return "".join((*whole, escape(text[end:])))


def to_html(latex: str) -> str | None:
    """Give a formula as HTML of letters, ``<sup>`` and ``<sub>``; None where that cannot be done."""
    from pylatexenc.latexwalker import (  # noqa: PLC0415 - only who has formulas pays
        LatexWalker,
        LatexWalkerError,
    )

    if len(latex) > LONGEST:
        return None
    try:
        nodes, *_ = LatexWalker(latex, tolerant_parsing=False).get_latex_nodes()
        whole = re.sub(rf"\s*{_TIED}\s*", _TIED, _joined(nodes))
        return re.sub(r"[ \n\t]+", " ", whole).strip() or None
    except (LatexWalkerError, _NotShownError, RecursionError):
        return None


class _NotShownError(Exception):
    """There is something in the formula that plain letters cannot show."""


def _joined(nodes: Sequence["LatexNode"]) -> str:
    parts = _parts(nodes)
    whole = []
    for part in parts:
        if part in ("^", "_"):
            script = next((p for p in parts if p.strip()), "")
            tag = "sup" if part == "^" else "sub"
            if not script or script in ("^", "_"):
                raise _NotShownError
            whole.append(f"<{tag}>{script}</{tag}>")
        else:
            related = part in _RELATIONS or part in ("&lt;", "&gt;")
            whole.append(f"{_TIED}{part}{_TIED}" if related else part)
    return "".join(whole)


def _parts(nodes: Sequence["LatexNode"]) -> Iterator[str]:
    """Give what stands side by side: letters one by one, groups and macros as a whole."""
    from pylatexenc.latexwalker import (  # noqa: PLC0415 - only who has formulas pays
        LatexCharsNode,
        LatexGroupNode,
        LatexMacroNode,
        LatexSpecialsNode,
    )

    for node in nodes:
        if node.isNodeType(LatexCharsNode):
            yield from (escape("′" if sign == "'" else sign) for sign in node.chars)
        elif node.isNodeType(LatexGroupNode):
            opened, closed = node.delimiters
            inner = _joined(node.nodelist)
            yield inner if opened == "{" else f"{opened}{inner}{closed}"
        elif node.isNodeType(LatexMacroNode):
            yield _macro(node)
        elif node.isNodeType(LatexSpecialsNode) and node.specials_chars in ("~", "'", "''"):
            yield " " if node.specials_chars == "~" else "′" * len(node.specials_chars)
        else:
            raise _NotShownError


def _macro(node: "LatexNode") -> str:
    name = node.macroname
    if name in _NOTHING:
        return ""
    if name in _BLANK:
        return " "
    arguments = [_joined([a]) for a in (node.nodeargd.argnlist if node.nodeargd else ()) if a]
    if name in _AS_THEY_ARE:
        return "".join(arguments)
    match name, arguments:
        case ("mathbb", [letter]) if set(letter) <= set(_BOARD):
            return "".join(_BOARD[sign] for sign in letter)
        case ("frac" | "dfrac" | "tfrac", [above, below]):
            return f"{_one(above)}/{_one(below)}"
        case ("sqrt", [under]):
            return f"√{_one(under)}"
        case (accent, [letter]) if accent in _ACCENTS and len(letter) == 1:
            return letter + _ACCENTS[accent]
        case (_, []):
            return escape(_symbol(name))
    raise _NotShownError


def _one(part: str) -> str:
    """Put brackets around what is more than one word, so that a fraction cannot be misread."""
    return part if re.fullmatch(r"\w+|[^\s<>]", part) else f"({part})"


def _symbol(name: str) -> str:
    spec = _symbols().get(name)
    sign = spec.simplify_repl if spec else None
    if not isinstance(sign, str) or not sign.strip() or "%" in sign:
        raise _NotShownError
    # A function's name must not run into its neighbours: "n log n".
    return f" {sign} " if sign.isalpha() and len(sign) > 1 else sign


@cache
def _symbols() -> "dict[str, MacroTextSpec]":
    from pylatexenc.latex2text import (  # noqa: PLC0415 - only who has formulas pays
        get_default_latex_context_db,
    )

    known = get_default_latex_context_db()
    return {spec.macroname: spec for spec in known.iter_macro_specs()}
