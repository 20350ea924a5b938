"""``docstation models status``: what serves, the card, what is under way. Read-only and quick, whatever is broken."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import click

from docstation.cli.common import common_options, current, json_option
from docstation.cli.console import show, show_json
from docstation.cli.models.facts import Facts
from docstation.cli.models.names import names
from docstation.cli.speech import Command, Option
from docstation.errors import SettingsError, UsageError
from docstation.messages import N_, explain

EVERY = 1.0
"""Seconds between two looks of --watch."""


@click.command(
    "status",
    cls=Command,
    help=N_(
        "Show what serves and since when, its memory, the card, models in reserve, the manager, what is under way and "
        "what happened last. It changes nothing and always answers at once."
    ),
    examples=(
        ("docstation models status", N_("once")),
        ("docstation models status --watch", N_("again every second, until Ctrl-C")),
        ("docstation models status --json", N_("the same for a program; times in ISO 8601, sizes in bytes")),
    ),
)
@click.option("--watch", "-w", cls=Option, is_flag=True, help=N_("Show it again whenever it changes, until Ctrl-C."))
@json_option
@common_options
def command(watch: bool, as_json: bool) -> int:
    """Show the status; the exit code."""
    config = current().config
    if watch and as_json:
        raise UsageError(N_("--watch and --json do not go together."), remedy=N_("Give one of them."))
    if watch:
        return _watch(config)
    facts = look(config)
    if as_json:
        from docstation.cli.models.status_json import status_json

        show_json(status_json(facts))
    else:
        show("\n".join(_lines(facts)))
    return 0


def look(config: str) -> Facts:
    """The facts of this moment."""
    from docstation.bootstrap import station

    status, now = station.status(config), time.time()
    try:
        known = names(config)
    except SettingsError as error:
        return Facts(status, now, catalogue_trouble=explain(error)[0])
    serving = status.state.serving.names
    return Facts(status, now, tuple(one for one in known.entries if one not in serving), known.aliases)


def _lines(facts: Facts) -> Iterator[str]:
    from docstation.cli.models.status_lines import status_lines

    return status_lines(facts)


def _watch(config: str) -> int:
    """Show it until Ctrl-C: in place on a terminal, else anew when anything but the clock has changed."""
    try:
        if sys.stdout.isatty():
            _watch_in_place(config)
        last = ""
        while True:
            text = "\n".join(_lines(facts := look(config)))
            state = repr((facts.status.state, facts.status.owner, facts.reserve))
            if state != last:
                show(f"\n{text}" if last else text)
                sys.stdout.flush()
            last = state
            time.sleep(EVERY)
    except KeyboardInterrupt:
        return 0


def _watch_in_place(config: str) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(highlight=False), auto_refresh=False, screen=True) as live:
        while True:
            live.update(Text("\n".join(_lines(look(config)))), refresh=True)
            time.sleep(EVERY)
