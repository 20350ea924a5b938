"""``docstation completion``: the script by which a shell completes commands, options, formats and file names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from docstation.cli.common import common_options
from docstation.cli.console import show
from docstation.cli.speech import Argument, Command
from docstation.messages import N_


@click.command(
    "completion",
    cls=Command,
    help=N_("Print the script that teaches a shell to complete commands, options, formats and file names."),
    examples=(
        ('eval "$(docstation completion bash)"', N_("in ~/.bashrc")),
        ('eval "$(docstation completion zsh)"', N_("in ~/.zshrc")),
        ("docstation completion fish > ~/.config/fish/completions/docstation.fish", N_("once, for fish")),
    ),
)
@click.argument("shell", cls=Argument, type=click.Choice(["bash", "zsh", "fish"]), help=N_("Your shell."))
@common_options
def command(shell: str) -> None:
    """Print the script."""
    from docstation.cli.main import COMPLETION
    from docstation.cli.root import root

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(shell)
    # The class's own `source` would start bash only to look at its version.
    show(kind.source_template % kind(root, {}, "docstation", COMPLETION).source_vars())
