"""A service of documents as it runs: uvicorn on a Unix socket, the real queue and the real runner.

Other tests of the documents' routes serve from here. Run as a program, it serves until its standard input ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import uvicorn
from fastapi import APIRouter
from staged_workers import TARGET, VARIABLE, Stage

from docstation.intake.limits import Limits
from docstation.jobs.database import Database
from docstation.jobs.queue import JobQueue
from docstation.jobs.runner import JobRunner, RunnerSettings
from docstation.service.app import HealthSeen, build
from docstation.service.documents import routes
from docstation.service.making import Making
from docstation.service.uploads import DocumentsSettings

SAMPLES = Path(__file__).parents[2] / "samples"
PATIENCE = 60.0
Json = dict


@dataclass
class Served:
    """A running service, and a client of it."""

    queue: JobQueue
    runner: JobRunner | None
    client: httpx2.Client
    socket: Path
    stage: Stage
    making: Making

    def upload(self, path: Path, name: str = "", headers: dict[str, str] | None = None, **fields: str) -> str:
        """Send a file; the id of the document."""
        with path.open("rb") as file:
            files = {"file": (name or path.name, file)}
            answer = self.client.post("/documents", files=files, data=fields, headers=headers)
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def wait(self, id: str, *states: str) -> Json:
        """The document once it is in one of these states, `done` where none is named."""
        return until(lambda: (now := self.get(id))["state"] in (states or ("done",)) and now)

    def get(self, id: str, rest: str = "") -> Json:
        answer = self.client.get(f"/documents/{id}{rest}")
        assert answer.status_code == 200, answer.text
        return answer.json()


def until(look: Callable[[], object], seconds: float = PATIENCE) -> object:
    """What `look` gives as soon as it gives anything."""
    last = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < last, "it did not come to that"
        time.sleep(0.01)
    return seen


def error_of(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code of an error in our shape."""
    body = answer.json()["error"]
    assert set(body) == {"code", "message", "remedy", "exit_code"}
    assert body["message"]
    assert "{" not in body["message"]
    return answer.status_code, body["code"]


@contextlib.contextmanager
def serving(
    folder: Path,
    settings: DocumentsSettings | None = None,
    *,
    workers: int = 1,
    reads: bool = True,
    loopback: bool = False,
    more: Callable[[JobQueue], Sequence[APIRouter]] = lambda _queue: (),
) -> Iterator[Served]:
    """The service with its state in `folder`, on a port of the loopback where that is wanted, with `more` routes."""
    settings = settings or DocumentsSettings()
    stage = Stage(folder / "stage")
    stage.folder.mkdir()
    database = Database(folder)
    queue = JobQueue(database, folder / "documents", limits=settings.limits)
    making = Making(settings.limits)
    app = build([*routes(queue, settings, making, workers), *more(queue)], lambda: HealthSeen("embedded"))
    runner = JobRunner(queue, RunnerSettings(workers=workers, target=TARGET, limits=settings.limits)) if reads else None
    where = {"host": "127.0.0.1", "port": 0} if loopback else {"uds": str(folder / "s")}
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=2, **where))
    thread = threading.Thread(target=server.run, name="served")
    os.environ[VARIABLE] = str(stage.folder)
    with contextlib.ExitStack() as stack:
        stack.callback(database.close)
        if runner is not None:
            stack.enter_context(runner)
        thread.start()
        stack.callback(thread.join)
        stack.callback(setattr, server, "should_exit", True)
        until(lambda: server.started)
        transport = httpx2.HTTPTransport(uds=None if loopback else str(folder / "s"))
        address = "http://service"
        if loopback:
            address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        client = stack.enter_context(httpx2.Client(transport=transport, base_url=address, timeout=PATIENCE))
        yield Served(queue, runner, client, folder / "s", stage, making)
    stage.close()


@pytest.fixture(scope="module")
def openapi(tmp_path_factory: pytest.TempPathFactory) -> Json:
    with serving(tmp_path_factory.mktemp("served"), reads=False) as served:
        return served.client.get("/openapi.json").json()


def test_every_route_names_its_errors_in_our_shape(openapi: Json):
    for path, methods in openapi["paths"].items():
        if not path.startswith(("/documents", "/v1/ocr")):
            continue
        for operation in methods.values():
            shown = operation["responses"]["default"]["content"]["application/json"]["schema"]
            assert shown == {"$ref": "#/components/schemas/ErrorShown"}
            assert "HTTPValidationError" not in json.dumps(operation)


def test_bodies_that_are_read_by_hand_are_described_with_examples(openapi: Json):
    body = openapi["paths"]["/documents"]["post"]["requestBody"]["content"]
    form = body["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {"file", "pages", "password", "languages", "dpi", "engine", "reserve", "formats"}
    assert body["application/json"]["example"]["url"]
    ocr = openapi["paths"]["/v1/ocr"]["post"]["requestBody"]["content"]["application/json"]
    assert "$ref" not in json.dumps(ocr)
    assert ocr["example"]["document"]["type"] == "document_url"


def main(folder: Path) -> None:
    with serving(folder, DocumentsSettings(limits=Limits()), reads=False):
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
