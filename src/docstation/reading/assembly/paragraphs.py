"""Paragraphs that go on in the next column or page, or after a line in which a page's reader ended them too early."""

from __future__ import annotations

import re

from docstation.document.model import Block, Category
from docstation.reading.assembly.type_sizes import type_size
from docstation.reading.layout.joining import HARD_HYPHENS, SOFT_HYPHENS
from docstation.reading.layout.marks import names_section, opens_item

_ENDED = re.compile(r"[.!?…:;][\"'»”’)\]]*(?:\[?\d{1,3}\]?)?$")
_FLOWING = frozenset({Category.TEXT, Category.LIST_ITEM})
_NOTE_MARK = re.compile(r"^(?:[a-zа-яё](?=[A-ZА-ЯЁ])|\d{1,3}\s*\)?\s*[^\W\d_]|[*†‡§¹²³⁴-⁹])")
_BEFORE_WORD = '(«“"['
_AFTER_WORD = ".,;:!?…)»”\"'"
_LEAST_WIDTH = 0.6
"""Of the next lines, that a line must have to be one of the same column."""
_LONG_LINE = 20
"""Type sizes that a line of running text is wide at least."""
_LONG = 80
"""Characters of a text without lines that is a paragraph and no label."""


def continues(last: Block, block: Block, *, same_page: bool) -> bool:
    """Whether `block` goes on with the paragraph that `last` ended in: after a column or page break, or below it."""
    if last.category not in _FLOWING or block.category is not Category.TEXT or not last.text or not block.text:
        return False
    if not are_alike(last, block):
        return False
    if block.text[0].islower() and _is_cut(last.text):
        return True
    if _has_ended(last.text, block.text) or opens_item(block.text) or names_section(block.text):
        return False
    lower = begins_inside(block.text) or _is_address(block.text)
    if same_page and not _is_next_column(last, block):
        return _is_next_line(last, block) and (lower or _is_flush(last, block))
    if not _fills_column(last, block):
        return False
    return lower or (_is_full(last) and block.text[0].isalnum() and len(block.text) > 40)


def note_continues(last: Block, block: Block) -> bool:
    """Whether `block` goes on with the footnote or caption `last`: it opens none, and is set like it."""
    if not block.text or not last.text or not are_alike(last, block):
        return False
    small = block.text[0].islower() and not _NOTE_MARK.match(block.text)
    if last.category is Category.FOOTNOTE and block.category is Category.FOOTNOTE:
        return small and not opens_item(block.text)
    if block.category is not Category.TEXT or not block.lines or not last.lines:
        return False
    return small and (_is_cut(last.text) or not _has_ended(last.text, block.text))


def begins_inside(text: str) -> bool:
    """Whether a text begins like the middle of a sentence: with a small word that is no formula and no note's mark."""
    inner = text.lstrip(_BEFORE_WORD)
    first = inner.split(maxsplit=1)[0].rstrip(_AFTER_WORD) if inner.strip() else ""
    return first[:1].islower() and first.replace("-", "").replace("’", "").isalpha() and not first[1:2].isupper()


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://", "www."))


def _has_ended(text: str, following: str) -> bool:
    """Whether a text ends like a sentence; an address belongs to the word that announces it."""
    return bool(_ENDED.search(text)) and not (_is_address(following) and text.endswith("URL:"))


def _is_cut(text: str) -> bool:
    """Whether a text ends within a word."""
    return text[-1] in HARD_HYPHENS + SOFT_HYPHENS and text[-2:-1].isalpha()


def are_alike(last: Block, block: Block) -> bool:
    """Whether both are set in type of about the same size, as far as it is known."""
    if not last.lines or not block.lines:
        return True
    a, b = type_size(last), type_size(block)
    return max(a, b) < 1.15 * min(a, b) if _is_exact(last) and _is_exact(block) else max(a, b) < 1.3 * min(a, b)


def _is_exact(block: Block) -> bool:
    return any(word.font_size for line in block.lines for word in line.words)


def _is_next_column(last: Block, block: Block) -> bool:
    return block.box.x0 > last.box.x0 + 0.5 * last.box.width and block.box.y0 < last.box.y1


def _is_next_line(last: Block, block: Block) -> bool:
    """Whether `block` stands right of `last`, or right below it with no indent where `last` fills its line."""
    if not last.lines or not block.lines:
        return False
    line, first = last.lines[-1].box, block.lines[0].box
    em = max(type_size(block), 1.0)
    step = first.center[1] - line.center[1]
    if abs(step) < 0.3 * em:
        return first.x0 > line.x1 - 0.3 * em
    hangs = len(last.lines) == 1 and last.category is Category.LIST_ITEM
    hangs = hangs or any(abs(one.box.x0 - first.x0) < 0.3 * em for one in last.lines[1:])
    is_indented = first.x0 > line.x0 + 0.5 * em and not hangs
    reaches = line.x1 > max(last.box.x1, block.box.x1) - 2.5 * em
    return 0.5 * em < step < 2.4 * em and not is_indented and reaches and first.x0 < line.x1


def _is_flush(last: Block, block: Block) -> bool:
    """Whether both are long lines from the same left edge to the same right one, as inside a justified paragraph."""
    line, first = last.lines[-1].box, block.lines[0].box
    em = max(type_size(block), 1.0)
    from_edge = first.x0 - 0.5 * em < line.x0 and (len(last.lines) == 1 or line.x0 < first.x0 + 0.5 * em)
    to_edge = abs(line.x1 - first.x1) < 0.3 * em and min(line.width, first.width) > _LONG_LINE * em
    return from_edge and to_edge and block.text[0].isalnum() and (last.text[-1].isalpha() or last.text[-1] == ",")


def _fills_column(last: Block, block: Block) -> bool:
    """Whether the last line is about as wide as the lines that follow: a cell's or picture's words are not."""
    if not last.lines or len(block.lines) < 2:
        return True
    return last.lines[-1].box.x1 - last.box.x0 > _LEAST_WIDTH * block.box.width


def _is_full(block: Block) -> bool:
    """Whether the last line reaches the block's right edge, so that the sentence was cut by the column's end."""
    if not block.lines:
        return len(block.text) > _LONG and block.text[-1].isalnum()
    if len(block.lines) < 2:
        return False
    return block.lines[-1].box.x1 > block.box.x1 - 0.08 * block.box.width
