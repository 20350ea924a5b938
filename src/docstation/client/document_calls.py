"""The documents of the service: taken in, followed, fetched, and changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from docstation.client.asking import Asking, escaped
from docstation.client.document_records import ENDED, Job, JobEvent, JobOptions, JobPart, ReadingFacts, Submitted
from docstation.client.streaming import Feed, Following, Heard, events_sent, pieces_of
from docstation.client.transport import Request, Streamed
from docstation.client.uploading import form
from docstation.errors import NotFound
from docstation.messages.marking import N_

if TYPE_CHECKING:
    from docstation.document.model import Document, Page

ImageFormat = Literal["png", "webp"]
FIRST_SIGN = 10.0
"""Seconds in which a stream of a document's events has to begin; it begins at once unless something holds it back."""
WORK_SECONDS = 300.0
"""Seconds that an export or an image may take."""
PATIENCE = 60.0
"""Seconds for which a service that is followed may be away: it may be starting anew."""


class DocumentCalls(Asking):
    """What `docstation.client.Client` offers on documents.

    Each call may raise `ServiceAway` and the errors of the service.
    """

    def reading(self) -> ReadingFacts:
        """How the service reads where an order says nothing else."""
        return self._read(Request("GET", "/reading"), ReadingFacts.of)

    def submit(
        self,
        file: Path | bytes,
        options: JobOptions | None = None,
        *,
        name: str = "",
        idempotency_key: str = "",
        seconds: float = WORK_SECONDS,
    ) -> Submitted:
        """Send a file to be read.

        Args:
            file: a path, read as it is sent, or the bytes.
            options: how to read.
            name: that the file is shown under; its own where this is empty.
            idempotency_key: the same key with the same file, name and options gives the same job again.
            seconds: that the service may be silent.
        """
        with form(file, name, (options or JobOptions()).fields()) as sent:
            headers = {"Content-Type": sent.media_type} | _idempotent(idempotency_key)
            request = Request("POST", "/documents", {}, sent.pieces(), sent.length, headers, seconds)
            return self._read(request, Submitted.of)

    def submit_url(self, url: str, options: JobOptions | None = None, *, idempotency_key: str = "") -> Submitted:
        """Have a document fetched and read, where the service allows that; see `submit`."""
        asked = {"url": url, **(options or JobOptions()).asked()}
        headers = {"Content-Type": "application/json"} | _idempotent(idempotency_key)
        return self._read(
            Request("POST", "/documents", {}, json.dumps(asked).encode(), 0, headers, WORK_SECONDS), Submitted.of
        )

    def job(self, id: str) -> Job:
        """A document as it stands, with its pages."""
        return self._read(Request("GET", _path(id)), Job.of)

    def jobs(self, limit: int = 50, before: str = "", state: str = "") -> JobPart:
        """Documents, the newest first.

        Args:
            limit: how many, up to 500.
            before: `next` of the part before; empty for the newest.
            state: only those in this state; empty for all.
        """
        query = {"limit": limit, "before": before or None, "state": state or None}
        return self._read(Request("GET", "/documents", query), JobPart.of)

    def events(self, id: str, after: int = 0) -> Heard[JobEvent]:
        """What has happened to a document after the event of that number, and whether nothing more will."""
        request = Request("GET", _path(id, "events"), {"after": after})
        return self._read(
            request, lambda one: Heard(tuple(map(JobEvent.of, one.children("events"))), one.flag("ended"))
        )

    def follow(self, id: str, after: int = 0, *, patience: float = PATIENCE) -> Iterator[JobEvent]:
        """What happens to a document, as it happens, up to its end; connections that break are made again.

        Args:
            id: of the document.
            after: number of the last event that is known already.
            patience: seconds for which the service may be away.

        Raises:
            NotFound: there is no such document, or it was deleted.
            ServiceAway: for longer than that.
        """
        feed = Feed(
            lambda since: self._job_stream(id, since),
            lambda since: self.events(id, since),
            lambda last: last.state in ENDED,
        )
        return Following(feed, after, patience, self._transport.closed).events()

    def page(self, id: str, number: int, *, corrected: bool = True) -> Page:
        """What was read on a page, with its corrections or without; there as soon as it was read, NotReady before."""
        from docstation.document.codec import page_from_json

        request = Request("GET", _path(id, "pages", str(number)), {"corrected": corrected})
        return self._read(request, lambda one: page_from_json(one.value))

    def document(self, id: str, *, corrected: bool = True) -> Document:
        """The whole document, with its corrections or without; NotReady before its end."""
        from docstation.document.codec import from_json

        request = _export(id, "json", furniture=False, corrected=corrected)
        return self._read(request, lambda one: from_json(one.value))

    def export(self, id: str, format: str, *, furniture: bool = False, corrected: bool = True) -> bytes:
        """The document in a format of `docstation formats`.

        Args:
            id: of the document.
            format: its name.
            furniture: whether running headers, footers and page numbers stay in the text.
            corrected: whether corrections are applied.
        """
        return self._transport.ask(_export(id, format, furniture=furniture, corrected=corrected)).data

    def export_to(self, id: str, format: str, path: Path, *, furniture: bool = False, corrected: bool = True) -> None:
        """The document in a format, written to `path` as it comes; a file there is replaced at the end.

        Raises:
            OSError: the file cannot be written.
        """
        self._save(_export(id, format, furniture=furniture, corrected=corrected), path)

    def page_image(self, id: str, number: int, *, width: int = 1000, format: ImageFormat = "png") -> bytes:
        """A page of the file as a viewer shows it.

        Args:
            id: of the document.
            number: of the page.
            width: pixels, 16 to 8000.
            format: of the image.
        """
        path = _path(id, "pages", str(number), "image")
        return self._transport.ask(_work(path, width=width, format=format)).data

    def block_image(self, id: str, block: str, *, dpi: int = 150, format: ImageFormat = "png") -> bytes:
        """A block cut out of its page.

        Args:
            id: of the document.
            block: its id, such as ``p1-b2``.
            dpi: pixels per inch, 18 to 600.
            format: of the image.
        """
        return self._transport.ask(_work(_path(id, "blocks", block, "image"), dpi=dpi, format=format)).data

    def picture(self, id: str, file: str) -> bytes:
        """A picture that a block names, as it was cut out when its page was read."""
        return self._transport.ask(_work(_path(id, "pictures", file))).data

    def file_to(self, id: str, path: Path, *, read: bool = False) -> None:
        """The file as it was given, or with `read` the one whose pages were read (an office file's PDF), at `path`.

        Raises:
            OSError: the file cannot be written.
        """
        self._save(_work(_path(id, "file"), read=read), path)

    def cancel(self, id: str) -> Job:
        """End the reading for good; pages that were read stay."""
        return self._change(id, "cancel")

    def pause(self, id: str) -> Job:
        """Begin no more pages."""
        return self._change(id, "pause")

    def resume(self, id: str) -> Job:
        """Go on with a paused document."""
        return self._change(id, "resume")

    def retry(self, id: str) -> Job:
        """Read all failed pages again; what failed as a whole or was cancelled goes on where it was."""
        return self._change(id, "retry")

    def retry_page(self, id: str, number: int) -> Job:
        """Read a page again; its last result stays until then."""
        return self._change(id, "pages", str(number), "retry")

    def delete(self, id: str) -> None:
        """Delete the document with all that was made of it."""
        self._transport.ask(Request("DELETE", _path(id)))

    def _change(self, id: str, *rest: str) -> Job:
        return self._read(Request("POST", _path(id, *rest)), Job.of)

    def _save(self, request: Request, path: Path) -> None:
        import os

        aside = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            with self._transport.stream(request) as answer, aside.open("wb") as file:
                for piece in iter(answer.read, b""):
                    file.write(piece)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)

    @contextmanager
    def _job_stream(self, id: str, after: int) -> Iterator[Iterator[JobEvent]]:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        request = Request("GET", _path(id, "events"), headers=headers, seconds=FIRST_SIGN)
        with self._transport.stream(request) as answer:
            yield self._job_events(id, answer) if answer.status != 204 else iter(())

    def _job_events(self, id: str, answer: Streamed) -> Iterator[JobEvent]:
        for one in events_sent(pieces_of(answer)):
            if one.event == "deleted":
                raise NotFound(N_("The document {id} was deleted."), id=id)
            yield self._parsed(one.data.encode(), JobEvent.of)


def _path(id: str, *rest: str) -> str:
    return escaped("documents", id, *rest)


def _export(id: str, format: str, *, furniture: bool, corrected: bool) -> Request:
    return _work(_path(id, "export"), format=format, furniture=furniture, corrected=corrected)


def _work(path: str, **query: str | int | bool) -> Request:
    return Request("GET", path, query, seconds=WORK_SECONDS)


def _idempotent(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key} if key else {}
