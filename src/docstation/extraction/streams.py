"""A page's tokens as searchable text: every letter knows its token, and words are found whole.

Two streams of a page exist: in reading order, where a value runs on over lines and columns, and in visual rows, where
labels stand beside their values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from docstation.extraction.folding import compact, counts, folded
from docstation.extraction.pages import ReadPage, Token, spaced


@dataclass(frozen=True)
class Stream:
    """Text with the token of each letter.

    Attributes:
        text: tabs stand for wide gaps and other cells, line ends for other lines.
        owners: for each letter the index of its token in `tokens`, -1 between tokens.
        tokens: in the stream's order.
    """

    text: str
    owners: tuple[int, ...]
    tokens: tuple[Token, ...]

    def between(self, start: int, end: int) -> tuple[int, ...]:
        """Indexes of the tokens that the letters from `start` to `end` belong to, in order."""
        return tuple(dict.fromkeys(owner for owner in self.owners[start:end] if owner >= 0))

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where in the text each token begins."""
        found = [0] * len(self.tokens)
        for place in range(len(self.owners) - 1, -1, -1):
            if self.owners[place] >= 0:
                found[self.owners[place]] = place
        return tuple(found)

    @cached_property
    def _compact(self) -> tuple[str, tuple[int, ...]]:
        """Letters and digits only, and where in the text each stands."""
        plain = folded(self.text)
        places = tuple(index for index, letter in enumerate(plain) if counts(letter))
        return "".join(plain[index] for index in places), places

    @property
    def letters(self) -> str:
        """The folded letters and digits of the text."""
        return self._compact[0]

    def place(self, index: int) -> int:
        """Where in the text the letter of `letters` at `index` stands."""
        return self._compact[1][index]

    def whole(self, start: int, end: int) -> bool:
        """Whether `letters` from `start` to `end` are whole words: a number or word is not cut at either side."""
        letters, places = self._compact
        return not (self._joined(letters, places, start - 1) or self._joined(letters, places, end - 1))

    @staticmethod
    def _joined(letters: str, places: Sequence[int], before: int) -> bool:
        """Whether the letter at `before` and the next one belong to one word."""
        if before < 0 or before + 1 >= len(letters) or places[before + 1] != places[before] + 1:
            return False
        one, other = letters[before], letters[before + 1]
        # Letters and digits print together without a space ("RM31", "№5"): there a word may begin.
        return one.isdigit() == other.isdigit() and one.isalnum() and other.isalnum()

    def words(self, phrase: str) -> Iterator[tuple[int, int]]:
        """Places in the text where the words of `phrase` stand, whatever is between their letters."""
        wanted = compact(phrase)
        at = self.letters.find(wanted) if wanted else -1
        while at >= 0:
            if self.whole(at, at + len(wanted)):
                yield self.place(at), self.place(at + len(wanted) - 1) + 1
            at = self.letters.find(wanted, at + 1)


@dataclass(frozen=True)
class PageStreams:
    """Both streams of a page."""

    page: ReadPage

    @cached_property
    def reading(self) -> Stream:
        """In reading order; lines of one cell are parted by spaces."""
        parts: list[tuple[str, Token]] = []
        for index, token in enumerate(self.page.tokens):
            parts.append((_between(self.page.tokens[index - 1], token) if index else "", token))
        return _stream(parts)

    @cached_property
    def rows(self) -> Stream:
        """In visual rows."""
        parts: list[tuple[str, Token]] = []
        for row in self.page.rows:
            for number, (before, token) in enumerate(spaced(row)):
                parts.append((before if number or not parts else "\n", token))
        return _stream(parts)

    @cached_property
    def comma(self) -> bool:
        """Whether the page is Cyrillic, where decimals follow a comma."""
        text = self.rows.text
        cyrillic = sum("а" <= letter.lower() <= "я" for letter in text)
        latin = sum("a" <= letter.lower() <= "z" for letter in text)
        return cyrillic * 4 >= latin


def _between(before: Token, token: Token) -> str:
    if before.cell != token.cell or (before.block != token.block and token.cell is not None):
        return "\t"
    if before.line == token.line:
        return next(space for index, (space, _one) in enumerate(spaced((before, token))) if index)
    return " " if token.cell is not None else "\n"


def _stream(parts: Sequence[tuple[str, Token]]) -> Stream:
    text: list[str] = []
    owners: list[int] = []
    for index, (before, token) in enumerate(parts):
        text += [before, token.text]
        owners += [-1] * len(before) + [index] * len(token.text)
    return Stream("".join(text), tuple(owners), tuple(token for _before, token in parts))
