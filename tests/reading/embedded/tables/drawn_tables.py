"""Tables drawn on pages, with the exact truth: grid, words and boxes; clean, or worn like scans and photos.

Used by the tests of table finding and by its benchmark. All randomness comes from the seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from table_words import GROUPS, HEADS, NAMES, PLACES, PROSE, UNITS

from docstation.document.geometry import Affine, Box
from docstation.document.table import Cell, Table
from docstation.document.text import Line, Origin, Word
from docstation.intake.page import PreparedPage

DPI = 200
SCALE = DPI / 72
WIDTH, HEIGHT = round(595 * SCALE), round(842 * SCALE)
FONT_FOLDERS = (Path("/usr/share/fonts/truetype/dejavu"), Path("/usr/share/fonts/truetype/liberation"))
FONTS = {
    "DejaVuSans": "DejaVuSans-Bold",
    "DejaVuSerif": "DejaVuSerif-Bold",
    "DejaVuSansCondensed": "DejaVuSansCondensed-Bold",
    "LiberationSans-Regular": "LiberationSans-Bold",
    "LiberationSerif-Regular": "LiberationSerif-Bold",
    "LiberationSansNarrow-Regular": "LiberationSansNarrow-Bold",
}


@dataclass(frozen=True)
class Style:
    """How a table is drawn.

    Attributes:
        kind: "ruled", "booktabs" (horizontal rules at the head and the foot) or "plain" (no line at all).
        line: line thickness in pixels.
        ink: grey of the lines, 0 is black.
        fill: whether the heading stands on a grey ground.
        zebra: whether every second row does.
        open_sides: whether the outer left and right borders are left out.
        double: whether the outer border is double.
        size: font size in points.
        font: file name of the font.
        bold_head: whether headings are bold.
    """

    kind: str = "ruled"
    line: int = 2
    ink: int = 0
    fill: bool = False
    zebra: bool = False
    open_sides: bool = False
    double: bool = False
    size: float = 9
    font: str = "DejaVuSans"
    bold_head: bool = False


@dataclass
class Drawn:
    """A drawn page: its pixels, all its words, the truth about its table, and the strokes as a PDF would draw them."""

    pixels: np.ndarray
    words: list[Word]
    table: Table
    box: Box
    style: Style
    rulings: list[Box] = field(default_factory=list)

    @property
    def page(self) -> PreparedPage:
        """The page as a scan: pixels, nothing else."""
        height, width = self.pixels.shape[:2]
        size = width / SCALE, height / SCALE
        return PreparedPage(1, size, size, self.pixels, SCALE, Affine(), unread=(Box(0, 0, *size),))

    @property
    def born_digital(self) -> PreparedPage:
        """The page as a PDF with a text layer: words and rulings, no pixels."""
        return replace(self.page, pixels=None, unread=(), words=tuple(self.words), rulings=tuple(self.rulings))

    @property
    def lines(self) -> list[Line]:
        """The words as lines, cut at gaps, in no particular table order."""
        return lines_of(self.words)


def lines_of(words: list[Word]) -> list[Line]:
    """Words side by side as lines."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda w: (round(w.box.center[1]), w.box.x0)):
        for line in lines[-12:]:
            last = line[-1].box
            if abs(last.center[1] - word.box.center[1]) < 3 and -1 <= word.box.x0 - last.x1 < 1.2 * last.height:
                line.append(word)
                break
        else:
            lines.append([word])
    return [Line(tuple(line)) for line in lines]


def font_at(name: str, points: float) -> ImageFont.FreeTypeFont:
    """The font of that file name at a size in points, at the page's resolution."""
    for folder in FONT_FOLDERS:
        file = folder / f"{name}.ttf"
        if file.exists():
            return ImageFont.truetype(str(file), round(points * SCALE))
    raise FileNotFoundError(name)


