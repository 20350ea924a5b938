"""Parsed blocks of an answer → blocks of the document: boxes in points, plain texts, grids, one block a list item.

The model's order is the reading order. What is said twice is dropped, what has no place is put between its neighbours;
nothing that was read is lost in silence: each mending is a finding. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from docstation.document.geometry import Affine, Box
from docstation.document.model import Block, Category, Picture
from docstation.reading.vision.fields import Note, ParsedBlock
from docstation.reading.vision.findings import Finding, Kind
from docstation.reading.vision.grids import read_table
from docstation.reading.vision.plain import heading_depth, latex, list_items, plain_text

USUAL_CONFIDENCE = 0.9
"""Of what a model says; it gives no figure of its own."""
DOUBTFUL_CONFIDENCE = 0.5
"""Of what was cut, or has no box."""
MOST_REPEATS = 4
"""Blocks of one category that may say the same; more are a model that ran on."""
_LEAST_LETTERS = 4
"""Letters and digits that a text has for its repeats to be doubted: «Да» and «0,00» do stand many times on a form."""
_NOTES = {
    Note.NO_BOX: Kind.NO_BOX,
    Note.CUT: Kind.CUT,
    Note.BROKEN: Kind.BROKEN_JSON,
    Note.UNKNOWN_CATEGORY: Kind.UNKNOWN_CATEGORY,
}


@dataclass(frozen=True, slots=True)
class Converted:
    """Blocks in reading order, and what was mended to get them."""

    blocks: tuple[Block, ...]
    findings: tuple[Finding, ...]


def blocks_of(items: Iterable[ParsedBlock], *, number: int, size: tuple[float, float], to_points: Affine) -> Converted:
    """The blocks that `items` mean.

    Args:
        items: in the order in which the model gave them.
        number: of the page, from 1, for the blocks' ids.
        size: width and height of the frame, points.
        to_points: the model's coordinates → points of the frame.
    """
    findings: list[Finding] = []
    placed = [_placed(item, size, to_points) for item in items]
    kept = _without_doubles(placed, findings)
    located = _located(kept, size)
    blocks: list[Block] = []
    for item in located:
        findings.extend(Finding(_NOTES[note], item.box, item.text[:80]) for note in item.notes)
        made = _blocks(item, findings)
        if not made:
            findings.append(Finding(Kind.NO_TEXT, item.box, item.category))
        blocks.extend(made)
    ids = (f"p{number}-b{index}" for index in range(1, len(blocks) + 1))
    return Converted(tuple(replace(block, id=name) for block, name in zip(blocks, ids, strict=True)), tuple(findings))


@dataclass(frozen=True, slots=True)
class _Item:
    """A parsed block with its box in points; None where there is none, or none on the page."""

    box: Box | None
    category: Category
    text: str
    notes: tuple[Note, ...]

    @property
    def confidence(self) -> float:
        """Lower for what is cut or has no place of its own."""
        return DOUBTFUL_CONFIDENCE if {Note.CUT, Note.NO_BOX} & set(self.notes) else USUAL_CONFIDENCE


@dataclass(frozen=True, slots=True)
class _Located(_Item):
    """The same with a box, for whatever it is worth."""

    box: Box


def _placed(item: ParsedBlock, size: tuple[float, float], to_points: Affine) -> _Item:
    box = to_points.box(Box(*item.box)).clipped(*size) if item.box else None
    notes = item.notes
    if box is not None and box.area <= 0:
        box, notes = None, tuple(dict.fromkeys((*notes, Note.NO_BOX)))
    return _Item(box.rounded() if box else None, item.category, item.text.strip(), notes)


def _without_doubles(items: Sequence[_Item], findings: list[Finding]) -> list[_Item]:
    """The items without those that say again what was said: in the same box, or too many times over the page."""
    boxes: dict[Box, list[_Item]] = {}
    times = Counter((item.category, item.text) for item in items)
    said: set[tuple[Category, str]] = set()
    kept = []
    for item in items:
        key = item.category, item.text
        letters = sum(map(str.isalnum, item.text))
        runs_on = letters >= _LEAST_LETTERS and times[key] > MOST_REPEATS and key in said
        again = item.box is not None and any(_is_same(item, other) for other in boxes.get(item.box, ()))
        if runs_on or again:
            findings.append(Finding(Kind.DUPLICATE, item.box, item.text[:80]))
            continue
        if item.text or item.box:
            kept.append(item)
            said.add(key)
        if item.box is not None:
            boxes.setdefault(item.box, []).append(item)
    return kept


def _is_same(item: _Item, other: _Item) -> bool:
    return item.category is other.category or item.text == other.text or not item.text


def _located(items: Sequence[_Item], size: tuple[float, float]) -> list[_Located]:
    """The items with a box for those without: the gap between the neighbours in reading order, or the one before."""
    result: list[_Located] = []
    for index, item in enumerate(items):
        box = item.box
        if box is None:
            before = result[-1].box if result else None
            after = next((other.box for other in items[index + 1 :] if other.box is not None), None)
            box = _between(before, after, size)
        result.append(_Located(box, item.category, item.text, item.notes))
    return result


def _between(before: Box | None, after: Box | None, size: tuple[float, float]) -> Box:
    if before is not None and after is not None and after.y0 - before.y1 >= 1:
        return Box(min(before.x0, after.x0), before.y1, max(before.x1, after.x1), after.y0)
    if before is not None and after is None and size[1] - before.y1 >= 1:
        return Box(before.x0, before.y1, before.x1, size[1])
    if before is None and after is not None and after.y0 >= 1:
        return Box(after.x0, 0.0, after.x1, after.y0)
    return before or after or Box(0.0, 0.0, *size)


def _blocks(item: _Located, findings: list[Finding]) -> list[Block]:
    """The blocks of one item, ids still to be given: several for a list, none where nothing is said."""
    match item.category:
        case Category.TABLE if item.text:
            block = _table(item, findings)
        case Category.PICTURE:
            return [replace(_block(item, plain_text(item.text)), picture=Picture())]
        case Category.LIST_ITEM:
            return _list(item)
        case Category.FORMULA:
            block = _block(item, latex(item.text))
        case Category.TITLE | Category.SECTION_HEADER:
            text = " ".join(plain_text(item.text).split())
            usual = 1 if item.category is Category.TITLE else 2
            block = replace(_block(item, text), level=heading_depth(item.text) or usual)
        case _:
            block = _block(item, plain_text(item.text))
    return [block] if block.text else []


def _block(item: _Located, text: str) -> Block:
    return Block("", item.category, item.box, text, confidence=item.confidence)


def _table(item: _Located, findings: list[Finding]) -> Block:
    read = read_table(item.text)
    if read is None:
        findings.append(Finding(Kind.UNREADABLE_TABLE, item.box, item.text[:80]))
        block = _block(item, plain_text(item.text))
        return replace(block, category=Category.TEXT, confidence=DOUBTFUL_CONFIDENCE)
    if read.is_ragged:
        findings.append(Finding(Kind.RAGGED_TABLE, item.box, f"{read.table.rows}×{read.table.columns}"))
    return replace(_block(item, read.table.to_text()), table=read.table)


def _list(item: _Located) -> list[Block]:
    """One block for each item of a list; the box is shared out by how much text each has."""
    items = list_items(item.text)
    total = sum(map(_weight, items))
    blocks: list[Block] = []
    done = 0
    for depth, text in items:
        top = item.box.y0 + item.box.height * done / total
        done += _weight((depth, text))
        box = replace(item.box, y0=top, y1=item.box.y0 + item.box.height * done / total)
        blocks.append(replace(_block(item, text), box=box.rounded(), level=depth))
    return blocks


def _weight(item: tuple[int, str]) -> int:
    """Lines that a text takes, roughly."""
    return sum(1 + len(line) // 80 for line in item[1].split("\n"))
