"""How many words of a page stand where its text layer says: blocks as a model gives them, places as the ink tells.

Used by the tests of word places and by their benchmark. All randomness comes from the page's number.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from docstation.bootstrap.reader import read
from docstation.document.geometry import Box
from docstation.document.mapping import map_block
from docstation.document.model import Block, Category
from docstation.document.text import Word
from docstation.evaluation.rasters import opened, save
from docstation.intake.page import Pixels, PreparedPage
from docstation.intake.triage import prepare
from docstation.testing.degrade import Condition, degraded
from docstation.testing.drawn import Shot

DPI = 200
_LOOSE = 1.5
"""Points by which boxes of models are off."""
Places = Callable[[Sequence[Block], Pixels, float], Sequence[Block]]


class _Upright:
    def quarter_turn(self, pixels: Pixels) -> int:
        return 0


@dataclass
class Tally:
    """Words and how many of them were found in their place."""

    words: int = 0
    right: int = 0

    @property
    def share(self) -> float:
        """Of the words that are right; 1 where there are none."""
        return self.right / self.words if self.words else 1.0


def as_model_tells(block: Block, chance: random.Random) -> Block:
    """The block with its text and a box that is a little off; no word, no cell has a place."""
    box = Box(
        *(edge + chance.uniform(-_LOOSE, _LOOSE) for edge in (block.box.x0, block.box.y0, block.box.x1, block.box.y1))
    )
    table = block.table and replace(block.table, cells=tuple(replace(cell, box=None) for cell in block.table.cells))
    return replace(block, box=box, lines=(), table=table)


def scans(
    path: Path, numbers: Sequence[int], condition: Condition, folder: Path
) -> Iterator[tuple[PreparedPage, list[Block]]]:
    """Pages of a born-digital file as scans that were prepared for reading, with the blocks that stand on them."""
    document = read(path, pages=",".join(map(str, numbers)))
    with opened(path) as source:
        for page in document.pages:
            shot = degraded(Shot(source.render(page.number, DPI / 72), DPI, page), condition, page.number)
            file = folder / f"{path.stem}-{page.number}.png"
            save(shot, file)
            with opened(file) as scan:
                prepared = prepare(scan, 1, dpi=DPI, probe=_Upright())
            file.unlink()
            back = prepared.to_page.inverse()
            yield prepared, [_tight(map_block(block, back, *prepared.size)) for block in shot.page.blocks]


def score(page: PreparedPage, blocks: Sequence[Block], places: Places) -> tuple[Tally, Tally]:
    """Words of texts and words of tables that `places` puts where they stand."""
    assert page.pixels is not None
    chance = random.Random(page.number)
    found = places([as_model_tells(block, chance) for block in blocks], page.pixels, page.scale)
    texts, tables = Tally(), Tally()
    for truth, made in zip(blocks, found, strict=True):
        if truth.category in (Category.FORMULA, Category.PICTURE):
            continue
        tally = texts if truth.table is None else tables
        boxes: dict[str, list[Box]] = {}
        for word in words_of(made):
            boxes.setdefault(word.text, []).append(word.box)
        for word in words_of(truth):
            tally.words += 1
            tally.right += any(is_at(word.box, box) for box in boxes.get(word.text, ()))
    return texts, tables


def words_of(block: Block) -> list[Word]:
    """Its words, line by line."""
    return [word for line in block.lines for word in line.words]


def is_at(truth: Box, box: Box) -> bool:
    """Whether a box is level with a word and shares at least half of the width of both."""
    common = min(truth.x1, box.x1) - max(truth.x0, box.x0)
    both = max(truth.x1, box.x1) - min(truth.x0, box.x0)
    return truth.y0 <= box.center[1] <= truth.y1 and common >= 0.5 * both > 0


def _tight(block: Block) -> Block:
    """The block in the box of its words: a box that was turned twice is larger than any model draws it."""
    if block.table is not None or not block.lines:
        return block
    return replace(block, box=Box.around(word.box for word in words_of(block)))
