"""Corrections of what was read, and parts of pages read alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from docstation.client.asking import Asking, escaped
from docstation.client.transport import Request

if TYPE_CHECKING:
    from docstation.client.correction_records import Corrected, Corrections, RegionRead
    from docstation.document.geometry import Box
    from docstation.document.model import Category
    from docstation.document.table import Table

JSON = {"Content-Type": "application/json"}
READ_SECONDS = 300.0
"""Seconds that a part of a page may take."""


class CorrectionCalls(Asking):
    """What `docstation.client.Client` offers on corrections; each call may raise what the service raises."""

    def corrections(self, id: str, page: int = 0) -> Corrections:
        """What was corrected in a document, or on one of its pages."""
        from docstation.client.correction_records import Corrections

        return self._read(Request("GET", escaped("documents", id, "corrections"), {"page": page}), Corrections.of)

    def correct(
        self,
        id: str,
        block: str,
        *,
        text: str | None = None,
        category: Category | None = None,
        level: int | None = None,
        table: Table | None = None,
        cells: Mapping[tuple[int, int], str] | None = None,
        removed: bool | None = None,
        replace: bool = False,
    ) -> Corrected:
        """Correct a block; exports, pages and the search have it from then on, and what was read stays beside it.

        Args:
            id: of the document.
            block: its id.
            text: the whole text; a table's is in its cells.
            category: its category.
            level: of a heading or list item.
            table: the whole grid.
            cells: texts of single cells by row and column; a spanned place means its cell.
            removed: whether it is struck out.
            replace: whether what is left out is as it was read, instead of as it was corrected before.

        Raises:
            NotFound: there is no such document or block.
            UsageError: a place is outside the grid, or a table's text is given as a whole.
        """
        asked: dict[str, object] = {"text": text, "category": category, "level": level, "removed": removed}
        asked |= {"table": _table(table), "cells": _cells(cells or {})}
        return self._corrected("PUT" if replace else "PATCH", id, block, asked)

    def add_block(
        self,
        id: str,
        number: int,
        box: Box,
        *,
        category: Category | None = None,
        text: str = "",
        level: int = 0,
        table: Table | None = None,
        after: str = "",
    ) -> Corrected:
        """Add a block that nobody read to a page that was read.

        Args:
            id: of the document.
            number: of the page.
            box: its place, page points.
            category: its category; text where it is None.
            text: its text.
            level: of a heading or list item, 0 for none.
            table: its grid, for a table.
            after: id of the block that it follows; empty: by reading order.
        """
        from docstation.client.correction_records import Corrected

        asked: dict[str, object] = {"box": _box(box), "category": category, "text": text, "level": level or None}
        asked |= {"table": _table(table), "after": after}
        return self._read(_sent("POST", escaped("documents", id, "pages", str(number), "blocks"), asked), Corrected.of)

    def uncorrect(self, id: str, block: str) -> Corrected:
        """A block as it was read; one that was added goes away."""
        return self._corrected("DELETE", id, block, None)

    def uncorrect_all(self, id: str) -> None:
        """The document as it was read."""
        self._transport.ask(Request("DELETE", escaped("documents", id, "corrections")))

    def read_region(self, id: str, number: int, box: Box, *, engine: str = "", add: bool = False) -> RegionRead:
        """Read a part of a page alone; nothing of it is kept unless it is added.

        Args:
            id: of the document.
            number: of the page.
            box: the part, page points.
            engine: that reads it; empty: that of the service's settings.
            add: whether what is read is added to the page as blocks.
        """
        from docstation.client.correction_records import RegionRead

        path = escaped("documents", id, "pages", str(number), "read")
        asked = {"box": _box(box), "engine": engine or None, "add": add}
        return self._read(_sent("POST", path, asked, READ_SECONDS), RegionRead.of)

    def _corrected(self, method: str, id: str, block: str, asked: Mapping[str, object] | None) -> Corrected:
        from docstation.client.correction_records import Corrected

        path = escaped("documents", id, "corrections", block)
        return self._read(Request(method, path) if asked is None else _sent(method, path, asked), Corrected.of)


def _sent(method: str, path: str, asked: Mapping[str, object], seconds: float | None = None) -> Request:
    """The request with what of `asked` is given as its body."""
    given = {name: value for name, value in asked.items() if value is not None}
    return Request(method, path, body=json.dumps(given).encode(), headers=JSON, seconds=seconds)


def _box(box: Box) -> list[float]:
    return [box.x0, box.y0, box.x1, box.y1]


def _cells(cells: Mapping[tuple[int, int], str]) -> list[dict[str, object]]:
    return [{"row": row, "column": column, "text": text} for (row, column), text in cells.items()]


def _table(table: Table | None) -> object:
    if table is None:
        return None
    from docstation.document.codec import table_to_json

    return table_to_json(table)
