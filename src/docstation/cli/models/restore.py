"""``docstation models restore``: back to what was last known to be good, or to what is shipped."""

from __future__ import annotations

import click

from docstation.cli.common import common_options, json_option
from docstation.cli.speech import Command, Option
from docstation.messages import N_


@click.command(
    "restore",
    cls=Command,
    help=N_(
        "Bring back the configuration that served last without failure, exactly as it was started then; where none is "
        "known, the default model as it is shipped, whatever models.toml says."
    ),
    examples=(
        ("docstation models restore", N_("what worked last")),
        ("docstation models restore --shipped", N_("the default model as it is shipped")),
    ),
)
@click.option("--shipped", cls=Option, is_flag=True, help=N_("The shipped configuration, even where another was good."))
@click.option("--wait", cls=Option, is_flag=True, help=N_("Wait for a change that is under way instead of exit 8."))
@json_option
@common_options
def command(shipped: bool, wait: bool, as_json: bool) -> int:
    """Restore; the exit code."""
    from docstation.cli.models.changing import Manner, carry_out
    from docstation.station.desk import Order, Wish

    return carry_out(Order(Wish.RESTORE, shipped=shipped), Manner(wait=wait, as_json=as_json))
