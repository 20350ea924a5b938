"""Extractions of many files as tables: a row for each file, and for each list a row for each of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docstation.extraction.candidates import Path
from docstation.extraction.printed import Scalar
from docstation.extraction.result import Extraction, dotted
from docstation.extraction.rules import lists, singles
from docstation.extraction.schema import Field, Kind, Schema


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key, the heading for people, and the kind of its values."""

    key: str
    title: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class RowTable:
    """A table of plain values.

    Attributes:
        name: empty for the files themselves, else the list's key.
        title: for people, empty for the files.
        columns: the first one is the file.
        rows: as many values as columns in each.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Scalar, ...], ...]


def tables_of_extractions(extractions: Sequence[Extraction], file_title: str = "file") -> tuple[RowTable, ...]:
    """The tables of extractions by one schema, the files' first; none for no extraction.

    Args:
        extractions: all by the same schema.
        file_title: heading of the column with the files' names.
    """
    if not extractions:
        return ()
    schema = extractions[0].schema
    file = Column("file", file_title)
    made = [RowTable("", "", (file, *_columns(schema)), tuple(map(_file_row, extractions)))]
    for path, field in lists(schema.fields):
        below = _below(field)
        columns = tuple(
            Column(dotted(one_path) or field.name, one.title or one.name, one.kind) for one_path, one in below
        )
        rows = tuple(row for one in extractions for row in _list_rows(one, path, below))
        made.append(RowTable(dotted(path), field.title or field.name, (file, *columns), rows))
    return tuple(made)


def _columns(schema: Schema) -> list[Column]:
    return [Column(dotted(path), field.title or dotted(path), field.kind) for path, field in singles(schema.fields)]


def _below(field: Field) -> tuple[tuple[Path, Field], ...]:
    return tuple(singles(field.fields)) if field.kind is Kind.OBJECT else (((), field),)


def _file_row(extraction: Extraction) -> tuple[Scalar, ...]:
    found = {leaf.path: leaf.value for leaf in extraction.leaves}
    return extraction.source, *(found.get(path) for path, _field in singles(extraction.schema.fields))


def _list_rows(extraction: Extraction, path: Path, below: Sequence[tuple[Path, Field]]) -> list[tuple[Scalar, ...]]:
    found = {leaf.path: leaf.value for leaf in extraction.leaves}
    depth = len(path)
    numbers = sorted({key[depth] for key in found if len(key) > depth and key[:depth] == path}, key=int)
    return [
        (extraction.source, *(found.get((*path, number, *one_path)) for one_path, _one in below)) for number in numbers
    ]
