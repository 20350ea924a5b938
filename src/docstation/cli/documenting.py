"""docs/cli.md and the tables of docs/errors.md, written from the commands and the error tree themselves.

A command for developers, ``python -m docstation.cli.documenting``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from docstation import errors
from docstation.cli.root import root
from docstation.cli.speech import speak
from docstation.errors import DocStationError

WIDTH = 100


def command_line_page() -> str:
    """docs/cli.md: what all commands share, then the help of each."""
    speak("en")
    parts = [INTRODUCTION]
    for path, context in _commands(root, "docstation", None):
        parts.append(f"## `{path}`\n\n```text\n{context.command.get_help(context).rstrip()}\n```\n")
    return "\n".join(parts)


def _commands(command: click.Command, name: str, parent: click.Context | None) -> Iterator[tuple[str, click.Context]]:
    # A fixed width: help is wrapped to the terminal otherwise.
    context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH)
    context.help_option_names = ["-h", "--help"]
    yield context.command_path.replace(" COMMAND [ARGS]...", ""), context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None:
                yield from _commands(found, below, context)


def errors_page() -> str:
    """docs/errors.md: exit codes, then every class with cause and remedy."""
    rows = [
        f"| `{kind.__name__}` | {int(kind.exit_code)} | {kind.http_status} | `{kind.code}` | "
        f"{(kind.__doc__ or '').strip().splitlines()[0]} | {kind.remedy} |"
        for kind in _tree(DocStationError)
        if kind.__module__ == errors.__name__
    ]
    return ERRORS + "\n".join(rows) + "\n"


def _tree(kind: type[DocStationError]) -> Iterator[type[DocStationError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)


INTRODUCTION = """# Command line

The product goes to the standard output, everything else to the standard error. Colours and the progress bar appear on
a terminal only; `NO_COLOR` turns colours off. Messages and help are Russian or English: `--ui-language`, then
`DOCSTATION_UI_LANGUAGE`, then `ui.language` of the settings, then the system's locale. `--json` prints one JSON
document to the standard output, on an error too. Exit codes and errors: [errors.md](errors.md). Settings:
[settings.md](settings.md).

## Where results go

- Without `-o`, or with `-o -`: one format (Markdown unless `--format` says otherwise) to the standard output. Where
  several files are read they follow one another in the order in which they were found, and a line stands before each:
  `<!-- file: NAME -->` in Markdown and HTML, `==> NAME <==` in plain text, nothing in JSON (documents follow one
  another). Word, Excel, CSV and PDF of several files need a folder.
- With `-o DIR`: `DIR/NAME.md` and the other formats asked for, pictures of Markdown in `DIR/NAME-pictures/`. NAME is
  the file's name without its ending. A second file of the same name gets `NAME.2`, the next `NAME.3`: in the order in
  which files are found, so the same command gives the same names. What an earlier run wrote is replaced, each file at
  once; a file that is among the inputs is never overwritten.
- With `--json` and no folder the text is in the document, as `content` of each file.

## Interruption

Ctrl-C (and SIGTERM) keeps the pages that are finished and prints the command that goes on, the same with `--resume`;
the exit code is 130. Results of files that were complete are written. Kept pages are dropped after a week, or by
`docstation clean`. A password is not repeated in the printed command; `DOCSTATION_PASSWORD` keeps it out of the
history.

## The JSON document of `ocr`

- `docstation`: the version.
- `files`: for each `name`, `status` (`ok`, `partial`, `failed`, `interrupted`), `sha256`, `media_type`, `page_count`,
  `pages`, `kept_pages`, `outputs`, `errors` (`code`, `message`, `remedy`, `exit_code`), and `content`.
- `pages` of a file: `number`, `status` (`ok`, `repaired`, `fallback`, `failed`), `reason`, `seconds` (null for a kept
  page), `text_layer` (`absent`, `sane`, `partial`, `broken`, `bad-ocr`), `blank`, `rotation`, `engine`, `characters`.
- `totals`: `files`, `failed_files`, `pages`, `failed_pages`, `kept_pages`, `seconds`, `pages_per_second`.
- `exit_code`.

`docstation tables` adds `tables`, how many there are. A command that could not begin prints `error` and `exit_code`.
"""

ERRORS = """# Exit codes and errors

Exit codes are promises; scripts may rely on them.

| code | meaning |
|---|---|
| 0 | done |
| 1 | unexpected, a bug: the message names a report file, which holds versions and places in the code, no content |
| 2 | usage: an option, argument or setting is wrong |
| 3 | the input cannot be used: nothing could be read |
| 4 | done in part: some pages or files failed, the others are written; or a promise is broken (`doctor --report`) |
| 5 | something is missing; the message says the command that installs it |
| 6 | no engine or model can do this |
| 7 | refused by the memory budget |
| 8 | another process holds the lock |
| 9 | a password is needed, or the one given is wrong |
| 10 | the switch failed and the old model serves again |
| 130 | interrupted; finished pages are kept |

With several files the code is 0 when all were read whole, 4 when anything was read and anything was not. Where nothing
could be read it is that of the gravest cause, in the order 1, 5, 6, 2, 9, 3. A reader of our output that leaves
(`docstation ocr … | head`) is no error.

Every error is told in two lines on the standard error, `error:` with what happened and `fix:` with what to do, in
Russian or English. In JSON an error is `code`, `message`, `remedy` and `exit_code`; `code` never changes with the
language.

## Why a page fails

A failed page keeps its place and its reason; the other pages go on: `timeout` (longer than `limits.page_seconds`),
`memory` (more than `limits.worker_bytes`), `crash` (its process died), or the `code` of an error below.

A page that was read all the same but not at once by the model says why: status `repaired` where the model was asked
again or something was filled in, `fallback` where the embedded engine read it. Reasons: `model-loop` (it ran in
circles), `model-garbled` (no blocks in its answer), `model-length` (the window was full), `model-broken` (engine or
connection failed), `model-refused` (the server did not take the request), `model-overdue` (not in time), `model-away`
(it does not serve any more), `model-missed-ink` (it passed over something). See [reading](reading.md).

## Errors

| class | exit | HTTP | code | cause | remedy |
|---|---|---|---|---|---|
"""


def main() -> None:
    """Write both pages."""
    docs = Path(__file__).parents[3] / "docs"
    (docs / "cli.md").write_text(command_line_page(), encoding="utf-8")
    (docs / "errors.md").write_text(errors_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
