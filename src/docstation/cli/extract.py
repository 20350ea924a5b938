"""``docstation extract``: values by a preset, a schema or a line of fields, from one file or many."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from docstation.cli.common import WholeNumber, common_options, current, json_option
from docstation.cli.completing import LANGUAGE_LIST, PRESET
from docstation.cli.console import JsonValue, product, say, say_error, show, show_json
from docstation.cli.failures import unexpected
from docstation.cli.progress import Lines, Live, Quiet, View
from docstation.cli.run import Run, events, service_events, service_wanted, where_option
from docstation.cli.speech import Argument, Command, Option
from docstation.cli.tally import FileResult
from docstation.errors import ExitCode, Interrupted, UsageError
from docstation.jobs.events import FileRead
from docstation.jobs.options import ReadOptions
from docstation.messages import N_, active, translate

if TYPE_CHECKING:
    from docstation.extraction.result import Extraction
    from docstation.extraction.schema import Schema
    from docstation.settings.model import Settings

FORMATS = ("json", "jsonl", "csv", "xlsx")
STDOUT = "-"


@dataclass(slots=True)
class ExtractSink:
    """Extracts from each document as it comes; keeps the values, not the documents.

    Attributes:
        extractions: by the name of the file.
    """

    schema: Schema
    settings: Settings
    by: str
    view: View
    extractions: dict[str, Extraction] = field(default_factory=dict)

    def started(self, result: FileResult) -> None:
        pass

    def take(self, event: FileRead, result: FileResult) -> None:
        from docstation.bootstrap.extracting import By, extract_document, pictures_of
        from docstation.extraction.titles import extraction_in

        try:
            with pictures_of(event.original, event.password, self.settings.limits) as picture:
                found = extract_document(
                    event.document, self.schema, By(self.by), picture, partial(self.view.asked, result)
                )
            # By the name that is shown: files of several folders may be called alike.
            self.extractions[event.name] = extraction_in(replace(found, source=event.name), active())
        except Exception as error:  # one file that cannot be extracted from must not cost the others
            result.errors.append(unexpected(error))

    def skipped(self, result: FileResult) -> None:
        pass

    def close(self) -> None:
        pass


@click.command(
    "extract",
    cls=Command,
    help=N_(
        "Extract values from FILES with the place on the page where each stands. What is wanted is a preset, a JSON "
        "Schema, or one line of fields. Without -o the values are printed; with -o one file holds those of all FILES: "
        ".json with places and checks, .jsonl, .csv and .xlsx with values. The exit code is 4 where a required value "
        "is missing or a page failed."
    ),
    examples=(
        ("docstation extract invoice.pdf --preset invoice", N_("prints number, date, parties, sums and rows")),
        ("docstation extract 'scans/*.pdf' --preset upd -o upd.xlsx", N_("one table of many files, rows on a sheet")),
        (
            "docstation extract act.jpg --fields 'number, date date, total money' --json",
            N_("one JSON document with evidence and checks"),
        ),
        ("docstation extract a.pdf --schema invoice.schema.json -o a.json", N_("values by a JSON Schema")),
        ("docstation extract --presets", N_("lists the presets")),
    ),
)
@click.argument("files", cls=Argument, nargs=-1, type=click.Path(), help=N_("What to read."))
@click.option("-P", "--preset", "preset", cls=Option, type=PRESET, help=N_("What is wanted: one of --presets."))
@click.option(
    "-s",
    "--schema",
    cls=Option,
    metavar="FILE",
    type=click.Path(),
    help=N_("What is wanted: a JSON Schema, a file or text."),
)
@click.option(
    "--fields", cls=Option, metavar="LINE", help=N_("What is wanted: 'number, date date, items[]: name, price money'.")
)
@click.option("--presets", "listing", cls=Option, is_flag=True, help=N_("List the presets and exit."))
@click.option(
    "-o",
    "--output",
    cls=Option,
    metavar="FILE|-",
    type=click.Path(),
    help=N_("File to write, - for the standard output."),
)
@click.option(
    "-f", "--format", "chosen", cls=Option, type=click.Choice(FORMATS), help=N_("Format, where no ending tells it.")
)
@click.option("-p", "--pages", cls=Option, metavar="RANGE", help=N_("Pages to read, like 1-3,7,-2 (-1 is the last)."))
@click.option(
    "--password", cls=Option, envvar="DOCSTATION_PASSWORD", help=N_("Opens protected files (also DOCSTATION_PASSWORD).")
)
@click.option("-l", "--lang", "languages", cls=Option, type=LANGUAGE_LIST, help=N_("Languages, by comma [rus,eng]."))
@click.option(
    "-j", "--jobs", cls=Option, type=WholeNumber(), metavar="N", help=N_("Worker processes; 0 for one per core [0].")
)
@click.option(
    "--model/--rules",
    "model",
    cls=Option,
    default=None,
    help=N_("Ask the model that serves, or extract by rules alone [the model where one serves that answers]."),
)
@where_option
@json_option
@click.option("-q", "--quiet", cls=Option, is_flag=True, help=N_("Say nothing but errors."))
@common_options
def command(
    *,
    files: tuple[str, ...],
    preset: str | None,
    schema: str | None,
    fields: str | None,
    listing: bool,
    output: str | None,
    chosen: str | None,
    pages: str | None,
    password: str | None,
    languages: str | None,
    jobs: int | str | None,
    model: bool | None,
    service: bool | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Read the files and extract; the exit code."""
    if listing:
        return _list_presets(as_json=as_json)
    if not files:
        raise click.UsageError(translate(N_("Name at least one file.")))
    from docstation.bootstrap.extracting import wanted_schema

    wanted = wanted_schema(schema, preset, fields)
    form = _format(output, chosen, as_json=as_json)
    settings = current().settings({"reading.languages": languages, "reading.jobs": jobs}).settings
    reading = settings.reading
    options = ReadOptions(
        pages, password, reading.languages, reading.dpi, reading.jobs, reading.engine, limits=settings.limits
    )
    for place in wanted.ignored if not quiet else ():
        say(translate(N_("{place} is not looked at."), place=place))
    client = service_wanted(service, settings, options)
    view = _view(quiet=quiet)
    sink = ExtractSink(wanted, settings, "auto" if model is None else "model" if model else "rules", view)
    run = Run(sink, view)
    interrupted = False
    try:
        if client is None:
            run.follow(events(files, options, resume=False))
        else:
            run.follow(service_events(client, files, options, resumable=False))
    except KeyboardInterrupt:
        interrupted = True
        say_error(Interrupted(remedy=N_("Give the command again to start anew.")))
    code = ExitCode.INTERRUPTED if interrupted else _code(run, sink)
    paths = _write(sink, output, form)
    _tell(run, sink, code, paths, as_json=as_json, quiet=quiet, printed=output is None)
    return int(code)


