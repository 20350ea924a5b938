"""What was read on a page as tokens: in reading order for finding values, in visual rows for finding labels.

A token is a word with its box. Where reading gave no words (a model answers with blocks of text) their places are
estimated from the block's box, and marked so. Knows nothing of schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from docstation.document.geometry import Affine, Box
from docstation.document.model import Block, Category, Page
from docstation.document.table import Cell, Table

_HEADINGS = (Category.TITLE, Category.SECTION_HEADER)
MAX_TOKENS = 50_000
"""Of a page; what comes after them is not looked at."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word.

    Attributes:
        text: without white space.
        box: in page points, as a viewer shows the page.
        place: its box on the upright page.
        block: id.
        line: number of its line on the page.
        cell: row and column of its table cell, None outside tables.
        confidence: 0 to 1.
        estimated: whether the box was estimated from the block's.
        heading: whether it stands in a title or heading.
    """

    text: str
    box: Box
    place: Box
    block: str
    line: int
    cell: tuple[int, int] | None = None
    confidence: float = 1.0
    estimated: bool = False
    heading: bool = False


@dataclass(frozen=True)
class ReadPage:
    """A page's tokens in reading order, and its tables by block id."""

    number: int
    tokens: tuple[Token, ...]
    tables: tuple[tuple[str, Table], ...] = ()

    @cached_property
    def rows(self) -> tuple[tuple[Token, ...], ...]:
        """The tokens that stand side by side, from the top; each row from the left."""
        return tuple(_rows(self.tokens))

    def of_cell(self, block: str, cell: Cell) -> tuple[Token, ...]:
        """The tokens of one table cell, in reading order."""
        return self._cells.get((block, (cell.row, cell.column)), ())

    @cached_property
    def _cells(self) -> dict[tuple[str, tuple[int, int]], tuple[Token, ...]]:
        found: dict[tuple[str, tuple[int, int]], list[Token]] = {}
        for token in self.tokens:
            if token.cell is not None:
                found.setdefault((token.block, token.cell), []).append(token)
        return {key: tuple(tokens) for key, tokens in found.items()}

    @cached_property
    def text(self) -> str:
        """The page's words in rows, wide gaps as tabs: what a model is shown that does not see the page."""
        return "\n".join("".join(gap + token.text for gap, token in spaced(row)) for row in self.rows)


def read_page(page: Page) -> ReadPage:
    """The tokens of a page."""
    upright = _upright(page)
    tokens: list[Token] = []
    lines = 0
    for block in page.blocks:
        for words in _block_lines(block):
            tokens += [_token(word, upright, block, lines) for word in words]
            lines += 1
        if len(tokens) > MAX_TOKENS:
            break
    tables = tuple((block.id, block.table) for block in page.blocks if block.table is not None)
    return ReadPage(page.number, tuple(tokens[:MAX_TOKENS]), tables)


@dataclass(frozen=True, slots=True)
class _Found:
    text: str
    box: Box
    cell: tuple[int, int] | None
    confidence: float
    estimated: bool


def _token(word: _Found, upright: Affine, block: Block, line: int) -> Token:
    place, heading = upright.box(word.box), block.category in _HEADINGS
    return Token(word.text, word.box, place, block.id, line, word.cell, word.confidence, word.estimated, heading)


def _upright(page: Page) -> Affine:
    turned = Affine.quarter_turns(page.rotation, page.width, page.height)
    sideways = page.rotation % 180 == 90
    width, height = (page.height, page.width) if sideways else (page.width, page.height)
    return turned.then(Affine.rotation_about(page.skew, width / 2, height / 2))


def _block_lines(block: Block) -> Iterator[list[_Found]]:
    """The words of a block, line by line; those of a table by cell, as far as its lines tell them."""
    if block.table is not None:
        yield from _table_lines(block, block.table)
    elif block.lines:
        for line in block.lines:
            yield [_Found(word.text, word.box, None, word.confidence, False) for word in line.words if word.text]
    else:
        yield from _estimated(block.text, block.box, None, block.confidence)


def _table_lines(block: Block, table: Table) -> Iterator[list[_Found]]:
    bands = _bands(table.cells)
    for line in block.lines:
        words = [(word, _cell_at(word.box, bands)) for word in line.words if word.text]
        yield [_Found(word.text, word.box, cell, word.confidence, False) for word, cell in words]
    if block.lines:
        return
    for cell in table.cells:
        yield from _estimated(
            cell.text, cell.box or _grid_box(block.box, table, cell), (cell.row, cell.column), cell.confidence
        )


