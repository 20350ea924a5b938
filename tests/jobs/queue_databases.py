"""Databases for tests of the queue: SQLite in a folder, and a real PostgreSQL server of the test's own.

The server is Debian's package ``postgresql``; it listens on a socket in a temporary folder only and ends with the
session. Root may not run it: then the user ``postgres`` does.
"""

from __future__ import annotations

import itertools
import os
import pwd
import select
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest
from queue_samples import check_counts

from docstation.intake.limits import Limits
from docstation.jobs.database import Database
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_work import Ledger

PATIENCE = 60.0
_NUMBERS = itertools.count()


class Postgres:
    """A running server; `new` makes an empty database and names its URL."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new(self) -> str:
        import psycopg

        name = f"test_{next(_NUMBERS)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql://docstation@/{name}?host={self._folder}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server for the whole session, started when the first test asks for it."""
    programs = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
    if programs is None:
        missing = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    folder = Path(mkdtemp(prefix="docstation-postgres-", dir="/tmp"))
    user = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam("postgres")
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    data = folder / "data"
    make = [programs / "initdb", "-D", data, "-U", "docstation", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(make, check=True, capture_output=True, cwd=folder, **user)
    options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "logging_collector=off"]
    serve = [programs / "postgres", "-D", data, "-k", folder, *options]
    server = subprocess.Popen(serve, cwd=folder, stderr=subprocess.PIPE, **user)
    try:
        await_ready(server)
        yield Postgres(folder)
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


def await_ready(server: subprocess.Popen[bytes]) -> None:
    """Read its log until it says that connections are welcome."""
    assert server.stderr is not None
    said = b""
    while b"ready to accept connections" not in said:
        assert select.select([server.stderr], [], [], PATIENCE)[0], said
        new = os.read(server.stderr.fileno(), 1 << 16)
        assert new, said
        said += new


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """The URL of an empty database of each kind; None is the file in the state folder."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres").new()


@pytest.fixture
def opening(tmp_path: Path, database_url: str | None) -> Iterator[Callable[[], JobQueue]]:
    """Opens the same database and folder again and again."""
    databases: list[Database] = []

    def make() -> JobQueue:
        databases.append(Database(tmp_path / "state", database_url))
        return JobQueue(databases[-1], tmp_path / "documents", limits=Limits(file_bytes=1000))

    yield make
    for database in databases:
        database.close()


@pytest.fixture
def queue(opening: Callable[[], JobQueue]) -> Iterator[JobQueue]:
    made = opening()
    yield made
    check_counts(made)


@pytest.fixture
def ledger(queue: JobQueue) -> Ledger:
    return Ledger(queue)
