"""DOCX: LibreOffice finds and prints the headings, lists and tables that the document holds."""

from __future__ import annotations

import random
import subprocess
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
from export_samples import document_of, element
from lxml import etree
from word_samples import items, spelled, word_bytes

from docstation.document.model import Category
from docstation.document.table import Cell, Table
from docstation.export.cleaning import one_line

ODF = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
}


def converted(source: bytes, folder: Path, suffix: str) -> Path:
    """What LibreOffice makes of a Word file."""
    path = folder / "document.docx"
    path.write_bytes(source)
    profile = (folder / "profile").as_uri()
    command = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--norestore", "--nolockcheck"]
    command += ["--convert-to", suffix, "--outdir", str(folder), str(path)]
    subprocess.run(
        command, check=True, capture_output=True, timeout=120, env={"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    )
    return path.with_suffix(f".{suffix}")


def random_tables(count: int) -> list[Table]:
    """Tables in which most cells span; in some rows and columns no cell begins."""
    dice = random.Random(20)
    made = []
    for number in range(count):
        places = [(dice.randrange(6), dice.randrange(5)) for _ in range(8)]
        made.append(
            Table.of_cells(
                Cell(r, c, dice.randint(1, 3), dice.randint(1, 3), f"т{number} {r}.{c}", header=r == 0)
                for r, c in places
            )
        )
    return made


def without_idle_columns(table: Table) -> Table:
    """The table without columns that no cell begins in: LibreOffice does not keep what cannot be seen."""
    used = sorted({cell.column for cell in table.cells})
    return Table(
        table.rows,
        len(used),
        tuple(
            replace(
                cell,
                column=used.index(cell.column),
                colspan=sum(cell.column <= column < cell.column + cell.colspan for column in used),
            )
            for cell in table.cells
        ),
    )


def odf_table(node: Any) -> Table:
    def attribute(cell: Any, name: str, default: int) -> int:
        return int(cell.get(f"{{{ODF['table']}}}{name}", default))

    rows = node.xpath("./table:table-row | ./table:table-header-rows/table:table-row", namespaces=ODF)
    found, columns = [], 0
    for r, row in enumerate(rows):
        c = 0
        for cell in row:
            if etree.QName(cell).localname == "table-cell":
                spans = attribute(cell, "number-rows-spanned", 1), attribute(cell, "number-columns-spanned", 1)
                found.append(Cell(r, c, *spans, "".join(cell.itertext())))
            c += attribute(cell, "number-columns-repeated", 1)
        columns = max(columns, c)
    return Table(len(rows), columns, tuple(found))


def test_libreoffice_finds_headings_lists_and_every_span(tmp_path: Path) -> None:
    grids = random_tables(25)
    headings = [element(Category.SECTION_HEADER, f"Глава {level}", level=level) for level in range(1, 7)]
    content = [element(Category.TABLE, "", table=grid) for grid in grids]
    listed = items("1. раз", "2. два", "• вложен", levels=(1, 1, 2))
    document = document_of(element(Category.TITLE, "Отчёт"), *headings, *listed, *content)
    with zipfile.ZipFile(converted(word_bytes(document), tmp_path, "odt")) as archive:
        root = etree.fromstring(archive.read("content.xml"))
    found = [(int(node.get(f"{{{ODF['text']}}}outline-level")), "".join(node.itertext()))
             for node in root.iter(f"{{{ODF['text']}}}h")]  # fmt: skip
    assert found == [(level, f"Глава {level}") for level in range(1, 7)]
    assert root.xpath("//text:p[@text:style-name='Title']/text()", namespaces=ODF) == ["Отчёт"]
    depths = Counter(
        len(node.xpath("ancestor::text:list", namespaces=ODF)) for node in root.iter(f"{{{ODF['text']}}}p")
    )
    assert (depths[1], depths[2]) == (2, 1)
    made = [odf_table(node) for node in root.iter(f"{{{ODF['table']}}}table")]
    assert [spelled(table) for table in made] == [spelled(without_idle_columns(grid)) for grid in grids]


def test_libreoffice_prints_numbers_headings_and_repeated_rows_on_paper_of_the_same_size(tmp_path: Path) -> None:
    rows = [["Номер", "Значение"], *([str(n), f"строка {n}"] for n in range(120))]
    document = document_of(
        *items("3. три", "4. четыре", "9) девять", "• точка", "а) буква"),
        element(Category.TABLE, "", table=Table.from_rows(rows, header_rows=1)),
        element(Category.FORMULA, r"\frac{a}{b}"),
        element(Category.FOOTNOTE, "¹ Сноска"),
    )
    wide = replace(document, pages=(replace(document.pages[0], width=842.0, height=595.0),))
    with pypdfium2.PdfDocument(converted(word_bytes(wide), tmp_path, "pdf")) as pdf:
        texts = [one_line(page.get_textpage().get_text_bounded()) for page in pdf]
        assert [tuple(map(round, page.get_size())) for page in pdf] == [(842, 595)] * len(texts)
    assert texts[0].startswith("3. три 4. четыре 9) девять • точка а) буква Номер Значение 0 строка 0")
    assert len(texts) > 2
    assert all(text.startswith("Номер Значение") for text in texts[1:-1])
    assert texts[-1].endswith(r"\frac{a}{b} ¹ Сноска")
    whole = " ".join(texts)
    assert all(f"{n} строка {n}" in whole for n in range(120))
