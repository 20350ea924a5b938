"""``docstation models switch``: another model, or several together, as one change that is undone when it fails."""

from __future__ import annotations

import click

from docstation.cli.common import common_options, json_option
from docstation.cli.models.names import ModelName
from docstation.cli.speech import Argument, Command, Option
from docstation.errors import UsageError
from docstation.messages import N_


@click.command(
    "switch",
    cls=Command,
    help=N_(
        "Change what serves to MODEL, or to several models together where the plan shows that they fit. Everything "
        "that can fail beforehand is checked first; when the new model does not come up and read the test page, what "
        "served before comes back. Ctrl-C calls the change off. A manager that watches is left in the background. "
        "Exit codes: 7 it does not fit, 5 something is missing, 8 another change is under way, 10 what served before "
        "serves again, 6 only the embedded engine serves, 130 called off."
    ),
    examples=(
        ("docstation models switch dots-ocr", N_("by name")),
        ("docstation models switch qwen3-vl --dry-run", N_("the best variant that fits: which, why, and how")),
        ("docstation models switch embedded", N_("no model: the embedded engine reads")),
        ("docstation models switch dots-ocr --restart", N_("starts it anew even where it serves already")),
    ),
)
@click.argument(
    "models",
    cls=Argument,
    nargs=-1,
    required=True,
    type=ModelName(),
    metavar="MODEL...",
    help=N_("Models by name, alias or checkpoint."),
)
@click.option(
    "--dry-run",
    cls=Option,
    is_flag=True,
    help=N_("Only say what would be done: plan, variant, what is stopped, command line."),
)
@click.option("--wait", cls=Option, is_flag=True, help=N_("Wait for a change that is under way instead of exit 8."))
@click.option(
    "--foreground",
    cls=Option,
    is_flag=True,
    help=N_("Do it in this process and leave no manager behind: nothing is watched afterwards."),
)
@click.option("--restart", cls=Option, is_flag=True, help=N_("Start it anew even where it serves already."))
@json_option
@common_options
def command(
    *, models: tuple[str, ...], dry_run: bool, wait: bool, foreground: bool, restart: bool, as_json: bool
) -> int:
    """Switch, or say what a switch would do; the exit code."""
    if dry_run:
        from docstation.cli.models.dry_run import dry_run as rehearse

        if wait or foreground:
            raise UsageError(
                N_("--dry-run does nothing, so --wait and --foreground do not go with it."),
                remedy=N_("Leave them out."),
            )
        return rehearse(models, restart=restart, as_json=as_json)
    from docstation.cli.models.changing import Manner, carry_out
    from docstation.station.desk import Order, Wish

    wish = Wish.RESTART if restart else Wish.SWITCH
    return carry_out(Order(wish, models), Manner(foreground=foreground, wait=wait, as_json=as_json))
