"""LaTeX of formulas without the delimiters that engines put around it, and formulas that are none."""

from __future__ import annotations

import re

_DELIMITERS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$"))
_LATEX = re.compile(r"[\\^_{}]")
_WORD = re.compile(r"[^\W\d_]{3,}")


def latex_of(text: str) -> str:
    """The formula alone; lines without content are dropped, and dollar signs that would end it."""
    text = text.strip()
    for opening, closing in _DELIMITERS:
        if text.startswith(opening) and text.endswith(closing) and len(text) >= len(opening) + len(closing):
            text = text[len(opening) : len(text) - len(closing)].strip()
    lines = (line.strip() for line in text.replace("$$", "").split("\n"))
    return "\n".join(line for line in lines if line)


def is_wordy(latex: str) -> bool:
    """Whether a formula is plain text with words, «Итого = цена × количество»: typeset, it would lose its spaces."""
    return not _LATEX.search(latex) and bool(_WORD.search(latex))
