"""Pictures embedded into a Word document at the size that they have on the page, or smaller where that is too wide.

python-docx's own reader of images stumbles over damaged ones in many ways; what an image is, is told by Pillow.
"""

from __future__ import annotations

from pathlib import Path

from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.oxml.shape import CT_Inline
from docx.parts.image import ImagePart
from docx.shared import Pt
from lxml.etree import _Element

from docstation.export.cleaning import one_line
from docstation.export.flow import Piece
from docstation.export.picture_files import Image, image_of
from docstation.export.word.elements import TWIPS_PER_POINT, made
from docstation.export.word.pages import PageSetup

_POINTS_PER_PIXEL = 72 / 150
"""Size of a picture whose place on the page is not known."""
_MAX_HEIGHT = 0.85
"""Share of the text's height; a caption has room beside it."""


class Pictures:
    """Embeds images; each has a number of its own in the document, equal ones are kept once."""

    def __init__(self, document: WordDocument, folder: Path | None) -> None:
        self._document = document
        self._folder = folder
        self._count = 0
        self._relations: dict[bytes, str] = {}

    def run(self, piece: Piece, setup: PageSetup) -> _Element | None:
        """A run with the image of a piece, None where it has none that can be shown."""
        image = image_of(piece.picture, self._folder)
        if image is None or piece.picture is None:
            return None
        self._count += 1
        width = _width(piece, image, setup)
        height = width * image.height / image.width
        name = one_line(piece.picture.file)
        inline = CT_Inline.new_pic_inline(self._count, self._relation(image), name, Pt(width), Pt(height))
        inline.docPr.set("descr", one_line(piece.text))
        for side in "TBLR":
            inline.set(f"dist{side}", "0")
        return made("r", made("drawing", inline))

    def _relation(self, image: Image) -> str:
        if image.data not in self._relations:
            suffix = image.media_type.partition("/")[2]
            name = PackURI(f"/word/media/image{len(self._relations) + 1}.{suffix}")
            part = ImagePart(name, image.media_type, image.data)
            self._relations[image.data] = self._document.part.relate_to(part, RELATIONSHIP_TYPE.IMAGE)
        return self._relations[image.data]


def _width(piece: Piece, image: Image, setup: PageSetup) -> float:
    """In points."""
    width = image.width * _POINTS_PER_PIXEL
    if piece.blocks:
        box = piece.blocks[0].box
        width = (box.height if setup.turned else box.width) * setup.scale or width
    widest, highest = setup.text_width / TWIPS_PER_POINT, setup.text_height / TWIPS_PER_POINT * _MAX_HEIGHT
    return max(1.0, min(width, widest, highest * image.width / image.height))
