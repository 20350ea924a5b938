"""Extraction without a model: labels, shapes and tables of the read pages, with the same evidence as any other way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docstation.extraction.candidates import PageAnswer, Path
from docstation.extraction.row_rules import Continuing, rows_of
from docstation.extraction.scalar_rules import page_labels, scalars
from docstation.extraction.schema import Field, Kind, Schema
from docstation.extraction.streams import PageStreams
from docstation.extraction.table_heads import heads_of


def singles(fields: Sequence[Field], above: Path = ()) -> Iterator[tuple[Path, Field]]:
    """The fields that hold one value, those of objects by their path."""
    for field in fields:
        path = (*above, field.name)
        if field.many:
            continue
        if field.kind is Kind.OBJECT:
            yield from singles(field.fields, path)
        else:
            yield path, field


def lists(fields: Sequence[Field], above: Path = ()) -> Iterator[tuple[Path, Field]]:
    """The fields that are lists, those of objects by their path; lists within lists are left to models."""
    for field in fields:
        path = (*above, field.name)
        if field.many:
            yield path, field
        elif field.kind is Kind.OBJECT:
            yield from lists(field.fields, path)


def by_rules(schema: Schema, pages: Sequence[PageStreams]) -> Iterator[PageAnswer]:
    """What each page offers."""
    single, several = tuple(singles(schema.fields)), tuple(lists(schema.fields))
    going: dict[Path, Continuing | None] = {}
    for streams in pages:
        labels = page_labels(single, streams)
        found = {path: scalars(path, field, streams, labels) for path, field in single}
        rows = {}
        labelled = {path for path, _field in single if labels.own.get(path) or found[path]}
        for path, field in several:
            if field.kind is not Kind.OBJECT:
                continue
            made, going[path] = rows_of(field, streams, going.get(path))
            rows[path] = tuple({(*path, name): one for name, one in row.items()} for row in made)
            if made or any(heads_of(table, field.fields) for _block, table in streams.page.tables):
                labelled.add(path)
        yield PageAnswer(
            streams.page.number, {key: value for key, value in found.items() if value}, rows, frozenset(labelled)
        )
