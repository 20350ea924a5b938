"""List items put into HTML lists, lists into items, and paragraphs with marks of their own where they belong."""

from __future__ import annotations

from lxml.etree import _Element

from docstation.export.flow import Piece
from docstation.export.html.elements import made, on_a_line, with_text
from docstation.export.list_entries import Entry, Lists
from docstation.export.list_marks import Mark


class NestedLists:
    """Takes the items of a document in their order."""

    def __init__(self) -> None:
        self._lists = Lists()
        self._items: list[_Element] = []
        """The last item at each depth."""

    def end(self) -> None:
        """What follows is a new list."""
        self._lists.end()
        self._items.clear()

    def add(self, parent: _Element, piece: Piece, attributes: dict[str, str]) -> None:
        """Append an item where it belongs, under `parent` where no item is open."""
        entry = self._lists.add(piece.text, piece.level)
        if entry is None:
            return
        holder = self._items[entry.depth - 2] if entry.depth > 1 else parent
        if entry.paragraph:
            holder.append(on_a_line(with_text(made("p", attributes), entry.item.labelled)))
            del self._items[entry.depth - 1 :]
            return
        item = on_a_line(with_text(made("li", attributes), entry.item.text))
        if entry.first:
            holder.append(on_a_line(made(*_list_tag(entry), item)))
        else:
            self._items[entry.depth - 1].addnext(item)
        self._items[entry.depth - 1 :] = [item]


def _list_tag(entry: Entry) -> tuple[str, dict[str, str]]:
    if entry.item.mark is not Mark.NUMBER:
        return "ul", {}
    attributes = {"start": str(entry.item.number)} if entry.item.number != 1 else {}
    if entry.item.delimiter == ")":
        attributes["class"] = "parenthesis"
    return "ol", attributes
