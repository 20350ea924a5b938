"""What a person sees of a run on the standard error: a live bar on a terminal, one line a file elsewhere.

Views only tell; what they tell of is decided in `tally`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol

from docstation.cli.console import error_lines, say, styled
from docstation.cli.tally import FileResult, PageResult
from docstation.document.model import PageStatus
from docstation.jobs.reserve import sentence
from docstation.messages import N_, plural, translate

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

STATES = {
    PageStatus.OK: N_("read"),
    PageStatus.REPAIRED: N_("mended"),
    PageStatus.FALLBACK: N_("read in part"),
    PageStatus.FAILED: N_("failed"),
}

REASONS = {
    "timeout": N_("it took too long"),
    "memory": N_("it needed more memory than allowed"),
    "crash": N_("the process that read it died"),
    "unexpected": N_("a bug in DocStation"),
    "broken-file": N_("it is damaged"),
    "too-large": N_("it is too large"),
    "model-loop": N_("the model ran in circles"),
    "model-garbled": N_("the model's answer made no sense"),
    "model-length": N_("the model's window was too small for it"),
    "model-broken": N_("the model's server broke off"),
    "model-refused": N_("the model's server refused it"),
    "model-overdue": N_("the model did not answer in time"),
    "model-away": N_("the model does not serve any more"),
    "model-missed-ink": N_("the model passed over a part"),
}


class View(Protocol):
    """Tells of a run as it goes on."""

    def started(self, file: FileResult) -> None:
        """A file was opened."""

    def page(self, file: FileResult, result: PageResult) -> None:
        """A page is finished."""

    def reserve(self, file: FileResult, code: str) -> None:
        """Something became of the reserve model for a file; see `docstation.jobs.reserve.sentence`."""

    def asked(self, file: FileResult, done: int, pages: int) -> None:
        """A model has answered, about values, for so many of a file's pages."""

    def ended(self, file: FileResult) -> None:
        """A file has ended, well or badly."""

    def close(self) -> None:
        """Nothing more comes; also called when the run is cut short."""


class Quiet:
    """Tells of errors and failed pages only."""

    _pages = False

    def started(self, file: FileResult) -> None:
        pass

    def page(self, file: FileResult, result: PageResult) -> None:
        pass

    def reserve(self, file: FileResult, code: str) -> None:
        pass

    def asked(self, file: FileResult, done: int, pages: int) -> None:
        pass

    def ended(self, file: FileResult) -> None:
        for error in file.errors:
            for line in error_lines(error, subject=file.name):
                self.tell(line)
        if not self._pages:
            for failed in file.failed_pages:
                self.tell(page_line(file, failed))

    def tell(self, line: str) -> None:
        """A line on the standard error."""
        say(line)

    def close(self) -> None:
        pass


class Lines(Quiet):
    """One line for each file that ends; with `pages` also one for each page."""

    def __init__(self, *, pages: bool = False) -> None:
        self._pages = pages

    def page(self, file: FileResult, result: PageResult) -> None:
        if self._pages:
            self.tell(page_line(file, result))

    def reserve(self, file: FileResult, code: str) -> None:
        message, fields = sentence(code)
        self.tell(f"{file.name}: {translate(message, **fields)}")

    def ended(self, file: FileResult) -> None:
        super().ended(file)
        for line in summary(file):
            self.tell(line)


class Live(Lines):
    """A bar with pages, pages per second and the time left."""

    def __init__(self, *, pages: bool = False) -> None:
        super().__init__(pages=pages)
        self._progress = _bar()
        self._task: TaskID = self._progress.add_task("", total=0, rate="")
        self._progress.start()

    def started(self, file: FileResult) -> None:
        task = self._progress.tasks[0]
        self._progress.update(self._task, total=(task.total or 0) + file.to_read - file.kept, description=file.name)

    def page(self, file: FileResult, result: PageResult) -> None:
        self._progress.update(self._task, advance=1, description=file.name)
        task = self._progress.tasks[0]
        rate = task.completed / task.elapsed if task.elapsed else 0.0
        self._progress.update(self._task, rate=translate(N_("{rate} pages/s"), rate=f"{rate:.1f}"))
        super().page(file, result)

    def asked(self, file: FileResult, done: int, pages: int) -> None:
        said = translate(N_("{name}: the model answers, {done} of {pages}"), name=file.name, done=done, pages=pages)
        self._progress.update(self._task, description=said)

    def tell(self, line: str) -> None:
        from rich.text import Text

        # Through rich's console, which moves the bar out of the way.
        self._progress.console.print(Text.from_ansi(line), soft_wrap=True)

    def close(self) -> None:
        self._progress.stop()


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def page_line(file: FileResult, result: PageResult) -> str:
    """``scan.pdf, page 3: read, 1.2 s``."""
    page = result.page
    state = translate(STATES[page.status])
    reason = f" ({translate(REASONS.get(page.reason, page.reason))})" if page.reason else ""
    seconds = "" if result.seconds is None else translate(N_(", {seconds} s"), seconds=f"{result.seconds:.1f}")
    about = translate(N_("{name}, page {number}: {state}"), name=file.name, number=page.number, state=state)
    return about + reason + seconds


def summary(file: FileResult) -> list[str]:
    """What became of a file in one line: its pages and the files written; nothing where it could not be opened."""
    if file.errors and not file.pages:
        return []
    count = plural("{count} page", "{count} pages", len(file.pages))
    if file.failed_pages:
        failed = plural("{count} failed", "{count} failed", len(file.failed_pages))
        count = f"{count}, {styled(failed, 'yellow')}"
    if file.kept:
        count += ", " + plural("{count} kept from before", "{count} kept from before", file.kept)
    arrow = f" → {', '.join(shortened(file.outputs))}" if file.outputs else ""
    return [f"{file.name}: {count}{arrow}"]


def shortened(paths: Sequence[str]) -> list[str]:
    """The first path in full, of the others only what differs from it after its stem: ``out/a.md``, ``.json``."""
    stem = str(PurePath(paths[0]).with_suffix(""))
    return [paths[0], *(path.removeprefix(stem) if path.startswith(f"{stem}.") else path for path in paths[1:])]
