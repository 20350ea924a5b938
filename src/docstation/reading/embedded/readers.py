"""Which line recognisers serve the languages asked for, and which of them reads a line.

Two networks and Tesseract stand behind one protocol. The Cyrillic network knows both scripts and reads first; a line
without Cyrillic letters, or one that it is unsure of, is read by PP-OCR's network as well and the surer reading is
kept. Languages that neither network knows are read by Tesseract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docstation.document.script import Script, script_of
from docstation.reading.embedded.ctc import CtcRecogniser
from docstation.reading.embedded.languages import language_file
from docstation.reading.embedded.line_reading import LineRecogniser, ReadLine
from docstation.reading.embedded.models import CYRILLIC, LATIN, model_file
from docstation.reading.embedded.strips import Strip
from docstation.reading.embedded.tesseract import Tesseract

CYRILLIC_LANGUAGES = frozenset({"rus"})
LATIN_LANGUAGES = frozenset(
    {"eng", "deu", "fra", "spa", "ita", "por", "nld", "pol", "ces", "slk", "slv", "hrv", "hun", "ron", "swe", "nor"}
    | {"dan", "fin", "est", "lav", "lit", "tur", "cat", "lat"}
)
WIDER_LATIN = frozenset({"pol", "ces", "slk", "slv", "hrv", "hun", "ron", "est", "lav", "lit", "tur"})
"""Languages with letters beyond Latin-1."""
CHINESE_LANGUAGES = frozenset({"chi_sim", "chi_tra", "jpn"})

SURE = 0.97
"""Confidence at which a reading needs no second opinion."""
DOUBTFUL = 0.8
"""Confidence below which even a Cyrillic line gets one."""
HANDICAP = 0.01
"""By how much the second opinion must be surer."""


def line_reader(languages: Sequence[str]) -> LineRecogniser:
    """The recogniser for `languages`, its models not yet loaded.

    Raises:
        MissingDependency: for a language that no recogniser at hand knows.
    """
    asked = frozenset(languages)
    if asked - CYRILLIC_LANGUAGES - LATIN_LANGUAGES - CHINESE_LANGUAGES:
        for language in languages:
            language_file(language)
        return _Lazy(tesseract=tuple(languages))
    return _Lazy(
        cyrillic=bool(asked & CYRILLIC_LANGUAGES),
        latin=bool(asked - CYRILLIC_LANGUAGES),
        wide=bool(asked & WIDER_LATIN),
        chinese=bool(asked & CHINESE_LANGUAGES),
    )


@dataclass(frozen=True, slots=True)
class Routed:
    """Two recognisers, the second for lines of Latin or Chinese and for doubtful ones."""

    first: LineRecogniser
    second: LineRecogniser

    def read(self, strips: Sequence[Strip]) -> list[ReadLine]:
        """Each strip by the recogniser that is surer of it."""
        lines = self.first.read(strips)
        for index, line in enumerate(lines):
            if _wants_second(line):
                other = self.second.read([strips[index]])[0]
                if other.confidence > line.confidence + HANDICAP and other.text:
                    lines[index] = other
        return lines


def _wants_second(line: ReadLine) -> bool:
    if not line.text.strip():
        return True
    if script_of(line.text) in (Script.CYRILLIC, Script.MIXED):
        return line.confidence < DOUBTFUL
    return line.confidence < SURE


class _Lazy:
    """Loads what it was made for when the first strip comes."""

    def __init__(
        self,
        *,
        tesseract: tuple[str, ...] = (),
        cyrillic: bool = False,
        latin: bool = False,
        wide: bool = False,
        chinese: bool = False,
    ) -> None:
        self._tesseract, self._cyrillic, self._latin = tesseract, cyrillic, latin
        self._wide, self._chinese = wide, chinese
        self._loaded: LineRecogniser | None = None

    def read(self, strips: Sequence[Strip]) -> list[ReadLine]:
        """See `LineRecogniser.read`."""
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded.read(strips)

    def _load(self) -> LineRecogniser:
        if self._tesseract:
            return Tesseract(self._tesseract)
        if not self._cyrillic:
            return self._load_latin()
        first = CtcRecogniser(model_file(CYRILLIC))
        return Routed(first, self._load_latin()) if self._latin else first

    def _load_latin(self) -> LineRecogniser:
        return CtcRecogniser(model_file(LATIN), None if self._chinese else self._is_allowed)

    def _is_allowed(self, letter: str) -> bool:
        """Characters of the alphabet and signs of ordinary documents; the dictionary holds 18,000 more."""
        code = ord(letter[0])
        signs = 0x2010 <= code <= 0x203A or 0x20A0 <= code <= 0x20BF or 0x2190 <= code <= 0x2193
        mathematics = 0x2200 <= code <= 0x2265 or 0x391 <= code <= 0x3C9
        marks = letter in "™℃№•■□▪●○✓"
        return code < 0x100 or (self._wide and code < 0x250) or signs or mathematics or marks
