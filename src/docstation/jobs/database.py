"""The database: opened by URL, brought to the newest schema, and entered by short transactions.

SQLite in the state folder by default: write-ahead log, foreign keys, every commit on the disk before it returns.
PostgreSQL by a URL. Nothing here knows what the tables are for.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError, TimeoutError

from docstation.errors import MissingDependency, SettingsError, unwritable
from docstation.messages.marking import N_

FILE = "docstation.db"

BUSY_SECONDS = 30.0
"""How long a writer waits for another process's transaction."""

UNANSWERED = (OperationalError, InterfaceError, TimeoutError)
"""What is raised where the database is away, busy for too long, or has no room: asking again may help."""

_WRITES = "docstation_writes"


class Database:
    """A database with the newest schema, for any number of threads.

    Args:
        folder: state folder, where the SQLite file lies; made where it is missing.
        url: of another database, such as ``postgresql://user@host/name``; None for SQLite in `folder`.

    Raises:
        SettingsError: the URL is none, or of a kind that is not supported.
        MissingDependency: the driver of that database is not installed.
        InputError: the folder cannot be written, or a newer release has changed the schema.
    """

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.url = _url(folder, url)
        self._sqlite = self.url.get_backend_name() == "sqlite"
        # SQLite lets writers of one process wait by sleeping; taking turns here is quicker, and in order.
        self._turn: contextlib.AbstractContextManager[Any] = threading.Lock() if self._sqlite else _FREE
        if self._sqlite:
            _make_private(Path(str(self.url.database)))
        self._engine = _engine(self.url, sqlite=self._sqlite)
        from docstation.jobs.database_schema import upgrade

        try:
            upgrade(self)
        except BaseException:
            self._engine.dispose()
            raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is durable when the block is left, and undone where it is left by an error."""
        with self._turn, self._engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
            yield connection

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.url.get_backend_name()

    def close(self) -> None:
        """Close all connections; it can be used again."""
        self._engine.dispose()


_FREE = contextlib.nullcontext()


def _url(folder: Path, given: str | None) -> URL:
    if not given:
        return URL.create("sqlite", database=str(folder / FILE))
    try:
        url = make_url(given)
    except ArgumentError as error:
        # The text may hold a password: it is not repeated.
        raise SettingsError(N_("The database URL is not understood."), remedy=_KNOWN) from error
    backend = url.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database:
        return url.set(drivername="sqlite")
    raise SettingsError(N_("Databases of the kind {kind} are not supported."), kind=backend, remedy=_KNOWN)


_KNOWN = N_("Write postgresql://user@host/name, or leave it empty for a file in the state folder.")


def _engine(url: URL, *, sqlite: bool) -> Engine:
    if sqlite:
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_size=4, max_overflow=-1)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(url, pool_pre_ping=True, pool_size=4, max_overflow=16)
    except ImportError as error:
        raise MissingDependency(name="psycopg", command="pip install 'psycopg[binary]'") from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Transactions are begun by us, in the kind that is wanted, and not by the driver at the first write.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    # A reader that turns writer in the middle cannot wait for another: writers say so at once.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _make_private(path: Path) -> None:
    """Make the file before SQLite does: its owner alone may look into documents' names and keys' digests."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise unwritable(str(path), error) from error
