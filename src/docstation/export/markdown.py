"""Markdown: headings, nested lists, tables, captions, footnotes, pictures as links, formulas between dollar signs.

A table is written with pipes where that can say it, else as HTML (spans, line breaks in cells). Text is never taken
for markup: see `markdown_text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO
from urllib.parse import quote

from docstation.document.model import Category, PageStatus
from docstation.document.table import Table
from docstation.export.cleaning import cleaned, one_line
from docstation.export.flow import PageBreak, Piece, flow
from docstation.export.formulas import latex_of
from docstation.export.lists import Item, item_of
from docstation.export.markdown_text import emphasised, escaped_alt, escaped_cell, escaped_heading, escaped_lines
from docstation.export.request import ExportInput, ExportOptions


def write(item: ExportInput, options: ExportOptions, target: IO[bytes]) -> None:
    """Write UTF-8 Markdown."""
    for text in _parts(item, options):
        target.write(text.encode())


def _parts(item: ExportInput, options: ExportOptions) -> Iterator[str]:
    items = _Lists()
    gap = ""
    for piece in flow(item.document, options):
        if isinstance(piece, Piece) and piece.category is Category.LIST_ITEM:
            if not (listed := items.add(item_of(cleaned(piece.text)), piece.level)):
                continue
            yield ("\n" if items.running else gap) + listed
            items.running = True
        else:
            text = _page_mark(piece) if isinstance(piece, PageBreak) else _spelled(piece, options)
            if not text:
                continue
            items = _Lists()
            yield gap + text
        gap = "\n\n"
    if gap:
        yield "\n"


def _page_mark(mark: PageBreak) -> str:
    failed = ": not read" if mark.page.status is PageStatus.FAILED else ""
    return f"<!-- page {mark.page.number}{failed} -->"


def _spelled(piece: Piece, options: ExportOptions) -> str:
    text = cleaned(piece.text)
    match piece.category:
        case Category.TITLE | Category.SECTION_HEADER:
            return f"{'#' * piece.level} {escaped_heading(text)}" if text.strip() else ""
        case Category.TABLE if piece.table and piece.table.cells:
            return table_markdown(piece.table)
        case Category.FORMULA:
            latex = latex_of(text)
            return f"$$\n{latex}\n$$" if latex else ""
        case Category.PICTURE:
            return _picture(piece, options) or escaped_lines(text)
        case Category.CAPTION:
            return emphasised(one_line(text))
    return escaped_lines(text)


def _picture(piece: Piece, options: ExportOptions) -> str:
    if options.picture_links is None or piece.picture is None or not piece.picture.file:
        return ""
    link = re.sub(r"[^\w./-]", lambda found: quote(found[0], safe=""), options.picture_links + piece.picture.file)
    return f"![{escaped_alt(one_line(piece.text))}]({link})"


def table_markdown(table: Table) -> str:
    """Pipes where the table has neither spans nor line breaks, else HTML on one line."""
    if any(cell.rowspan > 1 or cell.colspan > 1 or "\n" in cell.text.strip() for cell in table.cells):
        return cleaned(table.to_html()).replace("\n", " ")
    rows = [[escaped_cell(cleaned(cell)) for cell in row] for row in table.to_rows()]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * table.columns, *lines[1:]])


class _Lists:
    """The marks and indents of list items that follow each other."""

    def __init__(self) -> None:
        self.running = False
        self._open: list[tuple[int, Item]] = []
        """Per depth: the column at which the text of the last item begins, and that item."""

    def add(self, item: Item, level: int) -> str:
        """The item spelled at its depth; empty for an item without text."""
        if not item.text:
            return ""
        depth = min(level, len(self._open) + 1)
        sibling = self._open[depth - 1][1] if len(self._open) >= depth else None
        del self._open[depth - 1 :]
        indent = " " * (self._open[-1][0] if self._open else 0)
        mark = "- " if item.number is None else f"{item.number}{item.delimiter} "
        self._open.append((len(indent + mark), item))
        text = escaped_lines(item.text).replace("\n", "\n" + " " * len(indent + mark))
        return self._apart(sibling, item, indent) + indent + mark + text

    @staticmethod
    def _apart(sibling: Item | None, item: Item, indent: str) -> str:
        """What keeps a number from being counted on from the one before where that is not the one printed."""
        if sibling is None or sibling.number is None or item.number is None or sibling.delimiter != item.delimiter:
            return ""
        return "" if item.number == sibling.number + 1 else f"\n{indent}<!-- -->\n\n"
