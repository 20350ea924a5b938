"""One run of ``docstation ocr``: events in, results to a sink, words to a view, a tally at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

import click

from docstation.cli.progress import View
from docstation.cli.sinks import Sink
from docstation.cli.speech import Option
from docstation.cli.tally import PageResult, Tally
from docstation.errors import DocStationError
from docstation.jobs.events import Event, FileFailed, FileRead, FileStarted, PageRead, ReserveTold
from docstation.jobs.options import ReadOptions
from docstation.messages import N_

if TYPE_CHECKING:
    from docstation.client import Client
    from docstation.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


def where_option(function: F) -> F:
    """Add --service and --local: who reads."""
    return click.option(
        "--service/--local",
        "service",
        cls=Option,
        default=None,
        help=N_("Read through the running service, or in this command itself [the service where it would read alike]."),
    )(function)


def service_wanted(wish: bool | None, settings: Settings, options: ReadOptions) -> Client | None:
    """The service that is to read; None for the library.

    Args:
        wish: whether it is to be the service; None for the one of this state folder where it runs and reads as the
            library would.
        settings: that say where the service is.
        options: how to read.

    Raises:
        ServiceAway: the service is wished for and does not run.
    """
    if wish is False:
        return None
    from docstation.bootstrap import service

    if wish:
        return service.wanted_service(settings)
    own = service.own_service()
    if own is None:
        return None
    from docstation.bootstrap.service_reader import reads_alike

    return own if reads_alike(own, options) else None


def service_events(
    client: Client, specs: Sequence[str], options: ReadOptions, *, resume: bool = False, resumable: bool = True
) -> Iterator[Event]:
    """`events` by way of the service; see `docstation.bootstrap.service_reader.read_through`."""
    from docstation.bootstrap.service_reader import read_through

    stdin: BinaryIO | None = sys.stdin.buffer if "-" in specs else None
    return read_through(client, specs, options, resume=resume, resumable=resumable, stdin=stdin)


def events(specs: Sequence[str], options: ReadOptions, *, resume: bool) -> Iterator[Event]:
    """Read what `specs` name; closing the iterator ends the work and keeps finished pages."""
    from docstation.bootstrap.reader import read_files

    stdin: BinaryIO | None = sys.stdin.buffer if "-" in specs else None
    return read_files(specs, options, resume=resume, stdin=stdin)


class Run:
    """Follows the events of a run.

    Attributes:
        tally: of what has happened so far; valid also after an interruption.
        seconds: since the start.
    """

    def __init__(self, sink: Sink, view: View) -> None:
        self.tally = Tally()
        self._sink = sink
        self._view = view
        self._begun = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._begun

    def follow(self, stream: Iterator[Event]) -> None:
        """Take all events; on any way out the work behind `stream` is ended and the view closed."""
        with closing(cast("Generator[Event]", stream)), closing(self._view):
            try:
                for event in stream:
                    self._take(event)
            finally:
                self._sink.close()

    def _take(self, event: Event) -> None:
        match event:
            case FileStarted():
                self._start(event.name, event.to_read, event.done)
            case PageRead():
                result = PageResult.of(event.page, event.seconds)
                file = self.tally.file(event.name)
                file.pages.append(result)
                self._view.page(file, result)
            case FileRead():
                file = self.tally.file(event.name)
                file.finish(event.document)
                self._sink.take(event, file)
                self._view.ended(file)
            case FileFailed():
                self._fail(event.name, event.error)
            case ReserveTold():
                self._view.reserve(self.tally.file(event.name), event.code)

    def _start(self, name: str, to_read: int, kept: int) -> None:
        file = self.tally.file(name)
        file.to_read, file.kept = to_read, kept
        self._sink.started(file)
        self._view.started(file)

    def _fail(self, name: str, error: DocStationError) -> None:
        known = name in self.tally.files
        file = self.tally.file(name)
        file.errors.append(error)
        if not known:
            self._sink.started(file)
        self._sink.skipped(file)
        self._view.ended(file)
