"""What can be checked of a page once it is read: ink without a block, blocks without ink, letters, doubles, furniture.

Returns the blocks mended where the mending is sure, and findings for the rest; never drops what is said only once.
Blocks, sizes and findings are in points of the upright frame, in which the raster is as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from docstation.document.geometry import Box
from docstation.document.model import FURNITURE, Block, Category
from docstation.intake.page import Pixels
from docstation.reading.layout.furniture import is_page_number
from docstation.reading.vision.findings import Finding, Kind
from docstation.reading.vision.letters import with_right_letters
from docstation.reading.vision.missed import missed_ink

_LOOK = 1.5
"""Pixels per point of the raster that is looked at: fine enough for small print, and quick."""
_CONTRAST = 36
"""Grey levels between a letter and its paper."""
_LEAST_SIDE = 3.0
"""Points: boxes smaller than that are not looked into."""
_SLACK = 2.0
"""Points by which boxes of models are too tight."""
_SAME_BOX = 0.85
_MARGIN = 0.2
"""Share of the page's height at its ends in which running heads and feet stand."""
_NUMBER_MARGIN = 0.1
_LONGEST_FURNITURE = 400


@dataclass(frozen=True, slots=True)
class Checked:
    """The page's blocks, mended, and what was found; ids are still unique but may have gaps."""

    blocks: tuple[Block, ...]
    findings: tuple[Finding, ...]

    def of(self, kind: Kind) -> tuple[Finding, ...]:
        """The findings of one kind."""
        return tuple(finding for finding in self.findings if finding.kind is kind)


def checked(
    blocks: Sequence[Block],
    size: tuple[float, float],
    pixels: Pixels | None,
    scale: float,
    known: Sequence[Box] = (),
) -> Checked:
    """Check the blocks of one page.

    Args:
        blocks: in reading order.
        size: width and height of the frame, points.
        pixels: of the page in the same frame; None leaves out what needs them.
        scale: pixels per point.
        known: boxes of ink that is no text though no block has it, such as raster images of a PDF.
    """
    kept, findings = _without_doubles(blocks)
    kept, furniture = _furnished(kept, size[1])
    kept, letters = with_right_letters(kept)
    found = [*findings, *furniture, *letters]
    if pixels is not None:
        small, factor = _reduced(pixels, scale)
        missed = missed_ink(small, factor, [*(block.box for block in kept), *known])
        found.extend(Finding(Kind.MISSED_INK, box) for box in missed)
        found.extend(_empty(small, factor, kept))
    return Checked(tuple(kept), tuple(found))


def _without_doubles(blocks: Sequence[Block]) -> tuple[list[Block], list[Finding]]:
    """The blocks without those that say the same as another in (almost) the same place."""
    kept: list[Block] = []
    findings = []
    for block in blocks:
        if any(_says_the_same(block, other) for other in kept):
            findings.append(Finding(Kind.DUPLICATE, block.box, block.text[:80]))
        else:
            kept.append(block)
    return kept, findings


def _says_the_same(block: Block, other: Block) -> bool:
    if block.category is Category.PICTURE or other.category is Category.PICTURE:
        return block.category is other.category and block.box.iou(other.box) > _SAME_BOX
    same = "".join(block.text.split()) == "".join(other.text.split())
    return same and block.box.share_inside(other.box) > _SAME_BOX


def _furnished(blocks: Sequence[Block], height: float) -> tuple[list[Block], list[Finding]]:
    """Running heads and feet where none can stand become text; a lone number at the foot becomes furniture."""
    result, findings = [], []
    for block in blocks:
        category = _plausible(block, height)
        if category is not block.category:
            findings.append(Finding(Kind.FURNITURE, block.box, f"{block.category} → {category}"))
        result.append(block if category is block.category else replace(block, category=category, level=0))
    return result, findings


def _plausible(block: Block, height: float) -> Category:
    middle = block.box.center[1] / height
    upright = block.box.width >= block.box.height or block.box.height < 0.1 * height
    if block.category in FURNITURE and upright:
        if len(block.text) > _LONGEST_FURNITURE or _MARGIN < middle < 1 - _MARGIN:
            return Category.TEXT
        return Category.PAGE_HEADER if middle < 0.5 else Category.PAGE_FOOTER
    if block.category is Category.TEXT and is_page_number(block.text):
        if middle > 1 - _NUMBER_MARGIN:
            return Category.PAGE_FOOTER
        if middle < _NUMBER_MARGIN / 2:
            return Category.PAGE_HEADER
    return block.category


def _reduced(pixels: Pixels, scale: float) -> tuple[Pixels, float]:
    """The raster at `_LOOK` pixels per point, or as it is where it is coarser; and its scale."""
    import cv2

    if scale <= _LOOK:
        return pixels, scale
    factor = _LOOK / scale
    small = cv2.resize(np.ascontiguousarray(pixels), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8), _LOOK


def _empty(pixels: Pixels, scale: float, blocks: Sequence[Block]) -> list[Finding]:
    """Blocks with words whose place is blank: what they say was made up, or stands elsewhere."""
    grey: npt.NDArray[np.float32] = pixels.astype(np.float32).mean(axis=2)
    found = []
    for block in blocks:
        box = block.box.expanded(_SLACK)
        part = grey[
            max(0, int(box.y0 * scale)) : max(0, int(box.y1 * scale) + 1),
            max(0, int(box.x0 * scale)) : max(0, int(box.x1 * scale) + 1),
        ]
        if block.text and min(block.box.width, block.box.height) >= _LEAST_SIDE and part.size and _is_even(part):
            found.append(Finding(Kind.EMPTY_BOX, block.box, block.text[:80]))
    return found


def _is_even(part: npt.NDArray[np.float32]) -> bool:
    """Whether nothing but paper is there: hardly a pixel is darker or lighter than the usual."""
    return float(np.abs(part - np.median(part)).max()) < _CONTRAST
