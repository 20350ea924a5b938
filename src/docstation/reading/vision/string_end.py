"""Where a string of an answer ends: models forget to escape quotes inside of strings, and forget their closing quotes.

A quote is judged by what stands behind it. A right string is always read as JSON reads it; the doubtful rest is read so
that the fields after it survive. Pure functions over the text at hand, of whatever length it is by now.
"""

from __future__ import annotations

import re

from docstation.reading.vision.fields import KNOWN_KEYS

_LONGEST_KEY = 40
_REACH = 128
"""Characters that are enough to recognise a key, white space around it included."""
_NAMES = "|".join(sorted(KNOWN_KEYS, key=len, reverse=True))
_KNOWN_REST = re.compile(rf"""(?:{_NAMES})["']\s*:""")
_BEGUN_REST = re.compile(r"""[A-Za-z0-9_]*(?:["']\s*)?""")
_KEY = re.compile(rf"""(["'])(?:[^"'\n{{}}]{{1,{_LONGEST_KEY}}}\1\s*:|(?:{_NAMES})\1\s*["'\[])""")
_BEGUN_KEY = re.compile(rf"""(["'])[^"'\n{{}}]{{0,{_LONGEST_KEY}}}(?:\1\s*)?""")
_BARE_KEY = re.compile(rf"(?:{_NAMES})\s*:")
_BEGUN_BARE = re.compile(r"[A-Za-z0-9_]+\s*")
_OBJECT = re.compile(rf"""\{{\s*["']{_KNOWN_REST.pattern}""")
_BEGUN_OBJECT = re.compile(r"""\{\s*(?:["'][A-Za-z0-9_]*(?:["']\s*)?)?""")
_FENCE = re.compile("```")
_BEGUN_FENCE = re.compile("`{1,2}")
_WHITE = re.compile(r"\s*")
_KINDS = {"{": (_OBJECT, _BEGUN_OBJECT), "`": (_FENCE, _BEGUN_FENCE), **dict.fromkeys("\"'", (_KEY, _BEGUN_KEY))}


class Undecided(Exception):
    """What is there does not tell yet; more of the answer will."""


def swallowed(before: str, text: str, at: int, *, final: bool) -> str:
    """What a string swallowed because its end is missing: the quote at `at` is not in it, but opens a known key.

    Args:
        before: the end of the string before the quote.
        text: what there is of the answer.
        at: of the quote.
        final: whether `text` ends where the answer ends.

    Returns:
        "{" or ",", behind which the key stands; empty for a string that is as it should be.

    Raises:
        Undecided: not while `final`.
    """
    sign = before.rstrip()[-1:]
    if sign not in ("{", ","):
        return ""
    return sign if _is(_KNOWN_REST, _BEGUN_REST, text, at + 1, final=final) else ""


def ends_value(text: str, at: int, *, in_array: bool, final: bool) -> bool:
    """Whether the quote before `at` ends its string, a value; the arguments and errors are those of `swallowed`."""
    at, sign = _next(text, at, final=final)
    if in_array:
        return sign in ",]}:"
    if sign in "}":
        return True
    if sign == "]":
        return _next(text, at + 1, final=final)[1] in "}],`"
    if sign == ",":
        at, sign = _next(text, at + 1, final=final)
    return sign in "}" or _is(*_KINDS.get(sign, (_BARE_KEY, _BEGUN_BARE)), text, at, final=final)


def begins_key(text: str, at: int, *, final: bool) -> bool:
    """Whether a key in quotes stands at `at`; the arguments and errors are those of `swallowed`."""
    return _is(_KEY, _BEGUN_KEY, text, at, final=final)


def _next(text: str, at: int, *, final: bool) -> tuple[int, str]:
    """The first place from `at` on that is not white space, and what stands there; "" at the end of the answer."""
    match = _WHITE.match(text, at)
    assert match is not None
    if match.end() == len(text) and not final:
        raise Undecided
    return match.end(), text[match.end() : match.end() + 1]


def _is(whole: re.Pattern[str], begun: re.Pattern[str], text: str, at: int, *, final: bool) -> bool:
    rest = text[at : at + _REACH]
    if whole.match(rest):
        return True
    if not final and len(rest) < _REACH and (not rest or begun.fullmatch(rest)):
        raise Undecided
    return False
