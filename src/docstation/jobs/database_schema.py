"""The schema's version, and the way to the newest one; migrations run in one transaction, whoever comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from docstation.errors import InputError
from docstation.messages.marking import N_

if TYPE_CHECKING:
    from alembic.config import Config

    from docstation.jobs.database import Database

NEWEST = "0006"
"""The revision that this release works with; a test holds it against the migrations."""

_ADVISORY = 0x0D0C57A7
"""PostgreSQL's number of the lock under which a schema is changed."""


def upgrade(database: Database) -> None:
    """Bring the schema to `NEWEST`; cheap where it is there already.

    Raises:
        InputError: a newer release has changed it.
    """
    with database.reading() as connection:
        found = _version(connection)
    if found == NEWEST:
        return
    with database.writing() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY})
        found = _version(connection)
        if found == NEWEST:
            return
        _migrate(connection, found)


def configuration() -> Config:
    """Alembic's configuration for the migrations in this package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "docstation.jobs:migrations")
    return config


def _migrate(connection: Connection, found: str | None) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = configuration()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise InputError(
            N_("The database was changed by a newer release ({version})."),
            version=found,
            remedy=N_("Install that release, or choose another state folder."),
        )
    config.attributes["connection"] = connection
    command.upgrade(config, NEWEST)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version
