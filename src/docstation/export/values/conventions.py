"""Which decimal sign and which words a document's readers expect, told from its language or its letters.

Spreadsheets and CSV ask here. Knows nothing of tables or files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from docstation.document.script import Script, script_of

_ENOUGH = 0.2
"""A share of Cyrillic letters from which a text is for Russian readers: its names of goods may well be Latin."""
_SAMPLE = 5000
"""So many texts tell it; a table may have a hundred thousand cells."""
_CYRILLIC_LANGUAGES = frozenset({"ru", "uk", "be", "bg", "kk", "ky", "mk", "mn", "sr", "tg"})


@dataclass(frozen=True, slots=True)
class Conventions:
    """How the readers of a document write.

    Attributes:
        decimal: their decimal sign, "," or "."; empty where nothing tells it.
        cyrillic: whether they read Cyrillic; None where nothing tells it.
        asked_for: whether the caller named the language; then no table of the document has conventions of its own.
    """

    decimal: str = ""
    cyrillic: bool | None = None
    asked_for: bool = False

    def within(self, document: Conventions) -> Conventions:
        """What holds for a table whose own letters tell these: the `document`'s where the scripts agree.

        Latin names of goods in a Russian document say little about numbers: then nothing is certain.
        """
        if document.asked_for or self.cyrillic is None or self.cyrillic == document.cyrillic:
            return document
        return self if document.cyrillic is None else Conventions()


def conventions_of(texts: Iterable[str], language: str | None = None) -> Conventions:
    """The conventions of `language` (such as ``ru-RU``) where it is given and known, else those of the letters.

    Only Russian and English are told apart by letters: Cyrillic goes with a decimal comma, Latin with a point.
    """
    if language and (known := _of_language(language)):
        return known
    cyrillic = latin = 0
    for text in islice(texts, _SAMPLE):
        for word in text.split():
            script = script_of(word)
            cyrillic += len(word) if script is Script.CYRILLIC else 0
            latin += len(word) if script is Script.LATIN else 0
    if not cyrillic + latin:
        return Conventions()
    is_cyrillic = cyrillic >= _ENOUGH * (cyrillic + latin)
    return Conventions("," if is_cyrillic else ".", is_cyrillic)


def _of_language(language: str) -> Conventions | None:
    from babel import Locale, UnknownLocaleError
    from babel.numbers import get_decimal_symbol

    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None
    decimal = get_decimal_symbol(locale)
    return Conventions(decimal if decimal in (",", ".") else "", locale.language in _CYRILLIC_LANGUAGES, asked_for=True)
