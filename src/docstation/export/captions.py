"""Which caption belongs to which table or picture: by place, and by what it says itself.

A table's caption stands above it by custom, a picture's below. Pure: pieces in, pairs out; writers decide how a pair
is spelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from docstation.document.model import FURNITURE, Category
from docstation.export.flow import PageBreak, Piece

_KINDS = (
    (Category.TABLE, re.compile(r"\W*(?:табл|table|tab\.)", re.IGNORECASE)),
    (Category.PICTURE, re.compile(r"\W*(?:рис|илл|фото|схема|график|диаграмма|fig|chart|photo)", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class Captioned:
    """A table or picture with its caption.

    Attributes:
        subject: the table or picture.
        caption: its caption.
        above: whether the caption comes first.
    """

    subject: Piece
    caption: Piece
    above: bool


def grouped(things: Iterable[Piece | PageBreak]) -> Iterator[Piece | PageBreak | Captioned]:
    """All pieces in their order; a caption right beside its table or picture makes a pair with it."""
    run: list[Piece] = []
    for thing in things:
        if isinstance(thing, Piece):
            run.append(thing)
        else:
            yield from _paired(run)
            yield thing
            run = []
    yield from _paired(run)


def captions_of(pieces: Sequence[Piece]) -> dict[int, int]:
    """The index of each caption that belongs to a table or picture → the index of that, each at most once.

    Running headers and footers between the two do not part them.
    """
    body = [index for index, piece in enumerate(pieces) if piece.category not in FURNITURE]
    places = [place for place, index in enumerate(body) if pieces[index].category is Category.CAPTION]
    owners: dict[int, int] = {}
    owned: set[int] = set()
    for customary in (True, False):
        for place in places:
            for beside, category in ((place + 1, Category.TABLE), (place - 1, Category.PICTURE)):
                near = beside if customary else 2 * place - beside
                free = body[place] not in owners and 0 <= near < len(body) and body[near] not in owned
                if free and _fits(pieces[body[place]], pieces[body[near]], category):
                    owners[body[place]] = body[near]
                    owned.add(body[near])
    return owners


def _paired(pieces: list[Piece]) -> Iterator[Piece | Captioned]:
    # Where running headers stand between the two, bringing them together would change the order.
    beside = {caption: owner for caption, owner in captions_of(pieces).items() if abs(caption - owner) == 1}
    pairs = {min(both): both for both in beside.items()}
    for index, piece in enumerate(pieces):
        if index in pairs:
            caption, owner = pairs[index]
            yield Captioned(pieces[owner], pieces[caption], above=caption < owner)
        elif index - 1 not in pairs:
            yield piece


def _fits(caption: Piece, owner: Piece, category: Category) -> bool:
    if owner.category is not category or not caption.text.strip():
        return False
    if category is Category.TABLE and not (owner.table and owner.table.cells):
        return False
    said = next((kind for kind, words in _KINDS if words.match(caption.text)), category)
    return said is category
