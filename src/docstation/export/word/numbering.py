"""Word's numbering: one definition of bullets, one per kind of number, and one count for each list of the document."""

from __future__ import annotations

from docx.document import Document as WordDocument
from lxml.etree import _Element

from docstation.export.list_entries import Entry
from docstation.export.list_marks import Mark
from docstation.export.word.elements import made, named, paragraph, run
from docstation.export.word.styles import LIST_BULLET, LIST_NUMBER

_LEVELS = 9
"""That Word has."""
_INDENT = 360
"""Per level, in twips."""
_BULLETS = ("•", "–")


def indent(depth: int) -> _Element:
    """How far the text of items of that depth stands from the margin; of paragraphs within them too."""
    return made("ind", left=_INDENT * min(depth, _LEVELS))


class Numbering:
    """Writes list items as paragraphs and the counts that they need into the document's numbering."""

    def __init__(self, document: WordDocument) -> None:
        self._part: _Element = document.part.numbering_part.element
        self._next = 1 + max(
            int(found.get(named(name), "0"))
            for tag, name in (("abstractNum", "abstractNumId"), ("num", "numId"))
            for found in self._part.iter(named(tag))
        )
        self._definitions: dict[str, int] = {}
        self._counts: dict[int, int] = {}
        """Number of a list as `Entry` has it → id of its count."""
        self._bullets = 0

    def item(self, entry: Entry, language: str) -> _Element:
        """The paragraph of an item with a bullet or a number; nothing is deeper than Word's nine levels."""
        level = min(entry.depth, _LEVELS) - 1
        words = [run(entry.item.text, language=language)]
        bullet = entry.item.mark is Mark.BULLET
        count = self._bullet_count() if bullet else self._number_count(entry, level)
        style = LIST_BULLET if bullet else LIST_NUMBER
        return paragraph(style, words, made("numPr", made("ilvl", val=level), made("numId", val=count)))

    def _bullet_count(self) -> int:
        if not self._bullets:
            self._bullets = self._count("")
        return self._bullets

    def _number_count(self, entry: Entry, level: int) -> int:
        if entry.list not in self._counts:
            start = made("lvlOverride", made("startOverride", val=entry.item.number), ilvl=level)
            self._counts[entry.list] = self._count(entry.item.delimiter, start)
        return self._counts[entry.list]

    def _count(self, delimiter: str, *overrides: _Element) -> int:
        definition = self._definition(delimiter)
        number = self._new_id()
        self._part.append(made("num", made("abstractNumId", val=definition), *overrides, numId=number))
        return number

    def _definition(self, delimiter: str) -> int:
        """Id of the definition of numbers before that delimiter, of bullets where it is empty."""
        if delimiter not in self._definitions:
            number = self._definitions[delimiter] = self._new_id()
            levels = (_level(level, delimiter) for level in range(_LEVELS))
            kind = made("multiLevelType", val="multilevel")
            # The schema wants all definitions before all counts.
            first_count = self._part.find(named("num"))
            made_now = made("abstractNum", made("nsid", val=f"{number:08X}"), kind, *levels, abstractNumId=number)
            if first_count is None:
                self._part.append(made_now)
            else:
                first_count.addprevious(made_now)
        return self._definitions[delimiter]

    def _new_id(self) -> int:
        self._next += 1
        return self._next - 1


def _level(level: int, delimiter: str) -> _Element:
    return made(
        "lvl",
        made("start", val=1),
        made("numFmt", val="decimal" if delimiter else "bullet"),
        made("lvlText", val=f"%{level + 1}{delimiter}" if delimiter else _BULLETS[level % len(_BULLETS)]),
        made("lvlJc", val="left"),
        made("pPr", made("ind", left=_INDENT * (level + 1), hanging=_INDENT)),
        ilvl=level,
    )
