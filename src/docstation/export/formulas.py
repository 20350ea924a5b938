"""LaTeX of formulas without the delimiters that engines put around it."""

from __future__ import annotations

_DELIMITERS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$"))


def latex_of(text: str) -> str:
    """The formula alone; lines without content are dropped, and dollar signs that would end it."""
    text = text.strip()
    for opening, closing in _DELIMITERS:
        if text.startswith(opening) and text.endswith(closing) and len(text) >= len(opening) + len(closing):
            text = text[len(opening) : len(text) - len(closing)].strip()
    lines = (line.strip() for line in text.replace("$$", "").split("\n"))
    return "\n".join(line for line in lines if line)
