"""HTML elements in the making: every text and attribute goes through the tree and is escaped when that is written."""

from __future__ import annotations

from collections.abc import Mapping

from lxml.etree import _Element
from lxml.html import builder

from docstation.export.cleaning import cleaned


def made(tag: str, attributes: Mapping[str, str] | None = None, *children: _Element) -> _Element:
    """An element with attributes, cleaned, and children."""
    element: _Element = builder.E(tag)
    for name, value in (attributes or {}).items():
        element.set(name, cleaned(value))
    element.extend(children)
    return element


def with_text(element: _Element, text: str) -> _Element:
    """The element, empty so far, with `text`, cleaned; line breaks are ``br`` elements."""
    element.text, *others = cleaned(text).strip("\n").split("\n")
    for line in others:
        made_break = made("br")
        made_break.tail = line
        element.append(made_break)
    return element


def on_a_line(element: _Element) -> _Element:
    """The element, followed by a line break in the file that readers of the page do not see."""
    element.tail = "\n"
    return element
