"""Formulas in HTML: MathML that draws what the LaTeX says and nothing else, or the LaTeX itself."""

from __future__ import annotations

import io
import re
import time

import pytest
from bs4 import BeautifulSoup, Tag
from export_samples import document_of, element
from hypothesis import given, settings
from hypothesis import strategies as st
from latex2mathml.symbols_parser import SYMBOLS
from lxml import etree

from docstation.document.model import Category
from docstation.export import ExportInput, write
from docstation.export.html.formulas import MAX_LENGTH, math_element

HARMFUL = re.compile(r"href|style|class|id|on\w+|src|xmlns.*|math(color|background)")


def formula(latex: str) -> Tag:
    stream = io.BytesIO()
    write(ExportInput(document_of(element(Category.FORMULA, latex))), "html", stream)
    found = BeautifulSoup(stream.getvalue(), "html.parser").select_one("p.formula")
    assert isinstance(found, Tag)
    return found


def drawn(latex: str) -> str:
    """The MathML of a formula without its annotation, in short."""
    math = math_element(latex)
    assert math is not None
    (semantics,) = math
    row, annotation = semantics
    assert annotation.tag == "annotation"
    return etree.tostring(row, encoding="unicode")


@pytest.mark.parametrize(
    ("latex", "mathml"),
    [
        ("E = mc^2", "<mrow><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></mrow>"),
        (r"\frac{a}{b}", "<mrow><mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac></mrow>"),
        (r"a \leq b", "<mrow><mi>a</mi><mo>≤</mo><mi>b</mi></mrow>"),
        (r"\text{если } x", "<mrow><mtext>если\u00a0</mtext><mi>x</mi></mrow>"),
        (r"\lim_{x}", "<mrow><munder><mo>lim</mo><mrow><mi>x</mi></mrow></munder></mrow>"),
        (r"x \tag{1}", '<mrow><mi>x</mi><mspace width="2em"></mspace><mtext>(1)</mtext></mrow>'),
    ],
)
def test_latex_becomes_mathml(latex: str, mathml: str) -> None:
    assert drawn(latex) == mathml


@pytest.mark.parametrize("name", ["align", "align*", "aligned", "eqnarray", "gather", "gathered", "multline", "cases"])
def test_lines_of_environments_stay_lines_without_numbers_of_our_own(name: str) -> None:
    made = drawn(rf"\begin{{{name}}} a = b \\ c = d \end{{{name}}}")
    assert made.count("<mtr>") == 2
    assert "(1)" not in made


def test_the_latex_is_kept_beside_what_is_drawn() -> None:
    found = formula("$$\na < b &\n\\frac12\n$$".replace("&", ""))
    assert found.math is not None
    assert found.math["display"] == "block"
    annotation = found.find("annotation")
    assert isinstance(annotation, Tag)
    assert annotation["encoding"] == "application/x-tex"
    assert " ".join(annotation.get_text().split()) == r"a < b \frac12"


@pytest.mark.parametrize(
    "latex",
    [
        r"\foo{x} + 1", r"\frac{a}", r"x_1_2", r"\left( x", "{" * 2000 + "}" * 2000, r"\begin{matrix} a", "%",
        r"\begin{unknown} a & b \end{unknown}", "Итого = цена × количество", "x" * (MAX_LENGTH + 1), r"a \\ b",
        r"\sqrt" * 200 + "x", r"\newcommand{\a}{x}\a", r"\def\a{x}\a", r"\sideset{_1}{^2}\sum",
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_whole_is_shown_as_latex(latex: str) -> None:
    found = formula(latex)
    assert found.math is None
    assert found.get_text() == latex


@pytest.mark.parametrize(
    "latex",
    [
        r"\href{javascript:alert(1)}{x}", r"\style{background:url(//x)}{x}", r"\class{missing}{x}", r"\color{red}{x}",
        r"\text{<script>alert(1)</script>}", r"\text{&lt;img src=x onerror=alert(1)&gt;}", r"\unicode{x3c}", r"a < b",
        r"\raise{9999cm}{x} \hspace{9999cm} \rule{500cm}{500cm}",
    ],
)  # fmt: skip
def test_a_formula_draws_and_does_nothing_else(latex: str) -> None:
    found = formula(latex)
    assert found.find_all(["script", "img", "a"]) == []
    for tag in found.find_all():
        assert not any(HARMFUL.fullmatch(name) for name in tag.attrs)
        assert not any(re.search("[0-9]{3}(cm|em)", value) for value in tag.attrs.values())


def test_macros_that_multiply_are_not_followed() -> None:
    doubling = "".join(rf"\def\a{chr(97 + n)}{{\a{chr(98 + n)}\a{chr(98 + n)}}}" for n in range(25))
    start = time.process_time()
    assert math_element(doubling + r"\aa") is None
    assert math_element(r"\sideset{}{}{" * 30 + "x" + "}" * 30) is None
    assert time.process_time() - start < 1


PARTS = (
    r"\frac \sqrt \left( \right) \left. \begin{cases} \end{cases} \begin{array}{lr} \end{array} \\ & \text{ж} \not "
    r"\over \sum \int \limits \hat \mathbf \tag{1} \color \rule \genfrac \skew \root \of \substack \xrightarrow [ "
    r"\middle \big \hspace \raise \smash \mathchoice \operatorname{tg} \unicode \verb|x| \overbrace ^ _ { } ' % $ x 1 "
    r"2.5em < > я # ~"
)
PIECES = st.lists(st.sampled_from([*PARTS.split(), " ", "\n", "\x00", "&#x41;"]), max_size=14)


@given(st.one_of(PIECES.map("".join), PIECES.map(" ".join)))
@settings(max_examples=1500, deadline=None)
def test_no_latex_breaks_the_writer(latex: str) -> None:
    math = math_element(latex)
    if math is not None:
        source = etree.tostring(math, encoding="unicode")
        assert "&amp;#" not in source.partition("<annotation")[0]


def test_every_sign_that_the_library_knows_is_drawn() -> None:
    signs = [sign for sign in SYMBOLS if re.fullmatch(r"\\[A-Za-z]+", sign)]
    assert len(signs) > 1000
    drawn_signs = [sign for sign in signs if (math := math_element(sign)) is not None and "".join(math.itertext())]
    assert len(drawn_signs) > 0.97 * len(signs)
