"""``docstation models events``: what happened to the models, by the journal, in words or as lines of JSON."""

from __future__ import annotations

import json
import re
import sys
import time
from collections import deque
from datetime import datetime
from pathlib import Path

import click

from docstation.cli.common import common_options
from docstation.cli.console import show
from docstation.cli.models.following import follow
from docstation.cli.models.narrating import Narrator
from docstation.cli.models.wording import local_time
from docstation.cli.speech import Command, Option
from docstation.errors import ExitCode, UsageError
from docstation.messages import N_
from docstation.station.journal import Record, read_records

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
USUAL = 60
"""Records that are shown where nothing is said."""


@click.command(
    "events",
    cls=Command,
    help=N_(
        "Tell what happened, oldest first: switches with their steps and how long each took, failures with their "
        "causes, crashes and new starts, measurements."
    ),
    examples=(
        ("docstation models events", N_("the last ones")),
        ("docstation models events --since 2h -f", N_("the last two hours, and what comes")),
        ("docstation models events --since '2026-02-03 18:00' --json", N_("lines of JSON for a program")),
    ),
)
@click.option(
    "--since", cls=Option, metavar="TIME", help=N_("From then on: 30m, 2h, 3d, or a date, or a date with a time.")
)
@click.option("--follow", "-f", "following", cls=Option, is_flag=True, help=N_("Go on with what comes, until Ctrl-C."))
@click.option(
    "--number",
    "-n",
    "count",
    cls=Option,
    type=click.IntRange(min=0),
    metavar="N",
    help=N_("Only the last N [60, or all since TIME]."),
)
@click.option("--json", "as_json", cls=Option, is_flag=True, help=N_("Print a JSON object a line."))
@common_options
def command(since: str | None, following: bool, count: int | None, as_json: bool) -> int:
    """Print the events; the exit code."""
    from docstation.bootstrap.parts import station_folder

    folder = station_folder()
    start = _moment(since) if since else 0.0
    teller = Teller(as_json=as_json)
    last = teller.history(folder, start, count if count is not None else (None if since else USUAL))
    if following:
        try:
            for record in follow(folder, last):
                teller.tell(record)
        except KeyboardInterrupt:
            return int(ExitCode.INTERRUPTED)
    return 0


class Teller:
    """Prints records.

    Args:
        as_json: an object a line instead of words.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._narrator = Narrator()

    def history(self, folder: Path, start: float, count: int | None) -> int:
        """Print what is kept since `start`, the last `count` of it; the number of the last record."""
        last, lines = 0, deque[str](maxlen=count)
        for record in read_records(folder):
            last = record.number
            text = self._text(record)
            if text and record.at >= start:
                lines.append(text)
        for line in lines:
            show(line)
        sys.stdout.flush()
        return last

    def tell(self, record: Record) -> None:
        """Print a record that has just come."""
        text = self._text(record)
        if text:
            show(text)
            sys.stdout.flush()

    def _text(self, record: Record) -> str:
        if self._as_json:
            from docstation.cli.models.status_json import record_json

            told = record_json(record, self._narrator)
            return "" if record.kind == "checkpoint" else json.dumps(told, ensure_ascii=False)
        line = self._narrator.tell(record)
        return "" if line is None else f"{local_time(line.at)}  {line.indented}"


def _moment(since: str) -> float:
    """POSIX seconds of a moment: so long ago, or a date in local time."""
    ago = re.fullmatch(r"(\d+)\s*([smhdw])", since.strip())
    if ago:
        return time.time() - int(ago[1]) * UNITS[ago[2]]
    try:
        return datetime.fromisoformat(since.strip()).timestamp()
    except (ValueError, OverflowError):
        raise UsageError(
            N_("{time} is no time."),
            time=since,
            remedy=N_("Write it like 30m, 2h, 3d, 2026-02-03 or '2026-02-03 18:00'."),
        ) from None
