"""The database: made and upgraded on both kinds, entered by several at once, refused in words."""

from __future__ import annotations

import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from queue_databases import database_url, postgres
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from docstation.errors import InputError, MissingDependency, SettingsError
from docstation.jobs.database import FILE, Database
from docstation.jobs.database_schema import NEWEST, configuration
from docstation.jobs.search_index import FULLTEXT
from docstation.jobs.tables import ApiKeys, Base, Documents, Jobs

__all__ = ["database_url", "postgres"]

KEY = {"id": "1", "name": "door", "digest": "d", "scopes": "read", "created": 0.0}


def test_migrations_make_exactly_the_tables_that_are_declared(tmp_path: Path, database_url: str | None) -> None:
    database = Database(tmp_path, database_url)
    with database.reading() as connection:
        # What the databases make for the full-text index is theirs alone.
        ours = {"compare_type": True, "include_name": lambda name, *_: not (name or "").startswith(FULLTEXT)}
        context = MigrationContext.configure(connection, opts=ours)
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == NEWEST
    database.close()


def test_the_newest_revision_is_the_last_migration() -> None:
    assert ScriptDirectory.from_config(configuration()).get_heads() == [NEWEST]


def test_what_is_there_stays_when_it_is_opened_again(tmp_path: Path, database_url: str | None) -> None:
    first = Database(tmp_path, database_url)
    with first.writing() as connection:
        connection.execute(insert(ApiKeys).values(KEY))
    first.close()
    again = Database(tmp_path, database_url)
    with again.reading() as connection:
        assert connection.scalar(select(ApiKeys.name)) == "door"
    again.close()


def test_many_may_open_an_empty_database_at_once(tmp_path: Path, database_url: str | None) -> None:
    with ThreadPoolExecutor(6) as threads:
        opened = list(threads.map(lambda _: Database(tmp_path, database_url), range(6)))
    for database in opened:
        with database.reading() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [NEWEST]
        database.close()


def test_a_schema_of_a_newer_release_is_left_alone(tmp_path: Path, database_url: str | None) -> None:
    database = Database(tmp_path, database_url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(InputError, match=r"newer release \(9999\)"):
        Database(tmp_path, database_url)


def test_writers_on_several_databases_lose_nothing(tmp_path: Path, database_url: str | None) -> None:
    opened = [Database(tmp_path, database_url) for _ in range(3)]
    with opened[0].writing() as connection:
        connection.execute(insert(ApiKeys).values(KEY))

    def count(database: Database) -> None:
        for _ in range(20):
            with database.writing() as connection:
                query = select(ApiKeys.created).with_for_update()
                created = connection.execute(query).scalar_one()
                connection.execute(update(ApiKeys).values(created=created + 1))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(count, opened * 2))
    with opened[1].reading() as connection:
        assert connection.scalar(select(ApiKeys.created)) == 120
    for database in opened:
        database.close()


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path, database_url: str | None) -> None:
    database = Database(tmp_path, database_url)

    def write_twice() -> None:
        with database.writing() as connection:
            connection.execute(insert(ApiKeys).values(KEY))
            connection.execute(insert(ApiKeys).values(KEY))

    with pytest.raises(IntegrityError):
        write_twice()
    with database.reading() as connection:
        assert connection.scalar(select(ApiKeys.id)) is None
    database.close()


def test_no_job_is_without_its_document(tmp_path: Path, database_url: str | None) -> None:
    database = Database(tmp_path, database_url)
    job = {"id": "1", "state": "waiting", "options": "{}", "fingerprint": "f", "turn": 0.0, "created": 0.0}
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(insert(Jobs).values(job))
    with database.reading() as connection:
        assert connection.scalar(select(Documents.id)) is None
    database.close()


def test_the_file_keeps_a_log_ahead_and_is_its_owners_alone(tmp_path: Path) -> None:
    database = Database(tmp_path / "new" / "state")
    path = tmp_path / "new" / "state" / FILE
    assert path.stat().st_mode & 0o777 == 0o600
    with database.reading() as connection:
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys")]
    assert settings == [2, 1]
    database.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        Database(tmp_path / "file")


@pytest.mark.parametrize("url", ["mysql://someone:secret@host/name", "sqlite://", "secret at nowhere"])
def test_other_urls_are_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Database(tmp_path, url)
    assert "secret" not in str(caught.value)


def test_a_missing_driver_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingDependency) as caught:
        Database(tmp_path, "postgresql://nobody@nowhere/name")
    assert caught.value.fields["command"] == "pip install 'psycopg[binary]'"
