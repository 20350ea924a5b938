"""The mark with which a list item begins, told from its text."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BULLET = re.compile(r"[•◦▪▫‣⁃●○■□·*–—-][ \u00a0]+(?=\S)")
_NUMBER = re.compile(r"([0-9]{1,9})([.)])[ \u00a0]+(?=\S)")


@dataclass(frozen=True, slots=True)
class Item:
    """A list item taken apart.

    Attributes:
        text: without its mark.
        number: as printed, None for bullets and for marks that are no plain numbers ("а)", "1.1."), which stay in
            the text.
        delimiter: "." or ")" after the number.
    """

    text: str
    number: int | None = None
    delimiter: str = ""


def item_of(text: str) -> Item:
    """Take `text` apart into mark and rest."""
    text = text.strip()
    if found := _NUMBER.match(text):
        return Item(text[found.end() :], int(found[1]), found[2])
    if found := _BULLET.match(text):
        return Item(text[found.end() :])
    return Item(text)
