"""Fields of drawn business papers by rules alone: how many are right, and how many misread digits are told.

``python bench/extraction.py [--papers 60] [--seed 500] [--pixels]``. The papers are invoices, acts, УПД, ТОРГ-12 and
payment orders with known fields; the embedded engine reads them, from their text layers or from pixels alone. Then one
digit at a time of an ИНН or a sum is changed where it was read, and a check has to tell.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ocr_head import head, row

import docstation
from docstation.document.model import Block, Document
from docstation.document.text import Line
from docstation.extraction.extract import extract
from docstation.extraction.folding import compact
from docstation.extraction.presets import preset
from docstation.extraction.printed import parsed
from docstation.extraction.result import Evidence, Extraction, Leaf
from docstation.extraction.schema import Kind, Schema
from docstation.testing.business import papers
from docstation.testing.drawn import Drawn

PRESETS = {"invoice": "счёт", "act": "акт", "upd": "УПД", "torg12": "ТОРГ-12", "payment": "платёжное поручение"}
FORMS = {
    "обществосограниченнойответственностью": "ооо",
    "публичноеакционерноеобщество": "пао",
    "закрытоеакционерноеобщество": "зао",
    "акционерноеобщество": "ао",
}
"""Legal forms, spelt out and short: the same for whoever pays."""
CHANGES = 12
"""Digits that are changed on each paper, one at a time."""


def read(paper: Drawn, folder: Path, *, pixels: bool) -> Document:
    """The paper as the embedded engine reads it."""
    path = folder / f"{paper.name}.pdf"
    path.write_bytes(paper.pdf)
    if pixels:
        import pypdfium2

        with pypdfium2.PdfDocument(path) as opened:
            images = [page.render(scale=200 / 72).to_pil() for page in opened]
        path = folder / f"{paper.name}.tiff"
        images[0].save(path, save_all=True, append_images=images[1:], dpi=(200, 200))
    return docstation.read(path, engine="embedded", jobs=1)


def right(extraction: Extraction, schema: Schema, paper: Drawn) -> Iterator[bool]:
    """For each known field, whether its value is right."""
    values = {leaf.path: leaf.value for leaf in extraction.leaves}
    for name, printed in paper.fields.items():
        wanted = next(one for one in schema.fields if one.name == name)
        got = values.get((name,))
        yield _norm(got) == _norm(printed) if wanted.kind is Kind.TEXT else got == parsed(wanted, printed)


def _norm(value: object) -> str:
    text = compact(str(value))
    for long, short in FORMS.items():
        text = text.replace(compact(long), short)
    return text


def misread(
    document: Document, schema: Schema, extraction: Extraction, chance: random.Random
) -> Iterator[tuple[str, bool]]:
    """Kinds of values of which a digit was changed, and whether that was told."""
    leaves = [one for one in extraction.leaves if _is_number(one)]
    for _ in range(CHANGES if leaves else 0):
        leaf = chance.choice(leaves)
        evidence = leaf.evidence
        assert evidence is not None
        place = chance.choice([at for at, sign in enumerate(evidence.text) if sign.isdigit()])
        digit = chance.choice([one for one in "0123456789" if one != evidence.text[place]])
        changed = evidence.text[:place] + digit + evidence.text[place + 1 :]
        again = extract(_altered(document, evidence, changed), schema)
        now = next((one.value for one in again.leaves if one.path == leaf.path), None)
        if now != leaf.value:
            yield leaf.field.kind.value, bool(again.failed) or now is None


def _is_number(leaf: Leaf) -> bool:
    return leaf.evidence is not None and len(leaf.evidence.boxes) == 1 and leaf.field.kind in (Kind.INN, Kind.MONEY)


def _altered(document: Document, evidence: Evidence, text: str) -> Document:
    """The document with other words where the evidence stands."""
    pages = [
        replace(page, blocks=tuple(_changed(one, evidence, text) for one in page.blocks))
        if page.number == evidence.page
        else page
        for page in document.pages
    ]
    return replace(document, pages=tuple(pages))


def _changed(block: Block, evidence: Evidence, text: str) -> Block:
    if block.id != evidence.block:
        return block
    lines = []
    for line in block.lines:
        at, words = 0, []
        for word in line.words:
            if evidence.box.contains(*word.box.center):
                words.append(replace(word, text=text[at : at + len(word.text)]))
                at += len(word.text) + 1
            else:
                words.append(word)
        lines.append(Line(tuple(words)))
    table = block.table
    if table is not None:
        inside = (one.box is not None and evidence.box.share_inside(one.box) > 0.5 for one in table.cells)
        cells = tuple(
            replace(cell, text=cell.text.replace(evidence.text, text)) if there else cell
            for cell, there in zip(table.cells, inside, strict=True)
        )
        table = replace(table, cells=cells)
    return replace(block, lines=tuple(lines), table=table, text=block.text.replace(evidence.text, text))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=60)
    parser.add_argument("--seed", type=int, default=500)
    parser.add_argument("--pixels", action="store_true", help="read pixels instead of text layers")
    given = parser.parse_args()
    head("Extraction by rules from drawn business papers")
    chance, good, told = random.Random(given.seed), Counter[str](), Counter[tuple[str, bool]]()
    fields, alarms, seconds = Counter[str](), 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for paper in papers(given.seed, given.papers):
            kind = paper.name.partition("-")[0]
            schema = preset(PRESETS[kind])
            document = read(paper, Path(folder), pixels=given.pixels)
            began = time.perf_counter()
            extraction = extract(document, schema)
            seconds += time.perf_counter() - began
            alarms += bool(extraction.failed)
            verdicts = list(right(extraction, schema, paper))
            fields[kind] += len(verdicts)
            good[kind] += sum(verdicts)
            told.update(misread(document, schema, extraction, chance))
    row("what", "right", "of", "share")
    row("---", "---:", "---:", "---:")
    for kind, count in fields.items():
        row(f"fields, {PRESETS[kind]}", good[kind], count, f"{100 * good[kind] / count:.1f} %")
    for kind in sorted({kind for kind, _ in told}):
        found, missed = told[kind, True], told[kind, False]
        row(f"misread digits told, {kind}", found, found + missed, f"{100 * found / (found + missed):.1f} %")
    row("sound papers with an alarm", alarms, given.papers, "")
    print(f"\n{1000 * seconds / given.papers:.0f} ms a paper for the rules alone.")


if __name__ == "__main__":
    main()
