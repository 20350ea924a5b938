r"""CSV that spreadsheet programs and programs of one's own both open: UTF-8 with a byte order mark, RFC 4180.

Cells are parted by semicolons where the document's readers write a decimal comma, as Russian ones do, else by commas:
by that sign their Excel opens a file by a double click. All files of one document have the same sign. Python's ``csv``
and others take ``encoding="utf-8-sig"`` and the sign. Lines end with ``\r\n``; texts stay as printed; a merged cell's
text stands at its top left position. What a spreadsheet would take for a formula begins with an apostrophe, numbers
excepted. Several tables in one stream are parted by an empty line.
"""

from __future__ import annotations

import csv
import io
import re
from typing import IO

from docstation.export.cleaning import cleaned
from docstation.export.named_tables import DocumentTables, tables_of
from docstation.export.request import ExportInput, ExportOptions
from docstation.export.values import figure_of

_FORMULA = re.compile(r"[=+\-@\uff1d\uff0b\uff0d\uff20]")
_DASHES = re.compile(r"[-+\s]*")


def write(item: ExportInput, options: ExportOptions, target: IO[bytes]) -> None:
    """Write all tables of the document; nothing where it has none."""
    write_tables(tables_of(item.document, options.language), target)


def write_tables(found: DocumentTables, target: IO[bytes]) -> None:
    """Write these tables; nothing where there are none."""
    if not found.tables:
        return
    text = io.TextIOWrapper(target, "utf-8-sig", newline="")
    # Where neither letters nor numbers tell, Russian readers are the likelier ones.
    writer = csv.writer(text, delimiter="," if found.conventions.decimal == "." else ";")
    for index, named in enumerate(found.tables):
        if index:
            text.write("\r\n")
        writer.writerows([_defused(cleaned(cell).strip()) for cell in row] for row in named.table.to_rows())
    text.flush()
    text.detach()


def _defused(text: str) -> str:
    """`text`, behind an apostrophe where a spreadsheet would calculate it."""
    harmless = not _FORMULA.match(text) or _DASHES.fullmatch(text) or figure_of(text)
    return text if harmless else "'" + text
