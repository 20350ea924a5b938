"""Keys of clients: made, listed and revoked on both kinds of database, and never kept themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from queue_databases import database_url, postgres
from sqlalchemy import text

from docstation.cli.keys import SCOPES as SCOPES_OF_THE_COMMAND
from docstation.errors import NotFound, UsageError
from docstation.jobs.database import Database
from docstation.jobs.keys import SCOPES, KeyStore

__all__ = ["database_url", "postgres"]


class Clock:
    """A clock that stands where it is put."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database(tmp_path: Path, database_url: str | None) -> Iterator[Database]:
    made = Database(tmp_path, database_url)
    yield made
    made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database: Database, clock: Callable[[], float]) -> KeyStore:
    return KeyStore(database, clock)


def test_a_key_is_random_and_only_its_digest_is_kept(store: KeyStore, database: Database) -> None:
    one, other = store.add("laptop"), store.add("server")
    assert re.fullmatch(r"ds_[A-Za-z0-9_-]{43}", one.secret)
    assert one.secret != other.secret
    assert one.secret not in repr(one)
    with database.reading() as connection:
        kept = repr(connection.execute(text("SELECT * FROM api_keys")).all())
    assert sha256(one.secret.encode()).hexdigest() in kept
    assert one.secret not in kept
    assert one.secret.removeprefix("ds_") not in kept


def test_keys_are_listed_in_the_order_in_which_they_were_made(store: KeyStore, clock: Clock) -> None:
    first = store.add(" laptop ").record
    clock.now = 2000.0
    second = store.add("Станция 2", ["station"]).record
    assert store.records() == (first, second)
    assert (first.name, first.scopes, first.created, first.used) == ("laptop", ("read", "write"), 1000.0, None)
    assert (second.name, second.scopes, second.created) == ("Станция 2", ("read", "station"), 2000.0)


def test_whoever_checks_keys_has_scopes_by_digest(store: KeyStore) -> None:
    assert store.digests() == {}
    made = store.add("prometheus", ["read"])
    assert store.digests() == {sha256(made.secret.encode()).hexdigest(): ("read",)}


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_revoked_key_is_gone_and_its_name_is_free(store: KeyStore, by: str) -> None:
    kept, gone = store.add("kept"), store.add("gone")
    assert store.revoke(getattr(gone.record, by)) == gone.record
    assert store.records() == (kept.record,)
    with pytest.raises(NotFound, match="no key gone"):
        store.revoke("gone")
    assert store.add("gone").secret != gone.secret


def test_a_name_names_one_key(store: KeyStore) -> None:
    first = store.add("laptop").record
    for taken in ("laptop", "laptop  ", first.id):
        with pytest.raises(UsageError, match="already"):
            store.add(taken)
    assert len(store.records()) == 1


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x1b[31m", "\u202ename", "x" * 101, "--json"])
def test_what_cannot_be_shown_is_no_name(store: KeyStore, name: str) -> None:
    with pytest.raises(UsageError):
        store.add(name)
    assert store.records() == ()


def test_of_many_who_want_a_name_at_once_one_gets_it_on_sqlite(tmp_path: Path) -> None:
    store = KeyStore(Database(tmp_path))

    def attempt(_number: int) -> bool:
        try:
            store.add("laptop")
        except UsageError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(attempt, range(8))) == 1


def test_uses_are_kept_and_only_go_forward(store: KeyStore) -> None:
    made = store.add("laptop")
    digest = sha256(made.secret.encode()).hexdigest()
    for at, kept in ((1200.0, 1200.0), (1140.0, 1200.0), (1260.0, 1260.0)):
        store.note_uses({digest: at, "of nobody": at})
        assert [one.used for one in store.records()] == [kept]


def test_the_command_knows_all_scopes() -> None:
    assert SCOPES_OF_THE_COMMAND == SCOPES
