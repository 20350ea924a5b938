"""Text made alike for comparing: case, «ё», look-alike letters of two alphabets, kinds of quotes, dashes and spaces.

Every letter becomes exactly one, so that places in the folded text are places in the text.
"""

from __future__ import annotations

from functools import lru_cache

from docstation.document.script import CYRILLIC_TWINS, LATIN_TWINS

_TWINS = dict(zip(LATIN_TWINS.lower(), CYRILLIC_TWINS.lower(), strict=True))
_SIGNS = {
    "ё": "е", "й": "й", "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "‐": "-", "‑": "-",
    "‒": "-", "–": "-", "—": "-", "−": "-", "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "\u00ad": "-",
}  # fmt: skip
_ALIKE = str.maketrans(_TWINS | _SIGNS)
_KEPT = frozenset("№%")


def folded(text: str) -> str:
    """`text` in the one form in which texts are compared; as long as it was."""
    return "".join(map(_lower, text)).translate(_ALIKE)


@lru_cache(maxsize=4096)
def _lower(letter: str) -> str:
    lower = letter.lower()
    return lower if len(lower) == 1 else letter


def counts(letter: str) -> bool:
    """Whether a folded letter is left when all but letters, digits and a few signs is taken out."""
    return letter.isalnum() or letter in _KEPT


@lru_cache(maxsize=16384)
def compact(text: str) -> str:
    """`text` folded, its letters and digits only."""
    return "".join(filter(counts, folded(text)))
