"""What drawing yields: a born-digital PDF and the exact truth about it; and one page of it as pixels.

The truth is written in the same vocabulary as the results of reading, so that the two are compared like with like.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from docstation.document.model import Category, Document, Page, Source
from docstation.document.table import Table
from docstation.document.text import Word
from docstation.intake.page import Pixels


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn document.

    Attributes:
        name: file name stem, telling kind and seed.
        pdf: the born-digital file.
        pages: the truth: blocks in reading order with lines, words and tables, boxes in page points.
        fields: what one would want extracted, key → value as printed.
    """

    name: str
    pdf: bytes
    pages: tuple[Page, ...]
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> Document:
        """The truth as a document."""
        source = Source(f"{self.name}.pdf", hashlib.sha256(self.pdf).hexdigest(), "application/pdf", len(self.pages))
        return Document(source, self.pages)


@dataclass(frozen=True, slots=True)
class Shot:
    """One page as pixels, perhaps degraded, with the truth moved to where its ink now stands.

    Attributes:
        pixels: height x width x 3, RGB.
        dpi: pixels per 72 points of `page`.
        page: the truth; its size is the raster's.
    """

    pixels: Pixels
    dpi: float
    page: Page


def words_of(page: Page) -> tuple[Word, ...]:
    """All words of a page in reading order."""
    return tuple(word for block in page.blocks for line in block.lines for word in line.words)


def tables_of(page: Page) -> tuple[Table, ...]:
    """All tables of a page in reading order."""
    return tuple(block.table for block in page.blocks if block.category is Category.TABLE and block.table is not None)
