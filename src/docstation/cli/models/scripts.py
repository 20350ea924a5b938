"""What the scripts in the checkout's folder mean: their arguments as those of ``docstation models``."""

from __future__ import annotations

from collections.abc import Sequence

from docstation.cli.main import main
from docstation.cli.models.group import COMMANDS

HELP = frozenset({"-h", "--help"})


def model_switcher(given: Sequence[str]) -> int:
    """A command of the group, else models to switch to; nothing asks for the status."""
    if not given:
        return main(["models", "status"])
    if given[0] in COMMANDS or given[0] in HELP:
        return main(["models", *given])
    return main(["models", "switch", *given])


def single_model_manager(given: Sequence[str]) -> int:
    """A command of the group, else the service in the foreground, which may be called ``run``."""
    if given and given[0] in COMMANDS:
        return main(["models", *given])
    return main(["serve", *(given[1:] if given[:1] == ["run"] else given)])


def restore_working_dots_ocr(given: Sequence[str]) -> int:
    """Back to what worked."""
    return main(["models", "restore", *given])
