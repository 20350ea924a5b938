"""``docstation keys``: API keys of the service's clients are made, listed and taken back.

They lie in the database, so no service need run; one that runs hears of a change within two seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, cast

import click

from docstation.cli.common import common_options, current, json_option
from docstation.cli.console import JsonValue, say, show, show_json
from docstation.cli.speech import Argument, Command, Group, Option
from docstation.messages import N_, translate

if TYPE_CHECKING:
    from docstation.jobs.keys import KeyRecord, KeyStore, Scope

SCOPES = ("read", "write", "station", "admin")
SHOWN_ONCE = N_("This is the key {name}, for: {scopes}. It is shown this once; keep it where secrets are kept.")
HOW = N_("Clients send it as `Authorization: Bearer KEY`; docstation itself finds it in DOCSTATION_KEY.")
FIRST = N_("It is the first key: from now on nobody is served without one, on this machine neither.")
REVOKED = N_("The key {name} is taken back. A running service refuses it within two seconds.")
LAST = N_("It was the last key: on 127.0.0.1 nobody is asked for one, elsewhere nobody is let in.")
NONE = N_("There are no keys: on 127.0.0.1 nobody is asked for one.")
HEADS = (N_("id"), N_("name"), N_("scopes"), N_("made"), N_("last used"))


@click.group(
    "keys",
    cls=Group,
    help=N_(
        "API keys for clients of the service. Without keys it serves this machine alone and asks nobody; as soon as "
        "there is one, everybody is asked. Only their digests are kept."
    ),
    examples=(
        ("docstation keys add laptop", N_("makes a key and prints it, this once")),
        ("docstation keys list", N_("who has keys, for what, and when each was last used")),
        ("docstation keys revoke laptop", N_("takes it back")),
    ),
)
@common_options
def command() -> None:
    """The group of the commands about keys."""


@command.command(
    "add",
    cls=Command,
    short_help=N_("Make a key and print it, this once."),
    help=N_(
        "Make a key and print it to the standard output, this once. Scopes: read looks at everything (GET), write "
        "gives documents and asks models, station changes what serves, admin makes and takes back keys. Each of the "
        "others brings read with it."
    ),
    examples=(
        ("docstation keys add laptop", N_("reads and writes, as most clients need")),
        ("docstation keys add prometheus --scope read", N_("looks, and changes nothing")),
        ("docstation keys add admin --scope write --scope station", N_("may switch models too")),
        ("export DOCSTATION_KEY=$(docstation keys add me)", N_("the key for later commands of this shell")),
    ),
)
@click.argument("name", cls=Argument)
@click.option(
    "--scope",
    "scopes",
    cls=Option,
    multiple=True,
    type=click.Choice(SCOPES),
    help=N_("What the key is good for; may be given several times [read, write]."),
)
@json_option
@common_options
def add(name: str, scopes: Sequence[str], as_json: bool) -> int:
    """Make a key; the exit code."""
    from docstation.jobs.keys import USUAL

    with _store() as store:
        first = not store.digests()
        made = store.add(name, cast("Sequence[Scope]", scopes) or USUAL)
    if as_json:
        show_json({**_json(made.record), "key": made.secret, "exit_code": 0})
        return 0
    say(translate(SHOWN_ONCE, name=made.record.name, scopes=", ".join(made.record.scopes)))
    show(made.secret)
    say(translate(HOW))
    if first:
        say(translate(FIRST))
    return 0


@command.command(
    "list",
    cls=Command,
    short_help=N_("List the keys: for what, since when, when last used."),
    help=N_(
        "List the keys: what each is good for, since when, and when it was last used. The keys themselves are not kept."
    ),
    examples=(
        ("docstation keys list", N_("for people")),
        ("docstation keys list --json", N_("the same for a program")),
    ),
)
@json_option
@common_options
def listing(as_json: bool) -> int:
    """Print the list; the exit code."""
    with _store() as store:
        keys = store.records()
    if as_json:
        show_json({"keys": [_json(one) for one in keys], "exit_code": 0})
    elif not keys:
        say(translate(NONE))
    else:
        table = [tuple(translate(head) for head in HEADS), *(_cells(one) for one in keys)]
        widths = [max(len(line[column]) for line in table) for column in range(len(HEADS))]
        for line in table:
            show("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())
    return 0


@command.command(
    "revoke",
    cls=Command,
    short_help=N_("Take a key back for ever."),
    help=N_("Take a key back for ever, by its name or its id. A running service refuses it within two seconds."),
    examples=(("docstation keys revoke laptop", N_("whoever has it is let in no more")),),
)
@click.argument("key", cls=Argument, metavar="NAME|ID")
@json_option
@common_options
def revoke(key: str, as_json: bool) -> int:
    """Take a key back; the exit code."""
    with _store() as store:
        gone = store.revoke(key)
        last = not store.digests()
    if as_json:
        show_json({**_json(gone), "exit_code": 0})
        return 0
    say(translate(REVOKED, name=gone.name))
    if last:
        say(translate(LAST))
    return 0


@contextmanager
def _store() -> Iterator[KeyStore]:
    from docstation.jobs.database import Database
    from docstation.jobs.keys import KeyStore
    from docstation.settings import state_folder

    url = current().settings().settings.service.database
    with closing(Database(state_folder(), url or None)) as database:
        yield KeyStore(database)


def _cells(one: KeyRecord) -> tuple[str, ...]:
    from docstation.cli.models.wording import local_time

    used = translate(N_("never")) if one.used is None else local_time(one.used)
    return one.id, one.name, ", ".join(one.scopes), local_time(one.created), used


def _json(one: KeyRecord) -> dict[str, JsonValue]:
    from docstation.cli.models.wording import iso_time

    return {
        "id": one.id,
        "name": one.name,
        "scopes": list(one.scopes),
        "created": iso_time(one.created),
        "used": None if one.used is None else iso_time(one.used),
    }
