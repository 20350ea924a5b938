"""``docstation compare``: the same pages with two models, side by side."""

from __future__ import annotations

from pathlib import Path

import click

from docstation.cli.common import common_options, current, json_option
from docstation.cli.console import say, show, show_json
from docstation.cli.speech import Argument, Command, Option
from docstation.errors import NotFound, UsageError
from docstation.messages import N_, translate

STEPS = {
    "switch": N_("Switching to {model}"),
    "read": N_("Reading with {model}: {done} of {total} pages"),
    "back": N_("Switching back to {model}"),
}
FORMATS = (".html", ".json")


@click.command(
    "compare",
    cls=Command,
    help=N_(
        "Read FILE with two models one after the other and show where they differ, with scores of agreement; neither "
        "is taken for the truth. The station is switched for each model and back at the end; the service must run."
    ),
    examples=(
        ("docstation compare scan.pdf --models dots-ocr,qwen3-vl -o compared.html", N_("side by side, to look at")),
        ("docstation compare scan.pdf --models embedded,dots-ocr --pages 1-3", N_("scores of three pages")),
        ("docstation compare scan.pdf --models dots-ocr,qwen3-vl --json", N_("scores and all differences")),
    ),
)
@click.argument("file", cls=Argument, type=click.Path(), help=N_("What to read."))
@click.option(
    "--models", cls=Option, required=True, metavar="ONE,OTHER", help=N_("Two models by comma; embedded may be one.")
)
@click.option("-p", "--pages", cls=Option, metavar="RANGE", help=N_("Pages to read, like 1-3,7,-2 (-1 is the last)."))
@click.option(
    "--password", cls=Option, envvar="DOCSTATION_PASSWORD", help=N_("Opens protected files (also DOCSTATION_PASSWORD).")
)
@click.option(
    "-o", "--output", cls=Option, metavar="FILE", type=click.Path(), help=N_("Report to write: .html or .json.")
)
@json_option
@click.option("-q", "--quiet", cls=Option, is_flag=True, help=N_("Say nothing but errors."))
@common_options
def command(
    *, file: str, models: str, pages: str | None, password: str | None, output: str | None, as_json: bool, quiet: bool
) -> int:
    """Read twice and compare; the exit code."""
    path, target = Path(file).expanduser(), None if output is None else Path(output).expanduser()
    if not path.is_file():
        raise NotFound(name=file)
    if target is not None and target.suffix.lower() not in FORMATS:
        raise UsageError(
            N_("Comparisons are not written as {format}."),
            format=target.suffix or "?",
            remedy=N_("Give a file name that ends with .html or .json."),
        )
    from docstation.bootstrap.comparing import Told, compare_models
    from docstation.bootstrap.comparison_report import comparison_to_html, comparison_to_json, score_lines
    from docstation.bootstrap.service import wanted_service

    def told(now: Told) -> None:
        if not quiet:
            say(translate(STEPS[now.step], model=now.model, done=now.done, total=now.total or "?"))

    named = [name.strip() for name in models.split(",") if name.strip()]
    client = wanted_service(current().settings().settings)
    compared = compare_models(client, path, named, pages=pages or "", password=password, told=told)
    report = comparison_to_json(path.name, compared)
    if target is not None:
        _write(target, comparison_to_html(path.name, compared) if target.suffix.lower() == ".html" else report)
        if not quiet:
            say(f"→ {target}")
    if as_json:
        show_json({**report, "exit_code": 0})
    elif target is None:
        for line in score_lines(compared):
            show(line)
    return 0


def _write(target: Path, report: object) -> None:
    import json

    from docstation.export.saving import replacing

    text = report if isinstance(report, str) else json.dumps(report, ensure_ascii=False, indent=1) + "\n"
    with replacing(target) as stream:
        stream.write(text.encode())
