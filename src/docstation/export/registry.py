"""The formats by name, and the one way in which files of them are written.

Formats are named here and loaded when used. Nothing here knows how any of them is written.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import IO, BinaryIO

from docstation.document.model import Document
from docstation.errors import UsageError
from docstation.export.cleaning import one_line
from docstation.export.request import ExportInput, ExportOptions
from docstation.export.saving import complete_copy, replacing
from docstation.messages.marking import N_

Write = Callable[[ExportInput, ExportOptions, IO[bytes]], None]


@dataclass(frozen=True, slots=True)
class Format:
    """One format that documents are written in.

    Attributes:
        name: as given on the command line.
        suffix: of its files, with the dot.
        media_type: of its files.
        module: within this package; it has a function ``write(item, options, target)`` that writes to a seekable
            stream and changes nothing else. Those of `TABLE_FORMATS` have ``write_tables(tables, target)`` as well.
        per_table: whether a path gets one file per table.
        linked_pictures: whether pictures are files beside the written one.
        needs_original: whether the file that was read must be at hand.
    """

    name: str
    suffix: str
    media_type: str
    module: str
    per_table: bool = False
    linked_pictures: bool = False
    needs_original: bool = False

    @property
    def function(self) -> Write:
        """The format's writer; its library is loaded by this."""
        function: Write = import_module(f"docstation.export.{self.module}").write
        return function


_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        made.name: made
        for made in (
            Format("md", ".md", "text/markdown", "markdown", linked_pictures=True),
            Format("html", ".html", "text/html", "html"),
            Format("json", ".json", "application/json", "json_file"),
            Format("docx", ".docx", _WORD, "word"),
            Format("xlsx", ".xlsx", _SHEET, "sheets"),
            Format("csv", ".csv", "text/csv", "comma_separated", per_table=True),
            Format("pdf", ".pdf", "application/pdf", "searchable", needs_original=True),
            Format("txt", ".txt", "text/plain", "plain"),
            Format("docling", ".docling.json", "application/json", "docling"),
        )
    }
)
"""All formats by name."""

TABLE_FORMATS = ("xlsx", "csv", "json")
"""Formats in which the tables of a document can be written alone."""


def write(
    item: ExportInput, name: str, target: Path | BinaryIO, options: ExportOptions | None = None
) -> tuple[Path, ...]:
    """Write the document in the format of that name; the paths written, none for a stream.

    A path appears whole or not at all. Pictures that Markdown links are copied to the folder ``<stem>-pictures``
    beside the file. CSV to a path: one table goes to the path itself, several to ``<stem>-1.csv``, ``<stem>-2.csv``…,
    none to no file; to a stream all tables go, apart by an empty line.

    Raises:
        UsageError: for an unknown name, or a format that needs the original where it is not given.
        InputError: when the target cannot be written, or the original cannot be used.
    """
    made = _format(name)
    options = options or ExportOptions()
    if made.needs_original and item.original is None:
        raise UsageError(N_("The format {format} needs the file that was read, and it is not at hand."), format=name)
    if not isinstance(target, Path):
        with complete_copy(target) as stream:
            made.function(item, options, stream)
        return ()
    if made.per_table:
        return write_tables(item.document, target, name, options)
    if made.linked_pictures:
        options = replace(options, picture_links=_place_pictures(item, target))
    with replacing(target) as stream:
        made.function(item, options, stream)
    return (target,)


def write_tables(
    document: Document, target: Path | BinaryIO, name: str = "", options: ExportOptions | None = None
) -> tuple[Path, ...]:
    """Write all tables of the document and nothing else; the paths written, none for a stream.

    Args:
        document: that has the tables.
        target: see `write` for CSV, where one file holds one table; the others hold all.
        name: one of `TABLE_FORMATS`; by the path's suffix where it is empty.
        options: of these the language counts.

    Raises:
        UsageError: for a suffix or name that is none of them.
        InputError: when the target cannot be written.
    """
    name = name or (target.suffix.lower().lstrip(".") if isinstance(target, Path) else "")
    if name not in TABLE_FORMATS:
        raise UsageError(
            N_("Tables are not written as {format}."),
            format=name or "?",
            remedy=N_("Give a file name that ends with .xlsx, .csv or .json."),
        )
    # Judging numbers costs every start some time; only tables alone need it.
    from docstation.export.named_tables import tables_of

    made = _format(name)
    write_them = import_module(f"docstation.export.{made.module}").write_tables
    tables = tables_of(document, options.language if options else None)
    if not isinstance(target, Path):
        with complete_copy(target) as stream:
            write_them(tables, stream)
        return ()
    groups = list(tables.one_by_one()) if made.per_table else [tables]
    paths = (target,) if len(groups) == 1 else tuple(_numbered(target, n) for n in range(1, len(groups) + 1))
    for path, group in zip(paths, groups, strict=True):
        with replacing(path) as stream:
            write_them(group, stream)
    return paths


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise UsageError(
            N_("Unknown format: {format}."),
            format=one_line(name),
            remedy=N_("Formats: {formats}."),
            formats=", ".join(FORMATS),
        )
    return FORMATS[name]


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def _place_pictures(item: ExportInput, target: Path) -> str | None:
    """Copy the document's picture files beside `target`; what links to them begin with, None where there is none."""
    if item.pictures is None:
        return None
    blocks = (block for page in item.document.pages for block in page.blocks)
    names = {block.picture.file for block in blocks if block.picture and block.picture.file}
    names = {name for name in names if Path(name).name == name and (item.pictures / name).is_file()}
    folder = target.with_name(f"{target.stem}-pictures")
    for name in sorted(names):
        if folder.resolve() != item.pictures.resolve():
            with (item.pictures / name).open("rb") as picture, replacing(folder / name) as copy:
                shutil.copyfileobj(picture, copy)
    return f"{folder.name}/" if names else None
