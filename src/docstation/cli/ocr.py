"""``docstation ocr``: what to read, how, and where the results go."""

from __future__ import annotations

import glob
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from docstation.cli.common import WholeNumber, common_options, current, json_option
from docstation.cli.completing import ENGINE, FORMAT_LIST, LANGUAGE_LIST
from docstation.cli.console import product, say_error, show_json
from docstation.cli.models.names import ModelName
from docstation.cli.naming import Names
from docstation.cli.progress import Lines, Live, Quiet, View
from docstation.cli.run import Run, events, service_events, service_wanted, where_option
from docstation.cli.sinks import JOINABLE, TEXT_FORMATS, ContentSink, FolderSink, Sink, StreamSink
from docstation.cli.speech import Argument, Command, Option
from docstation.errors import ExitCode, Interrupted, UsageError
from docstation.export import FORMATS, ExportOptions
from docstation.jobs.options import NO_RESERVE, ReadOptions
from docstation.messages import N_
from docstation.settings.keys import suggestion
from docstation.settings.model import Output

STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where results go: `folder`, or the standard output where it is None."""

    folder: Path | None
    formats: tuple[str, ...]
    furniture: bool
    as_json: bool


@click.command(
    "ocr",
    cls=Command,
    help=N_(
        "Read FILES: PDF, images, office files, folders, patterns, ZIP archives, or - for the standard input. "
        "The text goes to the standard output as Markdown, or with -o to a folder, in each format asked for; a result "
        "of an earlier run is replaced. Pages that fail do not stop the others: the exit code is then 4."
    ),
    examples=(
        ("docstation ocr scan.pdf > scan.md", N_("the text as Markdown")),
        ("docstation ocr 'scans/*.jpg' -o out --format md,docx,pdf", N_("three files for each photo in out/")),
        ("docstation ocr book.pdf --pages 1-3,7,-2 --format txt", N_("five pages as plain text")),
        ("docstation ocr book.pdf -o out --resume", N_("goes on where an interrupted run stopped")),
        ("curl -s URL | docstation ocr - --json", N_("one JSON document with pages, their status and the text")),
    ),
)
@click.argument("files", cls=Argument, nargs=-1, required=True, type=click.Path(), help=N_("What to read."))
@click.option(
    "-o",
    "--output",
    cls=Option,
    metavar="DIR|-",
    type=click.Path(),
    help=N_("Folder for the results, - for the standard output (the default)."),
)
@click.option("-f", "--format", "formats", cls=Option, type=FORMAT_LIST, help=N_("Formats to write, by comma [md]."))
@click.option("-p", "--pages", cls=Option, metavar="RANGE", help=N_("Pages to read, like 1-3,7,-2 (-1 is the last)."))
@click.option(
    "--password",
    cls=Option,
    envvar="DOCSTATION_PASSWORD",
    help=N_("Opens protected files (also DOCSTATION_PASSWORD)."),
)
@click.option("-l", "--lang", "languages", cls=Option, type=LANGUAGE_LIST, help=N_("Languages, by comma [rus,eng]."))
@click.option(
    "--dpi", cls=Option, type=WholeNumber(), metavar="N", help=N_("Resolution for recognition, 72 to 1200 [200].")
)
@click.option(
    "-j",
    "--jobs",
    cls=Option,
    type=WholeNumber(),
    metavar="N",
    help=N_("Worker processes; 0 for one per core [0]."),
)
@click.option(
    "--engine",
    cls=Option,
    type=ENGINE,
    help=N_("What reads: auto, embedded, served, or the name of the model that serves [auto]."),
)
@click.option(
    "--reserve",
    cls=Option,
    type=ModelName(),
    metavar="MODEL",
    help=N_(
        "Have the service switch to this model once, and back, for pages that the active one fails at; none for no "
        "such model."
    ),
)
@click.option(
    "--furniture/--no-furniture",
    cls=Option,
    default=None,
    help=N_("Keep running headers, footers and page numbers in the text, or leave them out [no]."),
)
@click.option("--resume", cls=Option, is_flag=True, help=N_("Take over the pages that an interrupted run finished."))
@where_option
@json_option
@click.option("-q", "--quiet", cls=Option, is_flag=True, help=N_("Say nothing but errors."))
@click.option("-v", "--verbose", cls=Option, is_flag=True, help=N_("Say how each page ended."))
@common_options
def command(
    *,
    files: tuple[str, ...],
    output: str | None,
    formats: str | None,
    pages: str | None,
    password: str | None,
    languages: str | None,
    dpi: int | str | None,
    jobs: int | str | None,
    engine: str | None,
    reserve: str | None,
    furniture: bool | None,
    resume: bool,
    service: bool | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Read files and hand over the results; the exit code."""
    call = current()
    flags = {
        "reading.languages": languages,
        "reading.dpi": dpi,
        "reading.jobs": jobs,
        "reading.engine": engine,
        "reading.reserve": reserve,
        "output.formats": formats,
        "output.furniture": furniture,
        "output.folder": output,
    }
    settings = call.settings(flags).settings
    destination = _destination(settings.output, files, as_json=as_json)

    reading = settings.reading
    options = ReadOptions(
        pages=pages,
        password=password,
        languages=reading.languages,
        dpi=reading.dpi,
        jobs=reading.jobs,
        engine=reading.engine,
        limits=settings.limits,
        reserve=reading.reserve,
    )
    client = service_wanted(service, settings, options)
    if client is None and reserve not in (None, "", NO_RESERVE):
        raise UsageError(
            N_("Only the running service can switch to a reserve model."),
            remedy=N_("Start it with `docstation serve --detach` and read with --service, or leave --reserve out."),
        )
    run = Run(_sink(destination, files), _view(quiet=quiet, verbose=verbose))
    try:
        if client is None:
            run.follow(events(files, options, resume=resume))
        else:
            run.follow(service_events(client, files, options, resume=resume))
    except KeyboardInterrupt:
        stop = Interrupted(remedy=N_("Go on with: {command}"), command=resume_command(call.arguments))
        say_error(stop)
        return _report(run, destination, ExitCode.INTERRUPTED)
    return _report(run, destination, run.tally.exit_code())


