"""Draws README's picture: the upper part of a page with the boxes that the reader found, beside the text that it gave.

A command for developers, ``python tools/draw_overview.py [FILE PAGE POINTS PICTURE]``, where POINTS are shown of the
page's height; without arguments it draws the sample scan into docs/images/. Each block has the colour of its category
on both sides.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import docstation
from docstation.document.geometry import POINTS_PER_INCH, Box
from docstation.document.model import FURNITURE, Block, Category, Document
from docstation.document.table import Table
from docstation.intake.limits import Limits
from docstation.intake.opening import open_document
from docstation.testing.typefaces import FONTS

ROOT = Path(__file__).parents[1]
SIDE, GAP, EDGE = 780, 24, 16
"""Pixels: width of one side, space between the two, space around both."""
LEGEND = 44
COLOURS = 40
"""Of the finished picture beside those of the categories; fewer make the file smaller."""
FINE = 2
"""Text is set at so many times its size and reduced: its letters keep their distances."""
MARGIN = 14.0
"""Points around the blocks that are shown."""
PAPER, INK, BACK, HEAD = (255, 255, 255), (22, 22, 22), (244, 246, 248), (255, 241, 241)

CATEGORIES = {
    Category.TITLE: (138, 63, 252),
    Category.SECTION_HEADER: (15, 98, 254),
    Category.TEXT: (25, 128, 56),
    Category.LIST_ITEM: (0, 125, 121),
    Category.TABLE: (218, 30, 40),
    Category.CAPTION: (178, 106, 0),
    Category.FOOTNOTE: (111, 84, 60),
    Category.FORMULA: (159, 24, 83),
    Category.PICTURE: (209, 39, 113),
    Category.PAGE_HEADER: (105, 112, 119),
    Category.PAGE_FOOTER: (105, 112, 119),
}

LANCZOS = Image.Resampling.LANCZOS


def overview(shown: Image.Image, document: Document, number: int, points: float) -> Image.Image:
    """The picture of page `number` of `document`, down to `points`; `shown` is that page as a viewer shows it."""
    page = next(page for page in document.pages if page.number == number)
    blocks = [block for block in page.blocks if block.category not in FURNITURE and block.box.y1 <= points]
    part = Box.around(block.box for block in blocks).expanded(MARGIN).clipped(page.width, points)
    scale = SIDE / part.width
    height = round(part.height * scale)
    left = shown.convert("RGB").resize((round(page.width * scale), round(page.height * scale)), LANCZOS)
    x, y = round(part.x0 * scale), round(part.y0 * scale)
    whole = Image.new("RGB", (2 * SIDE + GAP + 2 * EDGE, height + LEGEND + 2 * EDGE), BACK)
    whole.paste(boxed(left, blocks, scale).crop((x, y, x + SIDE, y + height)), (EDGE, EDGE))
    whole.paste(typeset(blocks, height), (EDGE + SIDE + GAP, EDGE))
    _draw_legend(whole, [block.category for block in blocks])
    return _reduced(whole)


def boxed(page: Image.Image, blocks: list[Block], scale: float) -> Image.Image:
    """`page` with a box around each block; `scale` is pixels per point."""
    veil = Image.new("RGBA", page.size)
    draw = ImageDraw.Draw(veil)
    for block in blocks:
        colour = CATEGORIES[block.category]
        box = block.box
        corners = [value * scale for value in (box.x0, box.y0, box.x1, box.y1)]
        draw.rounded_rectangle(corners, 4, fill=(*colour, 22), outline=(*colour, 255), width=2)
    return Image.alpha_composite(page.convert("RGBA"), veil).convert("RGB")


def typeset(blocks: list[Block], height: int) -> Image.Image:
    """The texts of `blocks` on a sheet of that height, in the largest size that fits."""
    for size in range(26, 9, -1):
        sheet = Sheet(size * FINE)
        for block in blocks:
            sheet.add(block)
        if sheet.bottom <= height * FINE:
            break
    return sheet.picture.crop((0, 0, SIDE * FINE, height * FINE)).resize((SIDE, height), LANCZOS)


@dataclass
class Sheet:
    """A sheet that is filled from top to bottom; all lengths in pixels.

    Attributes:
        size: of running text.
        bottom: down to where it is filled.
    """

    size: int
    bottom: int = 12 * FINE
    picture: Image.Image = field(default_factory=lambda: Image.new("RGB", (SIDE * FINE, 3000 * FINE), PAPER))

    def add(self, block: Block) -> None:
        """Set one block: a bar of its colour, then its text or table."""
        top = self.bottom
        if block.table is not None:
            self._table(block.table, block.box)
        elif block.text:
            self._text(block)
        bar = 6 * FINE, top + 2 * FINE, 10 * FINE, self.bottom - 2 * FINE
        ImageDraw.Draw(self.picture).rounded_rectangle(bar, 2 * FINE, fill=CATEGORIES[block.category])
        self.bottom += round(self.size * 0.55)

    def _text(self, block: Block) -> None:
        heading = block.category in {Category.TITLE, Category.SECTION_HEADER}
        face = font("Arimo-Bold" if heading else "Arimo-Regular", round(self.size * (1.15 if heading else 1)))
        left = (36 if block.category is Category.LIST_ITEM else 20) * FINE
        draw = ImageDraw.Draw(self.picture)
        for line in wrapped(block.text, face, self.picture.width - left - 14 * FINE):
            draw.text((left, self.bottom), line, INK, face)
            self.bottom += round(face.size * 1.3)

    def _table(self, table: Table, box: Box) -> None:
        edges = columns(table, box, 20 * FINE, self.picture.width - 14 * FINE)
        size = round(self.size * 0.9)
        leading, faces = round(size * 1.25), {True: font("Arimo-Bold", size), False: font("Arimo-Regular", size)}
        draw = ImageDraw.Draw(self.picture)
        for row in range(table.rows):
            cells = [cell for cell in table.cells if cell.row == row]
            places = [(edges[cell.column], edges[cell.column + cell.colspan]) for cell in cells]
            texts = [
                wrapped(cell.text, faces[cell.header], right - left - 10 * FINE)
                for cell, (left, right) in zip(cells, places, strict=True)
            ]
            below = self.bottom + max((len(lines) for lines in texts), default=1) * leading + 6 * FINE
            for cell, (left, right), lines in zip(cells, places, texts, strict=True):
                fill = HEAD if cell.header else PAPER
                draw.rectangle((left, self.bottom, right, below), fill, CATEGORIES[Category.TABLE], FINE)
                for index, line in enumerate(lines):
                    place = left + 5 * FINE, self.bottom + 2 * FINE + index * leading
                    draw.text(place, line, INK, faces[cell.header])
            self.bottom = below


def columns(table: Table, box: Box, left: int, right: int) -> list[int]:
    """Edges of the columns in pixels, laid out as they are on the page."""
    starts = {cell.column: cell.box.x0 for cell in table.cells if cell.box is not None and cell.rowspan == 1}
    even = box.width / max(table.columns, 1)
    places = [starts.get(column, box.x0 + column * even) for column in range(table.columns)] + [box.x1]
    widths = [max(after - before, 1.0) for before, after in pairwise(places)]
    stretch = (right - left) / sum(widths)
    return [round(left + stretch * sum(widths[:index])) for index in range(table.columns + 1)]


def wrapped(text: str, face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Lines of at most `width` pixels; a longer word stays whole."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and face.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A shipped face; `size` in pixels."""
    return ImageFont.truetype(FONTS / f"{name}.ttf", size)


