"""A scripted reader in place of the real one, and the command line called in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from docstation.cli.main import main
from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Document, Element, Page, PageStatus, Source
from docstation.document.table import Table
from docstation.jobs.events import Event, FileFailed, FileRead, FileStarted, PageRead
from docstation.jobs.options import ReadOptions

Script = Callable[[Sequence[str]], Iterator[Event]]


def read_events(name: str, texts: Sequence[str], failed: Sequence[int] = (), table: Table | None = None) -> list[Event]:
    """The events of a file whose pages say `texts`."""
    pages, body = [], []
    for number, text in enumerate(texts, 1):
        status = PageStatus.FAILED if number in failed else PageStatus.OK
        block = Block(f"p{number}-b1", Category.TEXT, Box(10, 10, 200, 30), text)
        blocks = () if number in failed else (block,)
        pages.append(Page(number, 595, 842, blocks, status, "timeout" if number in failed else ""))
        if number not in failed:
            body.append(Element(Category.TEXT, text, (block.id,), (number,)))
    if table is not None:
        body.append(Element(Category.TABLE, "", ("p1-b2",), (1,), table=table))
    document = Document(Source(Path(name).name, "0" * 64, "application/pdf", len(pages)), tuple(pages), tuple(body))
    told = [PageRead(name, page, 0.5) for page in pages]
    return [FileStarted(name, len(pages)), *told, FileRead(name, document, Path(name), Path("no-pictures"))]


@dataclass
class Reader:
    """Answers with prepared events, and notes what it was asked."""

    answers: dict[str, list[Event]] = field(default_factory=dict)
    asked: list[tuple[tuple[str, ...], ReadOptions, bool]] = field(default_factory=list)
    interrupt_after: int = 10**9
    closed: bool = False

    def file(self, name: str, *texts: str, failed: Sequence[int] = (), table: Table | None = None) -> None:
        self.answers[name] = read_events(name, texts, failed, table)

    def refuse(self, name: str, error: Exception) -> None:
        self.answers[name] = [FileFailed(name, error)]

    def events(self, specs: Sequence[str], options: ReadOptions, *, resume: bool) -> Iterator[Event]:
        self.asked.append((tuple(specs), options, resume))
        count = 0
        try:
            for events in self.answers.values():
                for event in events:
                    count += 1
                    if count > self.interrupt_after:
                        raise KeyboardInterrupt
                    yield event
        finally:
            self.closed = True


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    scripted = Reader()
    monkeypatch.setattr("docstation.cli.ocr.events", scripted.events)
    monkeypatch.setattr("docstation.cli.tables.events", scripted.events)
    return scripted


@dataclass
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Outcome]:
    """Call the command line in an empty folder, in English unless the arguments say otherwise."""
    monkeypatch.chdir(tmp_path)
    for name in ("LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANGUAGE", "en")

    def call(*arguments: str) -> Outcome:
        code = main(arguments)
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call
