"""Small pictures of documents, by our own address: the browser loads those that are in sight. Pure."""

from __future__ import annotations

import re
from html import escape

WIDTH = 72
"""Pixels of the screen; the picture has twice as many, for dense screens."""
_ID = re.compile(r"[0-9a-z]{8,64}")
_FRAME = (
    f"width:{WIDTH}px;height:92px;object-fit:cover;object-position:top;border-radius:4px;"
    "border:1px solid rgba(128,128,128,.35);background:#fff;display:block"
)


def picture(id: str, page: int, *, title: str) -> str:
    """The picture of a page as HTML; an empty frame for what is no id of a document.

    Args:
        id: of the document.
        page: its number in the file.
        title: for screen readers, in the active language.
    """
    if not _ID.fullmatch(id) or page < 1:
        return f'<div style="{_FRAME}"></div>'
    source = f"/files/{id}/pages/{page}.webp?width={2 * WIDTH}"
    return f'<img style="{_FRAME}" loading="lazy" src="{source}" alt="{escape(title)}">'


def nothing() -> str:
    """The frame of a document that has no picture."""
    return f'<div style="{_FRAME};background:rgba(128,128,128,.12)"></div>'
