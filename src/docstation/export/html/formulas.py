r"""Formulas as MathML, which browsers show without scripts, with their LaTeX as an annotation.

The LaTeX comes from models and is not trusted. Only elements and attributes that draw are taken over from what
`latex2mathml` makes of it: no links, styles or classes, and every text goes through the tree. Nor are commands
followed that multiply what they are given (macros, ``\sideset``): a short text could grow without end. What cannot be
shown whole is left to be shown as LaTeX.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from lxml.etree import _Element

from docstation.export.formulas import is_wordy
from docstation.export.html.elements import made, with_text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_LENGTH = 5_000
"""Characters of a formula that is worked on; that takes some hundredths of a second."""
MAX_DEPTH = 100
"""Elements in one another; browsers cut trees that are some hundreds deep."""

_TAGS = re.compile(
    "math|mrow|mi|mn|mo|mtext|mspace|mstyle|mpadded|mphantom|menclose|mfrac|msqrt|mroot|msub|msup|msubsup|munder|mover|"
    "munderover|mtable|mtr|mtd"
)
_ATTRIBUTES = re.compile(
    "accent|columnalign|columnlines|columnspacing|depth|displaystyle|fence|form|height|largeop|linethickness|lspace|"
    "mathsize|mathvariant|maxsize|minsize|movablelimits|notation|rowlines|rowspacing|rspace|scriptlevel|separator|"
    "stretchy|voffset|width"
)
_NO_REFERENCE = re.compile("&#x(?![0-9A-Fa-f]+;)")
_PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
"""Elements that browsers refuse with fewer or more children."""
_HUGE = re.compile(r"[-+]?[0-9]{3}")
"""Lengths of a hundred units and more would push the rest of the page away."""
_MULTIPLYING = re.compile(r"\\(?:def|newcommand|newenvironment|DeclareMathOperator|sideset)(?![A-Za-z])")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([a-z]+\*?)\}")
_ENVIRONMENTS = {
    **dict.fromkeys(("align", "aligned", "eqnarray", "eqnarray*", "flalign", "flalign*"), "align*"),
    **dict.fromkeys(("gather", "gather*", "gathered", "multline", "multline*"), "matrix"),
    "dcases": "cases",
}
"""Environments by those that the library knows; ``align`` would be numbered, whatever is printed."""
_TAG = re.compile(r"\\tag(?![A-Za-z])")
_LIMIT = re.compile(r"\\(lim|max|min|sup|inf)(?=\s*_)")
"""What stands below them is to stand below them."""
_STUMBLING = (AttributeError, LookupError, RuntimeError, StopIteration, TypeError, ValueError)
"""What the library raises besides errors of its own."""


def math_element(latex: str) -> _Element | None:
    """The ``math`` element of a formula set apart from the text; None where its LaTeX is to be shown."""
    if is_wordy(latex) or len(latex) > MAX_LENGTH or _MULTIPLYING.search(latex):
        return None
    tree = _converted(_spelled_for_library(latex))
    drawn = None if tree is None else _drawn(tree, MAX_DEPTH)
    if drawn is None:
        return None
    annotation = with_text(made("annotation", {"encoding": "application/x-tex"}), latex.replace("\n", " "))
    return made("math", {"display": "block"}, made("semantics", {}, *drawn, annotation))


def _spelled_for_library(latex: str) -> str:
    latex = _ENVIRONMENT.sub(lambda found: f"\\{found[1]}{{{_ENVIRONMENTS.get(found[2], found[2])}}}", latex)
    return _LIMIT.sub(r"\\\1\\limits", _TAG.sub(r"\\qquad\\tag", latex))


def _converted(latex: str) -> Element | None:
    """What the library makes of it; None where it stumbles, which it does over unbalanced LaTeX in many ways."""
    from latex2mathml import converter, exceptions

    own = (kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception))
    stumbling: tuple[type[Exception], ...] = (*own, *_STUMBLING)
    try:
        return converter.convert_to_element(latex, display="block")
    except stumbling:
        return None


def _drawn(element: Element, depth: int) -> _Element | None:
    """A copy with nothing in it but what draws; None where that would lose something."""
    if not _TAGS.fullmatch(element.tag) or depth == 0 or _is_misread(element):
        return None
    allowed = ((name, value) for name, value in element.attrib.items() if _ATTRIBUTES.fullmatch(name))
    copy = made(element.tag, {name: value for name, value in allowed if not _HUGE.match(value)})
    # The library spells signs as references ("&#x02212;") within texts.
    with_text(copy, html.unescape(element.text or "").replace("\n", " "))
    for child in element:
        if (drawn := _drawn(child, depth - 1)) is None:
            return None
        copy.append(drawn)
    return copy


def _is_misread(element: Element) -> bool:
    """Whether it stands for what the library does not know, or has not all of its parts.

    It passes on names of commands, marks of columns and ends of lines that it does not know as if they were names.
    """
    name = element.text or "" if element.tag == "mi" else ""
    unknown = name.startswith("\\") or name == "&" or _NO_REFERENCE.search(name) or "linebreak" in element.attrib
    return bool(unknown) or len(element) != _PARTS.get(element.tag, len(element))