def _draw_legend(picture: Image.Image, categories: list[Category]) -> None:
    draw, face = ImageDraw.Draw(picture), font("Arimo-Regular", 20)
    x, y = EDGE, picture.height - LEGEND
    for category in [one for one in CATEGORIES if one in categories]:
        draw.rounded_rectangle((x, y + 3, x + 18, y + 21), 4, fill=CATEGORIES[category])
        draw.text((x + 26, y), category.value, INK, face)
        x += 54 + round(face.getlength(category.value))


def _reduced(picture: Image.Image) -> Image.Image:
    """`picture` with few colours, those of the categories among them."""
    palette = picture.quantize(COLOURS, Image.Quantize.MEDIANCUT).getpalette() or []
    wanted = Image.new("P", (1, 1))
    wanted.putpalette(palette[: 3 * COLOURS] + [part for colour in CATEGORIES.values() for part in colour])
    return picture.quantize(palette=wanted, dither=Image.Dither.NONE)


def page_picture(path: Path, number: int, width: int) -> Image.Image:
    """Page `number` of the file as a viewer shows it, at least `width` pixels wide."""
    with open_document(path, name=path.name, password=None, limits=Limits()) as source:
        raw = source.raw(number)
        return Image.fromarray(source.render(number, max(width / raw.width, 150 / POINTS_PER_INCH)))


def main(arguments: list[str]) -> int:
    """Draw the picture; returns the exit code."""
    given = arguments or [
        str(ROOT / "samples" / "dogovor-scan.jpg"),
        "1",
        "472",
        str(ROOT / "docs/images/overview.png"),
    ]
    path, number, points, target = Path(given[0]), int(given[1]), float(given[2]), Path(given[3])
    document = docstation.read(path, pages=str(number))
    picture = overview(page_picture(path, number, SIDE), document, number, points)
    target.parent.mkdir(parents=True, exist_ok=True)
    picture.save(target, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
