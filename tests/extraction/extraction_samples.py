"""Pages made of lines with boxes, receipts drawn from a seed, and digits put wrong where they were read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Document, Page, Source
from docstation.document.text import Line, Word
from docstation.extraction.evidence import Evidence
from docstation.extraction.pages import read_page
from docstation.extraction.streams import PageStreams

PRESETS = {"invoice": "счёт", "act": "акт", "upd": "УПД", "torg12": "ТОРГ-12", "payment": "платёжное поручение"}
"""The preset of each kind of paper that `docstation.testing.business` draws."""


def line(text: str, box: Box) -> Line:
    """A line whose words share its box by their letters, as a line recogniser gives it."""
    words = text.split()
    letters, at, made = sum(map(len, words)) + len(words) - 1, 0, []
    for word in words:
        left, right = (box.x0 + box.width * part / letters for part in (at, at + len(word)))
        made.append(Word(word, Box(left, box.y0, right, box.y1)))
        at += len(word) + 1
    return Line(tuple(made))


def page_of(lines: Sequence[tuple[str, Box]], number: int = 1) -> Page:
    """A page with a block for each line."""
    blocks = [
        Block(f"p{number}-b{index}", Category.TEXT, box, text, (line(text, box),))
        for index, (text, box) in enumerate(lines, 1)
    ]
    return Page(number, 595, 842, tuple(blocks))


def written(*rows: str, number: int = 1) -> Page:
    """A page with these rows below one another; a bar parts columns."""
    lines = []
    for index, row in enumerate(rows):
        for column, text in enumerate(row.split("|")):
            if text.strip():
                left, top = 40 + 180 * column, 40 + 16 * index
                lines.append((text.strip(), Box(left, top, left + 5.5 * len(text.strip()), top + 10)))
    return page_of(lines, number)


def document_of(*pages: Page) -> Document:
    return Document(Source("sample.pdf", "0" * 64, "application/pdf", len(pages)), pages)


def streams(page: Page) -> PageStreams:
    return PageStreams(read_page(page))


@dataclass(frozen=True)
class Receipt:
    """A receipt as lines with boxes, and for each key its value as a person wrote it down and its lines."""

    page: Page
    keys: dict[str, tuple[str, tuple[Box, ...]]]


_SHOPS = ("GOLDEN LEAF TRADING", "B & R HARDWARE SDN BHD", "KEDAI PERABOT (M) SDN BHD", "Sunrise Mart Ltd.")
_STREETS = ("LOT 18, JALAN KPB 6,", "NO.2&4, JALAN HARMONI 3/2,", "27 JALAN DEDAP 13,", "UNIT 5-A, MAIN STREET,")
_TOWNS = ("TAMAN JOHOR JAYA,", "KAWASAN PERINDUSTRIAN,", "TAMAN DESA,")
_ENDS = ("81100 JOHOR BAHRU, JOHOR.", "43300 SERI KEMBANGAN, SELANGOR", "50480 KUALA LUMPUR")


def receipt(seed: int) -> Receipt:
    """A shop's receipt: the sum is printed several times, the total once, and reading has misread letters."""
    random = Random(seed)
    texts: list[tuple[str, str]] = []
    shop, address = random.choice(_SHOPS), [random.choice(_STREETS), random.choice(_TOWNS), random.choice(_ENDS)]
    texts.append(("company", _misread(random, shop)))
    texts += [("address", _misread(random, part)) for part in address]
    texts.append(("", f"TEL: 07-{random.randint(1000000, 9999999)}"))
    sign = random.choice("/-")
    date = f"{random.randint(13, 28)}{sign}{random.randint(1, 12):02d}{sign}{random.choice((2018, 2019, 2024))}"
    texts.append(("date", f"{random.choice(('DATE: ', '', 'Date '))}{date} {random.randint(10, 20)}:15:09 PM"))
    prices = [random.randint(100, 9999) for _ in range(random.randint(1, 4))]
    total = sum(prices)
    for price in prices:
        texts.append(("", f"ITEM {random.randint(10**9, 10**10)}|1 X|{price / 100:.2f}"))
    texts.append(("total", f"TOTAL|{random.choice(('RM ', '', '$'))}{total / 100:,.2f}"))
    texts.append(("", f"CASH|{(total // 1000 + 1) * 10:.2f}"))
    texts.append(("", f"{random.choice(('AMOUNT', 'SUBTOTAL EXCL. GST'))}|{total / 100:.2f}"))
    lines: list[tuple[str, Box]] = []
    boxes: dict[str, list[Box]] = {}
    for index, (key, text) in enumerate(texts):
        for column, part in enumerate(text.split("|")):
            left, top = 30 + 150 * column + random.uniform(-3, 3), 40 + 22 * index + random.uniform(-1.5, 1.5)
            box = Box(left, top, left + 7 * len(part), top + 13)
            lines.append((part, box))
            if key and (key != "total" or column == 1):
                boxes.setdefault(key, []).append(box)
    said = {"company": shop, "address": " ".join(address), "date": date, "total": f"{total / 100:.2f}"}
    return Receipt(page_of(lines), {key: (said[key], tuple(found)) for key, found in boxes.items()})


def _misread(random: Random, text: str) -> str:
    """The text as reading gives it now and then: a letter misread, a space lost."""
    if random.random() < 0.3:
        at = random.choice([index for index, letter in enumerate(text) if letter.isalpha()])
        text = text[:at] + random.choice("DIT") + text[at + 1 :]
    return text.replace(", ", ",", 1) if random.random() < 0.3 else text


def misprinted(document: Document, evidence: Evidence, text: str) -> Document:
    """The document with `text` read where the evidence stands, as long as what was read there."""
    pages = tuple(_page_with(page, evidence, text) if page.number == evidence.page else page for page in document.pages)
    return replace(document, pages=pages)


def _page_with(page: Page, evidence: Evidence, text: str) -> Page:
    return replace(
        page, blocks=tuple(_block_with(b, evidence, text) if b.id == evidence.block else b for b in page.blocks)
    )


def _block_with(block: Block, evidence: Evidence, text: str) -> Block:
    lines, at = [], 0
    for one in block.lines:
        words = []
        for word in one.words:
            if evidence.box.contains(*word.box.center):
                words.append(replace(word, text=text[at : at + len(word.text)]))
                at += len(word.text) + 1
            else:
                words.append(word)
        lines.append(Line(tuple(words)))
    table = block.table
    if table is not None:
        cells = (
            replace(cell, text=cell.text.replace(evidence.text, text))
            if cell.box and evidence.box.share_inside(cell.box) > 0.5
            else cell
            for cell in table.cells
        )
        table = replace(table, cells=tuple(cells))
    return replace(block, lines=tuple(lines), table=table, text=block.text.replace(evidence.text, text))
