"""What is remarkable about a page that a model read: mended, doubtful or missing things, each with its place.

Findings are for the ladder, which asks again, and for people, who look; nothing here judges whether a page is good.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from docstation.document.geometry import Box


class Kind(StrEnum):
    """The kinds; the values are written to files.

    MISSED_INK: lines that stand in no block. EMPTY_BOX: a block with words where the page is white. NO_BOX: the place
    is a guess between its neighbours. NO_TEXT: a place of which the model said nothing. CUT: the answer ended inside
    the block. DUPLICATE: dropped as said twice. BROKEN_JSON and UNKNOWN_CATEGORY: the answer was mended. RAGGED_TABLE:
    the grid was no rectangle and is one now. UNREADABLE_TABLE: no grid could be made; the block is text.
    FOREIGN_SCRIPT: letters of a script that the page is not written in. LOOK_ALIKE: letters were turned to the script
    of their word. AMBIGUOUS_CODE: whether its letters are Latin or Cyrillic cannot be told. FURNITURE: a running head
    or foot by its place, or none by its place.
    """

    MISSED_INK = "missed-ink"
    EMPTY_BOX = "empty-box"
    NO_BOX = "no-box"
    NO_TEXT = "no-text"
    CUT = "cut"
    DUPLICATE = "duplicate"
    BROKEN_JSON = "broken-json"
    UNKNOWN_CATEGORY = "unknown-category"
    RAGGED_TABLE = "ragged-table"
    UNREADABLE_TABLE = "unreadable-table"
    FOREIGN_SCRIPT = "foreign-script"
    LOOK_ALIKE = "look-alike"
    AMBIGUOUS_CODE = "ambiguous-code"
    FURNITURE = "furniture"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remarkable thing.

    Attributes:
        kind: what.
        box: where, in points of the frame that the blocks are in; None where that is unknown.
        detail: the words, signs or numbers that it is about; from the page, not translated.
    """

    kind: Kind
    box: Box | None
    detail: str = ""