def _code(run: Run, sink: ExtractSink) -> ExitCode:
    code = run.tally.exit_code()
    missing = any(one.missing for one in sink.extractions.values())
    return ExitCode.PARTIAL if code is ExitCode.OK and missing else code


def _view(*, quiet: bool) -> View:
    if quiet:
        return Quiet()
    return Live() if sys.stderr.isatty() else Lines()


def _format(output: str | None, chosen: str | None, *, as_json: bool) -> str:
    """The format of the file, empty where none is written; UsageError where it is not known or does not fit."""
    if output is None and chosen is None:
        return ""
    form = chosen or Path(output or "").suffix.lower().lstrip(".")
    if form not in FORMATS:
        raise UsageError(
            N_("Values are not written as {format}."),
            format=form or "?",
            remedy=N_("Give a file name that ends with .json, .jsonl, .csv or .xlsx, or --format."),
        )
    remedy = N_("Name a file with -o.")
    if output in (None, STDOUT) and as_json:
        raise UsageError(N_("The standard output is taken by the JSON document."), remedy=remedy)
    if output in (None, STDOUT) and form == "xlsx" and sys.stdout.isatty():
        raise UsageError(N_("The format {format} is not text."), format=form, remedy=remedy)
    return form


def _write(sink: ExtractSink, output: str | None, form: str) -> Sequence[str]:
    if not form or not sink.extractions:
        return []
    from docstation.bootstrap.extraction_files import write_extractions
    from docstation.cli.naming import clean_stem

    target = product() if output in (None, STDOUT) else Path(str(output)).expanduser()
    made = list(sink.extractions.values())
    return write_extractions(made, target, form, stem=lambda name: clean_stem(name)[:60])


def _tell(
    run: Run, sink: ExtractSink, code: ExitCode, paths: Sequence[str], *, as_json: bool, quiet: bool, printed: bool
) -> None:
    from docstation.cli.extract_report import finding_lines, value_lines

    if as_json:
        show_json(_report(run, sink, code, paths))
    elif printed:
        for number, (name, extraction) in enumerate(sink.extractions.items()):
            if len(run.tally.files) > 1:
                show(f"{'' if number == 0 else chr(10)}==> {name} <==")
            for line in value_lines(extraction):
                show(line)
    if quiet:
        return
    for name, extraction in sink.extractions.items():
        for line in finding_lines(extraction, name):
            say(line)
    if paths:
        say(f"→ {', '.join(paths)}")


def _report(run: Run, sink: ExtractSink, code: ExitCode, paths: Sequence[str]) -> dict[str, JsonValue]:
    """The JSON document: that of ``ocr``, each file with its extraction."""
    report = run.tally.as_json(run.seconds, code)
    made: list[JsonValue] = []
    for name, file in run.tally.files.items():
        extraction = sink.extractions.get(name)
        made.append({**file.as_json(), "extraction": extraction.as_json(translate) if extraction else None})
    return {**report, "files": made, "outputs": [*paths]}


def _list_presets(*, as_json: bool) -> int:
    from docstation.extraction.presets import list_presets

    entries = list_presets()
    if as_json:
        show_json(
            [
                {"name": one.name, "aliases": [*one.aliases], "title": {"ru": one.title, "en": one.title_en}}
                for one in entries
            ]
        )
        return int(ExitCode.OK)
    for one in entries:
        title = one.title if active() == "ru" else one.title_en
        show(f"{one.name:<20} {', '.join(one.aliases):<40} {title}")
    return int(ExitCode.OK)
