"""DOCX: headings, lists, tables and captions as Word knows them, on pages of the size that was read.

The flow is the document's; where pages are kept apart each is a section of its own size. The same document always
makes the same bytes.
"""

from __future__ import annotations

from typing import IO

from docx import Document as new_document
from docx.document import Document as WordDocument
from lxml.etree import _Element

from docstation.document.model import Category
from docstation.export.captions import Captioned, grouped
from docstation.export.cleaning import cleaned, one_line
from docstation.export.flow import PageBreak, Piece, flow
from docstation.export.formulas import latex_of
from docstation.export.languages import Languages
from docstation.export.list_entries import Entry, Lists
from docstation.export.request import ExportInput, ExportOptions
from docstation.export.values import Conventions, document_conventions, number_cells
from docstation.export.word import styles
from docstation.export.word.elements import paragraph, run
from docstation.export.word.numbering import Numbering, indent
from docstation.export.word.package import describe, save
from docstation.export.word.pages import PageSetup
from docstation.export.word.pictures import Pictures
from docstation.export.word.tables import add_tables

_STYLES = {
    Category.CAPTION: styles.CAPTION,
    Category.FOOTNOTE: styles.FOOTNOTE,
    Category.FORMULA: styles.FORMULA,
    Category.PAGE_HEADER: styles.PAGE_HEADER,
    Category.PAGE_FOOTER: styles.PAGE_FOOTER,
    Category.TITLE: styles.TITLE,
}
_ON_ONE_LINE = frozenset({Category.TITLE, Category.SECTION_HEADER, Category.CAPTION})


def write(item: ExportInput, options: ExportOptions, target: IO[bytes]) -> None:
    """Write the file; pictures whose files are not at hand are left out, their text stays."""
    things = list(flow(item.document, options))
    pieces = [thing for thing in things if isinstance(thing, Piece)]
    languages = Languages.of((piece.text for piece in pieces), options.language)
    document = new_document()
    styles.prepare(document, languages.main)
    describe(document, item.document.source.name, styles.language_tag(languages.main))
    tables = [piece.table for piece in pieces if piece.table]
    conventions = document_conventions(item.document, tables, options.language)
    body = _Body(document, item, languages, conventions)
    for thing in grouped(things):
        body.add(thing)
    body.close()
    save(document, target)


class _Body:
    """The content of a document in the making."""

    def __init__(
        self, document: WordDocument, item: ExportInput, languages: Languages, conventions: Conventions
    ) -> None:
        self._body: _Element = document.element.body
        self._body.clear()
        self._languages = languages
        self._conventions = conventions
        self._lists = Lists()
        self._numbering = Numbering(document)
        self._pictures = Pictures(document, item.pictures)
        pages = item.document.pages
        self._setup = PageSetup.of(pages[0]) if pages else PageSetup()
        self._on_a_page = False

    def add(self, thing: Piece | PageBreak | Captioned) -> None:
        """Append a piece, a pair, or the beginning of a page."""
        if isinstance(thing, PageBreak):
            self._begin_page(PageSetup.of(thing.page))
        elif isinstance(thing, Captioned):
            first, second = (thing.caption, thing.subject) if thing.above else (thing.subject, thing.caption)
            self._add_piece(first, keep_next=True)
            self._add_piece(second)
        elif thing.category is Category.LIST_ITEM:
            if entry := self._lists.add(thing.text, thing.level):
                self._body.append(self._list_item(entry))
        else:
            self._add_piece(thing)

    def close(self) -> None:
        """End the last section; Word wants a paragraph before that."""
        if len(self._body) == 0:
            self._body.append(paragraph(styles.NORMAL, []))
        self._body.append(self._setup.section())

    def _list_item(self, entry: Entry) -> _Element:
        language = self._language(entry.item.text)
        if not entry.paragraph:
            return self._numbering.item(entry, language)
        words = [run(entry.item.labelled, language=language)]
        if entry.depth == 1:
            return paragraph(styles.NORMAL, words)
        return paragraph(styles.LIST_PARAGRAPH, words, indent(entry.depth - 1))

    def _begin_page(self, setup: PageSetup) -> None:
        self._lists.end()
        if self._on_a_page:
            # The properties of a section stand in its last paragraph.
            self._body.append(paragraph(styles.GAP, [], self._setup.section()))
        self._setup, self._on_a_page = setup, True

    def _add_piece(self, piece: Piece, *, keep_next: bool = False) -> None:
        if piece.category is Category.TABLE and piece.table and piece.table.cells:
            self._lists.end()
            numbers = number_cells(piece.table, self._conventions)
            add_tables(self._body, piece.table, self._setup.text_width, self._languages, numbers)
        elif (made := self._paragraph(piece, keep_next)) is not None:
            self._lists.end()
            self._body.append(made)

    def _paragraph(self, piece: Piece, keep_next: bool) -> _Element | None:
        """What a piece that is no list item and no grid becomes; None where it shows nothing."""
        if piece.category is Category.PICTURE and (image := self._pictures.run(piece, self._setup)) is not None:
            return paragraph(styles.NORMAL, [image], keep_next=keep_next)
        style = _STYLES.get(piece.category, styles.NORMAL)
        text = one_line(piece.text) if piece.category in _ON_ONE_LINE else cleaned(piece.text)
        if piece.category is Category.SECTION_HEADER:
            style = styles.heading(piece.level)
        elif piece.category is Category.FORMULA:
            text = latex_of(text)
        if not text.strip():
            return None
        return paragraph(style, [run(text, language=self._language(text))], keep_next=keep_next)

    def _language(self, text: str) -> str:
        return styles.language_tag(self._languages.other(text))
