r"""Strings as models write them into JSON: right, or with LaTeX whose backslashes were never doubled.

``"\frac{a}{b}"`` is valid JSON for a form feed and "rac"; ``"\alpha"`` is none at all. What no document holds (form
feeds, backspaces, a tab before "heta") is read as the command that was meant. Pure text in, pure text out.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_CONTROL = {"n": "\n", "t": "\t", "r": "\r"}
_QUOTED = {'"': '"', "'": "'", "/": "/", "\\": "\\"}
_LONE_BACKSLASH = re.compile(r'(?<!\\)(?:\\\\)*\\[^"\'\\/bfnrtu\s]')
_DOUBLED = re.compile(r"(?<!\\)\\\\(?:\\\\)*[A-Za-z]")
_SURE = re.compile(
    r"t(?:heta|imes|au|ext[a-z]*|ilde|riangle[a-z]*|frac)(?![A-Za-z])|r(?:ho|ight[a-z]*|angle|floor|ceil|m)(?![A-Za-z])"
)
"""Commands that a tab or a carriage return before them can only be a misread backslash of."""
_LIKELY = re.compile(
    r"t(?:o|op|an|anh|ag|fbinom)(?![A-Za-z])|n(?:u|e|eq|abla|i|ot|otin|onumber|leq|geq|mid|parallel)(?![A-Za-z])"
)
"""Commands that are words too: read so where the string's other commands have one backslash as well."""


def decoded(raw: str) -> str:
    """The text that `raw`, what stands between the quotes, means; what JSON itself reads, but for the above.

    Escapes that JSON does not know are kept with their backslash; a lone surrogate becomes U+FFFD.
    """
    if "\\" not in raw:
        return raw
    single = bool(_LONE_BACKSLASH.search(raw)) and not _DOUBLED.search(raw)

    def meant(match: re.Match[str]) -> str:
        return _meant(match, single=single)

    text = _ESCAPE.sub(meant, _without_cut_escape(raw))
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _meant(match: re.Match[str], *, single: bool) -> str:
    code = match[1]
    if code[0] == "u" and len(code) == 5:
        return chr(int(code[1:], 16))
    if code in _QUOTED:
        return _QUOTED[code]
    after = match.string[match.end() : match.end() + 1]
    if code in "bf":
        return match[0] if after.isalpha() else " "
    if code in _CONTROL:
        start = match.start() + 1
        command = _SURE.match(match.string, start) or (single and _LIKELY.match(match.string, start))
        return match[0] if command else _CONTROL[code]
    return match[0]


def _without_cut_escape(raw: str) -> str:
    r"""`raw` without an escape that the end of the stream cut: a lone backslash, or ``\u04``."""
    return re.sub(r"(?<!\\)((?:\\\\)*)\\(?:u[0-9a-fA-F]{0,3})?$", r"\1", raw)
