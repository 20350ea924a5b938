"""List items as Markdown: marks, indents, and what keeps parsers from counting otherwise than it is printed."""

from __future__ import annotations

from docstation.export.list_entries import Entry, Lists
from docstation.export.list_marks import Mark
from docstation.export.markdown.text import escaped_lines


class MarkdownLists:
    """Takes the items of a document in their order."""

    def __init__(self) -> None:
        self._lists = Lists()
        self._open: list[tuple[int, Entry]] = []
        """Per depth: the column at which the text of the last item begins, and that item."""
        self._last: Entry | None = None

    def end(self) -> None:
        """Something that is no list item was written: what follows is a new list."""
        self._lists.end()
        self._open.clear()
        self._last = None

    def add(self, text: str, level: int) -> tuple[str, str]:
        """The item spelled at its depth, and what parts it from the item before; empty for an item without text."""
        entry = self._lists.add(text, level)
        if entry is None:
            return "", ""
        sibling = self._open[entry.depth - 1][1] if len(self._open) >= entry.depth else None
        del self._open[entry.depth - 1 :]
        indent = " " * (self._open[-1][0] if self._open else 0)
        gap = self._gap(sibling, entry, indent)
        self._last = entry
        if entry.paragraph:
            return indent + escaped_lines(entry.item.labelled).replace("\n", "\n" + indent), gap
        first = indent + (f"{entry.item.label} " if entry.item.label else "- ")
        self._open.append((len(first), entry))
        return first + escaped_lines(entry.item.text).replace("\n", "\n" + " " * len(first)), gap

    def _gap(self, sibling: Entry | None, entry: Entry, indent: str) -> str:
        if sibling and entry.first and _would_go_on(sibling, entry):
            return f"\n\n{indent}<!-- -->\n\n"
        if self._last is None or self._last.paragraph or entry.paragraph:
            return "\n\n"
        # Right below a line of text only a 1 begins a list, any other number goes on with the text.
        numbered = entry.item.mark is Mark.NUMBER and entry.item.number != 1
        return "\n\n" if numbered and entry.depth > self._last.depth else "\n"


def _would_go_on(sibling: Entry, entry: Entry) -> bool:
    """Whether parsers would take the item for the next of its sibling's list."""
    both_numbers = sibling.item.mark is entry.item.mark is Mark.NUMBER
    return both_numbers and sibling.item.delimiter == entry.item.delimiter
