"""What the service tells of corrections and of parts of pages, as plain frozen values; JSON in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from docstation.document.codec import page_from_json
from docstation.document.corrections_codec import correction_from_json
from docstation.document.geometry import Box
from docstation.document.json_reader import Reader
from docstation.document.model import Category, Page
from docstation.document.table import Table


@dataclass(frozen=True, slots=True)
class Correction:
    """What was corrected of one block; None: as it was read.

    Attributes:
        block: id of the block that it holds for now, empty where a page that was read anew has no such block any more.
        page: number of its page.
        box: its place when it was corrected, page points.
        text: the whole text.
        category: its category.
        level: of a heading or list item.
        table: the whole grid.
        cells: texts of single cells, by row and column.
        removed: whether it is struck out.
        added: whether nobody read it.
        changed: when, seconds of the epoch.
    """

    block: str
    page: int
    box: Box
    text: str | None = None
    category: Category | None = None
    level: int | None = None
    table: Table | None = None
    cells: Mapping[tuple[int, int], str] = field(default_factory=dict)
    removed: bool = False
    added: bool = False
    changed: float = 0.0

    @classmethod
    def of(cls, one: Reader) -> Correction:
        """From its JSON."""
        block = one.text("block") if one.has("block") else ""
        made = correction_from_json(one.value | {"block": block})
        return cls(
            block,
            made.page,
            made.box,
            made.text,
            made.category,
            made.level,
            made.table,
            made.cells,
            made.removed,
            made.added,
            one.number("changed", 0.0),
        )


@dataclass(frozen=True, slots=True)
class Corrections:
    """The corrections of a document or a page.

    Attributes:
        revision: of the document; it rises with each change of any of its corrections.
        items: in the order in which they were made.
    """

    revision: int
    items: tuple[Correction, ...]

    @property
    def blocks(self) -> frozenset[str]:
        """Ids of the blocks that are corrected or added now."""
        return frozenset(one.block for one in self.items if one.block)

    @classmethod
    def of(cls, one: Reader) -> Corrections:
        """From its JSON."""
        return cls(one.integer("revision"), tuple(map(Correction.of, one.children("corrections"))))


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a change led to.

    Attributes:
        block: id of the block that was corrected or added; empty where it is not on the page any more.
        page: with all its corrections.
        revision: of the document.
    """

    block: str
    page: Page
    revision: int

    @classmethod
    def of(cls, one: Reader) -> Corrected:
        """From its JSON."""
        return cls(one.text("block"), page_from_json(one.value["page"]), one.integer("revision"))


@dataclass(frozen=True, slots=True)
class RegionRead:
    """What was read of a part of a page.

    Attributes:
        page: with the blocks of the part alone, boxes in page points.
        seconds: that it took.
        added: ids of the blocks that were added to the page.
    """

    page: Page
    seconds: float
    added: tuple[str, ...] = ()

    @classmethod
    def of(cls, one: Reader) -> RegionRead:
        """From its JSON."""
        return cls(page_from_json(one.value["page"]), one.number("seconds"), tuple(one.texts("added")))
