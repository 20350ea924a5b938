"""The characters the recogniser knows, and the letters that look the same in both scripts."""

from __future__ import annotations

import re
import unicodedata

ASCII = "".join(chr(code) for code in range(0x21, 0x7F))
RUSSIAN = "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюяЁё"
NEIGHBOUR_CYRILLIC = "ІіЇїЄєҐґЎў"
LATIN_DIACRITICS = "ÄÖÜßäöüÉÈÊËéèêëÀÂàâÇçÑñÁáÍíÓóÚúÎîÏïÔôÛûÙùÌìÒòÃãÕõÅåÆæØøŒœ"
SIGNS = "«»„“”‘’—–…№§°±×÷€₽£¥©®™•·≤≥≈²³µ½√∞→■□▪●✓ΩΔπ"
CHARACTERS = ASCII + RUSSIAN + NEIGHBOUR_CYRILLIC + LATIN_DIACRITICS + SIGNS
"""Every class in the order of the exported dictionary; the blank goes before it and the space after it."""

LATIN_TO_CYRILLIC = dict(zip("ABCEHKMOPTXYaceopxyikIu", "АВСЕНКМОРТХУасеорхуікІи", strict=True))
"""Letters whose old Latin class is a good first guess for the new Cyrillic class."""

TWINS = dict(zip("ABCEHKMOPTXYaceopxy", "АВСЕНКМОРТХУасеорху", strict=True))
"""Latin letters that print exactly like a Cyrillic letter in most typefaces."""

CYRILLIC_TO_LATIN = {cyrillic: latin for latin, cyrillic in TWINS.items()}
_TO_CYRILLIC = str.maketrans(TWINS)
_TO_LATIN = str.maketrans(CYRILLIC_TO_LATIN)
_REPLACEMENTS = str.maketrans(
    {
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\u2011": "-",
        "\u2010": "-",
        "\u2012": "–",
        "\u2015": "—",
        "\u2212": "–",
        "\u00ad": "",
        "\u200b": "",
        "μ": "µ",
        "ﬁ": "fi",
        "ﬂ": "fl",
        "′": "'",
        "″": '"',
        "‚": ",",
        "\u2022": "•",
        "\uf0b7": "•",
        "\u2219": "·",
        "\u22c5": "·",
        "º": "°",
    }
)
_KNOWN = frozenset(CHARACTERS + " ")


def normalise(text: str) -> str:
    """Composes the text, maps typographic variants to the alphabet and squeezes white space."""
    composed = unicodedata.normalize("NFC", text).translate(_REPLACEMENTS)
    return re.sub(r"\s+", " ", composed).strip()


def is_known(text: str) -> bool:
    """Tells whether every character of the text has a class."""
    return all(char in _KNOWN for char in text)


def to_cyrillic_twins(text: str) -> str:
    """Writes every Latin letter that has a Cyrillic twin as that twin."""
    return text.translate(_TO_CYRILLIC)


def to_latin_twins(text: str) -> str:
    """Writes every Cyrillic letter that has a Latin twin as that twin."""
    return text.translate(_TO_LATIN)


def only_twins(token: str) -> bool:
    """Tells whether the token has letters and all of them print the same in both scripts."""
    letters = [char for char in token if char.isalpha()]
    return bool(letters) and all(char in TWINS or char in CYRILLIC_TO_LATIN for char in letters)


def script_of(char: str) -> str:
    """Names the script of a letter: ``latin``, ``cyrillic`` or an empty string for anything else."""
    if not char.isalpha():
        return ""
    name = unicodedata.name(char, "")
    if name.startswith("CYRILLIC"):
        return "cyrillic"
    return "latin" if name.startswith("LATIN") else ""
