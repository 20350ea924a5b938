"""The embedded engine: text layer and recognised lines → tables → blocks → page, all on the CPU, offline.

Composes the recogniser, the table finder and the layout of this package; loads no model until a page needs one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from docstation.document.geometry import Box
from docstation.document.mapping import map_block
from docstation.document.model import Block, Category, Page, Picture, TextLayer
from docstation.document.text import Line
from docstation.intake.page import Pixels, PreparedPage
from docstation.reading.embedded.recognise import TextRecogniser
from docstation.reading.embedded.tables import TableFinder
from docstation.reading.engine import ReadPage
from docstation.reading.layout import lay_out, lines_of_words

NAME = "embedded"

LEAST_PICTURE = 16
"""Smaller cut-outs (pixels on a side) are specks, not pictures."""


class EmbeddedEngine:
    """Reads prepared pages with Tesseract, ONNX recognisers and geometry; see `docstation.reading.engine`."""

    name = NAME

    def __init__(self, languages: tuple[str, ...] = ("rus", "eng")) -> None:
        self._recogniser = TextRecogniser(languages)
        self._tables = TableFinder()

    def read(self, page: PreparedPage) -> ReadPage:
        """Read one page; see `docstation.reading.engine.PageEngine.read`."""
        if page.blank:
            return ReadPage(_page(page, (), engine=""), {})
        recognised = self._recognise(page)
        lines = _without_doubles(lines_of_words(page.words), recognised)
        tables = self._tables.find(page, lines)
        blocks = lay_out(page, lines, tables)
        pictures: dict[str, Pixels] = {}
        finished = tuple(self._finished(block, page, pictures) for block in blocks)
        verdict = page.verdict
        if verdict is TextLayer.PARTIAL and not recognised:
            # Pictures beside the layer were looked at, and hold no text: the layer is the whole of it.
            verdict = TextLayer.SANE
        return ReadPage(_page(replace(page, verdict=verdict), finished, engine=NAME if recognised else ""), pictures)

    def _recognise(self, page: PreparedPage) -> tuple[Line, ...]:
        if page.pixels is None or not page.unread:
            return ()
        return self._recogniser.recognise(page, page.unread)

    @staticmethod
    def _finished(block: Block, page: PreparedPage, pictures: dict[str, Pixels]) -> Block:
        picture = block.picture
        if block.category is Category.PICTURE and page.pixels is not None:
            crop = cut(page.pixels, block.box, page.scale)
            if min(crop.shape[:2]) >= LEAST_PICTURE:
                file = f"{block.id}.png"
                pictures[file] = crop
                picture = Picture(file, crop.shape[1], crop.shape[0])
        return map_block(replace(block, picture=picture), page.to_page, *page.page_size)


def cut(pixels: Pixels, box: Box, scale: float) -> Pixels:
    """The part of `pixels` inside `box` (points; `scale` pixels per point), cut to the image."""
    height, width = pixels.shape[:2]
    inside = Box(box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale).clipped(width, height)
    x0, y0, x1, y1 = (round(value) for value in (inside.x0, inside.y0, inside.x1, inside.y1))
    return pixels[y0:y1, x0:x1]


def _without_doubles(layer: Sequence[Line], recognised: Sequence[Line]) -> tuple[Line, ...]:
    """Both kinds of lines; recognised words that stand on a word of the exact text layer are left out."""
    exact = [word.box for line in layer for word in line.words]
    if not exact:
        return tuple(recognised)
    kept = []
    for line in recognised:
        words = tuple(word for word in line.words if not any(word.box.share_inside(box) > 0.5 for box in exact))
        if words:
            kept.append(Line(words))
    return (*layer, *kept)


def _page(page: PreparedPage, blocks: tuple[Block, ...], *, engine: str) -> Page:
    return Page(
        number=page.number,
        width=page.page_size[0],
        height=page.page_size[1],
        blocks=blocks,
        rotation=page.rotation,
        skew=page.skew,
        text_layer=page.verdict,
        blank=page.blank,
        engine=engine,
    )
