"""Values extracted from documents, corrected and taken away as one table; and two readings of a file compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from docstation.client.asking import Asking, escaped
from docstation.client.document_calls import WORK_SECONDS
from docstation.client.transport import Request

if TYPE_CHECKING:
    from docstation.client.comparison_records import Comparison
    from docstation.client.extraction_records import Extraction, Preset, Scalar

JSON = {"Content-Type": "application/json"}
WAIT_SECONDS = 10.0
"""Seconds that one question waits for an extraction's end."""
Format = Literal["json", "jsonl", "csv", "xlsx"]


class ExtractionCalls(Asking):
    """What `docstation.client.Client` offers on extractions; each call may raise what the service raises."""

    def presets(self) -> tuple[Preset, ...]:
        """What can be asked for by name."""
        from docstation.client.extraction_records import Preset

        request = Request("GET", "/extractions/presets")
        return self._read(request, lambda one: tuple(map(Preset.of, one.children("presets"))))

    def extract(
        self,
        id: str,
        *,
        preset: str = "",
        schema: Mapping[str, object] | None = None,
        fields: str = "",
        by: Literal["auto", "model", "rules"] = "auto",
    ) -> Extraction:
        """Have values extracted from a document that was read; what is wanted is said in exactly one way.

        Args:
            id: of the document.
            preset: name of a preset.
            schema: a JSON Schema.
            fields: one line of fields, such as ``number, date date, items[]: name, price money``.
            by: who extracts; auto: the model that serves, rules where none does.

        Raises:
            NotReady: the document was not read yet.
            UsageError: what is wanted is not understood.
        """
        from docstation.client.extraction_records import Extraction

        named = {"preset": preset, "schema": dict(schema) if schema else None, "fields": fields}
        asked = {"by": by, **{name: value for name, value in named.items() if value}}
        return self._read(_sent("POST", escaped("documents", id, "extract"), asked), Extraction.of)

    def extraction(self, extraction: str, *, wait: float = 0.0) -> Extraction:
        """An extraction; with `wait` once it has ended, or after so many seconds (up to 30)."""
        from docstation.client.extraction_records import Extraction

        path, query = escaped("extractions", extraction), {"wait": f"{wait:g}"}
        seconds = wait + self._transport.seconds
        return self._read(Request("GET", path, query, seconds=seconds), Extraction.of)

    def await_extraction(self, extraction: str, told: Callable[[Extraction], None] = lambda _now: None) -> Extraction:
        """The extraction once it has ended.

        Args:
            extraction: its id.
            told: is called with it now and then while it runs.
        """
        while not (now := self.extraction(extraction, wait=WAIT_SECONDS)).over:
            told(now)
        return now

    def extractions(self, id: str) -> tuple[Extraction, ...]:
        """Extractions from a document, the newest first."""
        from docstation.client.extraction_records import Extraction

        request = Request("GET", escaped("documents", id, "extractions"))
        return self._read(request, lambda one: tuple(map(Extraction.of, one.children("extractions"))))

    def correct_values(self, extraction: str, values: Mapping[str, Scalar]) -> Extraction:
        """Say values otherwise; they are looked for on the pages, and all checks are made anew.

        Args:
            extraction: its id.
            values: by path, such as ``items[0].price``; None: there is none. A list takes a row at its end.

        Raises:
            NotFound: there is no such value.
            UsageError: one is none of its field's kind.
        """
        return self._amended(extraction, [{"path": path, "value": value} for path, value in values.items()])

    def uncorrect_values(self, extraction: str, paths: Sequence[str]) -> Extraction:
        """Values as they were found."""
        return self._amended(extraction, [{"path": path, "undo": True} for path in paths])

    def delete_extraction(self, extraction: str) -> None:
        """Forget an extraction; one that is under way is broken off."""
        self._transport.ask(Request("DELETE", escaped("extractions", extraction)))

    def export_extractions(self, extractions: Sequence[str], format: Format = "xlsx") -> bytes:
        """Extractions by one schema as one file: a row for each document, and the rows of their lists.

        Args:
            extractions: ids, up to 1000.
            format: json (with evidence and checks), jsonl, csv or xlsx.
        """
        query = {"ids": list(extractions), "format": format}
        return self._transport.ask(Request("GET", "/extractions/export", query, seconds=WORK_SECONDS)).data

    def compare(self, first: str, second: str) -> Comparison:
        """Where two documents differ, page by page: the same file read by two models. Neither is taken for the truth.

        Args:
            first: id of a document that was read.
            second: id of another.
        """
        from docstation.client.comparison_records import Comparison

        request = Request("GET", escaped("documents", first, "compare", second), seconds=WORK_SECONDS)
        return self._read(request, Comparison.of)

    def _amended(self, extraction: str, values: Sequence[Mapping[str, object]]) -> Extraction:
        from docstation.client.extraction_records import Extraction

        return self._read(_sent("PATCH", escaped("extractions", extraction), {"values": [*values]}), Extraction.of)


def _sent(method: str, path: str, asked: Mapping[str, object]) -> Request:
    return Request(method, path, body=json.dumps(asked).encode(), headers=JSON)
