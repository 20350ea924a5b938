"""Text made fit for files: what XML and terminals cannot hold is taken out, line breaks are of one kind."""

from __future__ import annotations

import re

_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_BREAKS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_ODD_SPACES = re.compile("[\t\x0b\x0c]+")


def cleaned(text: str) -> str:
    """`text` without control characters, lone surrogates and non-characters; tabs are spaces, breaks are line feeds."""
    text = _BREAKS.sub("\n", text)
    text = _ODD_SPACES.sub(" ", text)
    return _FORBIDDEN.sub("", text)


def one_line(text: str) -> str:
    """`cleaned` text on one line, runs of white space as single spaces, none at its ends."""
    return " ".join(cleaned(text).split())
