"""``docstation tables``: the tables of one file, as a workbook, CSV, JSON or HTML."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from docstation.cli.common import WholeNumber, common_options, current, json_option
from docstation.cli.completing import LANGUAGE_LIST
from docstation.cli.console import product, say, show_json
from docstation.cli.progress import Lines, Live, Quiet, View
from docstation.cli.run import Run, events, service_events, service_wanted, where_option
from docstation.cli.speech import Argument, Command, Option
from docstation.cli.tally import FileResult
from docstation.document.model import Category, Document
from docstation.errors import ExitCode, Interrupted, UsageError
from docstation.export import write_tables
from docstation.jobs.events import FileRead
from docstation.jobs.options import ReadOptions
from docstation.messages import N_, plural

SUFFIXES = ("xlsx", "csv", "json", "html")
STDOUT = "-"


@dataclass(slots=True)
class TableSink:
    """Keeps the document that the tables come from, and writes them at once."""

    target: str
    format: str
    count: int = 0
    paths: list[str] = field(default_factory=list)

    def started(self, result: FileResult) -> None:
        pass

    def take(self, event: FileRead, result: FileResult) -> None:
        self.count += sum(element.table is not None for element in event.document.body)
        self.paths += write_as(event.document, self.format, self.target)
        result.outputs += self.paths

    def skipped(self, result: FileResult) -> None:
        pass

    def close(self) -> None:
        pass


@click.command(
    "tables",
    cls=Command,
    help=N_(
        "Write all tables of FILE. The ending of the output's name chooses the format: .xlsx a sheet for each table, "
        ".csv a file for each table, .json or .html all in one."
    ),
    examples=(
        ("docstation tables invoice.pdf -o invoice.xlsx", N_("a workbook with typed numbers and dates")),
        ("docstation tables scan.jpg -o - --format csv", N_("to the standard output")),
    ),
)
@click.argument("file", cls=Argument, type=click.Path(), help=N_("The file to read, or - for the standard input."))
@click.option(
    "-o", "--output", cls=Option, required=True, type=click.Path(), help=N_("File to write, - for the standard output.")
)
@click.option(
    "-f", "--format", "chosen", cls=Option, type=click.Choice(SUFFIXES), help=N_("Format, where no ending tells it.")
)
@click.option("-p", "--pages", cls=Option, metavar="RANGE", help=N_("Pages to read, like 1-3,7,-2 (-1 is the last)."))
@click.option(
    "--password", cls=Option, envvar="DOCSTATION_PASSWORD", help=N_("Opens protected files (also DOCSTATION_PASSWORD).")
)
@click.option("-l", "--lang", "languages", cls=Option, type=LANGUAGE_LIST, help=N_("Languages, by comma [rus,eng]."))
@click.option(
    "-j",
    "--jobs",
    cls=Option,
    type=WholeNumber(),
    metavar="N",
    help=N_("Worker processes; 0 for one per core [0]."),
)
@where_option
@json_option
@click.option("-q", "--quiet", cls=Option, is_flag=True, help=N_("Say nothing but errors."))
@common_options
def command(
    *,
    file: str,
    output: str,
    chosen: str | None,
    pages: str | None,
    password: str | None,
    languages: str | None,
    jobs: int | str | None,
    service: bool | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Read the file and write its tables; the exit code."""
    form = _format(output, chosen, as_json=as_json)
    settings = current().settings({"reading.languages": languages, "reading.jobs": jobs}).settings
    reading = settings.reading
    options = ReadOptions(
        pages, password, reading.languages, reading.dpi, reading.jobs, reading.engine, limits=settings.limits
    )
    sink = TableSink(output, form)
    client = service_wanted(service, settings, options)
    run = Run(sink, _view(quiet=quiet))
    try:
        if client is None:
            run.follow(events([file], options, resume=False))
        else:
            run.follow(service_events(client, [file], options, resumable=False))
    except KeyboardInterrupt:
        raise Interrupted(remedy=N_("Give the command again to start anew.")) from None
    code = run.tally.exit_code()
    if as_json:
        show_json({**run.tally.as_json(run.seconds, code), "tables": sink.count})
    elif not quiet and code in {ExitCode.OK, ExitCode.PARTIAL}:
        say(plural("{count} table found.", "{count} tables found.", sink.count))
    return int(code)


def _view(*, quiet: bool) -> View:
    if quiet:
        return Quiet()
    return Live() if sys.stderr.isatty() else Lines()


def _format(output: str, chosen: str | None, *, as_json: bool) -> str:
    form = chosen or Path(output).suffix.lower().lstrip(".")
    if form not in SUFFIXES:
        raise UsageError(
            N_("Tables are not written as {format}."),
            format=form or "?",
            remedy=N_("Give a file name that ends with .xlsx, .csv, .json or .html, or --format."),
        )
    remedy = N_("Name a file with -o.")
    if output == STDOUT and as_json:
        raise UsageError(N_("The standard output is taken by the JSON document."), remedy=remedy)
    if output == STDOUT and form == "xlsx" and sys.stdout.isatty():
        raise UsageError(N_("The format {format} is not text."), format=form, remedy=remedy)
    return form


def write_as(document: Document, form: str, output: str) -> Sequence[str]:
    """Write the document's tables; the paths written."""
    target = product() if output == STDOUT else Path(output).expanduser()
    if form != "html":
        return [str(path) for path in write_tables(document, target, form)]
    page = html(document).encode()
    if isinstance(target, Path):
        from docstation.export.saving import replacing

        with replacing(target) as stream:
            stream.write(page)
        return [str(target)]
    target.write(page)
    return []


def html(document: Document) -> str:
    """All tables of the body as one page of HTML, each under the caption or heading before it."""
    from html import escape

    parts, title = [], ""
    for element in document.body:
        if element.table is not None:
            parts.append(f"<h2>{escape(title)}</h2>\n{element.table.to_html()}" if title else element.table.to_html())
            title = ""
        elif element.category in {Category.CAPTION, Category.SECTION_HEADER, Category.TITLE}:
            title = element.text
    head = f'<!DOCTYPE html>\n<meta charset="utf-8">\n<title>{escape(document.source.name)}</title>\n'
    return head + "\n".join(parts) + "\n"
