"""Alembic's entry: migrations run on the connection that `docstation.jobs.database_schema` hands over."""

from __future__ import annotations

from alembic import context

from docstation.jobs.tables import Base


def run() -> None:
    """Run what is wanted within the transaction that is open already."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=Base.metadata, transactional_ddl=True)
    context.run_migrations()


run()
