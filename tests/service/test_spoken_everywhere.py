"""Whoever asks in Russian is told no English sentence, on every route that the pages show; refusals included."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from run_samples import text_pdf
from service_process import ServiceProcess, service_process, until

from docstation import messages
from docstation.client import Client
from docstation.models.catalogue import load_catalogue
from docstation.models.devices import Device
from docstation.models.planning import plan
from docstation.service.station_api import plan_json
from docstation.testing.business import Kind, draw

SENTENCES = frozenset({"message", "remedy", "reason", "problem"})
"""Fields that hold a sentence for people, whatever the route."""
CODE = re.compile(r"`[^`]*`")
ENGLISH = re.compile(r"\b[a-z]{2,}(?:[ ,;:]+[a-z]{2,}){2,}\b")
"""Three small words in a row that are no command."""
RUSSIAN = re.compile(r"[а-яё]{2,}", re.IGNORECASE)
Json = Any


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with service_process(tmp_path_factory.mktemp("spoken"), "--idle") as made:
        yield made


@pytest.fixture
def client(serving: ServiceProcess) -> Iterator[Client]:
    """As a Russian page has it."""
    messages.use("ru")
    yield serving.client
    messages.use("en")


@pytest.fixture(scope="module")
def act(serving: ServiceProcess, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Id of an act that was read."""
    (path := tmp_path_factory.mktemp("act") / "act.pdf").write_bytes(draw(Kind.ACT, 3).pdf)
    made = serving.client.submit(path)
    until(lambda: serving.client.job(made.id).over)
    assert serving.client.job(made.id).state == "done", serving.client.job(made.id).error
    return made.id


def ask(serving: ServiceProcess, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Json]:
    """What a client that accepts Russian is answered."""
    connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=60)
    names = {"Accept-Language": "ru-RU,ru;q=0.9", "Content-Type": "application/json", **headers}
    connection.request(method, path, body if isinstance(body, bytes | None) else json.dumps(body), names)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, json.loads(data)


