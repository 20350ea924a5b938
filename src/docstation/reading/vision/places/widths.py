"""How wide words are in print before anybody looked: in ems, an average of the usual proportional typefaces."""

from __future__ import annotations

SPACE = 0.28
"""Between two words."""
_NARROW = frozenset("iljIıf|!'’`.,:;·")
_SLIM = frozenset('rtJ()[]{}/\\-–"“”«»г°*')
_WIDE = frozenset("mwMWжшщмюыфЖШЩМЮЫФДОQO@%—№…Ω∑")
_NARROW_WIDTH, _SLIM_WIDTH, _USUAL_WIDTH, _CAPITAL_WIDTH, _WIDE_WIDTH = 0.26, 0.37, 0.53, 0.68, 0.8


def width(text: str) -> float:
    """Of a text without spaces, ems."""
    return sum(map(_letter, text))


def _letter(sign: str) -> float:
    if sign in _NARROW:
        return _NARROW_WIDTH
    if sign in _SLIM:
        return _SLIM_WIDTH
    if sign in _WIDE:
        return _WIDE_WIDTH
    return _CAPITAL_WIDTH if sign.isupper() else _USUAL_WIDTH
