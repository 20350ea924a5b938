"""``docstation models logs``: what a model server says, or said last, or what the journal kept of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from docstation.cli.common import common_options, current
from docstation.cli.console import say, show
from docstation.cli.models.following import state_of
from docstation.cli.models.names import ModelName, names
from docstation.cli.models.wording import plain
from docstation.cli.speech import Argument, Command, Option
from docstation.errors import ExitCode, NotFound
from docstation.messages import N_, translate
from docstation.station.causes import Fault
from docstation.station.deployment import Deployment
from docstation.station.journal import read_records
from docstation.station.records import event_from_json
from docstation.station.words import Requested

if TYPE_CHECKING:
    from docstation.bootstrap.parts import Parts
    from docstation.station.driver import Driver

USUAL = 200
"""Lines that are shown where nothing is said."""
MANY = 10**7
"""Lines; more than any log holds."""
NO_LOG = N_("There is no log of {name}.")
NO_LOG_AT_ALL = N_("There is no log: no model server was started here.")
NO_LOG_REMEDY = N_("`docstation models events` tells what happened.")
KEPT = N_("{model} does not run; this is the log of its last start, {file}:")
FROM_JOURNAL = N_("{model} does not run and its log is gone; the journal kept these lines of it:")


@click.command(
    "logs",
    cls=Command,
    help=N_(
        "Show the log of the model server that runs, or of MODEL; where it does not run, what was kept of its last "
        "start."
    ),
    examples=(
        ("docstation models logs", N_("the end of the newest one")),
        ("docstation models logs -f", N_("goes on with what comes, until Ctrl-C")),
        ("docstation models logs qwen3-vl-4b -n 1000", N_("more of another one")),
    ),
)
@click.argument("model", cls=Argument, required=False, type=ModelName(), help=N_("A model by name or alias."))
@click.option("--follow", "-f", "following", cls=Option, is_flag=True, help=N_("Go on with what comes, until Ctrl-C."))
@click.option(
    "--number",
    "-n",
    "count",
    cls=Option,
    type=click.IntRange(min=1),
    default=USUAL,
    metavar="N",
    help=N_("So many last lines [200]."),
)
@common_options
def command(model: str | None, following: bool, count: int) -> int:
    """Print the log; the exit code."""
    from docstation.cli.models.changing import the_parts

    parts = the_parts()
    log = _log(parts, model)
    if log is None:
        raise NotFound(NO_LOG if model else NO_LOG_AT_ALL, name=model or "", remedy=NO_LOG_REMEDY)
    if log.heading:
        say(log.heading)
    try:
        for line in log.follow(count) if following else log.tail(count):
            show(line)
            if following:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    return 0


class Log(Protocol):
    """Lines of one server."""

    @property
    def heading(self) -> str:
        """What is to be known before they are read; empty for a server that runs."""

    def tail(self, count: int) -> Iterator[str]:
        """The last lines, oldest first."""

    def follow(self, count: int) -> Iterator[str]:
        """The same, and then those that come until the server ends."""


@dataclass(frozen=True, slots=True)
class Running:
    """The log of a server that its driver knows."""

    driver: Driver
    instance: str
    heading: str = ""

    def tail(self, count: int) -> Iterator[str]:
        yield from self.driver.log_tail(self.instance, count)

    def follow(self, count: int) -> Iterator[str]:
        # A driver follows from the beginning; what lies before the last lines is passed over.
        before = len(self.driver.log_tail(self.instance, MANY)) - count
        for number, line in enumerate(self.driver.follow(self.instance)):
            if number >= before:
                yield line


@dataclass(frozen=True, slots=True)
class Kept:
    """Lines that outlived their server."""

    heading: str
    lines: tuple[str, ...]

    def tail(self, count: int) -> Iterator[str]:
        yield from self.lines[-count:]

    def follow(self, count: int) -> Iterator[str]:
        return self.tail(count)


def _log(parts: Parts, model: str | None) -> Log | None:
    """The log of the newest server, of `model` where one is named; None where nothing is left."""
    meant = [one for one in _deployments(parts.folder) if model is None or _is_meant(one, model)]
    for one in meant:
        driver = parts.drivers.get(one.driver)
        try:
            if driver is not None and driver.find(one.instance) is not None:
                return Running(driver, one.instance)
        except Fault:  # its engine is away; what was kept is still here
            continue
    return next((kept for one in meant if (kept := _file(parts.folder, one) or _evidence(parts.folder, one))), None)


def _deployments(folder: Path) -> Iterator[Deployment]:
    """Servers that have a log, the newest first: those that are present, then those that were asked for."""
    state = state_of(folder)
    requests = [one for one in read_records(folder, notes=False) if one.body.get("event") == Requested.__name__]
    asked = [event_from_json(one.body) for one in reversed(requests)]
    lineups = [one.lineup.members for one in asked if isinstance(one, Requested)]
    for one in (*reversed(state.present), *(one for members in lineups for one in members)):
        if one.driver not in {"embedded", "remote"}:
            yield one


def _is_meant(one: Deployment, model: str) -> bool:
    return one.model in names(current().config).candidates(model) or model in {one.served_name, one.checkpoint}


def _file(folder: Path, one: Deployment) -> Kept | None:
    """The copy that a driver keeps of the log of what it removes."""
    from docstation.station.drivers.log_lines import readable

    path = folder / "logs" / f"{one.instance}.log"
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return None
    return Kept(translate(KEPT, model=one.model, file=path), tuple(map(readable, lines)))


def _evidence(folder: Path, one: Deployment) -> Kept | None:
    """The lines that the journal has of its last failure."""
    wanted: set[str] = set()
    lines: tuple[str, ...] = ()
    for record in read_records(folder):
        if record.body.get("event") == Requested.__name__:
            event = event_from_json(record.body)
            if isinstance(event, Requested) and one.model in event.lineup.names:
                wanted.add(event.id)
        said = record.body.get("lines")
        if record.transaction in wanted and isinstance(said, list):
            lines = tuple(plain(str(line)) for line in said)
    return Kept(translate(FROM_JOURNAL, model=one.model), lines) if lines else None
