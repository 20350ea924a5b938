"""The size of a Word page and where its text stands, from the page that was read."""

from __future__ import annotations

from dataclasses import dataclass

from lxml.etree import _Element

from docstation.document.model import Page
from docstation.export.word.elements import TWIPS_PER_POINT, made

_MIN_POINTS, _MAX_POINTS = 72.0, 1584.0
"""Word takes no page over 22 inches; no text fits on one under an inch."""
_MAX_MARGIN = 1134
"""Two centimetres, in twips."""


@dataclass(frozen=True, slots=True)
class PageSetup:
    """A page's layout, in twips; upright, also where the page that was read lay on its side.

    Attributes:
        width: of the paper.
        height: of the paper.
        scale: by which the page that was read had to shrink, 1 or less.
        turned: whether the page that was read lay on its side.
    """

    width: int = 11906
    height: int = 16838
    scale: float = 1.0
    turned: bool = False

    @classmethod
    def of(cls, page: Page) -> PageSetup:
        """The layout of one page; one that is too large for Word is scaled down."""
        turned = page.rotation in (90, 270)
        width, height = (page.height, page.width) if turned else (page.width, page.height)
        scale = min(1.0, _MAX_POINTS / max(width, height, 1.0))
        width, height = (round(max(side * scale, _MIN_POINTS) * TWIPS_PER_POINT) for side in (width, height))
        return cls(width, height, scale, turned)

    @property
    def margin(self) -> int:
        """On all sides; narrow slips have narrow ones."""
        return min(_MAX_MARGIN, min(self.width, self.height) // 10)

    @property
    def text_width(self) -> int:
        """Between the margins."""
        return self.width - 2 * self.margin

    @property
    def text_height(self) -> int:
        """Between the margins."""
        return self.height - 2 * self.margin

    def section(self) -> _Element:
        """The properties of a section of such pages, which begins on a new page."""
        sideways = {"orient": "landscape"} if self.width > self.height else {}
        margins = dict.fromkeys(("top", "right", "bottom", "left"), self.margin)
        return made(
            "sectPr",
            made("type", val="nextPage"),
            made("pgSz", w=self.width, h=self.height, **sideways),
            made("pgMar", **margins, header=self.margin // 2, footer=self.margin // 2, gutter=0),
            made("cols", space=720),
        )
