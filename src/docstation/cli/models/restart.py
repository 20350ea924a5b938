"""``docstation models restart``: what serves, started anew as it was."""

from __future__ import annotations

import click

from docstation.cli.common import common_options, json_option
from docstation.cli.speech import Command, Option
from docstation.errors import NoEngine
from docstation.messages import N_

NOTHING = N_("There is no model to start anew.")
NOTHING_REMEDY = N_("`docstation models switch MODEL` starts one, `docstation models restore` what worked last.")


@click.command(
    "restart",
    cls=Command,
    help=N_("Stop what serves and start it anew, exactly as it was. `switch MODEL --restart` reads models.toml anew."),
    examples=(("docstation models restart", N_("what serves now")),),
)
@click.option("--wait", cls=Option, is_flag=True, help=N_("Wait for a change that is under way instead of exit 8."))
@json_option
@common_options
def command(wait: bool, as_json: bool) -> int:
    """Restart; the exit code."""
    from docstation.bootstrap.parts import station_folder
    from docstation.cli.models.changing import Manner, carry_out
    from docstation.cli.models.following import state_of
    from docstation.station.desk import Order, Wish

    state = state_of(station_folder())
    if not state.wanted and state.transaction is None:
        raise NoEngine(NOTHING, remedy=NOTHING_REMEDY)
    return carry_out(Order(Wish.RESTART), Manner(wait=wait, as_json=as_json))
