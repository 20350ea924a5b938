"""Paragraphs that go on in the next column or on the next page: whether a block continues the text before it."""

from __future__ import annotations

import re

from docstation.document.model import Block, Category
from docstation.reading.layout.joining import HARD_HYPHENS, SOFT_HYPHENS
from docstation.reading.layout.marks import names_section, opens_item

_ENDED = re.compile(r"[.!?…:;][\"'»”’)\]]*(?:\[?\d{1,3}\]?)?$")
_FLOWING = frozenset({Category.TEXT, Category.LIST_ITEM})


def continues(last: Block, block: Block, *, same_page: bool) -> bool:
    """Whether `block` goes on with the paragraph that `last` ended in, after a column or page break.

    Within one column only a word cut by a hyphen joins two blocks.
    """
    if last.category not in _FLOWING or block.category is not Category.TEXT or not last.text or not block.text:
        return False
    lower = block.text[0].islower()
    if lower and last.text[-1] in HARD_HYPHENS + SOFT_HYPHENS and last.text[-2:-1].isalpha():
        return True
    if same_page and not _is_next_column(last, block):
        return False
    if _ENDED.search(last.text) or opens_item(block.text) or names_section(block.text) or not _alike(last, block):
        return False
    return lower or (_is_full(last) and block.text[0].isalnum() and len(block.text) > 40)


def _is_next_column(last: Block, block: Block) -> bool:
    return block.box.x0 > last.box.x0 + 0.5 * last.box.width and block.box.y0 < last.box.y1


def _alike(last: Block, block: Block) -> bool:
    """Whether both are set in type of about the same size."""
    a, b = _size(last), _size(block)
    return not a or not b or max(a, b) / min(a, b) < 1.3


def _size(block: Block) -> float:
    return block.lines[-1].font_size if block.lines else 0.0


def _is_full(block: Block) -> bool:
    """Whether the last line reaches the block's right edge, so that the sentence was cut by the column's end."""
    if len(block.lines) < 2:
        return False
    return block.lines[-1].box.x1 > block.box.x1 - 0.08 * block.box.width
