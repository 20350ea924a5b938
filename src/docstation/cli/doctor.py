"""``docstation doctor``: what is installed, what works, and what to do about the rest."""

from __future__ import annotations

import click

from docstation import __version__
from docstation.cli.checks import Check, all_checks
from docstation.cli.common import common_options, json_option
from docstation.cli.console import JsonValue, show, show_json
from docstation.cli.speech import Command
from docstation.errors import ExitCode
from docstation.messages import N_, translate

TO_DO = N_("what to do:")
SIGNS = {"ok": "✓", "missing": "✗", "optional": "–"}


@click.command(
    "doctor",
    cls=Command,
    help=N_("Check what is installed and what works; exit code 5 when something needed is missing."),
    examples=(("docstation doctor --json", N_("the same for a program")),),
)
@json_option
@common_options
def command(as_json: bool) -> int:
    """Print the findings; the exit code."""
    found = list(all_checks())
    code = ExitCode.MISSING if any(check.state == "missing" for check in found) else ExitCode.OK
    if as_json:
        checks: list[JsonValue] = [
            {
                "name": check.name,
                "title": translate(check.title),
                "state": check.state,
                "found": check.found,
                "advice": check.advice,
            }
            for check in found
        ]
        show_json({"docstation": __version__, "checks": checks, "exit_code": int(code)})
        return int(code)
    for check in found:
        _show(check)
    show(translate(N_("Everything needed is there.") if code is ExitCode.OK else N_("Something needed is missing.")))
    return int(code)


def _show(check: Check) -> None:
    show(f"{SIGNS[check.state]} {translate(check.title)}: {check.found}")
    if check.advice:
        show(f"    {translate(TO_DO)} {check.advice}")
