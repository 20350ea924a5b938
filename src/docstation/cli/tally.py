"""What became of a run: pages and files as they end, the summary, the JSON document and the exit code; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from docstation import __version__
from docstation.cli.console import JsonValue, error_json
from docstation.document.model import Document, Page, PageStatus
from docstation.errors import DocStationError, ExitCode

# Where nothing at all could be read, the gravest cause is the answer.
GRAVITY = (ExitCode.UNEXPECTED, ExitCode.MISSING, ExitCode.NO_ENGINE, ExitCode.USAGE, ExitCode.PASSWORD, ExitCode.INPUT)


@dataclass(frozen=True, slots=True)
class PageResult:
    """How one page ended.

    Attributes:
        page: without its blocks, so that a long run does not hold everything it has read.
        seconds: None for a page kept from an earlier run.
        characters: of all blocks.
    """

    page: Page
    seconds: float | None
    characters: int = 0

    @classmethod
    def of(cls, page: Page, seconds: float | None) -> PageResult:
        """The result of a page that was read."""
        return cls(replace(page, blocks=()), seconds, sum(len(block.text) for block in page.blocks))

    def as_json(self) -> dict[str, JsonValue]:
        page = self.page
        return {
            "number": page.number,
            "status": page.status.value,
            "reason": page.reason,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "text_layer": page.text_layer.value,
            "blank": page.blank,
            "rotation": page.rotation,
            "engine": page.engine,
            "characters": self.characters,
        }


@dataclass(slots=True)
class FileResult:
    """How one file ended.

    Attributes:
        name: as shown.
        to_read: pages asked for.
        pages: finished ones, without their blocks.
        outputs: files written.
        errors: of the file itself, or of writing its results.
        content: the text, where it goes into the JSON document.
        complete: whether all pages have ended and the results were handed over.
    """

    name: str
    to_read: int = 0
    kept: int = 0
    pages: list[PageResult] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    errors: list[DocStationError] = field(default_factory=list)
    content: str | None = None
    complete: bool = False
    source: dict[str, JsonValue] = field(default_factory=dict)

    @property
    def failed_pages(self) -> list[PageResult]:
        """Pages of which not all could be read."""
        return [one for one in self.pages if one.page.status is PageStatus.FAILED]

    @property
    def status(self) -> str:
        """``ok``, ``partial``, ``failed``, or ``interrupted`` while pages are missing."""
        if self.errors and not self.outputs:
            return "failed"
        if not self.complete:
            return "interrupted"
        if self.pages and len(self.failed_pages) == len(self.pages):
            return "failed"
        return "partial" if self.failed_pages or self.errors else "ok"

    def finish(self, document: Document) -> None:
        """Take over pages that no event told of, since they were kept from an earlier run."""
        seconds = {one.page.number: one.seconds for one in self.pages}
        self.pages = [PageResult.of(page, seconds.get(page.number)) for page in document.pages]
        self.source = {
            "sha256": document.source.sha256,
            "media_type": document.source.media_type,
            "page_count": document.source.page_count,
        }
        self.complete = True

    def as_json(self) -> dict[str, JsonValue]:
        entry: dict[str, JsonValue] = {"name": self.name, "status": self.status, **self.source}
        entry["pages"] = [one.as_json() for one in self.pages]
        entry["kept_pages"] = self.kept
        entry["outputs"] = list(self.outputs)
        entry["errors"] = [error_json(error) for error in self.errors]
        return entry if self.content is None else entry | {"content": self.content}


@dataclass(slots=True)
class Tally:
    """How a run stands: its files in the order in which they were found."""

    files: dict[str, FileResult] = field(default_factory=dict)

    def file(self, name: str) -> FileResult:
        """The result of the file of that name, begun when it is new."""
        return self.files.setdefault(name, FileResult(name))

    @property
    def pages_read(self) -> int:
        """Pages that were worked on in this run, kept ones left out."""
        return sum(one.seconds is not None for file in self.files.values() for one in file.pages)

    def exit_code(self) -> ExitCode:
        """0 all done; 4 something done and something not; where nothing could be read, the gravest cause."""
        states = [file.status for file in self.files.values()]
        if all(state == "ok" for state in states):
            return ExitCode.OK
        if any(state in {"ok", "partial"} for state in states):
            return ExitCode.PARTIAL
        return gravest(error for file in self.files.values() for error in file.errors)

    def as_json(self, seconds: float, code: ExitCode) -> dict[str, JsonValue]:
        """The JSON document of ``docstation ocr --json``."""
        files = list(self.files.values())
        rate = self.pages_read / seconds if seconds > 0 else 0.0
        totals: dict[str, JsonValue] = {
            "files": len(files),
            "failed_files": sum(file.status == "failed" for file in files),
            "pages": sum(len(file.pages) for file in files),
            "failed_pages": sum(len(file.failed_pages) for file in files),
            "kept_pages": sum(file.kept for file in files),
            "seconds": round(seconds, 3),
            "pages_per_second": round(rate, 3),
        }
        return {
            "docstation": __version__,
            "files": [file.as_json() for file in files],
            "totals": totals,
            "exit_code": int(code),
        }


def gravest(errors: Iterable[DocStationError]) -> ExitCode:
    """The exit code that stands for several errors; `INPUT` where there is none."""
    codes = {error.exit_code for error in errors}
    return next((code for code in GRAVITY if code in codes), ExitCode.INPUT)
