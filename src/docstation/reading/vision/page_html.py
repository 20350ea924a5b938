"""The incremental parser of pages as HTML, whose elements carry their boxes in an attribute ``data-bbox``.

Qwen's models were taught to write pages so; where their JSON fails, this form often does not. Gives the same blocks as
`docstation.reading.vision.stream`, each once its element is closed, or once the next one shows that it was. Boxes stay
in the model's coordinates.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from docstation.document.model import Category
from docstation.reading.vision.fields import Note, ParsedBlock, quad_of

BOX = "data-bbox"
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_OF_TAG = {
    "h1": Category.TITLE,
    **dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), Category.SECTION_HEADER),
    **dict.fromkeys(("p", "pre", "blockquote", "address", "dt", "dd", "label"), Category.TEXT),
    **dict.fromkeys(("img", "figure", "svg", "canvas"), Category.PICTURE),
    **dict.fromkeys(("caption", "figcaption"), Category.CAPTION),
    "li": Category.LIST_ITEM,
    "table": Category.TABLE,
    "math": Category.FORMULA,
    "header": Category.PAGE_HEADER,
    "footer": Category.PAGE_FOOTER,
}
_OF_CLASS = (
    ("caption", Category.CAPTION),
    ("footnote", Category.FOOTNOTE),
    ("page-header", Category.PAGE_HEADER),
    ("page-footer", Category.PAGE_FOOTER),
    ("formula", Category.FORMULA),
    ("equation", Category.FORMULA),
    ("image", Category.PICTURE),
    ("figure", Category.PICTURE),
    ("chart", Category.PICTURE),
)
"""What the classes of elements say, the first that fits."""
_ALONE = frozenset({"p", "li", "table", "img", "pre", "blockquote", "math", *_HEADINGS})
"""Blocks without a box as well; other elements without one are wrappers or parts of a line."""
_WRAPPERS = frozenset({"div", "section", "article", "main", "ul", "ol", "dl", "header", "footer", "figure", "span"})
"""Stand for themselves only where no element with a box is inside."""
_OF_TABLES = frozenset({"table", "thead", "tbody", "tfoot", "tr", "th", "td"})
_SPANS = ("colspan", "rowspan")
_SPAN = re.compile(r"[0-9]{1,4}")
_SILENT = frozenset({"script", "style", "head", "title"})
_SPACE = re.compile(r"[^\S\n]+")
_TORN = re.compile(r"<[^<>]*$|&#?\w{0,31}$")
"""The beginning of a tag or of a named sign, at the end of an answer."""
_FORMULA = re.compile(r"\s*(?:\\\[.*\\\]|\\\(.*\\\)|\$\$.*\$\$)\s*", re.DOTALL)


@dataclass(slots=True)
class _Open:
    """An element whose end has not come.

    Attributes:
        tag: of the element.
        box: what its attribute says, empty without one.
        category: by its tag and class.
        start: offset of the element.
        depth: of elements with this tag inside, itself too.
        text: pieces of what it says; a table's are HTML.
    """

    tag: str
    box: str
    category: Category
    start: int
    depth: int = 1
    text: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not "".join(self.text).strip()


class PageHtml:
    """Feed it the pieces of an answer in their order; then close it."""

    def __init__(self) -> None:
        self._elements = _Elements()

    def feed(self, delta: str) -> list[ParsedBlock]:
        """Take the next piece; returns the blocks that it shows to be over, most often none."""
        return self._elements.take(delta)

    def close(self) -> ParsedBlock | None:
        """The answer is over; returns what can be saved of the element that it ended in, or None."""
        left = self._elements.end()
        return left[-1] if left else None


class _Elements(HTMLParser):
    """What the library's parser tells of elements, as blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: _Open | None = None
        self._silent = ""
        self._found: list[ParsedBlock] = []
        self._lines = [0]
        """Offsets at which the answer's lines begin."""
        self._length = 0
        self._is_over = False

    def take(self, delta: str) -> list[ParsedBlock]:
        """The blocks whose ends the next piece shows."""
        self._lines += [self._length + place + 1 for place, sign in enumerate(delta) if sign == "\n"]
        self._length += len(delta)
        if not self._is_over:
            self._fed(delta)
        found, self._found = self._found, []
        return found

    def end(self) -> list[ParsedBlock]:
        """The element that the answer ended in."""
        if not self._is_over:
            # What the library still holds: words, and perhaps the beginning of a tag.
            self.handle_data(html.unescape(_TORN.sub("", self.rawdata)))
        self._emit(self._length, partial=True)
        found, self._found = self._found, []
        return found

    def _fed(self, delta: str) -> None:
        try:
            self.feed(delta)
        except AssertionError:
            # The library gives up so on a declaration that is none; what was read before it stands.
            self._is_over = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag in _SILENT:
            self._silent = tag
            return
        now = self._open
        if now is not None and now.category is Category.TABLE:
            self._in_table(now, tag, said)
            return
        if now is not None and tag == now.tag:
            now.depth += 1
        if BOX in said or (tag in _ALONE and (now is None or now.tag in _WRAPPERS)):
            self._begin(tag, said)
        elif tag == "br" and now is not None:
            now.text.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in ("br", "img"):
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""
        now = self._open
        if now is None:
            return
        if now.category is Category.TABLE and tag in _OF_TABLES:
            now.text.append(f"</{tag}>")
        if tag == now.tag:
            now.depth -= 1
            if now.depth == 0:
                self._emit(self._at + len(f"</{tag}>"))

    def handle_data(self, data: str) -> None:
        now = self._open
        if now is None or self._silent:
            return
        now.text.append(html.escape(data, quote=False) if now.category is Category.TABLE else data)

    def _in_table(self, now: _Open, tag: str, said: dict[str, str]) -> None:
        """Tags of cells and rows stay, with their spans; all others are left out, line breaks apart."""
        if tag in _OF_TABLES:
            spans = "".join(f' {name}="{said[name]}"' for name in _SPANS if _SPAN.fullmatch(said.get(name, "")))
            now.text.append(f"<{tag}{spans}>")
            now.depth += tag == now.tag
        elif tag == "br":
            now.text.append("<br>")

    def _begin(self, tag: str, said: dict[str, str]) -> None:
        now = self._open
        if now is not None and not (now.tag in _WRAPPERS and now.is_empty):
            self._emit(self._at)
        kind = said.get("class", "").casefold()
        named = next((category for word, category in _OF_CLASS if word in kind), None)
        category = named or _OF_TAG.get(tag, Category.TEXT)
        self._open = _Open(tag, said.get(BOX, ""), category, self._at)
        if category is Category.TABLE:
            self._open.text.append("<table>")
        if tag == "img":
            self._emit(self._at + len(self.get_starttag_text() or ""))

    @property
    def _at(self) -> int:
        """Offset of the tag that the library tells of."""
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _emit(self, end: int, *, partial: bool = False) -> None:
        """The open element is over, at offset `end`."""
        now, self._open = self._open, None
        if now is None:
            return
        text, category = _text(now), now.category
        if category is Category.TEXT and _FORMULA.fullmatch(text):
            category = Category.FORMULA
        box = quad_of([now.box]) if now.box else None
        if not text and box is None:
            return
        notes = [note for note, holds in ((Note.CUT, partial), (Note.NO_BOX, box is None)) if holds]
        self._found.append(ParsedBlock(box, category, text, now.start, end, tuple(notes), partial))


def _text(element: _Open) -> str:
    """What an element says; a heading's level as the number signs of Markdown."""
    said = "".join(element.text)
    if element.category is Category.TABLE:
        return said.strip()
    if element.category is Category.PICTURE:
        return ""
    if element.tag != "pre":
        # A line's end in the source is a space; one that is meant is a tag.
        said = "\n".join(_SPACE.sub(" ", line).strip() for line in _joined(element.text).split("\n"))
    said = said.strip()
    level = _HEADINGS.get(element.tag, 0)
    return f"{'#' * level} {said}" if level and said else said


def _joined(pieces: Sequence[str]) -> str:
    return "".join(piece if piece == "\n" else piece.replace("\n", " ") for piece in pieces)
