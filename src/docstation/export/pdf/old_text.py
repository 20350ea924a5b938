"""Takes the text of a layer that cannot be believed out of a page, and leaves the picture of the page as it was.

Text in render mode 3 is dropped from the content, inside form XObjects too. Glyphs that are seen (or lie under an
image) stay: their fonts are given a ToUnicode map by which every code is a space, so that nothing is found in them by
PDFium, Poppler and readers that follow the map (PDF 32000-1, 9.10.3). Two things cannot be had: a composite font whose
program is not in the file keeps its text, because readers choose its glyphs by that map; and so does text in the
appearance of form fields and notes, which is no part of the page's content.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from docstation.export.pdf.resources import copied, inherited
from docstation.export.pdf.silent_fonts import map_to_spaces, shows_by_code

_DEPTH = 12
"""Forms inside forms that are followed; real files nest two or three."""
_INVISIBLE = 3
_SHOWS = frozenset({"Tj", "TJ", "'", '"'})
_MOVES = frozenset({"BT", "ET", "Td", "TD", "Tm", "T*", "'", '"'})
"""Operators after which it does not matter how far the text shown before had advanced."""


class Silencer:
    """Silences pages of one open file; what pages share is made once."""

    def __init__(self, pdf: Any) -> None:
        self._pdf = pdf
        self._fonts: dict[tuple[int, int], Any] = {}
        self._forms: dict[tuple[int, int], Any] = {}
        self._maps: dict[int, Any] = {}

    def silence(self, page: Any) -> None:
        """Make the text of `page` (a pikepdf page) unfindable; other pages that share its resources keep theirs."""
        resources = inherited(page.obj, "/Resources")
        page.obj["/Resources"] = self._resources(resources, 0)
        content = self._content(page.obj)
        if content is not None:
            page.obj["/Contents"] = self._pdf.make_stream(content)

    def _resources(self, resources: Any, depth: int) -> Any:
        """A copy whose fonts, forms and marked-content properties say nothing."""
        silenced = copied(resources)
        for kind, change in (("/Font", self._font), ("/Properties", _without_actual_text)):
            if kind in silenced:
                part = copied(silenced[kind])
                for name in list(part.keys()):
                    part[name] = change(part[name])
                silenced[kind] = part
        if "/XObject" in silenced and depth < _DEPTH:
            part = copied(silenced["/XObject"])
            for name in list(part.keys()):
                part[name] = self._form(part[name], depth + 1)
            silenced["/XObject"] = part
        return silenced

    def _font(self, font: Any) -> Any:
        from pikepdf import Dictionary

        if not isinstance(font, Dictionary) or not shows_by_code(font):
            return font
        if font.objgen in self._fonts:
            return self._fonts[font.objgen]
        silent = copy.copy(font)
        silent["/ToUnicode"] = self._spaces(2 if font.get("/Subtype") == "/Type0" else 1)
        if font.is_indirect:
            # Direct objects have no number of their own to be told apart by.
            silent = self._fonts[font.objgen] = self._pdf.make_indirect(silent)
        return silent

    def _form(self, form: Any, depth: int) -> Any:
        from pikepdf import Stream

        if not isinstance(form, Stream) or form.get("/Subtype") != "/Form":
            return form
        if form.objgen not in self._forms:
            silent = copy.copy(form)
            # Before its own forms are looked at: damaged files have forms that hold themselves.
            self._forms[form.objgen] = silent
            if "/Resources" in form:
                silent["/Resources"] = self._resources(form["/Resources"], depth)
            content = self._content(form)
            if content is not None:
                silent.write(content)
        return self._forms[form.objgen]

    def _spaces(self, width: int) -> Any:
        if width not in self._maps:
            self._maps[width] = self._pdf.make_stream(map_to_spaces(width))
        return self._maps[width]

    @staticmethod
    def _content(of: Any) -> bytes | None:
        """The content of a page or form without hidden text and replacement texts; None where it has none of them."""
        import pikepdf

        try:
            instructions = list(pikepdf.parse_content_stream(of))
        except (pikepdf.PdfError, TypeError, ValueError):
            # What cannot be parsed cannot be rewritten; its fonts are silent all the same.
            return None
        hidden = _hidden(instructions)
        kept: list[Any] = []
        changed = bool(hidden)
        for index, instruction in enumerate(instructions):
            if index in hidden:
                kept.extend(hidden[index])
                continue
            plain = _unreplaced(instruction)
            changed = changed or plain is not instruction
            kept.append(plain)
        return bytes(pikepdf.unparse_content_stream(kept)) if changed else None


def _hidden(instructions: Sequence[Any]) -> dict[int, list[Any]]:
    """Indices of operators that show invisible text, with what stands in for each.

    One that visible text follows on the same line stays: where that text stands depends on it.
    """
    dropped: dict[int, list[Any]] = {}
    waiting: dict[int, list[Any]] = {}
    mode, saved = 0, list[int]()
    for index, instruction in enumerate(instructions):
        operator = str(instruction.operator)
        if operator in _MOVES:
            dropped.update(waiting)
            waiting.clear()
        if operator in _SHOWS and mode == _INVISIBLE:
            waiting[index] = _without_show(instruction)
        elif operator in _SHOWS:
            waiting.clear()
        elif operator == "Tr":
            mode = _mode(instruction.operands, mode)
        elif operator == "q":
            saved.append(mode)
        elif operator == "Q" and saved:
            mode = saved.pop()
    dropped.update(waiting)
    return dropped


def _without_show(instruction: Any) -> list[Any]:
    """What a text-showing operator does besides showing text (PDF 32000-1, table 109)."""
    from pikepdf import ContentStreamInstruction, Operator

    operator, operands = str(instruction.operator), list(instruction.operands)
    if operator == "'":
        return [ContentStreamInstruction([], Operator("T*"))]
    if operator == '"' and len(operands) == 3:
        spacing = [ContentStreamInstruction([operands[i]], Operator(name)) for i, name in enumerate(("Tw", "Tc"))]
        return [*spacing, ContentStreamInstruction([], Operator("T*"))]
    return []


def _mode(operands: Iterable[Any], before: int) -> int:
    try:
        return int(next(iter(operands)))
    except (StopIteration, TypeError, ValueError):
        return before


def _unreplaced(instruction: Any) -> Any:
    """The instruction, without the text that marked content gives in place of its glyphs."""
    from pikepdf import ContentStreamInstruction, Dictionary

    operands = list(instruction.operands)
    if str(instruction.operator) != "BDC" or len(operands) != 2 or not isinstance(operands[1], Dictionary):
        return instruction
    plain = _without_actual_text(operands[1])
    return instruction if plain is operands[1] else ContentStreamInstruction([operands[0], plain], instruction.operator)


def _without_actual_text(properties: Any) -> Any:
    from pikepdf import Dictionary

    if not isinstance(properties, Dictionary) or "/ActualText" not in properties:
        return properties
    plain = copy.copy(properties)
    del plain["/ActualText"]
    return plain
