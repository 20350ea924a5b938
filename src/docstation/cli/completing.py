"""What the shell can complete: formats and languages in lists by comma, presets and engines by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem


class WordList(click.ParamType[str]):
    """Words by comma, of which the last is completed; checked later, together with the settings.

    Args:
        metavar: shown in the help.
        known: gives the words that there are.
    """

    name = "list"

    def __init__(self, metavar: str, known: Callable[[], Iterable[str]]) -> None:
        self._metavar = metavar
        self._known = known

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return self._metavar

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        before, comma, last = incomplete.rpartition(",")
        given = set(before.split(","))
        return [
            CompletionItem(f"{before}{comma}{word}")
            for word in self._known()
            if word.startswith(last) and word not in given
        ]


def _formats() -> Iterable[str]:
    from docstation.export import FORMATS

    return FORMATS


def _languages() -> Iterable[str]:
    return ("rus", "eng")


class PresetName(click.ParamType[str]):
    """A preset of ``docstation extract`` by name or alias; checked when it is used."""

    name = "preset"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "NAME"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from docstation.extraction.presets import list_presets

        names = [(one.name, *one.aliases) for one in list_presets()]
        return [CompletionItem(word) for words in names for word in words if word.startswith(incomplete)]


class EngineName(click.ParamType[str]):
    """An engine by a name that is always known, or a served model's; checked when it is to read."""

    name = "engine"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "NAME"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from docstation.bootstrap.engines import ENGINES

        return [CompletionItem(name) for name in ENGINES if name.startswith(incomplete)]


ENGINE = EngineName()
PRESET = PresetName()
FORMAT_LIST = WordList("FORMATS", _formats)
LANGUAGE_LIST = WordList("LANGUAGES", _languages)
