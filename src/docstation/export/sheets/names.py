"""Names of sheets: captions as far as programs take them, each once."""

from __future__ import annotations

import re

from docstation.export.cleaning import one_line

MAX_NAME = 31
"""UTF-16 units of a sheet's name."""

_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")


class SheetNames:
    """Gives each sheet of one workbook its name."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._count = 0
        self._taken: set[str] = {"history"}  # which Excel keeps for itself

    def next(self, caption: str) -> str:
        """The next sheet's name; without a caption the table's number."""
        self._count += 1
        wish = _NOT_IN_NAMES.sub(" ", one_line(caption))
        wish = cut(" ".join(wish.split()).strip("' "), MAX_NAME).rstrip(" '") or f"{self._word} {self._count}"
        name, number = wish, 1
        while name.casefold() in self._taken:
            number += 1
            ending = f" ({number})"
            name = cut(wish, MAX_NAME - len(ending)).rstrip(" '") + ending
        self._taken.add(name.casefold())
        return name


def cut(text: str, units: int) -> str:
    """The beginning of `text` that takes at most so many UTF-16 units."""
    if 2 * len(text) <= units:
        return text
    return text.encode("utf-16-le", "ignore")[: 2 * units].decode("utf-16-le", "ignore")
