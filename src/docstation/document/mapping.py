"""Carries blocks from one frame to another: every box of a block, its lines, words and cells."""

from __future__ import annotations

from dataclasses import replace

from docstation.document.geometry import Affine, Box
from docstation.document.model import Block
from docstation.document.table import Table
from docstation.document.text import Line, Word

IDENTITY = Affine()


def map_block(block: Block, to: Affine, width: float, height: float) -> Block:
    """`block` with all of its boxes carried by `to` and cut to a page of `width` x `height` points."""

    def box(of: Box) -> Box:
        return to.box(of).clipped(width, height)

    def word(of: Word) -> Word:
        return replace(of, box=box(of.box))

    def table(of: Table) -> Table:
        cells = (replace(cell, box=box(cell.box) if cell.box else None) for cell in of.cells)
        return replace(of, cells=tuple(cells))

    return replace(
        block,
        box=box(block.box),
        lines=tuple(Line(tuple(map(word, line.words))) for line in block.lines),
        table=table(block.table) if block.table else None,
    )
