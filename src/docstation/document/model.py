"""Documents, pages and blocks: what reading yields and everything else consumes.

A `Page` holds its blocks in reading order; a `Document` holds its pages and the `body`, the flow of elements
assembled over pages (paragraphs and tables that continue, heading levels, running headers set apart). All values are
frozen; a correction makes a new one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from docstation.document.geometry import Box
from docstation.document.table import Table
from docstation.document.text import Line, Origin


class Category(StrEnum):
    """The eleven layout categories of dots.ocr (and of DocLayNet), by their own names."""

    CAPTION = "Caption"
    FOOTNOTE = "Footnote"
    FORMULA = "Formula"
    LIST_ITEM = "List-item"
    PAGE_FOOTER = "Page-footer"
    PAGE_HEADER = "Page-header"
    PICTURE = "Picture"
    SECTION_HEADER = "Section-header"
    TABLE = "Table"
    TEXT = "Text"
    TITLE = "Title"


FURNITURE = frozenset({Category.PAGE_HEADER, Category.PAGE_FOOTER})
"""Categories that repeat around the body and do not belong to its text."""


class PageStatus(StrEnum):
    """How reading a page ended. `FAILED` pages keep whatever was read."""

    OK = "ok"
    REPAIRED = "repaired"
    FALLBACK = "fallback"
    FAILED = "failed"


class TextLayer(StrEnum):
    """The verdict on a page's own text layer.

    ABSENT: no text; SANE: exact, used as it is; PARTIAL: sane where it is, pictures of text beside it are recognised;
    BROKEN: wrong encoding or unmapped glyphs; BAD_OCR: an invisible layer that an OCR left and that does not match.
    The last two are not used.
    """

    ABSENT = "absent"
    SANE = "sane"
    PARTIAL = "partial"
    BROKEN = "broken"
    BAD_OCR = "bad-ocr"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture cut out of the page.

    Attributes:
        file: name of the image file beside the document's results (never a path), empty while none was written.
        width: pixels.
        height: pixels.
    """

    file: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """One region of a page with its category, text and box.

    Attributes:
        id: unique in the document, ``p<page>-b<index>`` in reading order, both from 1.
        category: one of the eleven.
        box: in page points.
        text: the block's text: lines joined, line-end hyphens of prose resolved; for a table its plain text rows
            (cells by tab), for a formula LaTeX, for a picture what is written in it.
        lines: the lines that the text came from, in the block's own order.
        table: the grid, for category Table.
        picture: the cut-out, for category Picture.
        level: heading level, 1 is the highest, for Title and Section-header; list depth from 1 for List-item; else 0.
        confidence: 0 to 1.
        origin: where the text comes from.
    """

    id: str
    category: Category
    box: Box
    text: str = ""
    lines: tuple[Line, ...] = ()
    table: Table | None = None
    picture: Picture | None = None
    level: int = 0
    confidence: float = 1.0
    origin: Origin = Origin.ENGINE


@dataclass(frozen=True, slots=True)
class Attempt:
    """One step that was taken to read a page with a served model.

    Attributes:
        step: what was done, a word of `docstation.reading.vision.ladder.Step`.
        end: how the model's answer ended, a word of `docstation.reading.vision.answers.End`.
        model: that was asked, or the name of an engine.
        blocks: that the page had after it.
        covered: share of the page's ink that these explain, 0 to 1.
        tokens: of the answers.
        seconds: that it took.
        problem: the server's own words where it failed; not translated.
    """

    step: str
    end: str
    model: str
    blocks: int = 0
    covered: float = 0.0
    tokens: int = 0
    seconds: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page and what was read on it.

    Attributes:
        number: in the source file, from 1.
        width: points, as a viewer shows the page.
        height: points.
        blocks: in reading order.
        status: how reading ended.
        reason: message key of what went wrong or was mended, empty for `OK`.
        rotation: degrees clockwise by which the shown page had to be turned to stand upright: 0, 90, 180 or 270.
        skew: degrees clockwise by which it had to be turned further to be level.
        text_layer: the verdict on its own text layer.
        blank: whether nothing is on it.
        engine: name of the engine that read it, empty where only the text layer was used.
        attempts: the steps that were taken, where a served model was asked.
    """

    number: int
    width: float
    height: float
    blocks: tuple[Block, ...] = ()
    status: PageStatus = PageStatus.OK
    reason: str = ""
    rotation: int = 0
    skew: float = 0.0
    text_layer: TextLayer = TextLayer.ABSENT
    blank: bool = False
    engine: str = ""
    attempts: tuple[Attempt, ...] = ()

    @property
    def text(self) -> str:
        """Plain text of all blocks, furniture included, a blank line between blocks."""
        return "\n\n".join(block.text for block in self.blocks if block.text)


@dataclass(frozen=True, slots=True)
class Element:
    """One piece of the assembled body: a whole paragraph, heading, list item, table, picture, formula or footnote.

    Attributes:
        category: as for blocks; furniture does not occur in the body.
        text: of the whole element, over columns and pages.
        blocks: ids of the blocks that it was made of, in order.
        pages: numbers of the pages that it stands on, ascending, each once.
        level: as for blocks, over the whole document.
        table: the whole grid, parts from several pages joined.
        picture: the cut-out.
    """

    category: Category
    text: str
    blocks: tuple[str, ...]
    pages: tuple[int, ...]
    level: int = 0
    table: Table | None = None
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The file that a document was read from.

    Attributes:
        name: file name without folders.
        sha256: of its bytes, lower-case hexadecimal.
        media_type: as found by content.
        page_count: pages in the file (those read may be fewer).
    """

    name: str
    sha256: str
    media_type: str
    page_count: int


@dataclass(frozen=True, slots=True)
class Document:
    """A read file: its pages and the body assembled over them."""

    source: Source
    pages: tuple[Page, ...]
    body: tuple[Element, ...] = field(default=())

    def block(self, block_id: str) -> Block:
        """The block of that id; raises KeyError when there is none."""
        for page in self.pages:
            for block in page.blocks:
                if block.id == block_id:
                    return block
        raise KeyError(block_id)
