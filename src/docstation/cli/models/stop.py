"""``docstation models stop``: nothing of ours on the card any more."""

from __future__ import annotations

import click

from docstation.cli.common import common_options, json_option
from docstation.cli.speech import Command, Option
from docstation.messages import N_


@click.command(
    "stop",
    cls=Command,
    help=N_(
        "Let open requests end, then stop what serves; the card is free afterwards. The embedded engine goes on "
        "reading pages; chat and answers by schema need a model. A manager stays, and watches nothing."
    ),
    examples=(("docstation models stop", N_("frees the card")),),
)
@click.option("--wait", cls=Option, is_flag=True, help=N_("Wait for a change that is under way instead of exit 8."))
@json_option
@common_options
def command(wait: bool, as_json: bool) -> int:
    """Stop; the exit code."""
    from docstation.cli.models.changing import Manner, carry_out
    from docstation.station.desk import Order, Wish

    # Nothing is left to watch, so no manager is started for it.
    return carry_out(Order(Wish.STOP), Manner(foreground=True, wait=wait, as_json=as_json))
