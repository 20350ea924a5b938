"""The client without the service: streams of events, broken connections, refusals, strangers on the port."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation import errors
from docstation.client import Client, ServiceAway
from docstation.client.refusals import error_of, error_of_answer
from docstation.client.streaming import Feed, Following, Heard, Sent, events_sent
from docstation.client.uploading import form
from docstation.document.json_reader import Reader
from docstation.errors import DocStationError, ExitCode, Overloaded, TooLarge, UsageError
from docstation.messages import explain

STREAM = (
    'retry: 1000\r\n\r\nid: 1\nevent: page\ndata: {"a": "ю"}\n\n: still here\n\ndata: one\ndata: two\n\ndata: cut'
).encode()


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_however_a_stream_is_cut_into_pieces_its_events_are_the_same(cuts: list[int]):
    places = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[begin:end] for begin, end in pairwise(places) if begin < end]
    events = list(events_sent(iter([*pieces, b""]).__next__))
    assert events == [Sent("page", '{"a": "ю"}'), Sent("message", "one\ntwo")]


@dataclass(frozen=True)
class Note:
    number: int
    last: bool = False


@dataclass
class Station:
    """A feed of `total` notes whose streams bring `run` of them and then break, or cannot be opened at all."""

    total: int
    run: int
    away: int = 0
    streams: int = 0
    questions: list[int] = field(default_factory=list)

    @property
    def feed(self) -> Feed[Note]:
        return Feed(self.stream, self.ask, lambda one: one.last)

    def notes(self, after: int, count: int) -> list[Note]:
        return [Note(one, one == self.total) for one in range(after + 1, min(after + count, self.total) + 1)]

    @contextmanager
    def stream(self, after: int) -> Iterator[Iterator[Note]]:
        self.streams += 1
        if self.run == 0:
            raise ServiceAway
        yield iter(self.notes(after, self.run))

    def ask(self, after: int) -> Heard[Note]:
        self.questions.append(after)
        if self.away > 0:
            self.away -= 1
            raise ServiceAway
        found = self.notes(after, 2)
        return Heard(tuple(found), after + len(found) >= self.total)


@pytest.mark.parametrize(("run", "away"), [(1, 0), (3, 2), (100, 0), (0, 0), (0, 3)])
def test_a_feed_is_told_whole_and_once_however_often_its_streams_break(run: int, away: int):
    station = Station(9, run, away)
    following = Following(station.feed, 0, 60.0, _Hasty())
    assert [one.number for one in following.events()] == list(range(1, 10))
    if run == 100:
        assert (station.streams, station.questions) == (1, [])


def test_where_streams_do_not_come_through_only_questions_are_asked():
    station = Station(40, 0)
    list(Following(station.feed, 0, 60.0, _Hasty()).events())
    assert station.streams == 3
    assert len(station.questions) == 20


def test_a_service_that_stays_away_is_given_up():
    station = Station(9, 0, away=10**6)
    with pytest.raises(ServiceAway):
        list(Following(station.feed, 0, 0.0, _Hasty()).events())


class _Hasty(threading.Event):
    """Nobody waits."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


@contextmanager
def stranger(status: int, body: bytes, media_type: str = "application/json") -> Iterator[str]:
    """Another program that answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"version": "0.11.0"}'),
        (200, b"<html>hello</html>"),
        (200, b"[]"),
        (200, b"\xff\xfe"),
        (404, b"not found"),
        (302, b""),
        (500, b'{"detail": "?"}'),
    ],
)
def test_another_program_on_the_port_is_not_taken_for_the_service(status: int, body: bytes):
    with stranger(status, body) as address:
        client = Client(address, key="")
        assert not client.connected()
        with pytest.raises(ServiceAway) as caught:
            client.status()
        assert caught.value.exit_code is ExitCode.NO_ENGINE
        assert address in str(caught.value)


def test_nobody_on_the_port_is_said_with_what_to_do():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = Client(f"http://127.0.0.1:{taken.getsockname()[1]}", key="")
        assert not client.connected()
        with pytest.raises(ServiceAway, match="No service answers at http") as caught:
            client.jobs()
    assert "docstation serve" in explain(caught.value)[1]


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://localhost", "http://", "http://localhost:port", ""])
def test_what_is_no_address_is_refused(address: str):
    with pytest.raises(UsageError):
        Client(address, key="")


def test_a_key_comes_from_the_variable_and_must_be_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DOCSTATION_KEY", "ds_secret")
    assert Client()._transport._headers["Authorization"] == "Bearer ds_secret"
    assert "Authorization" not in Client(key="")._transport._headers
    with pytest.raises(UsageError):
        Client(key="ds_\r\nX: y")


OURS = [
    kind
    for kind in (DocStationError, *DocStationError.__subclasses__(), *errors.InputError.__subclasses__())
    if kind.__module__ == errors.__name__
]


@pytest.mark.parametrize("kind", OURS)
def test_errors_of_the_service_are_the_same_errors_here(kind: type[DocStationError]):
    body = {"code": kind.code, "message": "{odd} {0} {", "remedy": "Do {this}.", "exit_code": int(kind.exit_code)}
    error = error_of_answer(kind.http_status, json.dumps({"error": body}).encode(), "http://here")
    assert type(error) is kind
    assert explain(error) == ("{odd} {0} {", "Do {this}.")
    assert str(error) == "{odd} {0} {"


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("invalid_api_key", 401, UsageError),
        ("insufficient_scope", 403, UsageError),
        ("host_not_allowed", 403, UsageError),
        ("service_unavailable", 503, ServiceAway),
        ("service_died", 502, ServiceAway),
        ("queue_full", 503, Overloaded),
        ("body_too_large", 413, TooLarge),
        ("something_new", 500, DocStationError),
    ],
)
def test_refusals_of_the_gateway_are_errors_of_ours(code: str, status: int, kind: type[DocStationError]):
    body = {"error": {"message": "Said.", "type": "t", "param": None, "code": code}}
    error = error_of_answer(status, json.dumps(body).encode(), "http://here")
    assert type(error) is kind
    assert explain(error)[0] == "Said."
    if "key" in code or "scope" in code:
        assert "DOCSTATION_KEY" in explain(error)[1]


def test_an_unknown_code_of_a_newer_service_keeps_its_exit_code():
    body = {"code": "new-one", "message": "Said.", "remedy": "", "exit_code": 7}
    error = error_of(Reader.of(body, "error"))
    assert error.exit_code is ExitCode.BUDGET
    assert explain(error) == ("Said.", "")


@given(st.binary(max_size=200), st.text(max_size=30))
def test_a_form_is_as_long_as_it_says_and_its_name_stays_inside_its_quotes(content: bytes, name: str):
    with form(content, name, {"dpi": "200"}) as sent:
        body = b"".join(sent.pieces())
    assert len(body) == sent.length
    assert body.count(b'name="file"') == 1 + content.count(b'name="file"') + name.encode("utf-8", "replace").count(
        b'name="file"'
    )
    assert body.split(b"\r\n\r\n", 2)[-1].startswith(content)


def test_the_client_is_light():
    code = "import sys, docstation.client; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"pydantic", "http.client", "ssl", "numpy", "sqlalchemy", "fastapi", "httpx2", "click", "asyncio"}
    assert not heavy & set(done.stdout.split())
