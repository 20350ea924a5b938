"""Written HTML and what a reader finds in it, for the tests of HTML."""

from __future__ import annotations

import io
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from docstation.document.model import Document
from docstation.export import ExportInput, ExportOptions, write
from docstation.export.cleaning import one_line


def html(
    document: Document, options: ExportOptions | None = None, *, pictures: Path | None = None
) -> tuple[str, BeautifulSoup]:
    stream = io.BytesIO()
    write(ExportInput(document, pictures=pictures), "html", stream, options)
    source = stream.getvalue().decode()
    return source, BeautifulSoup(source, "html.parser")


def shown(tag: Tag) -> str:
    """The text of an element, without that of lists and paragraphs of lists within it; the LaTeX of a formula."""
    if tag.name == "img":
        return one_line(str(tag["alt"]))
    if tag.name == "math":
        return one_line(tag.find("annotation").get_text())
    parts = []
    for child in tag.children:
        if not isinstance(child, Tag):
            parts.append(str(child))
        elif child.name == "br":
            parts.append("\n")
        elif child.name not in ("ul", "ol") and (tag.name, child.name) != ("li", "p"):
            parts.append(shown(child))
    return one_line("".join(parts))
