"""Elements of WordprocessingML in the making: paragraphs, runs and properties, in the order that the schema asks for.

python-docx finds its place anew for each thing it adds, which large documents feel; here elements are made directly
and appended. Lengths are in twips (1/20 point), as in the files.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree
from lxml.etree import _Element

from docstation.export.cleaning import cleaned

TWIPS_PER_POINT = 20
_NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_W = f"{{{_NAMESPACE}}}"
_NAMES = {"w": _NAMESPACE}
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def made(tag: str, *children: _Element, **values: object) -> _Element:
    """The element ``w:tag`` with attributes ``w:name="value"`` and children."""
    element = etree.Element(_W + tag, {_W + name: str(value) for name, value in values.items()}, _NAMES)
    element.extend(children)
    return element


def add(parent: _Element, tag: str, **values: object) -> _Element:
    """The same, as the last child of `parent`: several times quicker where there are very many."""
    return etree.SubElement(parent, _W + tag, {_W + name: str(value) for name, value in values.items()})


def named(tag: str) -> str:
    """The qualified name of ``w:tag``."""
    return _W + tag


def run(text: str, *, language: str = "") -> _Element:
    """A run of `text`, cleaned, with line breaks."""
    element = made("r")
    if language:
        add(add(element, "rPr"), "lang", val=language)
    add_text(element, text)
    return element


def add_text(element: _Element, text: str) -> None:
    """Append `text`, cleaned, with line breaks, to a run."""
    for index, line in enumerate(cleaned(text).strip("\n").split("\n")):
        if index:
            add(element, "br")
        letters = add(element, "t")
        letters.text = line
        letters.set(_SPACE, "preserve")


def paragraph(style: str, runs: Sequence[_Element], *properties: _Element, keep_next: bool = False) -> _Element:
    """A paragraph.

    Args:
        style: id of its style, empty for the normal one.
        runs: its content.
        properties: further ones, in the schema's order; all stand after ``keepNext`` there.
        keep_next: whether it stays on the page of what follows.
    """
    all_of_them = [made("pStyle", val=style)] if style else []
    if keep_next:
        all_of_them.append(made("keepNext"))
    all_of_them += properties
    return made("p", *([made("pPr", *all_of_them)] if all_of_them else []), *runs)