def _report(run: Run, destination: Destination, code: ExitCode) -> int:
    if destination.as_json:
        show_json(run.tally.as_json(run.seconds, code))
    return int(code)


def _destination(output: Output, specs: Sequence[str], *, as_json: bool) -> Destination:
    """Where results go; UsageError for formats that do not exist or do not fit there."""
    for name in output.formats:
        if name not in FORMATS:
            raise _unknown_format(name)
    folder = None if output.folder in {"", STDOUT} else Path(output.folder).expanduser()
    formats = tuple(dict.fromkeys(output.formats))
    if folder is None:
        _check_stream(formats, specs, as_json=as_json)
    elif folder.exists() and not folder.is_dir():
        raise UsageError(
            N_("{name} is a file, not a folder."), name=str(folder), remedy=N_("Name a folder for the results with -o.")
        )
    return Destination(folder, formats, output.furniture, as_json)


def _unknown_format(name: str) -> UsageError:
    remedy, fields = suggestion(name, tuple(FORMATS))
    return UsageError(N_("Unknown format: {format}."), format=name, remedy=remedy, **fields)


def _check_stream(formats: Sequence[str], specs: Sequence[str], *, as_json: bool) -> None:
    remedy = N_("Name a folder with -o.")
    if len(formats) > 1:
        raise UsageError(N_("The standard output takes one format, not {count}."), count=len(formats), remedy=remedy)
    name = formats[0]
    if name not in TEXT_FORMATS and (as_json or sys.stdout.isatty()):
        raise UsageError(N_("The format {format} is not text."), format=name, remedy=remedy)
    if name not in JOINABLE and not as_json and not _names_one_file(specs):
        raise UsageError(
            N_("Several files do not fit into one stream of the format {format}."), format=name, remedy=remedy
        )


def _names_one_file(specs: Sequence[str]) -> bool:
    if len(specs) != 1:
        return False
    path = Path(specs[0])
    return specs[0] == STDOUT or path.is_file() or not (path.is_dir() or glob.has_magic(specs[0]))


def _sink(destination: Destination, specs: Sequence[str]) -> Sink:
    options = ExportOptions(furniture=destination.furniture)
    if destination.folder is not None:
        return FolderSink(Names(destination.folder, destination.formats, specs), options)
    if destination.as_json:
        return ContentSink(destination.formats[0], options)
    return StreamSink(product(), destination.formats[0], options)


def _view(*, quiet: bool, verbose: bool) -> View:
    if quiet:
        return Quiet()
    return Live(pages=verbose) if sys.stderr.isatty() else Lines(pages=verbose)


def resume_command(arguments: Sequence[str]) -> str:
    """The command line that goes on after an interruption; a password is not repeated."""
    # After a lone `--` there are only names of files.
    end = arguments.index("--") if "--" in arguments else len(arguments)
    words, names = list(arguments[:end]), arguments[end:]
    for index, word in enumerate(words):
        if word.startswith("--password="):
            words[index] = "--password=..."
        elif word == "--password" and index + 1 < len(words):
            words[index + 1] = "..."
    resume = [] if "--resume" in words else ["--resume"]
    return shlex.join(["docstation", *words, *resume, *names])