class _Pen:
    """Draws text on a page and notes every word's box (points)."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH, HEIGHT), "white")
        self.draw = ImageDraw.Draw(self.image)
        self.words: list[Word] = []

    def line(self, text: str, x: float, y: float, font: ImageFont.FreeTypeFont, bold: bool = False) -> None:
        for word in text.split():
            self.draw.text((x, y), word, font=font, fill="black")
            x0, y0, x1, y1 = self.draw.textbbox((x, y), word, font=font)
            box = Box(x0 / SCALE, y0 / SCALE, x1 / SCALE, y1 / SCALE)
            self.words.append(Word(word, box, origin=Origin.TEXT_LAYER, font_size=font.size / SCALE, bold=bold))
            x += font.getlength(word + " ")


def wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """`text` in lines of at most `width` pixels."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def random_table(rng: random.Random, *, merged: bool, rows: int | None = None) -> Table:
    """A business table: headings (merged on request), names, units, numbers, now and then an empty cell."""
    columns = rng.randint(3, 7)
    count = rows or rng.randint(3, 12)
    kinds = [
        "name" if c == 1 else rng.choice(["number", "money", "unit", "place", "date", "int"]) for c in range(columns)
    ]
    kinds[0] = rng.choice(["index", "place", "index"])
    cells: list[Cell] = []
    head = 1
    texts = rng.sample(HEADS[1:], columns)
    texts[0] = "№" if kinds[0] == "index" else "Регион"
    if merged and columns >= 4:
        head = 2
        start = rng.randint(1, columns - 2)
        width = rng.randint(2, min(3, columns - start))
        for c in range(columns):
            if start <= c < start + width:
                cells.append(Cell(1, c, text=texts[c], header=True))
            else:
                cells.append(Cell(0, c, rowspan=2, text=texts[c], header=True))
        cells.append(Cell(0, start, colspan=width, text=rng.choice(GROUPS), header=True))
    else:
        cells.extend(Cell(0, c, text=texts[c], header=True) for c in range(columns))
    for r in range(count):
        for c, kind in enumerate(kinds):
            empty = c > 1 and rng.random() < 0.08
            cells.append(Cell(head + r, c, text="" if empty else _value(rng, kind, r)))
    if merged and rng.random() < 0.5:
        row = head + count
        cells.append(Cell(row, 0, colspan=columns - 1, text="Итого"))
        cells.append(Cell(row, columns - 1, text=_value(rng, "money", 0)))
    return Table.of_cells(cells)


def _value(rng: random.Random, kind: str, row: int) -> str:
    match kind:
        case "index":
            return str(row + 1)
        case "name":
            return rng.choice(NAMES)
        case "place":
            return rng.choice(PLACES)
        case "unit":
            return rng.choice(UNITS)
        case "int":
            return str(rng.randint(1, 500))
        case "date":
            return f"{rng.randint(1, 28):02}.{rng.randint(1, 12):02}.202{rng.randint(1, 5)}"
        case "number":
            return f"{rng.uniform(0, 100):.1f}".replace(".", ",")
    return f"{rng.uniform(10, 99999):,.2f}".replace(",", " ").replace(".", ",")


def draw_page(table: Table, style: Style, rng: random.Random, *, prose: bool = True) -> Drawn:
    """A page with a paragraph, the table, and another paragraph."""
    pen = _Pen()
    plain = font_at(style.font, style.size)
    bold = font_at(FONTS[style.font], style.size) if style.bold_head else plain
    pitch = round(style.size * 1.25 * SCALE)
    left, right = round(60 * SCALE), WIDTH - round(50 * SCALE)
    y = round(60 * SCALE)
    if prose:
        for line in wrapped(PROSE, plain, right - left):
            pen.line(line, left, y, plain)
            y += pitch
        y += pitch
    xs = _columns(table, plain, left, right, rng)
    ys = _rows(table, xs, plain, y, pitch, style)
    cells = _draw_cells(pen, table, xs, ys, (plain, bold), pitch, rng)
    rulings = _rule(pen, table, xs, ys, style)
    if prose:
        y = ys[-1] + 2 * pitch
        for line in wrapped(PROSE, plain, right - left):
            pen.line(line, left, y, plain)
            y += pitch
    box = Box(xs[0] / SCALE, ys[0] / SCALE, xs[-1] / SCALE, ys[-1] / SCALE)
    truth = Table(table.rows, table.columns, tuple(cells))
    return Drawn(np.array(pen.image), pen.words, truth, box, style, rulings)


def _columns(table: Table, font: ImageFont.FreeTypeFont, left: int, right: int, rng: random.Random) -> list[int]:
    wish = [12 * SCALE] * table.columns
    for cell in table.cells:
        if cell.colspan == 1 and cell.text:
            longest = max(font.getlength(word) for word in cell.text.split())
            whole = min(font.getlength(cell.text), 110 * SCALE)
            wish[cell.column] = max(wish[cell.column], longest, whole)
    pad = rng.uniform(9, 16) * SCALE
    total = sum(wish) + pad * table.columns
    shrink = min(1.0, (right - left) / total)
    xs = [float(left)]
    for width in wish:
        xs.append(xs[-1] + (width + pad) * shrink)
    return [round(x) for x in xs]


def _pad(style: Style) -> int:
    return round((4 if style.kind == "ruled" else 3) * SCALE)


def _rows(table: Table, xs: list[int], font: ImageFont.FreeTypeFont, top: int, pitch: int, style: Style) -> list[int]:
    heights = [pitch + _pad(style)] * table.rows
    for cell in table.cells:
        if cell.rowspan == 1:
            inner = xs[cell.column + cell.colspan] - xs[cell.column] - round(6 * SCALE)
            heights[cell.row] = max(heights[cell.row], pitch * len(wrapped(cell.text, font, inner)) + _pad(style))
    for cell in table.cells:
        if cell.rowspan > 1:
            inner = xs[cell.column + cell.colspan] - xs[cell.column] - round(6 * SCALE)
            need = pitch * len(wrapped(cell.text, font, inner)) + _pad(style)
            have = sum(heights[cell.row : cell.row + cell.rowspan])
            heights[cell.row + cell.rowspan - 1] += max(0, need - have)
    ys = [top]
    for height in heights:
        ys.append(ys[-1] + height)
    return ys


