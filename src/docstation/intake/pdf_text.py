"""The text layer of a PDF page: PDFium's characters → words with boxes, sizes and styles.

Knows PDFium's characters and nothing of what the text is worth: that is `layer`'s matter. Coordinates come in as PDF
user space (origin bottom left) and leave as points of the shown page.
"""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections import Counter
from dataclasses import dataclass

from docstation.document.geometry import Affine, Box
from docstation.document.text import Word
from docstation.intake.page import TextLayerReading
from docstation.intake.pdfium import Calls, calls

_SPACES = frozenset(
    [0, 9, 10, 11, 12, 13, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200C), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
)
_LINE_END_HYPHENS = frozenset([0x02, 0xFFFE])
"""How PDFium marks a hyphen at a line's end; the word goes on in the next line, which is not its next character."""
_SOFT_HYPHEN = "\u00ad"
_IGNORED = frozenset([0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F)])
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_INVISIBLE_MODE = 3
_ITALIC_FLAG, _BOLD_FLAG = 1 << 6, 1 << 18
_BOLD_WEIGHT = 600
_NAME_BYTES = 128
# A line of text reaches about this far above and below its baseline, in font sizes (capitals, descenders).
_ASCENT, _DESCENT = 0.72, 0.21


@dataclass(frozen=True, slots=True)
class _Style:
    """What the characters of one text object share; `baseline` is None where they do not run left to right."""

    size: float
    bold: bool
    italic: bool
    visible: bool
    turn: int
    baseline: float | None


class _Open:
    """The word being gathered."""

    __slots__ = ("bottom", "left", "letters", "right", "style", "top")

    def __init__(self, style: _Style) -> None:
        self.letters: list[str] = []
        self.left = self.bottom = math.inf
        self.right = self.top = -math.inf
        self.style = style

    def take(self, letter: str, left: float, right: float, bottom: float, top: float) -> None:
        self.letters.append(letter)
        self.left = min(self.left, left)
        self.right = max(self.right, right)
        self.bottom = min(self.bottom, bottom)
        self.top = max(self.top, top)

    def goes_on(self, style: _Style, left: float, right: float) -> bool:
        """Whether a character there may belong to this word: on the same line, not far off, not before it."""
        mine = self.style
        if mine.baseline is None or style.baseline is None:
            return mine.turn == style.turn
        reach = max(mine.size, style.size)
        if abs(mine.baseline - style.baseline) > 0.75 * reach:
            return False
        return left - self.right < 0.9 * reach and right > self.left - 0.3 * reach


def read_words(text_page: int, count: int, to_page: Affine, size: tuple[float, float]) -> TextLayerReading:
    """The words of a text page.

    Args:
        text_page: address of PDFium's text page.
        count: how many of its characters to read.
        to_page: user space → points of the shown page.
        size: (width, height) of the shown page in points.
    """
    return _Reader(calls(), text_page, to_page, size).read(count)