def sentences(value: Json) -> Iterator[str]:
    """Every sentence for people in an answer."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            if key in SENTENCES and isinstance(one, str) and one:
                yield one
            yield from sentences(one)
    elif isinstance(value, list):
        for one in value:
            yield from sentences(one)


def in_russian(value: Json) -> list[str]:
    """The sentences of an answer, each of which must be Russian."""
    said = list(sentences(value))
    for one in said:
        bare = CODE.sub("", one)
        assert RUSSIAN.search(bare), one
        assert not ENGLISH.search(bare), one
    return said


REFUSED = (
    ("GET", "/nothing", None, 404),
    ("DELETE", "/reading", None, 405),
    ("GET", "/documents?limit=9999", None, 400),
    ("GET", "/documents?limit=many", None, 400),
    ("GET", "/documents/0650f2c1d35a8b00a1b2c3d4", None, 404),
    ("POST", "/documents", {"url": "http://10.0.0.1/a.pdf"}, 400),
    ("POST", "/documents", {"link": "a"}, 400),
    ("POST", "/documents", b"{", 400),
    ("GET", "/extractions/5f2c1d35a8b00a1b", None, 404),
    ("GET", "/conversations/5f2c1d35a8b00a1b", None, 404),
    ("POST", "/conversations", {"title": 5}, 400),
    ("GET", "/station/plan?model=nothing", None, 400),
    ("GET", "/station/plan", None, 400),
    ("POST", "/station/switch", {"models": ["nothing"]}, 400),
    ("POST", "/station/switch", {"models": []}, 400),
    ("GET", "/station/logs/nothing", None, 404),
    ("POST", "/v1/models", {}, 405),
    ("POST", "/v1/chat/completions", {"model": "embedded", "messages": []}, 503),
)


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSED, ids=lambda one: str(one)[:40])
def test_a_refusal_is_told_in_russian(serving: ServiceProcess, method: str, path: str, body: object, status: int):
    answered, said = ask(serving, method, path, body)
    assert (answered, len(in_russian(said)) > 0) == (status, True), said


def test_a_form_that_breaks_off_is_refused_in_russian(serving: ServiceProcess):
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    broken = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n...'
    _status, said = ask(serving, "POST", "/documents", broken, **kind)
    assert in_russian(said)


def test_a_stranger_is_sent_away_in_russian(serving: ServiceProcess):
    status, said = ask(serving, "GET", "/station", Origin="http://elsewhere.example")
    assert (status, len(in_russian(said))) == (403, 1)


def test_plans_are_told_in_russian_whether_the_model_fits_or_not(serving: ServiceProcess):
    _status, said = ask(serving, "GET", "/station/plan?model=qwen3-vl-2b")
    assert in_russian(said)
    entries = load_catalogue().entries
    device = Device("card", 16 << 30, 0, 16 << 30)
    for budget in (1, 5, 12):
        for entry in entries.values():
            messages.use("ru")
            said = plan_json(plan(entry, budget * 10**9, device))
            messages.use("en")
            assert in_russian(said), entry.name


def test_what_is_not_there_yet_is_told_of_in_russian(serving: ServiceProcess, client: Client, tmp_path: Path):
    serving.stage.hold(1)
    made = client.submit(text_pdf(tmp_path / "one.pdf", 1))
    try:
        for path in (f"/documents/{made.id}/export?format=md", f"/documents/{made.id}/pages/1"):
            status, said = ask(serving, "GET", path)
            assert (status, len(in_russian(said)) > 0) == (409, True)
    finally:
        serving.stage.forget()
        client.delete(made.id)


def test_why_a_document_failed_is_told_in_the_language_of_each_reader(serving: ServiceProcess, client: Client):
    made = client.submit(b"%PDF-1.7 and nothing more", name="broken.pdf")
    until(lambda: client.job(made.id).over)
    _status, said = ask(serving, "GET", f"/documents/{made.id}")
    (russian, *_rest) = in_russian(said["error"])
    _status, said = ask(serving, "GET", f"/documents/{made.id}", **{"Accept-Language": "en"})
    assert said["error"]["message"] != russian
    assert "broken.pdf" in russian
    client.delete(made.id)


def test_checks_and_reasons_of_an_extraction_are_told_in_russian(serving: ServiceProcess, client: Client, act: str):
    done = client.await_extraction(client.extract(act, preset="акт").id)
    wrong = {"seller_inn": "7707083894", "total": "1,00"}
    client.correct_values(done.id, wrong)
    _status, said = ask(serving, "GET", f"/extractions/{done.id}")
    checks = said["result"]["checks"]
    assert {"failed", "ok"} <= {one["outcome"] for one in checks}
    assert len(in_russian(checks)) == len(checks)
    free = client.await_extraction(client.extract(act, fields="mood, weather").id)
    _status, said = ask(serving, "GET", f"/extractions/{free.id}")
    assert len(in_russian(said["result"]["fields"])) == 2


def test_an_extraction_that_fails_keeps_no_language(serving: ServiceProcess, client: Client, act: str):
    begun = client.extract(act, fields="mood", by="model")
    assert client.await_extraction(begun.id).state == "failed"
    _status, said = ask(serving, "GET", f"/extractions/{begun.id}")
    (russian,) = in_russian(said)
    _status, said = ask(serving, "GET", f"/extractions/{begun.id}", **{"Accept-Language": "en"})
    assert said["problem"] != russian
    assert not RUSSIAN.search(said["problem"])


def test_an_answer_that_breaks_off_is_told_in_the_language_of_each_reader(serving: ServiceProcess, client: Client):
    change = client.switch("qwen3-vl")
    for _event in client.change_events(change):
        pass
    try:
        _cut_off_the_next_answer(int(serving.environment["DOCSTATION_STATION_PORT"]))
        id = client.begin_conversation().id
        list(client.ask(id, "Вопрос"))
        _status, said = ask(serving, "GET", f"/conversations/{id}")
        (russian,) = in_russian(said)
        _status, said = ask(serving, "GET", f"/conversations/{id}", **{"Accept-Language": "en"})
        (english,) = sentences(said)
        assert english != russian
        assert not RUSSIAN.search(english)
    finally:
        for _event in client.change_events(client.stop()):
            pass


def _cut_off_the_next_answer(port: int) -> None:
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    server.request("POST", "/control", json.dumps({"answer": "слово " * 99, "trouble": "cut", "trouble_requests": 1}))
    assert server.getresponse().read() is not None
    server.close()
