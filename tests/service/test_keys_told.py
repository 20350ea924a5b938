"""The gateway hears of keys at the start and of every change; uses of keys go back into the database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path

import pytest

from docstation.jobs.database import Database
from docstation.jobs.keys import KeyStore
from docstation.service.gateway.words import Orders
from docstation.service.key_watch import VARIABLE, KeyWatch
from docstation.service.link import GatewayLink


def until(true: Callable[[], object]) -> None:
    last = time.monotonic() + 10
    while not true():
        assert time.monotonic() < last, "it did not come true"
        time.sleep(0.005)


class CountedStore(KeyStore):
    """Counts how often it is looked at."""

    looks = 0

    def digests(self) -> dict[str, tuple[str, ...]]:
        self.looks += 1
        return super().digests()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path)
    yield made
    made.close()


@pytest.fixture
def store(database: Database) -> CountedStore:
    return CountedStore(database)


@pytest.fixture
def watch(store: KeyStore) -> KeyWatch:
    return KeyWatch(store)


@pytest.fixture
def link(tmp_path: Path, watch: KeyWatch) -> Iterator[GatewayLink]:
    made = GatewayLink(tmp_path / "gateway.sock", orders=Orders(keys=watch.now()))
    yield made
    made.close()


def asked(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def test_where_clients_have_no_keys_none_is_asked_for(store: KeyStore, watch: KeyWatch) -> None:
    assert watch.now() == {}
    made = store.add("laptop")
    assert watch.now() == {asked(made.secret): ("read", "write"), asked(watch.own): ("read", "write")}
    store.revoke("laptop")
    assert watch.now() == {}, "the service's own key alone asks nobody for one"


def test_every_change_is_told(store: KeyStore, watch: KeyWatch, link: GatewayLink) -> None:
    with watch.telling(link, every=0.01):
        made = store.add("laptop")
        until(lambda: asked(made.secret) in link.orders.keys)
        store.revoke("laptop")
        until(lambda: not link.orders.keys)
    store.add("later")
    assert not link.orders.keys


def test_a_database_that_is_away_changes_nothing_and_is_looked_at_again(
    database: Database, store: CountedStore, watch: KeyWatch, link: GatewayLink
) -> None:
    made = store.add("laptop")
    with watch.telling(link, every=0.01):
        until(lambda: asked(made.secret) in link.orders.keys)
        with database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE api_keys RENAME TO away")
        looks = store.looks
        until(lambda: store.looks > looks + 2)
        assert asked(made.secret) in link.orders.keys
        with database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO api_keys")
        store.revoke("laptop")
        until(lambda: not link.orders.keys)


def test_processes_of_ours_find_the_services_own_key(
    watch: KeyWatch, link: GatewayLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with watch.telling(link):
        assert os.environ[VARIABLE] == watch.own
    assert VARIABLE not in os.environ
    monkeypatch.setenv(VARIABLE, "the user's")
    with watch.telling(link):
        assert os.environ[VARIABLE] == watch.own
    assert os.environ[VARIABLE] == "the user's"


@pytest.fixture
def port(link: GatewayLink, tmp_path: Path) -> Iterator[int]:
    """Of a real gateway at the other end of the link."""
    words = ["--port", "0", "--control", str(tmp_path / "gateway.sock"), "--service", str(tmp_path / "none.sock")]
    line = [sys.executable, "-m", "docstation.service.gateway", *words]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline().rpartition(b":")[2])
        process.kill()


def status(port: int, secret: str = "") -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {secret}"} if secret else {})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_gateway_takes_them_and_tells_the_minute_of_the_last_use(
    store: KeyStore, watch: KeyWatch, link: GatewayLink, port: int
) -> None:
    with watch.telling(link, every=0.01, uses_every=0.02):
        until(lambda: status(port) == 200)
        used, unused = store.add("used"), store.add("unused")
        until(lambda: status(port) == 401)
        before = time.time()
        assert status(port, used.secret) == status(port, watch.own) == 200
        until(lambda: store.records()[0].used)
        first, second = store.records()
        assert before - 60 <= (first.used or 0) <= time.time()
        assert second == unused.record
