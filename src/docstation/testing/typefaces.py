"""The typefaces that drawn documents use: five families with Latin and Russian letters, shipped beside this file.

The files are reduced copies of free fonts (their licences lie in ``fonts/``), so that a drawn page looks the same on
every machine. Nothing here knows what is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

SOFT_HYPHEN = "\u00ad"
"""Where a word may be broken; drawn as a hyphen there and as nothing elsewhere."""

FONTS = Path(__file__).parent / "fonts"


class Family(StrEnum):
    """A family by the look that it stands for; the values are file name stems."""

    TIMES = "Tinos"
    ARIAL = "Arimo"
    COURIER = "Cousine"
    SANS = "DejaVuSans"
    SERIF = "DejaVuSerif"


@dataclass(frozen=True, slots=True)
class Face:
    """A family in one size and weight.

    Attributes:
        family: which letters.
        size: in points.
        bold: heavier; Courier has no bold and stays as it is.
    """

    family: Family
    size: float
    bold: bool = False

    @property
    def name(self) -> str:
        """The name under which the face is registered, and its file's stem."""
        if self.family is Family.COURIER:
            return f"{self.family}-Regular"
        if self.bold:
            return f"{self.family}-Bold"
        return str(self.family) if self.family.startswith("DejaVu") else f"{self.family}-Regular"

    @property
    def leading(self) -> float:
        """Distance between baselines, points."""
        return self.size * 1.18

    def width(self, text: str) -> float:
        """Advance width of `text` in points."""
        from reportlab.pdfbase.pdfmetrics import stringWidth

        register(self.name)
        return float(stringWidth(text, self.name, self.size))

    def wrapped(self, text: str, width: float, first: float = 0.0) -> list[str]:
        """Lines of at most `width` points, the first shorter by `first`.

        Words are broken at soft hyphens only; one that has none and is longer than a line stays whole.
        """
        lines: list[str] = []
        current = ""
        for word in text.split():
            longer = f"{current} {word}" if current else word
            room = width - (first if not lines else 0.0)
            if current and self.width(longer.replace(SOFT_HYPHEN, "")) > room:
                lines.append(current)
                longer = word
            *whole, current = self._broken(longer, room)
            lines.extend(whole)
        return [line.replace(SOFT_HYPHEN, "") for line in [*lines, current]]

    def _broken(self, text: str, room: float) -> list[str]:
        pieces = []
        while SOFT_HYPHEN in text and self.width(text.replace(SOFT_HYPHEN, "")) > room:
            cuts = [i for i, char in enumerate(text) if char == SOFT_HYPHEN]
            fitting = [i for i in cuts if self.width(text[:i].replace(SOFT_HYPHEN, "") + "-") <= room]
            cut = fitting[-1] if fitting else cuts[0]
            pieces.append(text[:cut].replace(SOFT_HYPHEN, "") + "-")
            text = text[cut + 1 :]
        return [*pieces, text]


@cache
def register(name: str) -> None:
    """Make the face known to the PDF writer, once a process."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    registerFont(TTFont(name, str(FONTS / f"{name}.ttf")))
