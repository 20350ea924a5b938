"""What the text side needs from a line recogniser, and what a read line is; engines are interchangeable behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from docstation.reading.embedded.strips import Strip


@dataclass(frozen=True, slots=True)
class ReadLine:
    """The text of one strip.

    Attributes:
        text: what was read, spaces included.
        confidences: one for each character of `text`, 0 to 1.
        positions: middle of each character of `text`, pixels of the strip from its left edge, ascending.
    """

    text: str = ""
    confidences: tuple[float, ...] = ()
    positions: tuple[float, ...] = ()

    @property
    def confidence(self) -> float:
        """Mean over the characters that are not spaces, 0 for an empty line."""
        known = [value for value, letter in zip(self.confidences, self.text, strict=True) if letter != " "]
        return sum(known) / len(known) if known else 0.0


class LineRecogniser(Protocol):
    """Reads strips of one text line each."""

    def read(self, strips: Sequence[Strip]) -> list[ReadLine]:
        """The text of each strip, in the order given; an empty line where nothing was read."""
        ...
