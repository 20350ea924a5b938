r"""Text spelled so that Markdown shows it as it is: CommonMark with tables, strikethrough, footnotes and formulas.

As few backslashes as that takes: `snake_case`, `5 * 3`, `[1]` and `№ 1.` within a line stay as they are. The rules
are those of the CommonMark specification 0.31 and GitHub's extensions of it.
"""

from __future__ import annotations

import re

_PUNCTUATION = r"!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~"
_ANYWHERE = re.compile(
    rf"""
      \\(?=[{_PUNCTUATION}]|$)                 # would escape what follows, or break the line
    | `                                        # code
    | (?<=\S)\*|\*(?=\S)                       # emphasis; an asterisk between spaces is none
    | (?<=\S)~|~(?=\S)                         # strikethrough
    | <(?=[A-Za-z/!?])                         # HTML and autolinks
    | &(?=\#?\w+;)                             # entities
    | (?<=\])[(:]                              # links and definitions: the bracket alone is text
    | \[(?=\^)                                 # footnotes
    """,
    re.VERBOSE,
)
_UNDERSCORES = re.compile(r"(?<=[^\W_])_+(?=[^\W_])|(?:(?<=\s)|(?<=^))_+(?=\s|$)|(_+)")
"""Runs that mean emphasis are the group: neither within a word nor between spaces."""
_AT_START = re.compile(
    r"""
      \#{1,6}(?=\s|$)                          # heading
    | [-+*](?=\s|$)                            # list
    | >                                        # quotation
    | =+\s*$ | -+\s*$                          # underline of a heading
    | (?:-[ ]*){3,}$ | (?:_[ ]*){3,}$          # rule
    | ~~~                                      # code
    | \|?\s*:?-+:?\s*(?:\||$) | :-+            # a table's second line
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(r"([0-9]{1,9})([.)])(?=\s|$)")


def escaped(text: str) -> str:
    """One line of text within a paragraph, not at its start."""
    text = _ANYWHERE.sub(lambda found: "\\" + found[0], text)
    text = _UNDERSCORES.sub(lambda found: "\\_" * len(found[1]) if found[1] else found[0], text)
    if text.count("$") > 1:
        text = text.replace("$", "\\$")
    return text


def escaped_lines(text: str) -> str:
    """A paragraph of one or more lines; its own line breaks are kept as hard ones."""
    lines = (line.strip() for line in text.split("\n"))
    return "  \n".join(_escaped_start(line) for line in lines if line)


def escaped_heading(text: str) -> str:
    """A heading's text; white space is single spaces, closing number signs are text."""
    line = escaped(" ".join(text.split()))
    return re.sub(r"(#+)$", r"\\\1", line)


def escaped_cell(text: str) -> str:
    """The text of a cell between pipes; it holds no line break."""
    return escaped(" ".join(text.split())).replace("|", "\\|")


def escaped_alt(text: str) -> str:
    """What stands in the brackets of a picture's link."""
    return re.sub(r"[\\\[\]`*_<&~$]", r"\\\g<0>", text)


def emphasised(text: str) -> str:
    """A line of text in italics."""
    # The full stops stand for the asterisks: what is next to them is not next to a space.
    return f"*{escaped(f'.{text}.')[1:-1]}*" if text else ""


def _escaped_start(line: str) -> str:
    rest = escaped(line)
    if found := _NUMBER.match(line):
        return f"{found[1]}\\{rest[len(found[1]) :]}"
    if _AT_START.match(line) and not rest.startswith("\\"):
        return "\\" + rest
    return rest
