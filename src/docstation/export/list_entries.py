"""Which list items make one list, and how deep they stand.

Pure: Markdown, HTML, DOCX and docling nest and number the same items by the same rules. A number is counted by the
format only where that gives the number that is printed. An item with a mark that no list counts («1.1. Поставщик
обязуется», «а) копия устава») is a paragraph that begins with that mark: a bullet before it would be one mark too
many, and how far it is indented on the page says little.
"""

from __future__ import annotations

from dataclasses import dataclass

from docstation.export.cleaning import cleaned
from docstation.export.list_marks import Item, Mark, item_of


@dataclass(frozen=True, slots=True)
class Entry:
    """An item in its list, or a paragraph within or between lists.

    Attributes:
        item: with text.
        depth: from 1, and one more than that of the item that it stands in; a paragraph of depth 1 stands in none.
        list: number of its list, from 1; items of one list have the same mark and count on by one. 0 for a paragraph.
        first: whether its list begins with it; False for a paragraph.
    """

    item: Item
    depth: int
    list: int
    first: bool

    @property
    def paragraph(self) -> bool:
        """Whether it is a paragraph that begins with its own mark."""
        return self.item.mark is Mark.OWN


class Lists:
    """Takes the items of a document in their order and tells which list each is in."""

    def __init__(self) -> None:
        self._open: list[Entry] = []
        """Per depth, the last item; paragraphs hold nothing."""
        self._count = 0

    def end(self) -> None:
        """Something that is no list item was written: what follows is a new list."""
        self._open.clear()

    def add(self, text: str, level: int) -> Entry | None:
        """The item's place; None for one without text, which changes nothing."""
        item = item_of(cleaned(text))
        if not item.text:
            return None
        depth = min(max(level, 1), len(self._open) + 1)
        sibling = self._open[depth - 1] if len(self._open) >= depth else None
        del self._open[depth - 1 :]
        if item.mark is Mark.OWN:
            return Entry(item, depth, 0, first=False)
        goes_on = sibling is not None and _counts_on(sibling.item, item)
        self._count += not goes_on
        entry = Entry(item, depth, sibling.list if sibling and goes_on else self._count, first=not goes_on)
        self._open.append(entry)
        return entry


def _counts_on(before: Item, item: Item) -> bool:
    same = (before.mark, before.delimiter) == (item.mark, item.delimiter)
    return same and (item.mark is not Mark.NUMBER or item.number == before.number + 1)
