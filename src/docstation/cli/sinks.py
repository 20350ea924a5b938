"""Where results go: into a folder, to the standard output, or into the JSON document.

A sink is given each document as soon as it is assembled, since the files behind it (a ZIP member, pictures) live only
until the next event.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from docstation.cli.failures import unexpected
from docstation.cli.naming import Names
from docstation.cli.tally import FileResult
from docstation.export import FORMATS, ExportInput, ExportOptions, write
from docstation.jobs.events import FileRead


class Sink(Protocol):
    """Takes the documents of a run."""

    def started(self, result: FileResult) -> None:
        """A file was found; called in the order in which results belong."""

    def take(self, event: FileRead, result: FileResult) -> None:
        """Write a document's results and note in `result` what was written or went wrong."""

    def skipped(self, result: FileResult) -> None:
        """A file that was found gives no document."""

    def close(self) -> None:
        """Nothing more comes."""


@dataclass(slots=True)
class FolderSink:
    """Writes each format of each document as a file of a folder."""

    names: Names
    options: ExportOptions
    _stems: dict[str, str] = field(default_factory=dict)

    def started(self, result: FileResult) -> None:
        self._stems[result.name] = self.names.stem(result.name)

    def take(self, event: FileRead, result: FileResult) -> None:
        stem = self._stems[event.name]
        for name in self.names.formats:
            target = self.names.folder / f"{stem}{FORMATS[name].suffix}"
            try:
                result.outputs += map(str, write(_item(event), name, target, self.options))
            except BrokenPipeError:
                raise
            except Exception as error:  # a writer that fails must not cost the other formats and files
                result.errors.append(unexpected(error))

    def skipped(self, result: FileResult) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass(slots=True)
class StreamSink:
    """Writes one format of all documents to a stream, in the order in which the files were found.

    Where there is more than one, a line names each file before its text.
    """

    stream: BinaryIO
    format: str
    options: ExportOptions
    _order: list[str] = field(default_factory=list)
    _waiting: dict[str, bytes | None] = field(default_factory=dict)
    _found: int = 0
    _written: int = 0

    def started(self, result: FileResult) -> None:
        self._order.append(result.name)
        self._found += 1
        self._flush()

    def take(self, event: FileRead, result: FileResult) -> None:
        self._waiting[event.name] = _rendered(event, self.format, self.options, result)
        self._flush()

    def skipped(self, result: FileResult) -> None:
        self._waiting[result.name] = None
        self._flush()

    def close(self) -> None:
        self._flush(final=True)

    def _flush(self, *, final: bool = False) -> None:
        """Write what is ready; the first file waits until it is known whether it stays the only one."""
        while self._order and self._order[0] in self._waiting and (final or self._several):
            name = self._order.pop(0)
            data = self._waiting.pop(name)
            if data is not None:
                self.stream.write(self._heading(name) + data)
                self.stream.flush()
                self._written += 1

    @property
    def _several(self) -> bool:
        return self._found > 1

    def _heading(self, name: str) -> bytes:
        if not self._several:
            return b""
        mark = separator(self.format, name)
        return (mark if self._written == 0 else f"\n{mark}").encode()


@dataclass(slots=True)
class ContentSink:
    """Keeps one text format of each document for the JSON document."""

    format: str
    options: ExportOptions

    def started(self, result: FileResult) -> None:
        pass

    def take(self, event: FileRead, result: FileResult) -> None:
        data = _rendered(event, self.format, self.options, result)
        result.content = None if data is None else data.decode()

    def skipped(self, result: FileResult) -> None:
        pass

    def close(self) -> None:
        pass


TEXT_FORMATS = ("md", "html", "json", "csv", "txt", "docling")
"""Formats that a terminal or a JSON document can hold."""

_SEPARATORS = {"md": "<!-- file: {name} -->\n\n", "html": "<!-- file: {name} -->\n", "txt": "==> {name} <==\n"}
JOINABLE = ("md", "txt", "html", "json", "docling")
"""Formats that may follow one another in one stream; JSON documents then stand one after another."""
_TOUCHING = re.compile("-(?=-)")


def separator(format_name: str, name: str) -> str:
    """The line before a file's text where a stream holds several; empty for formats that need none."""
    # A name must not end the comment that it stands in: no two hyphens in it may touch.
    return _SEPARATORS.get(format_name, "").format(name=name if format_name == "txt" else _TOUCHING.sub("- ", name))


def _rendered(event: FileRead, format_name: str, options: ExportOptions, result: FileResult) -> bytes | None:
    buffer = io.BytesIO()
    try:
        write(_item(event), format_name, buffer, options)
    except Exception as error:  # a writer that fails must not cost the other files
        result.errors.append(unexpected(error))
        return None
    return buffer.getvalue()


def _item(event: FileRead) -> ExportInput:
    return ExportInput(event.document, event.original, event.pictures, event.password)
