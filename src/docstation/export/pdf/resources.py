"""The dictionary of fonts and images by which a page's content names them (PDF 32000-1, 7.8.3).

Pages share resources and inherit them, so nothing is changed in place: a page gets a copy of its own.
"""

from __future__ import annotations

import copy
from typing import Any

_FONT_NAME = "/DocStation"
_DEPTH = 64
"""Nodes above a page that are asked; page trees of real files have a handful of levels."""


def inherited(page: Any, key: str) -> Any:
    """The value of `key` in the page's dictionary or in the nodes above it; None where none has it."""
    from pikepdf import Dictionary

    node = page
    for _ in range(_DEPTH):
        if not isinstance(node, Dictionary):
            return None
        if (value := node.get(key)) is not None:
            return value
        node = node.get("/Parent")
    return None


def copied(value: Any) -> Any:
    """A shallow copy of a dictionary; an empty one where `value` is none."""
    from pikepdf import Dictionary

    return copy.copy(value) if isinstance(value, Dictionary) else Dictionary()


def with_font(page: Any, font: Any) -> str:
    """Put `font` among the page's resources; returns the name that it has there."""
    resources = copied(inherited(page, "/Resources"))
    fonts = copied(resources.get("/Font"))
    names = (f"{_FONT_NAME}{number or ''}" for number in range(len(fonts) + 1))
    name = next(name for name in names if name not in fonts)
    fonts[name] = font
    resources["/Font"] = fonts
    page["/Resources"] = resources
    return name
