"""Reads the ``model`` of a JSON body while its pieces pass, without parsing what is inside strings.

A page image is one string of megabytes: it is skipped by one search for its closing quote. As with ``json.loads``, the
last ``model`` of the outermost object counts. The scanner trusts nothing: a body that is no JSON gives some answer or
none, and the model server judges it.
"""

from __future__ import annotations

import json
import re

LONGEST = 1024
"""Bytes of a name that is kept, quotes left out; a longer one is no model's."""

_OUTER = re.compile(rb'["{}\[\],:]')
_INNER = re.compile(rb'["{}\[\]]')
_QUOTE, _BACKSLASH, _COMMA, _COLON = b'",:'[0], b"\\"[0], b","[0], b":"[0]
_OPENING = b"{["


SMALL = 4096
"""Bytes of a whole body up to which parsing it is cheaper than looking through it."""


def model_of(body: bytes) -> str | None:
    """What ``model`` says in a whole, small body; None where it says nothing, or the body is no JSON."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    model = content.get("model") if isinstance(content, dict) else None
    return model if isinstance(model, str) and len(model) <= LONGEST else None


class ModelScanner:
    """Takes the pieces of one body.

    Attributes:
        model: what ``model`` says so far; None while it has not come, or where it is no string.
    """

    __slots__ = ("_depth", "_escaped", "_in_string", "_kept", "_key", "_last", "_object", "model")

    def __init__(self) -> None:
        self.model: str | None = None
        self._depth = 0
        self._object = False
        self._in_string = False
        self._escaped = False
        self._kept: bytearray | None = None
        self._last: bytes | None = None
        self._key = False

    def feed(self, piece: bytes) -> None:
        """Go on with the next piece."""
        at = 0
        while at < len(piece):
            if self._in_string:
                at = self._string(piece, at)
            elif self._depth > 1:
                at = self._inside(piece, at)
            else:
                at = self._outside(piece, at)

    def _inside(self, piece: bytes, at: int) -> int:
        """Below the outermost object: only brackets count, and strings that may hold some."""
        found = _INNER.search(piece, at)
        if found is None:
            return len(piece)
        sign = piece[found.start()]
        if sign == _QUOTE:
            self._in_string = True
        else:
            self._depth += 1 if sign in _OPENING else -1
        return found.end()

    def _outside(self, piece: bytes, at: int) -> int:
        found = _OUTER.search(piece, at)
        if found is None:
            return len(piece)
        sign = piece[found.start()]
        if sign == _QUOTE:
            self._in_string = True
            self._kept = bytearray() if self._depth == 1 and self._object else None
        elif sign == _COLON:
            self._key = self._last is not None and _text(self._last) == "model"
            if self._key:
                self.model = None
            self._last = None
        elif sign == _COMMA:
            self._value_ended()
        elif sign in _OPENING:
            self._object = self._object if self._depth else sign == _OPENING[0]
            self._depth += 1
            self._key = False
        else:
            self._value_ended()
            self._depth -= 1
        return found.end()

    def _value_ended(self) -> None:
        self._key = False
        self._last = None

    def _string(self, piece: bytes, at: int) -> int:
        """Go on inside a string, to its end or the end of the piece."""
        start = at
        if self._escaped:
            self._escaped = False
            at += 1
        end = piece.find(b'"', at)
        while end >= 0 and _backslashes(piece, at, end) % 2:
            at = end + 1
            end = piece.find(b'"', at)
        if end < 0:
            self._escaped = bool(_backslashes(piece, at, len(piece)) % 2)
            self._keep(piece, start, len(piece))
            return len(piece)
        self._keep(piece, start, end)
        self._in_string = False
        if self._kept is not None:
            self._said(bytes(self._kept))
            self._kept = None
        return end + 1

    def _keep(self, piece: bytes, start: int, end: int) -> None:
        if self._kept is not None and len(self._kept) <= LONGEST:
            self._kept += piece[start : min(end, start + LONGEST + 1)]

    def _said(self, string: bytes) -> None:
        if self._key:
            self.model = _text(string) if len(string) <= LONGEST else None
            self._key = False
        else:
            self._last = string


def _backslashes(piece: bytes, start: int, end: int) -> int:
    """How many backslashes stand right before `end`, none of them before `start`."""
    at = end
    while at > start and piece[at - 1] == _BACKSLASH:
        at -= 1
    return end - at


def _text(string: bytes) -> str | None:
    """What a JSON string without its quotes says; None where it is none."""
    try:
        return str(json.loads(b'"' + string + b'"')) if _BACKSLASH in string else string.decode()
    except ValueError:
        return None
