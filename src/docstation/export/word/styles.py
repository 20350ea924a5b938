"""The styles that written Word files use: those that Word itself has, where it has them.

Fonts are ones that hold Cyrillic and that Word, LibreOffice and their kin have or replace by their equals.
"""

from __future__ import annotations

from typing import Any

from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt, RGBColor

from docstation.export.word.elements import made, named

NORMAL = ""
TITLE = "Title"
CAPTION = "Caption"
PAGE_HEADER = "Header"
PAGE_FOOTER = "Footer"
LIST_BULLET = "ListBullet"
LIST_NUMBER = "ListNumber"
LIST_PARAGRAPH = "ListParagraph"
FOOTNOTE = "footnotetext"
FORMULA = "Formula"
TABLE = "TableGrid"
TABLE_TEXT = "TableText"
GAP = "Gap"
"""Ids of styles."""

_FONT = "Times New Roman"
_FORMULA_FONT = "Cambria Math"
_HEADING_SIZES = (16, 14, 13, 12, 12, 12)
_BLACK, _GREY = RGBColor(0, 0, 0), RGBColor(0x60, 0x60, 0x60)
_TAGS = {"ru": "ru-RU", "en": "en-US"}


def heading(level: int) -> str:
    """Id of the style of headings of that level, 1 to 6."""
    return f"Heading{level}"


def language_tag(language: str) -> str:
    """As Word writes it: with a region."""
    return _TAGS.get(language, language)


def prepare(document: WordDocument, language: str) -> None:
    """Give the template's styles readable fonts and sizes, add those it lacks, and set the text's language."""
    styles = document.styles
    _name_fonts(styles.element)
    for tag in styles.element.iter(named("lang")):
        tag.set(named("val"), language_tag(language) or "en-US")
    _shape(styles["Normal"], size=11, after=6)
    _shape(styles["Title"], size=20, after=12, color=_BLACK)
    styles["Title"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _drop(styles["Title"], "pBdr")
    for level, size in enumerate(_HEADING_SIZES, 1):
        _shape(styles[f"Heading {level}"], size=size, before=12, after=6, color=_BLACK)
    _shape(styles["Caption"], size=10, after=6, color=_BLACK)
    for name in ("List Bullet", "List Number", "List Paragraph"):
        # Lists of several kinds nest: spaces are the same between all items.
        _drop(styles[name], "contextualSpacing")
        _shape(styles[name], size=11, after=3)
    for name in ("Header", "Footer"):
        _shape(styles[name], size=9, after=6, color=_GREY)
    _add(styles, "footnote text", builtin=True, size=9, after=3)
    _add(styles, "Table Text", size=10, after=0)
    _add(styles, "Gap", size=6, after=0)
    formula = _add(styles, "Formula", size=11, after=6)
    formula.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    formula.element.get_or_add_rPr().insert(0, _fonts(_FORMULA_FONT))


def _name_fonts(styles: Any) -> None:
    """Theme fonts by the name of one font: what a theme means differs between programs and languages."""
    for fonts in list(styles.iter(named("rFonts"))):
        if fonts.get(named("asciiTheme")):
            fonts.getparent().replace(fonts, _fonts(_FONT))


def _drop(style: Any, property_name: str) -> None:
    for found in list(style.element.iter(named(property_name))):
        found.getparent().remove(found)


def _fonts(name: str) -> Any:
    return made("rFonts", ascii=name, hAnsi=name, eastAsia=name, cs=name)


def _add(styles: Any, name: str, *, size: float, after: float, builtin: bool = False) -> Any:
    style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH, builtin=builtin)
    style.base_style = styles["Normal"]
    _shape(style, size=size, after=after)
    return style


def _shape(style: Any, *, size: float, after: float, before: float = 0, color: RGBColor | None = None) -> None:
    """Font size and spaces in points."""
    style.font.size = Pt(size)
    style.paragraph_format.space_before = Pt(before)
    style.paragraph_format.space_after = Pt(after)
    style.paragraph_format.line_spacing = 1.08 if after else 1.0
    if color is not None:
        style.font.color.rgb = color
