"""The two streams: the product on the standard output, everything else on the standard error.

Colours only where a person looks at a terminal and has not set NO_COLOR.
"""

from __future__ import annotations

import json
import os
import sys
from typing import BinaryIO

import click

from docstation.errors import DocStationError
from docstation.messages import N_, explain, translate

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

# Apart from where they are used: extraction does not look into f-strings.
ERROR = N_("error:")
FIX = N_("fix:")


def say(text: str) -> None:
    """A line for the person, on the standard error."""
    click.echo(text, err=True)


def show(text: str) -> None:
    """A line of the product, on the standard output, in the terminal's encoding or UTF-8."""
    if sys.stdout.isatty():
        click.echo(text)
    else:
        # Names of files need not be text; what cannot be encoded is shown by its number.
        product().write(f"{text}\n".encode(errors="backslashreplace"))


def show_json(value: JsonValue) -> None:
    """The one JSON document of a command."""
    show(json.dumps(value, ensure_ascii=False, indent=2))


def product() -> BinaryIO:
    """The standard output as bytes."""
    sys.stdout.flush()
    return sys.stdout.buffer


def styled(text: str, colour: str, *, bold: bool = False) -> str:
    """`text` in colour where the standard error shows colours."""
    if os.environ.get("NO_COLOR") or not sys.stderr.isatty():
        return text
    return click.style(text, fg=colour, bold=bold)


def say_error(error: DocStationError, *, subject: str = "") -> None:
    """What happened and what mends it; see `error_lines`."""
    for line in error_lines(error, subject=subject):
        say(line)


def error_lines(error: DocStationError, *, subject: str = "") -> list[str]:
    """What happened and what mends it, a line each; `subject` is the file where the sentence does not name it."""
    sentence, remedy = explain(error)
    if subject and subject not in sentence:
        sentence = f"{subject}: {sentence}"
    lines = [f"{styled(translate(ERROR), 'red', bold=True)} {sentence}"]
    return [*lines, f"  {styled(translate(FIX), 'cyan')} {remedy}"] if remedy else lines


def error_json(error: DocStationError) -> dict[str, JsonValue]:
    """An error for the JSON documents: a stable code, and the words in the active language."""
    sentence, remedy = explain(error)
    return {"code": error.code, "message": sentence, "remedy": remedy, "exit_code": int(error.exit_code)}