def _draw_cells(
    pen: _Pen,
    table: Table,
    xs: list[int],
    ys: list[int],
    fonts: tuple[ImageFont.FreeTypeFont, ImageFont.FreeTypeFont],
    pitch: int,
    rng: random.Random,
) -> list[Cell]:
    align = {c: rng.choice(["left", "center"]) for c in range(table.columns)}
    made = []
    for cell in table.cells:
        x0, x1 = xs[cell.column], xs[cell.column + cell.colspan]
        y0, y1 = ys[cell.row], ys[cell.row + cell.rowspan]
        font = fonts[1] if cell.header else fonts[0]
        lines = wrapped(cell.text, font, x1 - x0 - round(6 * SCALE))
        y = (y0 + y1 - pitch * len(lines)) / 2 if cell.header or cell.rowspan > 1 else y0 + 2 * SCALE
        numeric = cell.text[:1].isdigit() and cell.column > 0
        for line in lines:
            length = font.getlength(line)
            if cell.header or (align[cell.column] == "center" and not numeric):
                x = (x0 + x1 - length) / 2
            else:
                x = x1 - length - 3 * SCALE if numeric else x0 + 3 * SCALE
            pen.line(line, x, y, font, bold=fonts[1] is not fonts[0] and cell.header)
            y += pitch
        made.append(replace(cell, box=Box(x0 / SCALE, y0 / SCALE, x1 / SCALE, y1 / SCALE)))
    return made


def _rule(pen: _Pen, table: Table, xs: list[int], ys: list[int], style: Style) -> list[Box]:
    strokes: list[tuple[int, int, int, int]] = []
    head = table.header_row_count()
    if style.fill:
        _shade(pen, (xs[0], ys[0], xs[-1], ys[head]), 215)
    if style.zebra:
        for r in range(head, table.rows, 2):
            _shade(pen, (xs[0], ys[r], xs[-1], ys[r + 1]), 232)
    if style.kind == "booktabs":
        strokes = [(xs[0], ys[r], xs[-1], ys[r]) for r in (0, head, table.rows)]
    elif style.kind == "ruled":
        for cell in table.cells:
            x0, x1 = xs[cell.column], xs[cell.column + cell.colspan]
            y0, y1 = ys[cell.row], ys[cell.row + cell.rowspan]
            strokes += [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]
        if style.open_sides:
            strokes = [s for s in strokes if not (s[0] == s[2] and s[0] in (xs[0], xs[-1]))]
        if style.double:
            d = 3 + style.line
            x0, y0, x1, y1 = xs[0] - d, ys[0] - d, xs[-1] + d, ys[-1] + d
            strokes += [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]
    for x0, y0, x1, y1 in strokes:
        pen.draw.line((x0, y0, x1, y1), fill=(style.ink,) * 3, width=style.line)
    half = style.line / 2 / SCALE
    return [Box(a / SCALE - half, b / SCALE - half, c / SCALE + half, d / SCALE + half) for a, b, c, d in set(strokes)]


def _shade(pen: _Pen, box: tuple[int, int, int, int], grey: int) -> None:
    """Tint a region under what is already drawn on it."""
    x0, y0, x1, y1 = box
    pixels = np.array(pen.image)
    pixels[y0:y1, x0:x1] = np.minimum(pixels[y0:y1, x0:x1], grey)
    pen.image = Image.fromarray(pixels)
    pen.draw = ImageDraw.Draw(pen.image)


def random_style(rng: random.Random, kind: str) -> Style:
    """A style of that kind by chance."""
    return Style(
        kind=kind,
        line=rng.choice([1, 2, 2, 3, 4]),
        ink=rng.choice([0, 0, 60, 120]),
        fill=rng.random() < 0.3,
        zebra=rng.random() < 0.15,
        open_sides=rng.random() < 0.12,
        double=rng.random() < 0.08,
        size=rng.choice([7.5, 8, 9, 10, 11]),
        font=rng.choice(list(FONTS)),
        bold_head=rng.random() < 0.4,
    )


def random_page(seed: int, kind: str, *, merged: bool | None = None) -> Drawn:
    """A page with one table of `kind`, everything else by chance."""
    rng = random.Random(f"{kind} {seed}")
    table = random_table(rng, merged=rng.random() < 0.5 if merged is None else merged)
    return draw_page(table, random_style(rng, kind), rng)
