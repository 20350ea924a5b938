"""The scripts of a read page: look-alike letters repaired, codes that stay open and letters of foreign scripts flagged.

Formulas are left alone: in them single letters of any script are right. Works on the texts of blocks; knows nothing of
how they were read.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from docstation.document.model import Block, Category
from docstation.document.script import Script, is_ambiguous, repaired, script_of
from docstation.document.table import Table
from docstation.reading.vision.findings import Finding, Kind

_TOKEN = re.compile(r"(\$\$[^$]+\$\$|\$(?!\s)[^$\n]{1,400}?(?<!\s)\$|\S+)")
_FOREIGN_SHARE = 0.1
"""Share of a page's letters below which a script that is neither Latin nor Cyrillic does not belong to it."""
_AT_HOME = frozenset({"LATIN", "CYRILLIC", "COMMON"})
_SIGNS = frozenset({"GREEK"})
"""Scripts whose letters are signs (Δ, μ, Ω) and whose words alone are foreign."""
_WORD_LETTERS = 3
_MOST_WORDS = 12


def with_right_letters(blocks: Sequence[Block]) -> tuple[list[Block], list[Finding]]:
    """The blocks with look-alikes turned to the script of their words, and what there is to say about their letters."""
    texts = [_lines(block) for block in blocks]
    pages = [_words(line) for lines in texts for line in lines]
    mended = iter(repaired(pages))
    russian = _is_cyrillic(word for words in pages for word in words)
    home = _home(texts)
    result, findings = [], []
    for block, lines in zip(blocks, texts, strict=True):
        new = [_exchanged(line, next(mended)) for line in lines]
        changed = [word for old, line in zip(lines, new, strict=True) for word in _changed(old, line)]
        result.append(_with_lines(block, new) if changed else block)
        if changed:
            findings.append(Finding(Kind.LOOK_ALIKE, block.box, _listed(changed)))
        words = [word for line in new for word in _words(line)]
        if russian and (codes := [word for word in words if _is_open_code(word)]):
            findings.append(Finding(Kind.AMBIGUOUS_CODE, block.box, _listed(codes)))
        if foreign := [word for word in words if _foreign_letters(word) - home]:
            findings.append(Finding(Kind.FOREIGN_SCRIPT, block.box, _listed(foreign)))
    return result, findings


def _lines(block: Block) -> list[str]:
    """The lines of a block's text; for a table those of its cells, cell by cell; none for formulas."""
    if block.category is Category.FORMULA:
        return []
    if block.table is not None:
        return [line for cell in block.table.cells for line in cell.text.split("\n")]
    return block.text.split("\n")


def _with_lines(block: Block, lines: Sequence[str]) -> Block:
    if block.table is None:
        return replace(block, text="\n".join(lines))
    rest = iter(lines)
    cells = tuple(
        replace(cell, text="\n".join(next(rest) for _ in cell.text.split("\n"))) for cell in block.table.cells
    )
    table = Table(block.table.rows, block.table.columns, cells)
    return replace(block, table=table, text=table.to_text())


def _words(line: str) -> list[str]:
    return [token for token in _TOKEN.findall(line) if not token.startswith("$")]


def _exchanged(line: str, words: Sequence[str]) -> str:
    """The line with its words, formulas left out, exchanged for `words`."""
    rest = iter(words)

    def exchanged(found: re.Match[str]) -> str:
        return found[0] if found[0].startswith("$") else next(rest)

    return _TOKEN.sub(exchanged, line)


def _changed(old: str, new: str) -> list[str]:
    return [word for before, word in zip(_words(old), _words(new), strict=True) if before != word]


def _is_open_code(word: str) -> bool:
    """Whether a word could be read in both scripts: a code with digits, or letters of both at once."""
    digits = any(map(str.isdigit, word))
    return is_ambiguous(word) and (digits or script_of(word) is Script.MIXED)


def _is_cyrillic(words: Iterable[str]) -> bool:
    votes = Counter(map(script_of, words))
    return votes[Script.CYRILLIC] > votes[Script.LATIN]


def _home(texts: Sequence[Sequence[str]]) -> frozenset[str]:
    """The scripts that the page is written in."""
    counts = Counter(_script(letter) for lines in texts for line in lines for letter in line if letter.isalpha())
    total = sum(counts.values())
    return _AT_HOME | {script for script, count in counts.items() if count > _FOREIGN_SHARE * total}


def _foreign_letters(word: str) -> set[str]:
    """The scripts of a word's letters, but for signs of which it has a few only."""
    scripts = Counter(_script(letter) for letter in word if letter.isalpha())
    return {script for script, count in scripts.items() if script not in _SIGNS or count >= _WORD_LETTERS}


def _script(letter: str) -> str:
    """The script that a letter's name begins with, «CYRILLIC»; signs that are letters by name only are common."""
    if letter <= "\u024f":
        return "LATIN"
    name = unicodedata.name(letter, "COMMON").split(" ")[0].split("-")[0]
    return "COMMON" if name in ("MODIFIER", "MATHEMATICAL", "DOUBLE", "SCRIPT", "FEMININE", "MASCULINE") else name


def _listed(words: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(words[:_MOST_WORDS]))
