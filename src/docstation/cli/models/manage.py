"""``docstation models manage``: this process owns the station, watches what serves, takes orders, and tells of it all.

It is what a service manager runs, and what the other commands start in the background.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING

import click

from docstation.cli.common import common_options, current
from docstation.cli.console import error_lines, say
from docstation.cli.models.changing import the_parts
from docstation.cli.models.following import follow, state_of
from docstation.cli.models.names import ModelName
from docstation.cli.models.narrating import Narrator
from docstation.cli.models.wording import local_time
from docstation.cli.speech import Command, Option
from docstation.errors import DocStationError, UsageError
from docstation.messages import N_, translate
from docstation.station.desk import Order, Wish
from docstation.station.words import Mode

if TYPE_CHECKING:
    from docstation.bootstrap.parts import Parts
    from docstation.station.desk import Desk

OWNS = N_("owns the station in {folder} and takes orders")
ENDED = N_("ended; what serves goes on serving, and nobody watches it")


@click.command(
    "manage",
    cls=Command,
    help=N_(
        "Own the station in the foreground: watch what serves, start it anew when it fails, take orders of the other "
        "commands, and tell each event in a line. Where nothing serves, the models of the settings are started. "
        "Ctrl-C or SIGTERM ends it, and leaves what serves running. Exit code 8 when somebody else owns the station."
    ),
    examples=(
        ("docstation models manage", N_("with the models of the settings")),
        ("docstation models manage --model qwen3-vl", N_("with this one")),
        ("docstation models manage --idle", N_("starts nothing by itself")),
    ),
)
@click.option("--idle", cls=Option, is_flag=True, help=N_("Start nothing that does not serve already."))
@click.option(
    "--model",
    "models",
    cls=Option,
    multiple=True,
    type=ModelName(),
    metavar="MODEL",
    help=N_("Start this one instead of those of the settings; may be given several times."),
)
@common_options
def command(idle: bool, models: tuple[str, ...]) -> int:
    """Manage until asked to end; the exit code."""
    from docstation.bootstrap import station
    from docstation.bootstrap.station import refuse_if_owned

    if idle and models:
        raise UsageError(N_("--idle and --model do not go together."), remedy=N_("Give one of them."))
    refuse_if_owned()
    parts = the_parts()
    call = current()
    parts.reread_by(lambda: call.settings().settings.station)
    _outlive_the_terminal()
    last = next((record.number for record in station.newest_records()), 0)
    with contextlib.suppress(KeyboardInterrupt), station.managing(parts) as desk:
        _log(translate(OWNS, folder=parts.folder))
        wanted = _to_start(parts, idle=idle, models=models)
        if wanted:
            threading.Thread(target=_start, args=(desk, wanted), name="start", daemon=True).start()
        _tell(parts, last)
    _log(translate(ENDED))
    return 0


def _to_start(parts: Parts, *, idle: bool, models: tuple[str, ...]) -> tuple[str, ...]:
    """The models to begin with, none where something serves or is on its way."""
    mode = state_of(parts.folder).mode
    if idle or mode is Mode.SWITCHING:
        return ()
    return models or (parts.settings.models if mode is Mode.IDLE else ())


def _start(desk: Desk, models: tuple[str, ...]) -> None:
    """Ask for the models; how it goes is told from the journal."""
    try:
        for _told in desk.change(Order(Wish.SWITCH, models)):
            pass
    except DocStationError as error:
        for line in error_lines(error):
            _log(line)


def _tell(parts: Parts, last: int) -> None:
    narrator = Narrator()
    for record in follow(parts.folder, last):
        line = narrator.tell(record)
        if line is not None:
            _log(line.indented, at=line.at)


def _log(text: str, at: float | None = None) -> None:
    """A line with its time; a terminal that went away is no reason to stop watching."""
    import time

    with contextlib.suppress(OSError):
        say(f"{local_time(time.time() if at is None else at)}  {text}")


def _outlive_the_terminal() -> None:
    """Do nothing on SIGHUP; by a handler, for what we start would inherit that it is ignored."""

    def nothing(_number: int, _frame: FrameType | None) -> None:
        return

    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGHUP, nothing)
