"""Extractions in the database: begun, told how far they are, ended, and corrected value by value.

What was found and what a person says instead are kept apart: any correction can be taken back.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from docstation.document.codec import loads
from docstation.document.json_reader import Reader
from docstation.document.model import Document
from docstation.errors import NotFound, NotReady
from docstation.extraction.codec import extraction_from_json, extraction_to_json, schema_from_json, schema_to_json
from docstation.extraction.correcting import corrected
from docstation.extraction.printed import Scalar
from docstation.extraction.result import Extraction
from docstation.extraction.schema import Schema
from docstation.jobs.database import Database
from docstation.jobs.tables import Documents, Extractions
from docstation.messages.marking import N_, Word

NO_EXTRACTION = N_("There is no extraction {name}.")
NOT_DONE = N_("The extraction is {state}.")
STOPPED = N_("The service ended before the extraction did.")


class State(StrEnum):
    """How an extraction stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def word(self) -> Word:
        """How people call it."""
        return _STATE_WORDS[self]


_STATE_WORDS = {
    State.RUNNING: Word(N_("under way")),
    State.DONE: Word(N_("done")),
    State.FAILED: Word(N_("broken off")),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """An extraction in the database.

    Attributes:
        id: of it.
        document: id of the document.
        name: of the document.
        created: when it was asked for, seconds of the epoch.
        changed: when it changed last.
        state: how it stands.
        model: that is asked, empty for rules alone.
        schema: what is wanted.
        done: pages that are done.
        total: pages to be done, 0 before it is known.
        problem: what went wrong: a message id, or the JSON of an error.
        result: with all corrections; None before the end.
        corrections: what a person says by dotted path.
    """

    id: str
    document: str
    name: str
    created: float
    changed: float
    state: State
    model: str
    schema: Schema
    done: int
    total: int
    problem: str
    result: Extraction | None
    corrections: Mapping[str, Scalar]


class ExtractionStore:
    """All extractions of a database, for any number of threads.

    Args:
        database: that holds them.
        now: the clock, seconds of the epoch.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    def begin(self, document: str, schema: Schema) -> Kept:
        """A new one of a document that is there."""
        now, id = self._now(), secrets.token_hex(12)
        wanted = _dumped(schema_to_json(schema))
        values = {"id": id, "document": document, "created": now, "changed": now, "state": State.RUNNING.value}
        values |= {"model": "", "wanted": wanted, "done": 0, "total": 0, "problem": "", "found": "", "body": ""}
        with self._database.writing() as connection:
            connection.execute(insert(Extractions), {**values, "corrections": "{}"})
            return _kept(_row(connection, id))

    def get(self, id: str) -> Kept:
        """One of them; raises NotFound."""
        with self._database.reading() as connection:
            return _kept(_row(connection, id))

    def of_document(self, document: str) -> tuple[Kept, ...]:
        """Those of a document, the newest first."""
        query = _query().where(Extractions.document == document).order_by(Extractions.created.desc(), Extractions.id)
        with self._database.reading() as connection:
            return tuple(map(_kept, connection.execute(query)))

    def tell(self, id: str, done: int, total: int, model: str = "") -> None:
        """How far it is."""
        self._write(id, {"done": done, "total": total, **({"model": model} if model else {})})

    def end(self, id: str, result: Extraction) -> None:
        """What was found; one that was deleted meanwhile stays so."""
        body = _dumped(extraction_to_json(result))
        values = {"state": State.DONE.value, "model": result.model, "found": body, "body": body}
        self._write(id, values | {"done": result.pages, "total": result.pages})

    def fail(self, id: str, problem: str) -> None:
        """It came to nothing."""
        self._write(id, {"state": State.FAILED.value, "problem": problem})

    def correct(self, id: str, document: Document, said: Mapping[str, Scalar], undone: Sequence[str] = ()) -> Kept:
        """Have values as a person says them, and others as they were found.

        Args:
            id: of the extraction.
            document: that it was found in.
            said: values by dotted path, None for none.
            undone: paths whose correction is taken back.

        Raises:
            NotFound: there is no such extraction or value.
            NotReady: it has not ended well.
            UsageError: a value is none of its field's kind.
        """
        while True:
            with self._database.reading() as connection:
                row = _row(connection, id)
            if not row.found:
                raise NotReady(NOT_DONE, state=State(row.state).word)
            values = _corrected(row, document, said, undone) | {"changed": self._now()}
            # Looking for values takes a while: others may have corrected something meanwhile.
            same = (Extractions.id == id, Extractions.corrections == row.corrections)
            with self._database.writing() as connection:
                if connection.execute(update(Extractions).where(*same).values(values)).rowcount:
                    return _kept(_row(connection, id))

    def delete(self, id: str) -> None:
        """Forget it; raises NotFound."""
        with self._database.writing() as connection:
            _row(connection, id)
            connection.execute(delete(Extractions).where(Extractions.id == id))

    def recover(self) -> int:
        """Tell of those whose worker died that they failed; how many these are."""
        values = {"state": State.FAILED.value, "problem": STOPPED}
        with self._database.writing() as connection:
            left = update(Extractions).where(Extractions.state == State.RUNNING.value)
            return connection.execute(left.values(values)).rowcount

    def _write(self, id: str, values: Mapping[str, object]) -> None:
        with self._database.writing() as connection:
            now = {"changed": self._now()}
            connection.execute(update(Extractions).where(Extractions.id == id).values({**values, **now}))


def _corrected(
    row: Row[Any], document: Document, said: Mapping[str, Scalar], undone: Sequence[str]
) -> dict[str, object]:
    before: dict[str, Scalar] = json.loads(row.corrections)
    all_said = {path: value for path, value in before.items() if path not in undone} | dict(said)
    found = extraction_from_json(Reader.of(loads(row.found), "found"), _schema(row))
    body = _dumped(extraction_to_json(corrected(found, document, all_said)))
    return {"corrections": _dumped(all_said), "body": body}


def _query() -> Any:
    return select(Extractions, Documents.name.label("name")).join(Documents, Documents.id == Extractions.document)


def _row(connection: Connection, id: str) -> Row[Any]:
    row: Row[Any] | None = connection.execute(_query().where(Extractions.id == id)).one_or_none()
    if row is None:
        raise NotFound(NO_EXTRACTION, name=id)
    return row


def _schema(row: Row[Any]) -> Schema:
    return schema_from_json(Reader.of(loads(row.wanted), "wanted"))


def _kept(row: Row[Any]) -> Kept:
    schema = _schema(row)
    result = extraction_from_json(Reader.of(loads(row.body), "body"), schema) if row.body else None
    return Kept(
        row.id,
        row.document,
        row.name,
        row.created,
        row.changed,
        State(row.state),
        row.model,
        schema,
        row.done,
        row.total,
        row.problem,
        result,
        json.loads(row.corrections),
    )


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
