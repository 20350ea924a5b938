"""What people correct of a page, and the page with it: blocks changed, added or struck out.

Corrections are kept apart from what was read. Each holds the place of its block, so that it finds its block again when
the page was read anew and blocks are counted otherwise; one that finds none changes nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Page
from docstation.document.order import reading_order
from docstation.document.table import Table
from docstation.document.text import Origin

SAME_PLACE = 0.5
"""Share of common area (of the union) from which two boxes are the same block's."""
FIRST_ADDED = 100_001
"""Index of the first block that was added to a page; no page that was read has so many."""
_HEADINGS = frozenset({Category.TITLE, Category.SECTION_HEADER, Category.LIST_ITEM})
"""Categories whose level is at least 1."""

Place = tuple[int, int]
"""Row and column, from 0."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What is corrected of one block; None and empty: as it was read.

    Attributes:
        block: its id when it was corrected, or the id of an added block.
        page: number of its page.
        box: its place then, page points.
        text: the whole text; of a table see `table` and `cells`.
        category: its category.
        level: of a heading or list item.
        table: the whole grid.
        cells: texts of single cells of that grid, or of the one that was read.
        removed: whether it is struck out.
        added: whether nobody read it.
        after: of an added block: id of the block that it follows; empty: by reading order.
    """

    block: str
    page: int
    box: Box
    text: str | None = None
    category: Category | None = None
    level: int | None = None
    table: Table | None = None
    cells: Mapping[Place, str] = field(default_factory=dict)
    removed: bool = False
    added: bool = False
    after: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        given = (self.text, self.category, self.level, self.table)
        return not (self.cells or self.removed or self.added) and all(one is None for one in given)


def placed(page: Page, corrections: Sequence[Correction]) -> dict[str, Correction]:
    """Id of a block of the page, or of an added one → its correction; those that find no block are left out.

    Args:
        page: as it was read.
        corrections: of this page.
    """
    blocks = {block.id: block for block in page.blocks}
    found: dict[str, Correction] = {}
    lost = []
    for one in corrections:
        own = blocks.get(one.block)
        if one.added or (own is not None and _same(own.box, one.box)):
            found[one.block] = one
        else:
            lost.append(one)
    for one in lost:
        free = [block for block in page.blocks if block.id not in found]
        best = max(free, key=lambda block: block.box.iou(one.box), default=None)
        if best is not None and _same(best.box, one.box):
            found[best.id] = one
    return found


def _same(box: Box, other: Box) -> bool:
    """Whether both are the place of one block; a place may be without any area."""
    return box == other or box.iou(other) >= SAME_PLACE


def corrected(page: Page, corrections: Sequence[Correction]) -> Page:
    """The page with its corrections; the same object where none changes anything."""
    found = placed(page, corrections)
    if not found:
        return page
    blocks = [
        changed(block, found[block.id]) if block.id in found else block
        for block in page.blocks
        if block.id not in found or not found[block.id].removed
    ]
    for one in corrections:
        if one.added and not one.removed:
            _put_in(blocks, changed(Block(one.block, one.category or Category.TEXT, one.box), one), one.after)
    return replace(page, blocks=tuple(blocks))


def changed(block: Block, by: Correction) -> Block:
    """The block as corrected; its lines stay, they tell where its words stand."""
    category = by.category or block.category
    table = _table(block, by) if category is Category.TABLE else None
    text = table.to_text() if table is not None else block.text if by.text is None else by.text
    level = by.level if by.level is not None else block.level
    said = by.added or (text, table) != (block.text, block.table)
    return replace(
        block,
        category=category,
        text=text,
        table=table,
        picture=block.picture if category is Category.PICTURE else None,
        level=max(level, 1) if category in _HEADINGS else 0,
        confidence=1.0 if said else block.confidence,
        origin=Origin.CORRECTION if said else block.origin,
    )


def with_cells(table: Table, cells: Mapping[Place, str]) -> Table:
    """The table with these texts; places outside its grid are passed over, a spanned place means its cell."""
    grid = table.grid
    inside = {place: text for place, text in cells.items() if place[0] < table.rows and place[1] < table.columns}
    texts = {(cell.row, cell.column): text for (row, column), text in inside.items() for cell in [grid[row][column]]}
    made = (
        replace(cell, text=texts[cell.row, cell.column], confidence=1.0) if (cell.row, cell.column) in texts else cell
        for cell in table.cells
    )
    return replace(table, cells=tuple(made))


def added_id(page: int, taken: Sequence[Correction]) -> str:
    """The id of the next block that is added to a page with these corrections."""
    used = [int(one.block.rpartition("b")[2]) for one in taken if one.added]
    return f"p{page}-b{max([FIRST_ADDED - 1, *used]) + 1}"


def _table(block: Block, by: Correction) -> Table | None:
    text = block.text if by.text is None else by.text
    table = by.table or block.table
    if table is None and text:
        table = Table.from_rows([line.split("\t") for line in text.split("\n")])
    return with_cells(table, by.cells) if table is not None else None


def _put_in(blocks: list[Block], new: Block, after: str) -> None:
    place = next((index + 1 for index, block in enumerate(blocks) if block.id == after), None)
    if place is None:
        order = reading_order([*(block.box for block in blocks), new.box])
        before = order.index(len(blocks))
        place = order[before - 1] + 1 if before else 0
    blocks.insert(place, new)
