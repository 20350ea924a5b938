r"""Markdown and LaTeX as models write them → the plain text that blocks hold.

Blocks of the other engines have no markup, so neither have these: emphasis, heading marks, links and simple HTML go;
printed bullets, numbers, and formulas between dollar signs stay. Pure text in, pure text out.
"""

from __future__ import annotations

import html
import re
import unicodedata

from docstation.reading.layout.joining import HARD_HYPHENS, join

_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
_BREAK = re.compile(r"\r\n?|\x85|\u2028|\u2029|<br\s*/?>", re.IGNORECASE)
_MATH = re.compile(r"\$\$[^$]+\$\$|\$(?!\s)[^$\n]{1,400}?(?<!\s)\$|\\\([^\n]{1,400}?\\\)")
_SIMPLE_TAG = re.compile(
    r"</?(?:b|i|u|s|em|strong|del|ins|mark|sup|sub|small|span|p|div|center|font)(?:\s[^<>]{0,200})?>"
)
_HEADING = re.compile(r"^[ \t]{0,3}(#{1,6})[ \t]+")
_HEADING_END = re.compile(r"[ \t]+#+[ \t]*$")
_QUOTATION = re.compile(r"^[ \t]{0,3}>[ \t]?")
_LINK = re.compile(r"!?\[([^\[\]\n]{1,400})\]\(([^()\s]{1,800})\)")
_CODE = re.compile(r"(?<!`)(`{1,2})([^`\n]{1,400})\1(?!`)")
_BOTH = re.compile(r"(?<![*\\])(\*\*\*)(?=[^\s*])([^*\n]{1,2000}?)(?<=[^\s*])\*\*\*(?!\*)")
_STRONG = re.compile(r"(?<![*\\])(\*\*)(?=[^\s*])((?:[^*\n]|\*(?!\*)){1,2000}?)(?<=\S)\*\*")
_SLANTED = re.compile(r"(?<![\w*\\])(\*)(?=[^\s*])([^*\n]{1,2000}?)(?<=[^\s*\\])\*(?![\w*])")
_UNDERLINED = re.compile(r"(?<![\w_\\])(_{1,3})(?=[^\s_])([^_\n]{1,2000}?)(?<=[^\s_])\1(?![\w_])")
_STRUCK = re.compile(r"(?<![~\\])(~~)(?=[^\s~])([^~\n]{1,2000}?)(?<=[^\s~])~~(?!~)")
_ESCAPED = re.compile(r"\\([!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~])")
_BULLET = re.compile(r"^([ \t]*)[-*+][ \t]+(?=\S)(?!.*[ \t][-*]$)")
_ITEM = re.compile(r"^([ \t]*)(?:[-*+•◦▪‣–—][ \t]+|\(?\d{1,3}[.)][ \t]+|[^\W\d_]\)[ \t]*)(?=\S)")
_FENCE = re.compile(r"^```[a-zA-Z]*\n?|\n?```$")
_DELIMITERS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$"))
_ENVIRONMENT = re.compile(r"\\begin\{(equation|displaymath|math)(\*?)\}(.*)\\end\{\1\2\}", re.DOTALL)
_MARK = "\ue000"


def cleaned_lines(text: str) -> list[str]:
    """The lines of `text` without control characters, in NFC, right-trimmed; blank lines are kept."""
    text = _FORBIDDEN.sub("", _BREAK.sub("\n", text))
    return [line.rstrip() for line in unicodedata.normalize("NFC", text).split("\n")]


def plain_line(line: str) -> str:
    """One line without inline markup; formulas between dollar signs are left as they are."""
    formulas: list[str] = []

    def kept(match: re.Match[str]) -> str:
        formulas.append(match[0])
        return f"{_MARK}{len(formulas) - 1}{_MARK}"

    line = _MATH.sub(kept, line.replace(_MARK, ""))
    line = _SIMPLE_TAG.sub("", line)
    line = _CODE.sub(r"\2", _LINK.sub(r"\1", line))
    for pattern in (_BOTH, _STRONG, _SLANTED, _UNDERLINED, _STRUCK):
        line = pattern.sub(r"\2", line)
    line = html.unescape(_ESCAPED.sub(r"\1", line))
    for number, formula in enumerate(formulas):
        line = line.replace(f"{_MARK}{number}{_MARK}", formula)
    return " ".join(line.split())


def plain_text(text: str) -> str:
    """Prose without markup: heading and quotation marks go, lines that only wrap are joined, others stay lines."""
    result = ""
    before = ""
    for line in cleaned_lines(_FENCE.sub("", text.strip())):
        bare = _HEADING_END.sub("", line) if _HEADING.match(line) else line
        plain = plain_line(_QUOTATION.sub("", _HEADING.sub("", _BULLET.sub(r"\1", bare))))
        if not plain:
            before = ""
            continue
        wraps = _wraps(before, plain) and not _ITEM.match(line) and not _HEADING.match(line)
        result = join(result, plain) if wraps else f"{result}\n{plain}" if result else plain
        before = plain
    return result


def heading_depth(text: str) -> int:
    """How many number signs open the text; 0 without any."""
    match = _HEADING.match(text.strip())
    return len(match[1]) if match else 0


def list_items(text: str) -> list[tuple[int, str]]:
    """The items of a list: depth from 1 by indent, and text; Markdown's bullets go, printed marks stay.

    A line without a mark belongs to the item before it.
    """
    items: list[tuple[int, str]] = []
    indents: list[int] = []
    for line in cleaned_lines(text):
        plain = plain_line(_BULLET.sub("", line))
        if not plain:
            continue
        match = _ITEM.match(line)
        if match is None and items:
            depth, before = items[-1]
            items[-1] = depth, join(before, plain) if _wraps(before, plain) else f"{before}\n{plain}"
            continue
        indent = len(match[1].expandtabs(4)) if match else 0
        while indents and indent < indents[-1]:
            indents.pop()
        if not indents or indent > indents[-1]:
            indents.append(indent)
        items.append((min(len(indents), 6), plain))
    return items


def latex(text: str) -> str:
    """A displayed formula without what sets it apart: fences, dollar signs, brackets, the equation environment."""
    text = "\n".join(line.strip() for line in cleaned_lines(_FENCE.sub("", text.strip())) if line.strip())
    while True:
        bare = _undelimited(text)
        if bare == text:
            return text
        text = bare


def _undelimited(text: str) -> str:
    for opening, closing in _DELIMITERS:
        inner = text[len(opening) : -len(closing)]
        if text.startswith(opening) and text.endswith(closing) and len(text) > len(opening) + len(closing):
            return inner.strip() if opening not in inner else text
    match = _ENVIRONMENT.fullmatch(text)
    return match[3].strip() if match and "\\begin{" + match[1] not in match[3] else text


def _wraps(before: str, line: str) -> bool:
    """Whether the break before `line` is where the page's line ended, not one that is meant."""
    if not before:
        return False
    broken = before[-1] in HARD_HYPHENS and before[-2:-1].isalpha()
    return line[0].islower() and (broken or len(before) > 40)
