"""Elements of the body in the making: their parts arrive block by block."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from docstation.document.model import Block, Category, Element
from docstation.document.table import Table
from docstation.reading.assembly.tables import Part, joined

MAX_DEPTH = 6


@dataclass(slots=True)
class Draft:
    """An element in the making.

    Attributes:
        first: the block that it begins with.
        last: the one that it ends with so far.
        page: number of the page on which it ends so far.
        text: joined as parts arrive.
        level: as in the element.
        tables: its parts, for a table.
        part: the last of them with its place.
        number: of the table, as its caption has it; empty where it has none.
        blocks: ids, in order.
        pages: numbers, in order.
    """

    first: Block
    last: Block
    page: int
    text: str
    level: int
    part: Part | None = None
    number: str = ""
    tables: list[Table] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, block: Block, page: int, level: int, part: Part | None = None, number: str = "") -> Draft:
        """A draft of one block on one page."""
        tables = [part.table] if part else []
        return cls(block, block, page, block.text, level, part, number, tables, [block.id], [page])

    def add(self, block: Block, page: int, text: str) -> None:
        """Take one more block; `text` is that of the whole then."""
        self.last, self.page, self.text = block, page, text
        self.blocks.append(block.id)
        self.pages.append(page)

    def add_part(self, part: Part, blocks: Iterable[Block], page: int) -> None:
        """Take the table's part on the next page, with the lines above it that say so."""
        for block in blocks:
            self.add(block, page, self.text)
        self.part = part
        self.tables.append(part.table)

    def element(self) -> Element:
        """The finished element."""
        table = joined(self.tables) if len(self.tables) > 1 else self.first.table
        return Element(
            category=self.first.category,
            text=table.to_text() if table else self.text,
            blocks=tuple(self.blocks),
            pages=tuple(dict.fromkeys(self.pages)),
            level=self.level,
            table=table,
            picture=self.first.picture,
        )


def item_level(block: Block, previous: Draft | None, indents: list[float]) -> int:
    """The depth of a list item: by numbering where it is deep, else by indent among the items of the same list.

    Args:
        block: the item.
        previous: what stands before it; anything but an item begins a list.
        indents: left edges of the list's open levels, points; brought up to date here.
    """
    if previous is None or previous.first.category is not Category.LIST_ITEM:
        indents.clear()
    if block.level > 1:
        return block.level
    em = max(block.lines[0].font_size, 1.0) if block.lines else 10.0
    x = block.box.x0
    while indents and x < indents[-1] - 0.7 * em:
        indents.pop()
    if not indents or x > indents[-1] + 0.7 * em:
        indents.append(x)
    return min(len(indents), MAX_DEPTH)
