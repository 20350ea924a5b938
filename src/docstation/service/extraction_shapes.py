"""What the extraction API hears and says."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from docstation.bootstrap.extracting import By
from docstation.extraction.json_schema import to_json_schema
from docstation.extraction.presets import PresetEntry
from docstation.extraction.schema import MAX_TEXT
from docstation.extraction.titles import extraction_in, schema_in
from docstation.jobs.extractions import Kept
from docstation.messages import active, translate
from docstation.service.spoken import say_problem

LONGEST_VALUE = 4000
Format = Literal["json", "jsonl", "csv", "xlsx"]
MEDIA_TYPES = {
    "json": "application/json",
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ExtractAsked(BaseModel, extra="forbid"):
    """What is to be extracted, said in one way, and by whom.

    Attributes:
        preset: name of a preset.
        schema: a JSON Schema.
        fields: one line of fields.
        by: auto: the model that serves, rules where none does.
    """

    preset: Annotated[str, Field(max_length=200)] = ""
    json_schema: Annotated[dict[str, Any] | None, Field(alias="schema")] = None
    fields: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    by: By = By.AUTO


class ValueAsked(BaseModel, extra="forbid"):
    """A value as a person says it, null for none; or with `undo` as it was found."""

    path: Annotated[str, Field(max_length=1000)]
    value: Annotated[str, Field(max_length=LONGEST_VALUE)] | bool | int | float | None = None
    undo: bool = False


class ValuesAsked(BaseModel, extra="forbid"):
    """Values as a person says them."""

    values: Annotated[list[ValueAsked], Field(min_length=1, max_length=1000)]


class PresetShown(BaseModel):
    """A preset; its title in Russian and English."""

    name: str
    aliases: list[str]
    title: str
    title_en: str


class ExtractionShown(BaseModel):
    """An extraction.

    Attributes:
        id: of it.
        document: id of the document.
        name: of the document.
        created: when it was asked for, seconds of the epoch.
        changed: when it changed last.
        state: how it stands.
        done: pages that are done.
        total: pages to be done, 0 before it is known.
        model: that is asked; null where rules alone extract.
        title: of what is wanted.
        schema: JSON Schema that the values meet.
        problem: what went wrong.
        result: values, each field with its evidence, and checks, as `docstation extract --json` tells them.
    """

    id: str
    document: str
    name: str
    created: float
    changed: float
    state: Literal["running", "done", "failed"]
    done: int
    total: int
    model: str | None
    title: str
    json_schema: Annotated[dict[str, Any], Field(serialization_alias="schema")]
    problem: str | None
    result: dict[str, Any] | None


class ExtractionList(BaseModel):
    """Extractions from a document, the newest first."""

    extractions: list[ExtractionShown]


class PresetList(BaseModel):
    """All presets."""

    presets: list[PresetShown]


def extraction_shown(kept: Kept) -> ExtractionShown:
    """As it is told, in the language of the request."""
    schema = schema_in(kept.schema, active())
    return ExtractionShown(
        id=kept.id,
        document=kept.document,
        name=kept.name,
        created=kept.created,
        changed=kept.changed,
        state=kept.state.value,
        done=kept.done,
        total=kept.total,
        model=kept.model or None,
        title=schema.title or schema.name,
        json_schema=to_json_schema(schema),
        problem=say_problem(kept.problem) or None,
        result=extraction_in(kept.result, active()).as_json(translate) if kept.result is not None else None,
    )


def preset_shown(entry: PresetEntry) -> PresetShown:
    """As it is told."""
    return PresetShown(name=entry.name, aliases=list(entry.aliases), title=entry.title, title_en=entry.title_en)
