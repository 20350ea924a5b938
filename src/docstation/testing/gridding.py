"""Draws tables with spans, ruled, half-ruled or not at all, and records them as grids with boxes.

Row heights follow from the wrapped texts, as in a word processor. It knows sheets and tables, not what they are about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from docstation.document.geometry import Box
from docstation.document.model import Category
from docstation.document.table import Cell, Table
from docstation.document.text import Line
from docstation.testing.sheet import Align, Sheet, Style
from docstation.testing.typefaces import SOFT_HYPHEN, Face


class Ruling(StrEnum):
    """Which lines are drawn."""

    FULL = "full"
    ROWS = "rows"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell to be drawn.

    Attributes:
        text: wrapped to the cell's width.
        columns: that it covers.
        rows: that it covers.
        align: of its text.
        bold: heavier letters.
        header: whether it is a heading cell.
    """

    text: str = ""
    columns: int = 1
    rows: int = 1
    align: Align = "left"
    bold: bool = False
    header: bool = False


@dataclass(frozen=True, slots=True)
class GridStyle:
    """How a table is set.

    Attributes:
        face: letters.
        ruling: lines.
        padding: (left and right, above and below) inside a cell, points.
        weight: of lines, points.
        shade: grey behind heading cells, 1 for none.
        least: smallest row height, points.
    """

    face: Face
    ruling: Ruling = Ruling.FULL
    padding: tuple[float, float] = (2.5, 1.8)
    weight: float = 0.5
    shade: float = 1.0
    least: float = 0.0


def head(text: str, columns: int = 1, rows: int = 1) -> TableCell:
    """A centred heading cell."""
    return TableCell(text, columns, rows, align="center", header=True)


def number(text: str, *, bold: bool = False) -> TableCell:
    """A cell with a number, set to the right."""
    return TableCell(text, align="right", bold=bold)


def draw_table(
    sheet: Sheet,
    at: tuple[float, float],
    widths: Sequence[float],
    rows: Sequence[Sequence[TableCell]],
    style: GridStyle,
) -> float:
    """Draw the table, record it as one block and return its bottom.

    Args:
        sheet: where to draw.
        at: left and upper edge, points.
        widths: of the columns, points.
        rows: cells as in HTML: those covered by a span above or on the left are left out.
        style: how it is set.
    """
    placed = _placed(rows)
    edges = _edges(at[0], widths)
    levels = _levels(at[1], placed, edges, len(rows), style)
    cells: list[Cell] = []
    lines: list[Line] = []
    for row, column, cell in placed:
        box = Box(edges[column], levels[row], edges[column + cell.columns], levels[row + cell.rows])
        _draw_lines(sheet, box, cell, row, style)
        lines.extend(_draw_text(sheet, box, cell, style))
        text = " ".join(cell.text.replace(SOFT_HYPHEN, "").split())
        cells.append(Cell(row, column, cell.rows, cell.columns, text, cell.header, box))
    table = Table.of_cells(cells)
    frame = Box(edges[0], levels[0], edges[-1], levels[-1])
    if style.ruling is Ruling.ROWS:
        sheet.rule(frame.x0, frame.y0, frame.x1, frame.y0, style.weight * 2)
        sheet.rule(frame.x0, frame.y1, frame.x1, frame.y1, style.weight * 2)
    sheet.block(lines, text=table.to_text(), category=Category.TABLE, table=table, box=frame)
    return levels[-1]


def _placed(rows: Sequence[Sequence[TableCell]]) -> list[tuple[int, int, TableCell]]:
    taken: set[tuple[int, int]] = set()
    placed = []
    for r, row in enumerate(rows):
        column = 0
        for cell in row:
            while (r, column) in taken:
                column += 1
            taken.update((r + i, column + j) for i in range(cell.rows) for j in range(cell.columns))
            placed.append((r, column, cell))
    return placed


def _edges(x: float, widths: Sequence[float]) -> list[float]:
    edges = [x]
    for width in widths:
        edges.append(edges[-1] + width)
    return edges


def _levels(
    top: float, placed: list[tuple[int, int, TableCell]], edges: list[float], count: int, style: GridStyle
) -> list[float]:
    heights = [style.least] * count
    # Spanning cells come last: they only stretch the last of their rows by what is still missing.
    for row, column, cell in sorted(placed, key=lambda item: item[2].rows):
        width = edges[column + cell.columns] - edges[column] - 2 * style.padding[0]
        face = replace(style.face, bold=cell.bold)
        needed = len(face.wrapped(cell.text, width)) * face.leading + 2 * style.padding[1]
        last = row + cell.rows - 1
        heights[last] += max(0.0, needed - sum(heights[row : last + 1]))
    return _edges(top, heights)


def _draw_lines(sheet: Sheet, box: Box, cell: TableCell, row: int, style: GridStyle) -> None:
    if cell.header and style.shade < 1:
        sheet.fill(box, style.shade)
    if style.ruling is Ruling.FULL:
        sheet.frame(box, style.weight)
    elif style.ruling is Ruling.ROWS and cell.header:
        sheet.rule(box.x0, box.y1, box.x1, box.y1, style.weight)


def _draw_text(sheet: Sheet, box: Box, cell: TableCell, style: GridStyle) -> list[Line]:
    side, above = style.padding
    face = replace(style.face, bold=cell.bold)
    room = box.width - 2 * side
    height = len(face.wrapped(cell.text, room)) * face.leading
    spare = box.height - 2 * above - height
    top = box.y0 + above + (spare / 2 if cell.header else 0.0)
    lines, _ = sheet.lines(cell.text, box.x0 + side, top, room, Style(face, cell.align))
    return lines
