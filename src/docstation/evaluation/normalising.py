"""The one normal form in which texts are compared; documented in docs/evaluation.md, so that figures mean something.

Unicode NFC; white space of any kind becomes single spaces; all dashes become ``-`` and runs of them one; all quotes
become ``"`` or ``'``; an ellipsis and any longer run of dots (the leaders of a table of contents) become three dots;
soft hyphens and zero-width characters go. Case, ё and punctuation stay: they are read or they are not.
"""

from __future__ import annotations

import re
import unicodedata

_SAME = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"),
        **dict.fromkeys("«»„“”‟″＂", '"'),
        **dict.fromkeys("‘’‚‛′`´", "'"),
        "…": "...",
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\ufeff\u2060", None),
    }
)
_DASHES = re.compile(r"-{2,}")
_DOTS = re.compile(r"(?:\. ?){3,}(?<! )")
_DOUBLE = re.compile(r"''|,,|<<|>>")


def normalised(text: str) -> str:
    """`text` in the form in which it is compared."""
    text = unicodedata.normalize("NFC", text).translate(_SAME)
    text = _DASHES.sub("-", _DOUBLE.sub('"', " ".join(text.split())))
    return _DOTS.sub("...", text)


def letters_only(text: str) -> str:
    """Word characters alone, for block matching: what OmniDocBench compares (its "clean string")."""
    return re.sub(r"[\W_]+", "", normalised(text))
