"""A schema over a read document: values with evidence, checks, conflicts and confidence, by rules or with a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from docstation.document.model import Document
from docstation.extraction.ask import Asked, Asker, by_asking
from docstation.extraction.candidates import Candidate, PageAnswer, Path
from docstation.extraction.checking import checks_of
from docstation.extraction.confidence import confidence
from docstation.extraction.merge import Merged, merged_rows, merged_scalar
from docstation.extraction.pages import read_page
from docstation.extraction.register_checks import Values
from docstation.extraction.result import Alternative, By, Check, Extraction, Leaf, Status
from docstation.extraction.rules import by_rules, lists, singles
from docstation.extraction.scalar_rules import GUESSED
from docstation.extraction.schema import Field, Kind, Schema
from docstation.extraction.streams import PageStreams
from docstation.messages.marking import N_

NOT_FOUND = N_("nothing beside the label.")
NO_LABEL = N_("no label on the pages; a model can look for it.")
FOR_MODEL = N_("values of this kind are read by a model.")
NOT_SAID = N_("the model found no value on the pages.")
NOT_ANSWERED = N_("the model did not answer for every page, and rules found no value there.")
REFUSED = N_("what stands there is no value of this kind.")


def extract(
    document: Document,
    schema: Schema,
    asker: Asker | None = None,
    today: date | None = None,
    told: Callable[[int, int], None] = lambda _done, _all: None,
) -> Extraction:
    """Extract a schema's values from a document.

    Args:
        document: as it was read; failed and blank pages give nothing.
        schema: what is wanted.
        asker: a model; None: rules over labels, shapes and tables. They read pages too that the model does not answer.
        today: for the plausibility of dates; None: the day of this machine.
        told: is called as a model answers, with how many pages are done and how many there are.

    Raises:
        DocStationError: what the asker raises, but for an answer that fails to come.
    """
    pages = [PageStreams(read_page(page)) for page in document.pages if page.blocks]
    asked = Asked((), tuple(pages)) if asker is None else by_asking(schema, pages, asker, told)
    answers = sorted((*asked.answers, *by_rules(schema, asked.unanswered)), key=lambda one: one.page)
    taken = _taken(schema, answers)
    values: Values = {
        path: (field, one.chosen.value) for path, field, one in taken if one and one.chosen.value is not None
    }
    checks = checks_of(values, pages, today)
    by_model = frozenset(one.page for one in asked.answers)
    leaves = tuple(_leaf(path, field, one, checks, answers, by_model) for path, field, one in taken)
    ruled = tuple(one.page.number for one in asked.unanswered) if asker is not None else ()
    model = asker.model if asker is not None and by_model else ""
    return Extraction(document.source.name, schema, leaves, checks, len(document.pages), model, ruled)


def _taken(schema: Schema, answers: Sequence[PageAnswer]) -> list[tuple[Path, Field, Merged | None]]:
    """What is taken for each single value, then for each value of the lists' rows; a list without rows is one entry."""
    taken = [(path, field, merged_scalar(field, path, answers)) for path, field in singles(schema.fields)]
    for path, field in lists(schema.fields):
        rows = merged_rows(path, answers)
        if not rows:
            taken.append((path, field, None))
        for number, row in enumerate(rows):
            taken += _row_taken((*path, number), path, field, row)
    return taken


def _row_taken(
    at: Path, key: Path, field: Field, row: Mapping[Path, Candidate]
) -> Iterator[tuple[Path, Field, Merged | None]]:
    """What is taken for the values of one row; `at` is its place in the result, `key` leads to its candidates."""
    if field.kind is not Kind.OBJECT:
        yield at, field, Merged(row[key])
        return
    for below, one in singles(field.fields):
        found = row.get((*key, *below))
        yield (*at, *below), one, Merged(found) if found else None
    for below, one in lists(field.fields):
        for number, inner in enumerate(_inner_rows(row, (*key, *below))):
            yield from _row_taken((*at, *below, number), (*key, *below), one, inner)


def _inner_rows(row: Mapping[Path, Candidate], key: Path) -> Iterable[Mapping[Path, Candidate]]:
    """The rows of a list within a row, in their order."""
    depth = len(key)
    rows: dict[str | int, dict[Path, Candidate]] = {}
    for path, candidate in row.items():
        if len(path) > depth and path[:depth] == key:
            rows.setdefault(path[depth], {})[(*key, *path[depth + 1 :])] = candidate
    return [rows[number] for number in sorted(rows, key=int)]


def _leaf(
    path: Path,
    field: Field,
    merged: Merged | None,
    checks: Sequence[Check],
    answers: Sequence[PageAnswer],
    by_model: frozenset[int],
) -> Leaf:
    if merged is None or merged.chosen.value is None:
        return _empty(path, field, merged, answers, by_model)
    chosen = merged.chosen
    own = [check for check in checks if path in check.paths]
    others = tuple(Alternative(one.value, one.printed, one.evidence) for one in merged.others)
    sure = confidence(chosen.evidence, own, conflict=bool(others), guessed=chosen.cost >= GUESSED)
    status = Status.FOUND if chosen.evidence else Status.UNPROVEN
    by: By = "model" if chosen.page in by_model else "rules"
    return Leaf(path, field, chosen.value, chosen.printed, status, chosen.evidence, sure, others, by=by)


def _empty(
    path: Path, field: Field, merged: Merged | None, answers: Sequence[PageAnswer], by_model: frozenset[int]
) -> Leaf:
    """A value that is not there, and why; within a row of a table a cell may simply be empty."""
    printed = merged.chosen.printed if merged else ""
    by: By = "model" if by_model else "rules"
    if len(path) > 1 and any(isinstance(part, int) for part in path):
        return Leaf(path, field, None, printed, Status.MISSING, reason=REFUSED if printed else "", by=by)
    if by_model or printed:
        whole = all(one.page in by_model for one in answers) or not by_model
        reason = REFUSED if printed else NOT_SAID if whole else NOT_ANSWERED
        return Leaf(path, field, None, printed, Status.MISSING, reason=reason, by=by)
    labelled = any(path in answer.labelled for answer in answers)
    if field.kind is Kind.BOOL or (field.many and field.kind is not Kind.OBJECT):
        return Leaf(path, field, None, "", Status.NEEDS_MODEL, reason=FOR_MODEL)
    if not labelled:
        return Leaf(path, field, None, "", Status.NEEDS_MODEL, reason=NO_LABEL)
    return Leaf(path, field, None, "", Status.MISSING, reason=NOT_FOUND)
