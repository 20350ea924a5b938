"""``docstation eval``: how well it reads, on documents whose truth is known."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import click

from docstation.cli.common import common_options, current, json_option
from docstation.cli.console import JsonValue, say, show, show_json
from docstation.cli.progress import Live, Quiet
from docstation.cli.speech import Argument, Command, Option
from docstation.cli.tally import FileResult, PageResult
from docstation.errors import NotFound, UsageError
from docstation.messages import N_, active, translate

if TYPE_CHECKING:
    from docstation.evaluation.reading import Reading, ReadsFiles
    from docstation.evaluation.runs import Run


@click.command(
    "eval",
    cls=Command,
    help=N_(
        "Measure reading on CORPUS, a folder of documents with their truth, or generated:SEED:COUNT for Russian "
        "business papers drawn on the spot. The report in Markdown goes to the standard output or to a file."
    ),
    examples=(
        ("docstation eval corpus --report report.md", N_("the embedded engine on a folder")),
        ("docstation eval generated:1:20 --engine embedded --engine tesseract", N_("two engines on the same pages")),
        ("docstation eval corpus --save new.json --compare old.json", N_("what has changed since an earlier run")),
    ),
)
@click.argument("corpus", cls=Argument, help=N_("A folder, or generated:SEED:COUNT."))
@click.option(
    "--engine",
    "engines",
    cls=Option,
    multiple=True,
    metavar="NAME",
    help=N_("Engine to measure; may be given several times [embedded]."),
)
@click.option("--limit", cls=Option, type=click.IntRange(min=0), default=0, metavar="N", help=N_("At most N cases."))
@click.option(
    "--compare", cls=Option, type=click.Path(), metavar="RUN", help=N_("A run saved before, to compare with.")
)
@click.option("--save", cls=Option, type=click.Path(), metavar="FILE", help=N_("Save the (first) run as JSON."))
@click.option("--report", cls=Option, type=click.Path(), metavar="FILE", help=N_("Write the report to a file."))
@json_option
@common_options
def command(
    *,
    corpus: str,
    engines: tuple[str, ...],
    limit: int,
    compare: str | None,
    save: str | None,
    report: str | None,
    as_json: bool,
) -> None:
    """Run the engines over the corpus and report."""
    from docstation.evaluation.evaluate import evaluate
    from docstation.evaluation.runs import to_json

    before = _saved(Path(compare)) if compare else None
    settings = current().settings().settings
    own = {"embedded": _own_reader(settings.reading.languages, settings.reading.jobs)}
    runs = evaluate(corpus, engines or ("embedded",), own=own, limit=limit)
    if save:
        _write(Path(save), _dumped(to_json(runs[0])))
    text = _report(runs, before)
    if report:
        _write(Path(report), text)
        say(translate(N_("The report is in {file}."), file=report))
    if as_json:
        show_json({"runs": [cast("JsonValue", to_json(run)) for run in runs], "exit_code": 0})
    elif not report:
        show(text.rstrip())


def _report(runs: Sequence[Run], before: Run | None) -> str:
    from docstation.evaluation.comparing import compare
    from docstation.evaluation.report import changes, report

    language: Literal["en", "ru"] = "ru" if active() == "ru" else "en"
    text = report(runs, language)
    return text if before is None else f"{text.rstrip()}\n\n{changes(compare(before, runs[0]), language)}"


def _saved(path: Path) -> Run:
    from docstation.document.json_reader import FormatError
    from docstation.evaluation.runs import from_json

    try:
        return from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(name=str(path)) from None
    except (FormatError, ValueError) as error:
        remedy = N_("Name a file that was written with --save.")
        raise UsageError(N_("{name} is not a saved run."), name=str(path), remedy=remedy) from error


def _own_reader(languages: tuple[str, ...], jobs: int) -> ReadsFiles:
    """The product's reader, as evaluation wants it."""

    def read(paths: Sequence[Path]) -> Iterator[Reading]:
        from docstation.bootstrap.reader import read_files
        from docstation.evaluation.reading import Reading
        from docstation.jobs.events import FileFailed, FileRead, FileStarted, PageRead
        from docstation.jobs.options import ReadOptions

        by_name = {str(path): path for path in paths}
        seconds: dict[str, float] = {}
        with closing(Live() if sys.stderr.isatty() else Quiet()) as view:
            for event in read_files(list(by_name), ReadOptions(languages=languages, jobs=jobs)):
                shown = FileResult(Path(event.name).name)
                if isinstance(event, FileStarted):
                    view.started(replace(shown, to_read=event.to_read))
                elif isinstance(event, PageRead):
                    seconds[event.name] = seconds.get(event.name, 0.0) + event.seconds
                    view.page(shown, PageResult.of(event.page, event.seconds))
                elif isinstance(event, FileRead) and event.name in by_name:
                    yield Reading(by_name[event.name], event.document, seconds.get(event.name, 0.0))
                elif isinstance(event, FileFailed) and event.name in by_name:
                    yield Reading(by_name[event.name], None, seconds.get(event.name, 0.0), event.error.code)

    return read


def _write(path: Path, text: str) -> None:
    from docstation.export.saving import replacing

    with replacing(path) as stream:
        stream.write(text.encode())


def _dumped(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
