"""``docstation models cancel``: the change under way is called off, whoever asked for it."""

from __future__ import annotations

import time
from pathlib import Path

import click

from docstation.cli.common import common_options, json_option
from docstation.cli.console import show, show_json
from docstation.cli.models.asking import GONE, GONE_REMEDY, LOOK_SECONDS
from docstation.cli.models.following import state_of
from docstation.cli.models.outcomes import CANCELLED, CANCELLED_TO_NOTHING
from docstation.cli.speech import Command
from docstation.errors import Locked, NoEngine
from docstation.messages import N_, translate
from docstation.station.control import DistantDesk, OwnerGone
from docstation.station.lock import holder_of
from docstation.station.words import State

NOTHING = N_("No change is under way.")
TOO_LATE = N_("Too late: {models} serves.")
NOBODY = N_("A change was left half done, and nobody goes on with it.")
NOBODY_REMEDY = N_("`docstation models manage`, or any switch, finishes it.")
DEAF = N_("Press Ctrl-C where it was started.")


@click.command(
    "cancel",
    cls=Command,
    help=N_("Call off the change under way and wait until what served before serves again."),
    examples=(("docstation models cancel", N_("whoever asked for it")),),
)
@json_option
@common_options
def command(as_json: bool) -> int:
    """Call it off; the exit code."""
    from docstation.bootstrap.parts import station_folder

    folder = station_folder()
    before = state_of(folder)
    after = _called_off(folder, before) if before.transaction is not None else before
    sentence = _sentence(before, after)
    if as_json:
        cancelled = before.transaction.id if before.transaction is not None else None
        show_json({"transaction": cancelled, "serving": list(after.serving.names), "message": sentence, "exit_code": 0})
    else:
        show(sentence)
    return 0


def _called_off(folder: Path, before: State) -> State:
    """The state once the change has ended.

    Raises:
        Locked: its owner does not listen.
        NoEngine: it has no owner.
    """
    desk = DistantDesk(folder)
    try:
        desk.cancel()
    except OwnerGone as gone:
        holder = holder_of(folder)
        if holder is None:
            raise NoEngine(NOBODY, remedy=NOBODY_REMEDY) from gone
        raise Locked(holder=f"{holder.command} (pid {holder.pid})", remedy=DEAF) from gone
    identity = before.transaction.id if before.transaction is not None else ""
    while (now := (state := state_of(folder)).transaction) is not None and now.id == identity:
        if holder_of(folder) is None:
            raise NoEngine(GONE, remedy=GONE_REMEDY)
        time.sleep(LOOK_SECONDS)
    return state


def _sentence(before: State, after: State) -> str:
    asked = before.transaction
    if asked is None:
        return translate(NOTHING)
    serving = ", ".join(after.serving.names)
    if asked.wanted and after.serving == asked.wanted:
        return translate(TOO_LATE, models=serving)
    return translate(CANCELLED, serving=serving) if serving else translate(CANCELLED_TO_NOTHING)
