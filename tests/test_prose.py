"""Abstracts as organisers write them: clean HTML, clean text, and nothing lost between the two."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from announcer.formulas import to_html as formula
from announcer.plain import WIDTH, to_text
from announcer.prose import titled, to_html


@pytest.mark.parametrize(
    ("markdown", "html", "text"),
    [
        (
            "See[one](https://a.example)[two](https://b.example).",
            '<p>See <a href="https://a.example">one</a> <a href="https://b.example">two</a>.</p>',
            "See one two.\n  https://a.example\n  https://b.example",
        ),
        (
            "[![thumb](t.png)](https://v.example/1)",
            '<p><a href="https://v.example/1">thumb</a></p>',
            "thumb\n  https://v.example/1",
        ),
        (
            '<a href="https://v.example/1"><img src="t.png"></a>',
            '<p><a href="https://v.example/1">v.example/1</a></p>',
            "v.example/1\n  https://v.example/1",
        ),
        ("<https://a.example/x>",
         '<p><a href="https://a.example/x">https://a.example/x</a></p>',
         "https://a.example/x"),
        ("[a](paper.pdf) [b](#c) <a name=x>d</a> [e](mailto:f@g.example)",
         '<p>a b d <a href="mailto:f@g.example">e</a></p>',
         "a b d e\n  mailto:f@g.example"),
        ("one  \ntwo<br>three", "<p>one<br>\ntwo<br>three</p>", "one\ntwo\nthree"),
        ("# Abstract\nbody", "<h4>Abstract</h4>\n<p>body</p>", "Abstract\n\nbody"),
        ("a ~~b~~", "<p>a <s>b</s></p>", "a ~b~"),
        ("*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>", "a b c"),
        ("H<sub>2</sub>O, x<sup>ab</sup>",
         "<p>H<sub>2</sub>O, x<sup>ab</sup></p>", "H₂O, x^(ab)"),
        ("<div>raw <b>words</b></div>", "<div>raw <b>words</b></div>", "raw words"),
        ("<p>one</p><p>two</p>", "<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>", "* a\n* b"),
        ("<!-- not yet -->said", "said", "said"),
    ],
)  # fmt: skip
def test_what_organisers_write_is_clean_in_both(markdown: str, html: str, text: str) -> None:
    assert to_html(markdown) == html
    assert to_text(html) == text


def test_lists_keep_their_numbers_and_their_depth() -> None:
    markdown = "Before\n\n1. one\n2. two\n   - in\n   - it\n3. three\n\nafter\n\n> - said\n\nend"
    assert to_text(to_html(markdown)) == (
        "Before\n\n1. one\n2. two\n   * in\n   * it\n3. three\n\nafter\n\n> * said\n\nend"
    )


def test_a_table_and_code_stay_in_rows() -> None:
    markdown = "a | b\n--|--\n1 | 2\n\n```\nx  =  1\n  y\n```\n"
    assert to_text(to_html(markdown)) == "a | b\n1 | 2\n\n    x  =  1\n      y"


def test_lines_are_short_and_an_address_is_never_broken() -> None:
    address = "https://a.example/" + "x" * 90
    text = to_text(to_html(f"{'word ' * 30}see {address} and {'y' * 200}"))
    assert address in text.split("\n")
    assert max(len(line) for line in text.split("\n") if line != address) <= WIDTH
    assert re.sub(r"\s", "", text) == "word" * 30 + "see" + address + "and" + "y" * 200


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("E = mc^2", "E = mc²"),
        (r"\alpha\to\infty", "α → ∞"),
        (r"x_{i_j}", "x_(iⱼ)"),
        (r"L^2(\mathbb{R}^{d})", "L²(ℝ^d)"),
        (r"\frac{a+b}{2}", "(a+b)/2"),
        (r"O(n\log n)", "O(n log n)"),
        (r"\mathcal{O}(\sqrt{n})", "O(√n)"),
        (r"\left(\sum_{i=1}^n x_i\right)", "(∑ᵢ₌₁ⁿ xᵢ)"),
        (r"\hat{x}, f'", "x\u0302, f′"),
        ("a<b", "a < b"),
    ],
)
def test_a_formula_reads_as_letters_and_signs(latex: str, text: str) -> None:
    assert to_text(to_html(f"So ${latex}$ it is")) == f"So {text} it is"
    assert titled(f"On ${latex}$") == f"On {text}"


@pytest.mark.parametrize(
    "latex",
    [r"\begin{matrix}a&b\end{matrix}", r"\unknown x", "{a", "x^", "a%b", "x" * 600, "{" * 400],
)
def test_a_formula_that_letters_cannot_show_stays_as_it_was_written(latex: str) -> None:
    assert formula(latex) is None
    assert latex[:60] in unescape(to_html(f"So ${latex}$ it is"))


def test_brackets_mark_formulas_as_well_and_escaped_ones_stay_brackets() -> None:
    assert to_text(to_html(r"\(x^2\), \\(y_1 \\to 0\\), \[z=1\] \(see below\)")) == (
        "x², y₁ → 0, z = 1 (see below)"
    )


@pytest.mark.parametrize(
    "text", ["from $5 to $10", "5$ or 6$", "$ x $ y", r"a\$b\$", "US$5, US$6", "$HOME and $PATH"]
)
def test_prices_and_other_dollars_are_no_formulas(text: str) -> None:
    assert to_text(to_html(text)) == text.replace("\\", "")
    assert titled(text) == text


def test_signs_of_a_formula_are_no_emphasis() -> None:
    assert to_html("$a_1 b_2$ and $*c*$") == "<p>a<sub>1</sub> b<sub>2</sub> and *c*</p>"


@given(st.text(alphabet=st.sampled_from("ab $^_{}\\()[]<>*`\n~|#-1.&;/'\"="), max_size=60))
def test_no_letter_is_lost_between_the_html_and_the_text(markdown: str) -> None:
    html = to_html(markdown)
    shown = unescape(re.sub(r"<[^>]*>", "", html))
    letters = re.findall("[ab]", shown)
    said = to_text(html).replace("ₐ", "a")
    assert re.findall("[ab]", said) == letters


@pytest.mark.parametrize(
    "text", ["for a<b and c>d", "where x<y>z holds", "a List<String> of p<q and q>r", "i<j>k"]
)
def test_what_compares_is_no_element_and_is_kept(text: str) -> None:
    assert to_text(to_html(text)) == text


def test_an_empty_cell_keeps_its_place_in_the_text() -> None:
    table = "| a | b | c |\n|---|---|---|\n|  | y | z |\n| x |  | z |\n"
    assert to_text(to_html(table)) == "a | b | c\n| y | z\nx | | z"


def test_a_player_that_names_its_source_inside_leaves_its_link() -> None:
    shown = to_html("<video controls><source src='https://v.example/a.mp4'></video> after")
    assert '<a href="https://v.example/a.mp4">' in shown
