"""The program's entry: sets the language, runs a command, and turns every outcome into words and an exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType

import click

from docstation.cli.common import UI_LANGUAGE, Call
from docstation.cli.console import error_json, say, say_error, show_json
from docstation.cli.root import COMMANDS, root
from docstation.cli.speech import speak
from docstation.errors import DocStationError, ExitCode, Interrupted, UsageError
from docstation.messages import N_, choose

COMPLETION = "_DOCSTATION_COMPLETE"
"""Set by the shell's completion script, which wants words instead of a run."""

SEE_HELP = N_("See `{command} --help`.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    given = tuple(sys.argv[1:] if arguments is None else arguments)
    speak(choose(_option(given, UI_LANGUAGE), setting=_language_setting(given)))
    try:
        with _terminable():
            code = _run(given)
            sys.stdout.flush()
            return code
    except BrokenPipeError:
        # The reader of our output has left; what it wanted it has.
        _silence_stdout()
        return ExitCode.OK
    except Exception as error:
        return _fail(_understood(error, given), given)


def _run(arguments: tuple[str, ...]) -> int:
    if COMPLETION in os.environ:
        root.main(list(arguments), "docstation")
    try:
        with root.make_context("docstation", list(arguments), obj=Call(arguments)) as context:
            return int(root.invoke(context) or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as bare:
        say(bare.format_message())
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        raise Interrupted(remedy=N_("Give the command again to start anew.")) from None


def _fail(error: DocStationError, arguments: Sequence[str]) -> int:
    """Say what happened; the error's exit code."""
    say_error(error)
    if "--json" in arguments:
        with contextlib.suppress(BrokenPipeError):
            show_json({"error": error_json(error), "exit_code": int(error.exit_code)})
            sys.stdout.flush()
    return int(error.exit_code)


def _understood(error: Exception, arguments: Sequence[str]) -> DocStationError:
    """Every exception as one of ours; a bug leaves a report."""
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "docstation"
        return UsageError("{message}", message=error.format_message(), remedy=SEE_HELP, command=command)
    if type(error) is UsageError and error.remedy_id == UsageError.remedy:
        command = " ".join(["docstation", *(word for word in arguments[:1] if word in COMMANDS)])
        return UsageError(error.message_id, **error.fields | {"remedy": SEE_HELP, "command": command})
    if isinstance(error, click.ClickException):
        return UsageError("{message}", message=error.format_message())
    from docstation.cli.failures import unexpected

    return unexpected(error)


def _option(arguments: Sequence[str], name: str) -> str:
    """The value of an option before click has parsed anything: the language must be known for click's own words."""
    for index, argument in enumerate(arguments):
        if argument == name and index + 1 < len(arguments):
            return arguments[index + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return ""


def _language_setting(arguments: Sequence[str]) -> str:
    from docstation.settings.peeking import language_setting

    return language_setting(_option(arguments, "--config"), os.environ)


def _silence_stdout() -> None:
    """Keep the interpreter from complaining when it flushes the closed pipe at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the work as Ctrl-C does, so that finished pages are kept and workers end."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not the main thread: a caller that embeds us keeps its own signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
