"""Names of the catalogue as they are written, fast enough for ``status`` and for the shell.

The files are read without the checks that `docstation.models.catalogue` makes of them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from docstation.cli.common import Call
from docstation.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Names:
    """What can be named.

    Attributes:
        entries: titles of the entries by name, the shipped ones first.
        aliases: candidates of the aliases by name.
    """

    entries: Mapping[str, str]
    aliases: Mapping[str, tuple[str, ...]]

    def candidates(self, name: str) -> tuple[str, ...]:
        """Entries that a name may stand for."""
        return self.aliases.get(name, (name,))


def names(config: str = "") -> Names:
    """The names of the catalogue.

    Raises:
        SettingsError: a catalogue file is unreadable or has an unknown key.
    """
    from docstation.models.catalogue import user_files
    from docstation.models.catalogue_files import SHIPPED, read_catalogue_file
    from docstation.models.catalogue_stack import Stack
    from docstation.settings.peeking import setting

    stated = setting("station", "catalog", config, os.environ)
    own = (Path(str(stated)).expanduser(),) if stated else user_files()
    stack = Stack.of([read_catalogue_file(path) for path in (SHIPPED, *reversed(own)) if path.exists()])
    return Names(
        {name: str(table.get("title", "")) for name, table in stack.models.items()},
        {name: _words(table.get("candidates")) for name, table in stack.aliases.items()},
    )


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, tuple) else ()


class ModelName(click.ParamType[str]):
    """A model by name, alias or checkpoint; the shell completes names, and what none is the catalogue refuses."""

    name = "model"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        given = ctx.params.get(param.name or "") or ()
        try:
            known = names(ctx.ensure_object(Call).config)
        except SettingsError:
            return []
        return [
            CompletionItem(name, help=known.entries.get(name) or None)
            for name in (*known.entries, *known.aliases)
            if name.startswith(incomplete) and name not in given
        ]
