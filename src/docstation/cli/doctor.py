"""``docstation doctor``: what is installed, what works, what to do about the rest, and whether promises are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from docstation import __version__
from docstation.cli.checks import Check, all_checks
from docstation.cli.common import common_options, current, json_option
from docstation.cli.console import say, show, show_json
from docstation.cli.speech import Command, Option
from docstation.errors import ExitCode, UsageError
from docstation.messages import N_, translate

if TYPE_CHECKING:
    from docstation.cli.promise_report import Report

TO_DO = N_("what to do:")
SIGNS = {"ok": "✓", "missing": "✗", "optional": "–"}
STDOUT = "-"
NEEDS_REPORT = N_("--format and --no-canary say how a report is made; name one with --report FILE.")


@click.command(
    "doctor",
    cls=Command,
    help=N_(
        "Check what is installed and what works. With --report, look anew at everything that was promised of the "
        "models and write down what was seen. Exit code 5 when something needed is missing, 4 when a promise is "
        "broken; what could not be looked at is no failure."
    ),
    examples=(
        ("docstation doctor --json", N_("the same for a program")),
        ("docstation doctor --report report.md", N_("what was promised, what was seen, and a verdict on each")),
        ("docstation doctor --report - --format json --no-canary", N_("asks no model to read a page")),
    ),
)
@click.option(
    "--report",
    cls=Option,
    metavar="FILE|-",
    type=click.Path(),
    help=N_("Look at every promise and write a dated report; - is the standard output."),
)
@click.option(
    "--format",
    "form",
    cls=Option,
    type=click.Choice(["md", "json"]),
    help=N_("Form of the report; without it by the file's ending, Markdown where that says nothing."),
)
@click.option("--no-canary", cls=Option, is_flag=True, help=N_("Send no page to a model that serves."))
@json_option
@common_options
def command(*, report: str | None, form: str | None, no_canary: bool, as_json: bool) -> int:
    """Print the findings, or look at the promises; the exit code."""
    if report is None and (form or no_canary):
        raise UsageError(NEEDS_REPORT)
    if report is not None:
        return _report(report, form or _form_of(report), canary=not no_canary, as_json=as_json)
    found = list(all_checks())
    code = _code(found)
    if as_json:
        from docstation.cli.promise_report import check_json

        show_json({"docstation": __version__, "checks": [check_json(one) for one in found], "exit_code": int(code)})
        return int(code)
    for check in found:
        _show(check)
    show(translate(N_("Everything needed is there.") if code is ExitCode.OK else N_("Something needed is missing.")))
    return int(code)


def _code(checks: Sequence[Check]) -> ExitCode:
    return ExitCode.MISSING if any(check.state == "missing" for check in checks) else ExitCode.OK


def _show(check: Check) -> None:
    show(f"{SIGNS[check.state]} {translate(check.title)}: {check.found}")
    if check.advice:
        show(f"    {translate(TO_DO)} {check.advice}")


def _form_of(name: str) -> str:
    return "json" if name.lower().endswith(".json") else "md"


def _report(name: str, form: str, *, canary: bool, as_json: bool) -> int:
    """Look, write, and tell in short; the exit code."""
    from docstation.bootstrap.parts import Parts
    from docstation.bootstrap.promises import observe
    from docstation.cli.promise_report import Report, as_markdown
    from docstation.cli.promise_report import as_json as report_json
    from docstation.station.promises import judge

    settings = current().settings().settings
    say(translate(N_("Looking at what was promised …")))
    seen = observe(Parts(settings.station, current().config), settings.reading.languages, canary=canary)
    made = Report(seen, judge(seen), list(all_checks()))
    code = _code(made.checks) or (ExitCode.PARTIAL if made.broken else ExitCode.OK)
    if name != STDOUT:
        _write(Path(name), form, made, code)
    if as_json or (name == STDOUT and form == "json"):
        show_json(report_json(made, int(code)))
    elif name == STDOUT:
        show(as_markdown(made).rstrip())
    else:
        _tell(name, made)
    return int(code)


def _write(path: Path, form: str, made: Report, code: ExitCode) -> None:
    import json

    from docstation.cli.promise_report import as_json, as_markdown
    from docstation.export.saving import replacing

    text = as_markdown(made) if form == "md" else json.dumps(as_json(made, code), ensure_ascii=False, indent=2) + "\n"
    with replacing(path) as stream:
        stream.write(text.encode(errors="backslashreplace"))


def _tell(name: str, made: Report) -> None:
    from docstation.cli.promise_report import counted, verdict_line

    for one in made.findings:
        show(verdict_line(one))
    show(counted(made))
    say(translate(N_("Report: {name}"), name=name))
