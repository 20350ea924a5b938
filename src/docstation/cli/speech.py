"""Click in two languages: help texts are message ids, translated when they are shown.

Click looks its own sentences up in the process's default text domain, so making ours that domain is all it needs.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Sequence
from typing import Any

import click

from docstation.messages import DOMAIN, LOCALE, N_, NP_, translate, use

Examples = Sequence[tuple[str, str]]


def speak(language: str) -> None:
    """Speak `language` in this process, click's sentences included."""
    use(language)
    gettext.bindtextdomain(DOMAIN, str(LOCALE))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language


class Option(click.Option):
    """An option whose help is a message id."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        said, self.help = self.help, translate(self.help) if self.help else ""
        try:
            return super().get_help_record(ctx)
        finally:
            self.help = said

    def get_help_extra(self, ctx: click.Context) -> click.types.OptionHelpExtra:
        """Without the range of numbers: it is told in words, here or when a number lies outside."""
        extra = super().get_help_extra(ctx)
        extra.pop("range", None)
        return extra


class Argument(click.Argument):
    """An argument whose help is a message id."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        return self.make_metavar(ctx), (translate(self.help) if self.help else "")


class Command(click.Command):
    """A command whose help is a message id, followed by examples.

    Args:
        examples: command lines, each with the message id of what it does.
    """

    def __init__(self, *args: Any, examples: Examples = (), **attributes: Any) -> None:
        self.examples = tuple(examples)
        attributes.setdefault("context_settings", {"help_option_names": ["-h", "--help"], "max_content_width": 100})
        super().__init__(*args, **attributes)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        said, self.help = self.help, translate(self.help) if self.help else ""
        try:
            super().format_help_text(ctx, formatter)
        finally:
            self.help = said

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:  # click translates it once and keeps it
            option.help = translate("Show this message and exit.")
        return option

    def get_short_help_str(self, limit: int = 45) -> str:
        said = self.short_help or self.help
        return translate(said) if said else ""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if not self.examples:
            return
        with formatter.section(translate(N_("Examples"))):
            for line, meaning in self.examples:
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
                with formatter.indentation(), formatter.indentation():
                    formatter.write_text(translate(meaning))


class Group(Command, click.Group):
    """A command with commands below it."""

    command_class = Command


# The sentences of click that our commands can bring about, marked so that the catalogues hold them.
CLICK_SENTENCES = (
    N_("Usage:"),
    N_("Options"),
    N_("Positional arguments"),
    N_("Commands"),
    N_("default: {default}"),
    N_("env var: {var}"),
    N_("required"),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Option {name!r} does not take a value."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("Choose from:\n\t{choices}"),
)
CLICK_PLURALS = (
    NP_("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    NP_("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    NP_("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    NP_("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
)
