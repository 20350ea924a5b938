"""What all commands share: the options that each takes, and what a command knows of its own call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from docstation.cli.speech import Option
from docstation.errors import SettingsError
from docstation.messages import LANGUAGES, N_

if TYPE_CHECKING:
    from docstation.settings import Loaded

F = TypeVar("F", bound=Callable[..., Any])

UI_LANGUAGE = "--ui-language"

FLAGS = {
    "--language": UI_LANGUAGE,
    "--languages": "--lang",
    "--formats": "--format",
    "--folder": "--output",
}
"""Flags that are not called as their keys; settings know keys only."""


@dataclass(slots=True)
class Call:
    """One call of the program.

    Attributes:
        arguments: as typed, without the program's name.
        config: the settings file named by --config, empty when none was.
        ui_language: named by --ui-language, empty when none was.
    """

    arguments: tuple[str, ...] = ()
    config: str = ""
    ui_language: str = ""

    def settings(self, flags: Mapping[str, object] | None = None) -> Loaded:
        """The settings of this call; `flags` by ``section.key``."""
        from docstation.settings import load

        try:
            loaded = load({"ui.language": self.ui_language or None} | dict(flags or {}), config=self.config)
        except SettingsError as error:
            place = str(error.fields.get("place", ""))
            named = error.fields | {"place": FLAGS.get(place, place), "remedy": error.remedy_id}
            raise SettingsError(error.message_id, **named) from error
        origins = {
            key: replace(origin, place=FLAGS.get(origin.place, origin.place)) for key, origin in loaded.origins.items()
        }
        return replace(loaded, origins=origins)


class WholeNumber(click.ParamType[int | str]):
    """A whole number of the settings; what is none is passed on, so that they say what is wrong with it."""

    name = "number"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        try:
            return int(value)
        except ValueError:
            return value


def current() -> Call:
    """The call that is being answered."""
    return click.get_current_context().ensure_object(Call)


def common_options(function: F) -> F:
    """Add --config and --ui-language, which stand anywhere on the command line."""
    function = click.option(
        UI_LANGUAGE,
        cls=Option,
        type=click.Choice(["auto", *LANGUAGES]),
        expose_value=False,
        callback=_keep("ui_language"),
        help=N_("Language of messages and help; auto follows the system."),
    )(function)
    return click.option(
        "--config",
        cls=Option,
        metavar="FILE",
        type=click.Path(),
        expose_value=False,
        callback=_keep("config"),
        help=N_("The only settings file to read (also DOCSTATION_CONFIG)."),
    )(function)


def json_option(function: F) -> F:
    """Add --json: one JSON document on the standard output."""
    return click.option(
        "--json", "as_json", cls=Option, is_flag=True, help=N_("Print one JSON document to the standard output.")
    )(function)


def _keep(name: str) -> Callable[[click.Context, click.Parameter, str | None], None]:
    def keep(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
        if value:
            setattr(ctx.ensure_object(Call), name, value)

    return keep
