"""What the service tells of two readings of the same pages; JSON in, values out."""

from __future__ import annotations

from dataclasses import dataclass

from docstation.document.json_reader import Reader


@dataclass(frozen=True, slots=True)
class Scores:
    """How far two readings agree, 1 where they are alike, None where there is nothing to compare.

    Attributes:
        characters: letters, in reading order.
        words: words, whatever their order.
        blocks: letters of matching blocks.
        order: of matching blocks.
        tables: mean TEDS.
    """

    characters: float | None
    words: float | None
    blocks: float | None
    order: float | None
    tables: float | None

    @classmethod
    def of(cls, one: Reader) -> Scores:
        """From its JSON."""
        return cls(*(one.number(name) if one.has(name) else None for name in cls.__slots__))


@dataclass(frozen=True, slots=True)
class DifferencePiece:
    """Words that both have (``same``), or one has where the other has others (``changed``) or none (its name)."""

    kind: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class ComparedPage:
    """A page: scores, how many places differ, and all words in reading order."""

    number: int
    scores: Scores
    differences: int
    pieces: tuple[DifferencePiece, ...]

    @classmethod
    def of(cls, one: Reader) -> ComparedPage:
        """From its JSON."""
        pieces = tuple(
            DifferencePiece(piece.text("kind"), piece.text("first"), piece.text("second"))
            for piece in one.children("pieces")
        )
        return cls(one.integer("number"), Scores.of(one.child("scores")), one.integer("differences"), pieces)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two documents: mean scores, and each page."""

    first: str
    second: str
    scores: Scores
    pages: tuple[ComparedPage, ...]

    @classmethod
    def of(cls, one: Reader) -> Comparison:
        """From its JSON."""
        pages = tuple(map(ComparedPage.of, one.children("pages")))
        return cls(one.text("first"), one.text("second"), Scores.of(one.child("scores")), pages)
