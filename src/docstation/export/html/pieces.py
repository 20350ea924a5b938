"""One piece of a document as an HTML element that says where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lxml.etree import _Element

from docstation.document.model import Category
from docstation.export.captions import Captioned
from docstation.export.cleaning import cleaned, one_line
from docstation.export.flow import Piece
from docstation.export.formulas import latex_of
from docstation.export.html.elements import made, with_text
from docstation.export.html.formulas import math_element
from docstation.export.html.places import Places
from docstation.export.html.tables import table_element
from docstation.export.languages import Languages
from docstation.export.picture_files import image_of
from docstation.export.values import Conventions, number_cells

_TAGS = {
    Category.FOOTNOTE: "aside",
    Category.PAGE_HEADER: "header",
    Category.PAGE_FOOTER: "footer",
}
_CLASSES = {
    Category.CAPTION: "caption",
    Category.FOOTNOTE: "footnote",
    Category.PAGE_HEADER: "furniture",
    Category.PAGE_FOOTER: "furniture",
}


@dataclass(frozen=True, slots=True)
class Pieces:
    """Spells pieces.

    Attributes:
        places: of the document.
        languages: of its text.
        conventions: of its readers.
        pictures: folder of the pictures' files.
    """

    places: Places
    languages: Languages
    conventions: Conventions
    pictures: Path | None

    def attributes(self, piece: Piece) -> dict[str, str]:
        """Where a piece stands, and its language where that is another one."""
        language = self.languages.other(piece.text)
        return self.places.attributes(piece) | ({"lang": language} if language else {})

    def element(self, piece: Piece | Captioned) -> _Element | None:
        """A pair, or a piece that is no list item; None for one that shows nothing."""
        if isinstance(piece, Captioned):
            return self._figure(piece)
        match piece.category:
            case Category.PICTURE:
                return made("figure", {"class": "picture"}, self._picture(piece))
            case Category.TABLE if piece.table and piece.table.cells:
                return self._table(piece)
            case Category.FORMULA:
                return self._formula(piece)
        if not (text := one_line(piece.text)):
            return None
        if piece.category in (Category.TITLE, Category.SECTION_HEADER):
            return with_text(made(f"h{piece.level}", self.attributes(piece)), text)
        return self._text(piece, _TAGS.get(piece.category, "p"))

    def _formula(self, piece: Piece) -> _Element | None:
        if not (latex := latex_of(cleaned(piece.text))):
            return None
        holder = made("p", {"class": "formula", **self.attributes(piece)})
        if (math := math_element(latex)) is None:
            return with_text(holder, latex)
        holder.append(math)
        return holder

    def _figure(self, pair: Captioned) -> _Element:
        caption = self._text(pair.caption, "figcaption")
        if pair.subject.category is Category.PICTURE:
            kind, subject = "picture", self._picture(pair.subject)
        else:
            kind, subject = "table", self._table(pair.subject)
        return made("figure", {"class": kind}, *((caption, subject) if pair.above else (subject, caption)))

    def _text(self, piece: Piece, tag: str) -> _Element:
        attributes = self.attributes(piece)
        if piece.category in _CLASSES and tag != "figcaption":
            attributes["class"] = _CLASSES[piece.category]
        return with_text(made(tag, attributes), piece.text)

    def _table(self, piece: Piece) -> _Element:
        if piece.table is None or not piece.table.cells:
            return self._text(piece, "p")
        numbers = number_cells(piece.table, self.conventions)
        table = table_element(piece.table, self.attributes(piece), self.places.row_pages(piece), numbers)
        # Wide tables scroll in a box of their own, with the keyboard too.
        return made("div", {"class": "scroll", "tabindex": "0"}, table)

    def _picture(self, piece: Piece) -> _Element:
        image = image_of(piece.picture, self.pictures)
        if image is None:
            return with_text(made("p", {"class": "missing", **self.attributes(piece)}), piece.text)
        shown = {"alt": one_line(piece.text), "width": str(image.width), "height": str(image.height)}
        return made("img", self.attributes(piece) | shown | {"src": image.data_url})
