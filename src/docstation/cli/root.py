"""The command tree: names and one-line descriptions here, each command's module loaded when it is called.

So ``docstation --help`` costs the import of click and of this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from docstation import __version__
from docstation.cli.common import common_options
from docstation.cli.speech import Command, Group, Option
from docstation.messages import N_, translate


@dataclass(frozen=True, slots=True)
class Entry:
    """A command that is loaded when called.

    Attributes:
        module: in this package; its `command` is the click command.
        summary: message id of its one line in the list of commands.
    """

    module: str
    summary: str


COMMANDS = {
    "ocr": Entry("ocr", N_("Read scans, photos and PDFs: text, tables and headings, in any format.")),
    "tables": Entry("tables", N_("Write the tables of a file as XLSX, CSV, JSON or HTML.")),
    "extract": Entry("extract", N_("Extract values by a preset or schema, each with its place on the page.")),
    "chat": Entry("chat", N_("Ask about pages; answers name the places that they rest on.")),
    "eval": Entry("evaluate", N_("Measure reading on documents whose truth is known; compare runs.")),
    "compare": Entry("compare", N_("Read the same pages with two models and show where they differ.")),
    "serve": Entry("serve", N_("Serve the active model, the station and the documents at one address.")),
    "mcp": Entry("mcp", N_("Serve assistants over MCP: read, extract, status, switch.")),
    "keys": Entry("keys", N_("API keys for clients of the service: make, list, take back.")),
    "models": Entry("models.group", N_("What serves on the GPU: status, switch, restore, logs, events.")),
    "plan": Entry("plan", N_("Plan the GPU memory of models against the budget; show the command line of vLLM.")),
    "pull": Entry("pull", N_("Fetch weights and images of models ahead of a switch.")),
    "doctor": Entry("doctor", N_("Check what is installed, what works, and say what to do.")),
    "formats": Entry("formats", N_("List what can be read and what can be written.")),
    "config": Entry("config", N_("Show settings, where they come from, and what is allowed.")),
    "clean": Entry("clean", N_("Delete pages kept for --resume, and old reports.")),
    "completion": Entry("completion", N_("Print the completion script for bash, zsh or fish.")),
}


class LazyGroup(Group):
    """A group whose commands are imported when they are asked for.

    Args:
        entries: commands by name, in the order in which they are shown.
    """

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **attributes: Any) -> None:
        self.entries = entries
        super().__init__(*args, **attributes)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = import_module(f"docstation.cli.{entry.module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(translate("Commands")):
            formatter.write_dl([(name, translate(entry.summary)) for name, entry in self.entries.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.entries and not args[0].startswith("-"):
            raise click.exceptions.NoSuchCommand(args[0], possibilities=self.entries, ctx=ctx)
        return super().resolve_command(ctx, args)


@click.group(
    "docstation",
    cls=LazyGroup,
    entries=COMMANDS,
    help=N_(
        "DocStation reads scans, photos and PDFs in Russian and English and gives text, tables and data. "
        "Results go to the standard output or to the folder you name, everything else to the standard error."
    ),
    examples=(
        ("docstation ocr scan.pdf", N_("prints the text as Markdown")),
        ("docstation ocr scans/ -o out --format md,docx", N_("reads a folder, writes two files for each document")),
        ("docstation tables invoice.pdf -o invoice.xlsx", N_("writes the tables as a workbook")),
        ("docstation models switch qwen3-vl", N_("changes the model that serves")),
        ("docstation ocr --help", N_("says more about a command")),
    ),
)
@click.version_option(
    __version__,
    "--version",
    "-V",
    cls=Option,
    message="docstation %(version)s",
    help=N_("Show the version and exit."),
)
@common_options
def root() -> None:
    """The command that holds all others."""


__all__ = ["COMMANDS", "Command", "Entry", "LazyGroup", "root"]
