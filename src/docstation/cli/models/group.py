"""``docstation models``: the group of the commands about what serves; each is loaded when it is called."""

from __future__ import annotations

import click

from docstation.cli.common import common_options
from docstation.cli.root import Entry, LazyGroup
from docstation.messages import N_

COMMANDS = {
    "status": Entry("models.status", N_("Show what serves, the card, and what is under way.")),
    "list": Entry("models.listing", N_("List the models: which fit, which are here, which serves.")),
    "switch": Entry("models.switch", N_("Change what serves; on failure what served before comes back.")),
    "restore": Entry("models.restore", N_("Bring back the configuration that was last known to be good.")),
    "restart": Entry("models.restart", N_("Start what serves anew.")),
    "stop": Entry("models.stop", N_("Stop what serves; the embedded engine goes on reading pages.")),
    "cancel": Entry("models.cancel", N_("Call off the change under way; what served before comes back.")),
    "logs": Entry("models.logs", N_("Show the log of a model server.")),
    "events": Entry("models.events", N_("Tell what happened: switches with their steps, failures, measurements.")),
    "manage": Entry("models.manage", N_("Own the station in the foreground: watch what serves and take orders.")),
}


@click.group(
    "models",
    cls=LazyGroup,
    entries=COMMANDS,
    help=N_(
        "The model that serves: one vLLM server inside the memory budget, changed as a whole or not at all. "
        "Without one the embedded engine reads pages."
    ),
    examples=(
        ("docstation models status", N_("what serves now")),
        ("docstation models switch qwen3-vl", N_("another model, or back to this one where that fails")),
        ("docstation models restore", N_("what worked last")),
    ),
)
@common_options
def command() -> None:
    """The group of the commands about models."""
