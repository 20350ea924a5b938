"""Markdown: headings, nested lists, tables, captions, footnotes, pictures as links, formulas between dollar signs.

A table is written with pipes where that can say it, else as HTML (spans, line breaks in cells). Text is never taken
for markup: see `docstation.export.markdown.text`.
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
from docstation.export.formulas import is_wordy, latex_of
from docstation.export.markdown.lists import MarkdownLists
from docstation.export.markdown.text import emphasised, escaped_alt, escaped_cell, escaped_heading, escaped_lines
from docstation.export.request import ExportInput, ExportOptions


def write(item: ExportInput, options: ExportOptions, target: IO[bytes]) -> None:
    """Write UTF-8 Markdown."""
    for text in _parts(item, options):
        target.write(text.encode())


def _parts(item: ExportInput, options: ExportOptions) -> Iterator[str]:
    lists = MarkdownLists()
    written = False
    for piece in flow(item.document, options):
        gap = "\n\n"
        if isinstance(piece, Piece) and piece.category is Category.LIST_ITEM:
            text, gap = lists.add(cleaned(piece.text), piece.level)
        elif text := _page_mark(piece) if isinstance(piece, PageBreak) else _spelled(piece, options):
            lists.end()
        if text:
            yield gap + text if written else text
            written = True
    if written:
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
            return f"$$\n{latex}\n$$" if latex and not is_wordy(latex) else escaped_lines(latex)
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
    """Pipes where the table has neither spans nor line breaks, else HTML with a row on each line."""
    if any(cell.rowspan > 1 or cell.colspan > 1 or "\n" in cell.text.strip() for cell in table.cells):
        return cleaned(table.to_html()).replace("\n", " ").replace("<tr>", "\n<tr>").replace("</table>", "\n</table>")
    rows = [[escaped_cell(cleaned(cell)) for cell in row] for row in table.to_rows()]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * table.columns, *lines[1:]])