_Bands = dict[int, list[Cell]]
"""Cells by the horizontal bands of the page that they reach into."""
_BAND = 24.0
_MOST_BANDS = 400
"""Of one cell: a box out of any page must not cost memory."""


def _bands(cells: Iterable[Cell]) -> _Bands:
    bands: _Bands = {}
    for cell in cells:
        if cell.box is not None:
            first, last = int(cell.box.y0 // _BAND), int(cell.box.y1 // _BAND)
            for band in range(first, min(last, first + _MOST_BANDS) + 1):
                bands.setdefault(band, []).append(cell)
    return bands


def _cell_at(box: Box, bands: _Bands) -> tuple[int, int] | None:
    x, y = box.center
    found = (cell for cell in bands.get(int(y // _BAND), ()) if cell.box is not None and cell.box.contains(x, y))
    cell = next(found, None)
    return (cell.row, cell.column) if cell else None


def _grid_box(box: Box, table: Table, cell: Cell) -> Box:
    """Where a cell stands if all rows and columns are alike."""
    across, down = box.width / (table.columns or 1), box.height / (table.rows or 1)
    left, top = box.x0 + cell.column * across, box.y0 + cell.row * down
    return Box(left, top, left + cell.colspan * across, top + cell.rowspan * down)


def _estimated(text: str, box: Box, cell: tuple[int, int] | None, confidence: float) -> Iterator[list[_Found]]:
    """The words of `text` spread over its box: lines by height, words by their letters."""
    lines = [line.split() for line in text.split("\n") if line.strip()]
    for index, words in enumerate(lines):
        top, height = box.y0 + index * box.height / len(lines), box.height / len(lines)
        letters = sum(map(len, words)) + len(words) - 1
        at, made = 0, []
        for word in words:
            left, right = (box.x0 + box.width * part / letters for part in (at, at + len(word)))
            made.append(_Found(word, Box(left, top, right, top + height), cell, confidence, True))
            at += len(word) + 1
        yield made


_LEVEL = 0.5
"""Lines whose middles differ by less than this share of their height are one row."""
_LAST_ROWS = 4


@dataclass(frozen=True, slots=True)
class _Fragment:
    """A line as it was read: its tokens, the box around them, its level and the height of its tallest word.

    The level is the middle of the tallest word, since low letters alone sit lower.
    """

    tokens: tuple[Token, ...]
    around: Box
    level: float
    height: float

    @classmethod
    def of(cls, tokens: Sequence[Token]) -> _Fragment:
        tallest = max(tokens, key=lambda token: token.place.height).place
        around = Box.around(token.place for token in tokens)
        return cls(tuple(tokens), around, tallest.center[1], max(tallest.height, 1.0))

    def beside(self, other: _Fragment) -> bool:
        """Whether it is level with another one and neither stands over the other."""
        tall = max(self.height, other.height)
        level = abs(self.level - other.level) <= _LEVEL * tall
        return level and self.around.overlap_x(other.around) <= tall


def _rows(tokens: Iterable[Token]) -> Iterator[tuple[Token, ...]]:
    """The lines that stand side by side, each row from the left."""
    lines: dict[int, list[Token]] = {}
    for token in tokens:
        lines.setdefault(token.line, []).append(token)
    rows: list[list[_Fragment]] = []
    for line in sorted(map(_Fragment.of, lines.values()), key=lambda one: one.level):
        near = [row for row in rows[-_LAST_ROWS:] if all(line.beside(other) for other in row)]
        if near:
            min(near, key=lambda row: abs(row[0].level - line.level)).append(line)
        else:
            rows.append([line])
    for row in rows:
        yield tuple(sorted((token for line in row for token in line.tokens), key=lambda one: one.place.x0))


WIDE = 1.2
"""A gap of more heights than this parts columns."""


def gap(before: Token, after: Token) -> float:
    """How far apart two tokens of a row stand, in heights."""
    height = max(min(before.place.height, after.place.height), 1.0)
    return (after.place.x0 - before.place.x1) / height


def spaced(row: Sequence[Token]) -> Iterator[tuple[str, Token]]:
    """Each token of a row with what stands before it: nothing, a space, or a tab for a wide gap or another cell."""
    for index, token in enumerate(row):
        if index == 0:
            yield "", token
            continue
        before = row[index - 1]
        yield "\t" if gap(before, token) > WIDE or before.cell != token.cell else " ", token
