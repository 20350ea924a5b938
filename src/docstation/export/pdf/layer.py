"""Invisible text as PDF content (render mode 3, PDF 32000-1, 9.3.6), and how it is put on a page.

Knows placed text and the font that shows nothing; does not know where the text comes from.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docstation.document.geometry import Affine
from docstation.export.pdf.glyphless import InvisibleFont
from docstation.export.pdf.placing import Placed
from docstation.export.pdf.resources import with_font

_DIRECTIONS = {0: (1, 0), 90: (0, -1), 180: (-1, 0), 270: (0, 1)}
"""Where text runs, y downwards, by its turn."""
_WIDEST = 1000.0
"""A wider stretch is no text but a mistake in its box."""


def add_layer(page: Any, lines: Iterable[Iterable[Placed]], to_user: Affine, font: InvisibleFont, held: Any) -> None:
    """Put lines on a page, beneath what it shows.

    Beneath, because only there the graphics state is sure to be the initial one: what a page leaves behind at its end
    may be anything.

    Args:
        page: a pikepdf page.
        lines: in points of the upright page.
        to_user: from there to the page's user space.
        font: that their text is written with.
        held: the same font as an object of the page's file.
    """
    name = with_font(page.obj, held)
    page.contents_add(content_of(lines, to_user, font, name), prepend=True)


def content_of(lines: Iterable[Iterable[Placed]], to_user: Affine, font: InvisibleFont, name: str) -> bytes:
    """A content stream that sets the lines and leaves the graphics state as it was.

    Args:
        lines: in points of the upright page.
        to_user: from there to user space.
        font: that their text is written with.
        name: of that font among the page's resources.
    """
    operators = ["q", "3 Tr"]
    for line in lines:
        operators += ["BT", *(_set(piece, to_user, font, name) for piece in line), "ET"]
    return "\n".join([*operators, "Q\n"]).encode("ascii")


def _set(piece: Placed, to_user: Affine, font: InvisibleFont, name: str) -> str:
    along, down = _DIRECTIONS[piece.turn]
    # Letters stand a quarter turn anticlockwise from where text runs; y points downwards here, upwards in fonts.
    axes = (*_turned(to_user, along, down), *_turned(to_user, down, -along))
    matrix = " ".join(map(_number, (*axes, *to_user.point(piece.x, piece.y))))
    stretch = _number(100 * min(piece.stretch, _WIDEST))
    return f"{name} {_number(piece.size)} Tf {stretch} Tz {matrix} Tm {font.encoded(piece.text)} Tj"


def _turned(to_user: Affine, x: float, y: float) -> tuple[float, float]:
    return to_user.a * x + to_user.b * y, to_user.d * x + to_user.e * y


def _number(value: float) -> str:
    """As PDF wants it: no exponent; the same value always gives the same characters."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
