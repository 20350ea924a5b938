"""Documents looked for, watched while they are read, taken away together, and read anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docstation.client.document_calls import WORK_SECONDS, DocumentCalls
from docstation.client.document_records import JobOptions, Submitted
from docstation.client.transport import Request

if TYPE_CHECKING:
    from docstation.client.finding_records import Found, Progress


class FindingCalls(DocumentCalls):
    """What `docstation.client.Client` offers on many documents; each call may raise what the service raises."""

    def search(self, question: str, *, document: str = "", limit: int = 20, offset: int = 0) -> Found:
        """Documents with a page that holds all words of the question, in any of their forms.

        Args:
            question: words, phrases in quotes; the last word may be unfinished.
            document: id of the only one to be searched; empty for all.
            limit: of documents, up to 100.
            offset: documents that were shown before.
        """
        from docstation.client.finding_records import Found

        query = {"q": question, "document": document or None, "limit": limit, "offset": offset}
        return self._read(Request("GET", "/documents/search", query), Found.of)

    def progress(self, id: str, after: int = 0) -> Progress:
        """How far a document is, with the pages that changed since `last_news` was `after`; with 0 all pages."""
        from docstation.client.finding_records import Progress

        return self._read(Request("GET", f"/documents/{_escaped(id)}/progress", {"after": after}), Progress.of)

    def active(self) -> tuple[Progress, ...]:
        """How far all documents are that have not ended, the newest first."""
        from docstation.client.finding_records import Progress

        request = Request("GET", "/documents/progress")
        return self._read(request, lambda one: tuple(map(Progress.of, one.children("documents"))))

    def archive(
        self, ids: Sequence[str], *, formats: Sequence[str] = (), furniture: bool = False, corrected: bool = True
    ) -> bytes:
        """Documents that are there as one ZIP archive.

        Args:
            ids: of the documents, up to 200.
            formats: their names; empty for all.
            furniture: whether running headers, footers and page numbers stay in the text.
            corrected: whether corrections are applied.
        """
        return self._transport.ask(_archive(ids, formats, furniture=furniture, corrected=corrected)).data

    def archive_to(
        self,
        ids: Sequence[str],
        path: Path,
        *,
        formats: Sequence[str] = (),
        furniture: bool = False,
        corrected: bool = True,
    ) -> None:
        """`archive`, written to `path` as it comes; a file there is replaced at the end.

        Raises:
            OSError: the file cannot be written.
        """
        self._save(_archive(ids, formats, furniture=furniture, corrected=corrected), path)

    def reread(self, id: str, options: JobOptions | None = None) -> Submitted:
        """Read the same file anew, as a new document; what is left empty is as it was the first time."""
        chosen = options or JobOptions()
        asked = {name: value for name, value in chosen.asked().items() if value}
        path, headers = f"/documents/{_escaped(id)}/reread", {"Content-Type": "application/json"}
        body = json.dumps(asked).encode()
        return self._read(Request("POST", path, body=body, headers=headers, seconds=WORK_SECONDS), Submitted.of)


def _escaped(id: str) -> str:
    from urllib.parse import quote

    return quote(id, safe="")


def _archive(ids: Sequence[str], formats: Sequence[str], *, furniture: bool, corrected: bool) -> Request:
    named = {"ids": list(ids), "formats": list(formats)}
    query = named | {"furniture": furniture, "corrected": corrected}
    return Request("GET", "/documents/export", query, seconds=WORK_SECONDS)
