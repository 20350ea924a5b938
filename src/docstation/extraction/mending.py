"""JSON that was cut off, closed behind its last whole value; pure."""

from __future__ import annotations

_CLOSERS = {"{": "}", "[": "]"}


def mended(text: str) -> str:
    """The beginning of `text` up to its last whole value, its brackets closed; empty where nothing of it is whole."""
    open_, quoted, escaped = list[str](), False, False
    whole = ""
    start = text.find("{")
    for place, sign in enumerate(text[start:] if start >= 0 else "", max(start, 0)):
        if quoted:
            quoted, escaped = escaped or sign != '"', not escaped and sign == "\\"
        elif sign == '"':
            quoted = True
        elif sign in _CLOSERS:
            open_.append(_CLOSERS[sign])
        elif sign in "}]":
            if not open_ or open_.pop() != sign:
                break
            whole = _closed(text[start : place + 1], open_)
        elif sign == ",":
            whole = _closed(text[start:place], open_)
        if not open_:
            break
    return whole


def _closed(text: str, open_: list[str]) -> str:
    return text + "".join(reversed(open_))
