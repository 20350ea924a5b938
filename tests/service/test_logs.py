"""Lines of the service's log, errors that nobody meant, and files that do not grow for ever."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from docstation.errors import Busy
from docstation.service.app import HealthSeen, build
from docstation.service.gateway.requests_log import LogFile, shown_path
from docstation.service.logs import logging_to, tell
from docstation.service.request_log import Requests

SECRET = "hunter2"
api = APIRouter(prefix="/things")


@api.get("/{id}")
def thing(id: str) -> str:
    """Fails in the way that the id says."""
    failures: dict[str, Exception] = {
        "bug": ValueError(SECRET),
        "busy": Busy(model="a"),
        "locked": OperationalError("select", {}, sqlite3.OperationalError("database is locked")),
    }
    if id in failures:
        raise failures[id] from KeyError(SECRET)
    return id


def full_disk() -> OperationalError:
    """As SQLite says it: the code is read-only, so a real full database has to say it."""
    database = sqlite3.connect(":memory:")
    database.execute("pragma page_size = 512")
    database.execute("pragma max_page_count = 2")
    with pytest.raises(sqlite3.OperationalError) as caught:
        database.execute("create table filled as select zeroblob(100000)")
    database.close()
    return OperationalError("insert", {}, caught.value)


@api.get("/full/disk")
def full() -> None:
    """Fails for want of room."""
    raise full_disk()


@pytest.fixture
def requests() -> Requests:
    return Requests()


@pytest.fixture
def client(requests: Requests) -> TestClient:
    app = build([api], lambda: HealthSeen("embedded"), requests=requests, log_name="service.log")
    return TestClient(app, raise_server_exceptions=False)


def test_an_error_that_nobody_meant_has_our_shape_and_names_log_and_request(client: TestClient):
    answer = client.get("/things/bug", headers={"x-request-id": "mine"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["exit_code"]) == (500, "unexpected", 1)
    assert "service.log" in error["remedy"]
    assert "mine" in error["remedy"]
    assert SECRET not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"] == "mine"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/things/busy", 409, "busy"),
        ("/things/locked", 503, "overloaded"),
        ("/things/full/disk", 507, "no-room"),
        ("/nowhere", 404, "not-found"),
    ],
)
def test_every_answer_has_an_id_and_is_not_guessed_at(client: TestClient, path: str, status: int, code: str):
    answer = client.get(path, headers={"x-request-id": "ünfit".encode()})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"].startswith("ds-")


def test_requests_are_counted_by_template_and_never_by_path(client: TestClient, requests: Requests):
    for path in ("/things/1", "/things/2", f"/{SECRET}", "/things/bug"):
        client.get(path)
    client.request("BREW", "/things/1")
    assert dict(requests) == {
        ("/things/{id}", "GET", 200): 2,
        ("-", "GET", 404): 1,
        ("/things/{id}", "GET", 500): 1,
        ("/things/{id}", "-", 405): 1,
    }


def logged(tmp_path: Path, form: str, code: str) -> list[str]:
    """What a process of its own logs to its standard error, which goes to a file that is not ours."""
    path = tmp_path / "stderr"
    with path.open("wb") as stderr:
        words = [sys.executable, "-c", PROGRAM.format(form=form, code=code)]
        paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
        subprocess.run(words, stderr=stderr, check=True, env={**os.environ, "PYTHONPATH": paths}, timeout=60)
    return path.read_text().splitlines()


PROGRAM = """
import logging, threading
from pathlib import Path
from docstation.service.logs import log, logging_to, tell
with logging_to(Path("/nonexistent/service.log"), "{form}") as where:
    assert where == "stderr"
    {code}
"""


def test_the_trace_of_an_error_is_one_field_and_quotes_nobody(tmp_path: Path):
    code = f'thread = threading.Thread(target=lambda: int("{SECRET}"), name="odd"); thread.start(); thread.join()'
    (line,) = logged(tmp_path, "json", code)
    told = json.loads(line)
    assert (told["level"], told["event"], told["thread"], told["error"]) == (
        "error",
        "thread-died",
        "odd",
        "ValueError",
    )
    assert "in <lambda>" in told["traceback"]
    assert told["traceback"].endswith("builtins.ValueError")
    assert SECRET not in line


def test_lines_for_people_keep_to_one_line(tmp_path: Path):
    code = 'tell("page", job="1a", state="two words", code="", level=30); logging.getLogger("other").warning("a\\nb")'
    first, second = logged(tmp_path, "text", code)
    assert first.partition(" ")[2] == 'warning page job=1a state="two words"'
    assert second.partition(" ")[2] == 'warning message by=other text="a\\nb"'


def test_nobody_waits_for_a_log_that_is_not_read(tmp_path: Path):
    reader, writer = os.pipe()
    saved = os.dup(2)
    os.dup2(writer, 2)
    try:
        with logging_to(tmp_path / "service.log", "text"):
            done = threading.Thread(target=lambda: [tell("much", text="x" * 1000) for _ in range(20_000)])
            done.start()
            done.join(30)
            assert not done.is_alive()
            os.close(reader)
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(writer)
    assert not [one for one in logging.getLogger().handlers if "docstation" in type(one).__module__]


def test_a_file_is_begun_anew_when_it_has_grown_and_one_older_one_is_kept(tmp_path: Path):
    path = tmp_path / "service.log"
    stream = path.open("ab")
    file = LogFile(path, follow=(stream.fileno(),), most=1000)
    for number in range(100):
        file.write(b"%099d\n" % number)
    os.write(stream.fileno(), b"last words\n")
    file.close()
    stream.close()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["service.log", "service.log.1"]
    kept = (tmp_path / "service.log.1").read_bytes() + path.read_bytes()
    assert [int(line) for line in kept.splitlines()[:-1]] == list(range(80, 100))
    assert path.read_bytes().endswith(b"last words\n")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/v1/models/some/name", "/v1/…"),
        ("/documents/0650f2c1d35a8b00a1b2c3d4/export", "/documents/…"),
        ("/documents", "/documents"),
        ("/favicon.ico", "/favicon.ico"),
        (f"/{SECRET * 9}", "/…"),
        ('/"}\\', "/…"),
        ("/", "/…"),
        ("*", "/…"),
    ],
)
def test_of_a_path_the_gateway_tells_no_more_than_its_first_part(path: str, shown: str):
    assert shown_path(path) == shown