class _Reader:
    """One pass over the characters of one page."""

    def __init__(self, pdfium: Calls, text_page: int, to_page: Affine, size: tuple[float, float]) -> None:
        self._pdfium = pdfium
        self._page = text_page
        self._to_page = to_page
        self._size = size
        self._words: list[Word] = []
        self._open: _Open | None = None
        self._fonts: dict[int, tuple[bool, bool]] = {}
        self._numbers = (ctypes.c_double * 4)()
        self._matrix = (ctypes.c_float * 6)()
        self._scale = math.hypot(to_page.a, to_page.d)

    def read(self, count: int) -> TextLayerReading:
        """Walk the characters once; the loop is kept flat because it runs thousands of times a page."""
        unicode_of, unmapped, text_object = self._pdfium.unicode_of, self._pdfium.unmapped, self._pdfium.text_object
        char_box, page, numbers = self._pdfium.char_box, self._page, self._numbers
        base = ctypes.addressof(numbers)
        boxes = base, base + 8, base + 16, base + 24
        shown = hidden = missing = 0
        turns: Counter[int] = Counter()
        last_object, style = 0, _PLAIN
        for index in range(count):
            code = unicode_of(page, index)
            if code in _SPACES:
                self._finish()
                continue
            if code in _IGNORED:
                continue
            holder = text_object(page, index) or 0
            if holder and holder != last_object:
                last_object, style = holder, self._style(holder, index)
            char_box(page, index, *boxes)
            left, right, bottom, top = numbers
            if unmapped(page, index) == 1:
                missing += 1
            if style.visible:
                shown += 1
            else:
                hidden += 1
            turns[style.turn] += 1
            self._take(code, style, left, right, bottom, top)
        self._finish()
        total = shown + hidden
        return TextLayerReading(
            words=tuple(self._words),
            invisible=hidden > shown,
            unmapped_share=missing / total if total else 0.0,
            turn=turns.most_common(1)[0][0] if turns else 0,
        )

    def _take(self, code: int, style: _Style, left: float, right: float, bottom: float, top: float) -> None:
        word = self._open
        if word is None or not word.goes_on(style, left, right):
            self._finish()
            word = self._open = _Open(style)
        ends = code in _LINE_END_HYPHENS
        word.take("-" if ends else chr(code), left, right, bottom, top)
        if ends:
            self._finish()

    def _finish(self) -> None:
        word, self._open = self._open, None
        if word is None:
            return
        text = _tidy("".join(word.letters))
        box = self._box(word)
        if not text or box is None:
            return
        style = word.style
        self._words.append(
            Word(text, box, font_size=round(style.size * self._scale, 2), bold=style.bold, italic=style.italic)
        )

    def _box(self, word: _Open) -> Box | None:
        """The word's box on the shown page: as wide as its ink, as high as its line; None where it lies outside."""
        bottom, top, style = word.bottom, word.top, word.style
        if style.baseline is not None and word.top - word.bottom < 2 * style.size:
            bottom = min(bottom, style.baseline - _DESCENT * style.size)
            top = max(top, style.baseline + _ASCENT * style.size)
        width, height = self._size
        box = self._to_page.box(Box(word.left, bottom, word.right, top))
        x, y = box.center
        return box.clipped(width, height) if 0 <= x <= width and 0 <= y <= height else None

    def _style(self, holder: int, index: int) -> _Style:
        m = self._matrix
        if not self._pdfium.char_matrix(self._page, index, ctypes.addressof(m)):
            return _PLAIN
        a, b, c, d, _, y = m
        size = self._pdfium.font_size(self._page, index) * math.hypot(c, d)
        font = self._pdfium.font(holder) or 0
        look = self._fonts.get(font)
        if look is None:
            look = self._fonts[font] = self._look(font)
        direction = self._to_page.a * a + self._to_page.b * b, self._to_page.d * a + self._to_page.e * b
        level = abs(b) < 0.02 * abs(a) and a > 0
        return _Style(
            size=size,
            bold=look[0],
            italic=look[1] or (level and abs(c) > 0.15 * abs(d)),
            visible=self._pdfium.render_mode(holder) != _INVISIBLE_MODE,
            turn=_turn(*direction),
            baseline=y if level else None,
        )

    def _look(self, font: int) -> tuple[bool, bool]:
        """Whether a font is bold, and italic: by its flags (PDF 32000-1, 9.8.2), its weight and its name."""
        if not font:
            return False, False
        raw = ctypes.create_string_buffer(_NAME_BYTES)
        self._pdfium.font_name(font, ctypes.addressof(raw), _NAME_BYTES)
        name = raw.value.decode("utf-8", "replace").casefold()
        flags = max(self._pdfium.font_flags(font), 0)
        weight = self._pdfium.font_weight(font)
        bold = bool(flags & _BOLD_FLAG) or weight >= _BOLD_WEIGHT or any(w in name for w in ("bold", "black", "heavy"))
        return bold, bool(flags & _ITALIC_FLAG) or any(w in name for w in ("italic", "oblique"))


_PLAIN = _Style(0.0, False, False, True, 0, None)


def _turn(x: float, y: float) -> int:
    """The quarter turn, degrees clockwise, that makes text running along (x, y), y downwards, run to the right."""
    if x == y == 0:
        return 0
    return round(-math.degrees(math.atan2(y, x)) / 90) * 90 % 360


def _tidy(text: str) -> str:
    """NFC, ligatures as letters, soft hyphens only where a line ends, control characters as U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    for ligature, letters in _LIGATURES.items():
        text = text.replace(ligature, letters)
    if text.endswith(_SOFT_HYPHEN):
        text = text[:-1] + "-"
    text = text.replace(_SOFT_HYPHEN, "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in text))
