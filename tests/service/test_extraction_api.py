"""Extraction through the service and its client: asked for, followed, corrected, exported, forgotten."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from run_samples import text_pdf
from test_documents_api_serving import Served, serving

from docstation.client import Client
from docstation.errors import NotFound, NotReady, UsageError
from docstation.testing.business import Kind, draw
from docstation.testing.model_server import running
from docstation.testing.model_server_api import Said

QWEN = "Qwen/Qwen3-VL-4B-Instruct"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCSTATION_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("DOCSTATION_UI_LANGUAGE", "en")
        with serving(tmp_path_factory.mktemp("served")) as made:
            yield made


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCSTATION_READING_ENDPOINT", "http://127.0.0.1:9")


@pytest.fixture
def client(served: Served) -> Client:
    return Client(f"unix:{served.socket}", key="")


@pytest.fixture(scope="module")
def papers(served: Served, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, dict[str, str]]]:
    """Two acts that were read, with their truth."""
    folder = tmp_path_factory.mktemp("papers")
    made = []
    for seed in (1, 2):
        paper = draw(Kind.ACT, seed)
        (path := folder / f"act-{seed}.pdf").write_bytes(paper.pdf)
        made.append((served.upload(path, engine="embedded"), dict(paper.fields)))
    for id, _fields in made:
        served.wait(id)
    return made


def test_values_come_with_their_places_and_checks(client, papers):
    id, truth = papers[0]
    begun = client.extract(id, preset="акт")
    done = client.await_extraction(begun.id)
    assert (done.state, done.model, done.document, done.name) == ("done", "", id, "act-1.pdf")
    assert (done.values["seller_inn"], done.values["number"]) == (truth["seller_inn"], truth["number"])
    found = {one.path: one for one in done.fields}
    assert found["seller_inn"].kind == "inn"
    assert found["seller_inn"].by == "rules"
    assert found["seller_inn"].evidence.page == 1
    assert found["seller_inn"].evidence.text.strip(",") == truth["seller_inn"]
    assert {check.outcome for check in done.checks} <= {"ok", "not-applicable"}
    assert client.extractions(id)[0] == done


def test_corrections_are_checked_kept_apart_and_taken_back(client, papers):
    done = client.await_extraction(client.extract(papers[0][0], preset="акт").id)
    inn = done.values["seller_inn"]
    wrong = client.correct_values(done.id, {"seller_inn": inn[:-1] + str((int(inn[-1]) + 1) % 10), "number": None})
    assert "failed" in {check.outcome for check in wrong.checks}
    assert wrong.values["number"] is None
    assert {one.status for one in wrong.fields if one.by == "person"} == {"corrected"}
    back = client.uncorrect_values(done.id, ["seller_inn", "number"])
    assert (back.values, back.checks, back.fields) == (done.values, done.checks, done.fields)
    with pytest.raises(UsageError, match="seller_inn"):
        client.correct_values(done.id, {"seller_inn": "none"})
    with pytest.raises(NotFound):
        client.correct_values(done.id, {"nothing": "1"})


def test_corrections_of_several_at_once_are_all_kept(client, papers):
    done = client.await_extraction(client.extract(papers[0][0], fields="a, b, c, d, e, f").id)
    threads = [
        threading.Thread(target=client.correct_values, args=(done.id, {name: name.upper()})) for name in "abcdef"
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert client.extraction(done.id).values == {name: name.upper() for name in "abcdef"}


def test_many_documents_make_one_table(client, papers):
    ids = [client.await_extraction(client.extract(id, preset="akt").id).id for id, _truth in papers]
    book = load_workbook(io.BytesIO(client.export_extractions(ids, "xlsx")))
    assert book.worksheets[0].max_row == 3
    lines = client.export_extractions(ids, "jsonl").decode().splitlines()
    assert [json.loads(line)["values"]["number"] for line in lines] == [truth["number"] for _id, truth in papers]
    assert client.export_extractions(ids, "csv").decode("utf-8-sig").startswith("File")
    assert len(json.loads(client.export_extractions(ids, "json"))["documents"]) == 2
    other = client.await_extraction(client.extract(papers[0][0], fields="a").id)
    with pytest.raises(UsageError, match="several schemas"):
        client.export_extractions([ids[0], other.id])


def test_a_model_that_serves_is_asked(client, papers, monkeypatch):
    id, truth = papers[0]
    answer = {"act_number": truth["number"], "mood": "cheerful"}
    with running(name=QWEN) as server:
        server.api.says = lambda _body: Said(json.dumps(answer, ensure_ascii=False))
        monkeypatch.setenv("DOCSTATION_READING_ENDPOINT", server.address)
        schema = {"type": "object", "properties": {"act_number": {"type": "string"}, "mood": {"type": "string"}}}
        done = client.await_extraction(client.extract(id, schema=schema, by="model").id)
        picture = server.api.last_chat["messages"][-1]["content"][0]["image_url"]["url"]
    assert picture.startswith("data:image/png;base64,")
    assert done.model == QWEN
    number, mood = done.fields
    assert (number.value, number.status, number.by) == (truth["number"], "found", "model")
    assert (mood.value, mood.status, mood.evidence) == ("cheerful", "unproven", None)


def test_a_model_that_must_serve_and_does_not_is_told(client, papers):
    done = client.await_extraction(client.extract(papers[0][0], preset="акт", by="model").id)
    assert done.state == "failed"
    assert done.problem
    with pytest.raises(NotReady):
        client.correct_values(done.id, {"number": "1"})
    with pytest.raises(NotReady):
        client.export_extractions([done.id])


def test_what_runs_is_broken_off_when_it_is_forgotten(client, papers, monkeypatch):
    with running(name=QWEN) as server:
        server.api.says = lambda _body: Said("{" + " " * 4000, piece_seconds=0.05)
        monkeypatch.setenv("DOCSTATION_READING_ENDPOINT", server.address)
        begun = client.extract(papers[0][0], preset="акт", by="model")
        assert client.extraction(begun.id, wait=0.1).state == "running"
        client.delete_extraction(begun.id)
        with pytest.raises(NotFound):
            client.extraction(begun.id)
        # The next one is not behind it.
        assert client.await_extraction(client.extract(papers[0][0], preset="акт", by="rules").id).state == "done"


def test_extractions_go_with_their_document(served, client, tmp_path: Path):
    id = served.upload(text_pdf(tmp_path / "a.pdf", 1), engine="embedded")
    served.wait(id)
    done = client.await_extraction(client.extract(id, fields="a").id)
    client.delete(id)
    with pytest.raises(NotFound):
        client.extraction(done.id)


def test_what_cannot_be_extracted_is_told_apart(served, client, papers, tmp_path: Path):
    id = papers[0][0]
    with pytest.raises(UsageError):
        client.extract(id)
    with pytest.raises(UsageError):
        client.extract(id, preset="акт", fields="a")
    with pytest.raises(UsageError, match="wishlist"):
        client.extract(id, preset="wishlist")
    with pytest.raises(NotFound):
        client.extract("0650f2c1d35a8b00a1b2c3d4", preset="акт")
    # A name of a file is no schema here, whatever lies there.
    (secret := tmp_path / "s.json").write_text('{"properties": {"a": {"type": "string"}}}')
    answer = served.client.post(f"/documents/{id}/extract", json={"schema": str(secret)})
    assert answer.status_code == 400
    assert [one.path for one in client.await_extraction(client.extract(id, fields=str(secret)[1:4]).id).fields]


def test_presets_are_listed(client):
    assert {"счёт", "акт"} <= {one.name for one in client.presets()}
