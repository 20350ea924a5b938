"""HTML: one file that needs no other, in which every piece of the document says where on which page it stands.

UTF-8 HTML5 without scripts, links or anything from outside; a content policy in the file forbids them besides. Boxes
are in page points, origin top left, of the page as a viewer shows it; the sizes of pages are given with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from lxml import html
from lxml.etree import _Element

from docstation.document.model import Category
from docstation.export.captions import Captioned, grouped
from docstation.export.cleaning import one_line
from docstation.export.flow import PageBreak, Piece, flow
from docstation.export.html.elements import made, on_a_line, with_text
from docstation.export.html.nested_lists import NestedLists
from docstation.export.html.pieces import Pieces
from docstation.export.html.places import Places, page_attributes, pages_text
from docstation.export.html.style import STYLE
from docstation.export.languages import Languages
from docstation.export.request import ExportInput, ExportOptions
from docstation.export.values import document_conventions

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write(item: ExportInput, options: ExportOptions, target: IO[bytes]) -> None:
    """Write the file; pictures whose files are not at hand are left out, their text stays."""
    things = list(flow(item.document, options))
    pieces = [thing for thing in things if isinstance(thing, Piece)]
    languages = Languages.of((piece.text for piece in pieces), options.language)
    tables = [piece.table for piece in pieces if piece.table]
    conventions = document_conventions(item.document, tables, options.language)
    main = made("main", {} if options.page_separators else {"data-pages": "; ".join(pages_text(item.document.pages))})
    _fill(main, grouped(things), Pieces(Places(item.document), languages, conventions, item.pictures))
    root = made("html", {"lang": languages.main} if languages.main else {}, _head(item), made("body", {}, main))
    target.write(html.tostring(root, encoding="utf-8", doctype="<!DOCTYPE html>"))


def _head(item: ExportInput) -> _Element:
    style = made("style")
    style.text = STYLE
    return made(
        "head",
        {},
        made("meta", {"charset": "utf-8"}),
        made("meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        made("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        with_text(made("title"), one_line(item.document.source.name)),
        style,
    )


def _fill(main: _Element, things: Iterable[Piece | PageBreak | Captioned], pieces: Pieces) -> None:
    """Append all things to `main`, each on a line of its own."""
    lists = NestedLists()
    parent = main
    for thing in things:
        if isinstance(thing, Piece) and thing.category is Category.LIST_ITEM:
            lists.add(parent, thing, pieces.attributes(thing))
            continue
        if isinstance(thing, PageBreak):
            parent = on_a_line(made("section", {"class": "page", **page_attributes(thing.page)}))
            main.append(parent)
        elif (shown := pieces.element(thing)) is not None:
            parent.append(on_a_line(shown))
        else:
            continue
        lists.end()
