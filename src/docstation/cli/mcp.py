"""``docstation mcp``: the MCP server on the standard streams, for programs that start it themselves."""

from __future__ import annotations

import click

from docstation.cli.common import common_options, current
from docstation.cli.speech import Command, Option
from docstation.messages import N_


@click.command(
    "mcp",
    cls=Command,
    help=N_(
        "Speak MCP on the standard streams: read_document, extract, station_status and switch_model for an assistant. "
        "The service is started where it does not run. Files are read by path only below folders given with --allow."
    ),
    examples=(
        ("docstation mcp --allow ~/Documents", N_("files of one folder may be read by path")),
        ("docstation mcp", N_("documents that were read before, and the station")),
    ),
)
@click.option(
    "--allow",
    "folders",
    cls=Option,
    multiple=True,
    type=click.Path(),
    metavar="FOLDER",
    help=N_("Folder whose files may be read by path; may be given several times."),
)
@common_options
def command(*, folders: tuple[str, ...]) -> int:
    """Serve until the standard input ends; the exit code."""
    from docstation.bootstrap.service import ensure_service
    from docstation.mcp_server import Allowed, server

    call = current()
    settings = call.settings().settings
    server(lambda: ensure_service(settings, call.config), Allowed.of(folders)).run("stdio")
    return 0
