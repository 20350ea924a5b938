"""The verdict on a page's own text layer: is it there, and can its text be believed?

Looks at the text alone, never at the picture: wrong encodings and unmapped glyphs leave marks that no sound text has.
What a scan's OCR left (invisible text) is believed only where it is nearly as clean as print.
"""

from __future__ import annotations

from docstation.document.model import TextLayer
from docstation.intake.page import TextLayerReading
from docstation.intake.plausibility import odd_share, plausibility

UNMAPPED = 0.04
"""Share of glyphs without a Unicode value from which the layer is broken, as in MinerU's classifier."""
UNSOUND = 0.3
"""Share of unsound words from which a visible layer is broken. Broken encodings leave 0.98 and more, formulas and
program text 0.17 at most (pages of the shared corpus)."""
UNSOUND_OF_FEW, FEW = 0.6, 8
"""The same where so few words can be judged that one name or code counts for much."""
ODD = 0.04
"""Share of odd tokens from which an invisible layer is bad OCR."""
SLIPS = 0.02
"""Share of unsound words from which an invisible layer is bad OCR."""
LEAST_INVISIBLE = 12
"""Words that an invisible layer needs to be believed."""


def judged(layer: TextLayerReading) -> TextLayer:
    """ABSENT, SANE, BROKEN or BAD_OCR; whether pictures beside a sane layer need reading is told elsewhere."""
    texts = [word.text for word in layer.words]
    if not texts:
        return TextLayer.ABSENT
    found = plausibility(texts)
    broken = found.unsound_share >= (UNSOUND if found.judged >= FEW else UNSOUND_OF_FEW)
    if layer.unmapped_share >= UNMAPPED or (found.judged and broken):
        return TextLayer.BROKEN
    if not layer.invisible:
        return TextLayer.SANE
    few = len(texts) < LEAST_INVISIBLE
    bad = few or found.unsound_share >= SLIPS or odd_share(texts) >= ODD
    return TextLayer.BAD_OCR if bad else TextLayer.SANE
