"""A page alone: as Markdown and as JSON, before the whole document is there. Pure."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from docstation.document.codec import page_to_json
from docstation.document.model import FURNITURE, Document, Element, Page, Source
from docstation.export import ExportInput, ExportOptions, write


def markdown(page: Page) -> str:
    """Its text as the export of the document would write it."""
    body = tuple(
        Element(one.category, one.text, (one.id,), (page.number,), one.level, one.table, one.picture)
        for one in page.blocks
        if one.category not in FURNITURE
    )
    document = Document(Source("page", "0" * 64, "application/pdf", page.number), (page,), body)
    stream = io.BytesIO()
    write(ExportInput(document), "md", stream, ExportOptions())
    return stream.getvalue().decode()


def as_json(page: Page) -> str:
    """Its JSON without the single words, whose places fill most of it."""
    bare = replace(page, blocks=tuple(replace(block, lines=()) for block in page.blocks))
    return json.dumps(page_to_json(bare), ensure_ascii=False, indent=1)
