import csv
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from docstation.document.model import Document
from docstation.errors import BrokenFile
from docstation.jobs.events import FileRead, FileStarted, PageRead
from docstation.testing.business import Kind, draw
from docstation.testing.model_server import running
from docstation.testing.model_server_api import Said

COMMAND = str(Path(sys.executable).with_name("docstation"))


def read_terminal(descriptor: int) -> bytes:
    """What was written to the terminal; nothing once nobody writes any more."""
    try:
        return os.read(descriptor, 65_536)
    except OSError:
        return b""


@pytest.fixture
def papers(reader, monkeypatch):
    """Puts drawn papers in front of the command as if they had been read."""
    monkeypatch.setattr("docstation.cli.extract.events", reader.events)

    def add(kind: Kind, seed: int, name: str = "") -> dict[str, str]:
        drawn = draw(kind, seed)
        document: Document = drawn.document
        name = name or f"{drawn.name}.pdf"
        told = [PageRead(name, page, 0.1) for page in document.pages]
        done = FileRead(name, document, Path(name), Path("no-pictures"))
        reader.answers[name] = [FileStarted(name, len(document.pages)), *told, done]
        return dict(drawn.fields)

    return add


def test_values_are_printed_with_their_pages(run, papers):
    fields = papers(Kind.INVOICE, 3)
    outcome = run("extract", "a.pdf", "--preset", "счёт")
    assert outcome.code == 0
    assert f"Number: {fields['number']} (page 1)" in outcome.out
    assert f"Buyer's INN: {fields['buyer_inn']} (page 1)" in outcome.out
    assert "14 of 14 values" in outcome.err


def test_json_has_values_places_and_checks(run, papers):
    fields = papers(Kind.ACT, 3)
    outcome = run("extract", "a.pdf", "-P", "akt", "--json", "-q")
    report = json.loads(outcome.out)
    extraction = report["files"][0]["extraction"]
    assert extraction["values"]["seller_inn"] == fields["seller_inn"]
    place = next(one for one in extraction["fields"] if one["path"] == "seller_inn")
    assert place["evidence"]["page"] == 1
    assert len(place["evidence"]["box"]) == 4
    assert {check["outcome"] for check in extraction["checks"]} <= {"ok", "not-applicable"}
    assert outcome.err == ""


def test_many_files_make_one_workbook(run, papers):
    told = {f"{seed}.pdf": papers(Kind.UPD, seed, f"{seed}.pdf") for seed in range(3)}
    outcome = run("extract", "x", "--preset", "upd", "-o", "out.xlsx")
    assert outcome.code == 0
    book = load_workbook("out.xlsx")
    assert len(book.sheetnames) == 2
    files, rows = book.worksheets
    heads = [cell.value for cell in files[1]]
    assert heads[:4] == ["File", "Number", "Date", "Seller"]
    for line in files.iter_rows(min_row=2):
        values = dict(zip(heads, line, strict=True))
        fields = told[values["File"].value]
        assert values["Seller's INN"].value == fields["seller_inn"]
        assert values["Seller's INN"].data_type == "s"
        assert isinstance(values["Date"].value, datetime)
        assert f"{values['Total with tax'].value:.2f}" == fields["total"].replace(" ", "").replace(",", ".")
    assert rows.max_row > 4


def test_csv_has_a_file_for_the_rows_and_is_written_for_its_readers(run, papers):
    fields = papers(Kind.INVOICE, 4)
    assert run("extract", "a.pdf", "--preset", "счёт", "-o", "out.csv", "--ui-language", "ru").code == 0
    with Path("out.csv").open(encoding="utf-8-sig", newline="") as file:
        heads, values = list(csv.reader(file, delimiter=";"))
    assert dict(zip(heads, values, strict=True))["Всего"] == fields["total"].replace(" ", "")
    assert Path("out-items.csv").exists()


def test_json_lines_have_a_document_each(run, papers):
    papers(Kind.ACT, 1)
    papers(Kind.ACT, 6)
    outcome = run("extract", "x", "--preset", "акт", "-o", "-", "-f", "jsonl")
    lines = [json.loads(line) for line in outcome.out.splitlines()]
    assert [set(line) for line in lines] == [{"source", "values", "missing"}] * 2


def test_formulas_in_a_document_stay_text(run, papers, monkeypatch):
    papers(Kind.ACT, 1)
    assert run("extract", "x", "--fields", "=1+1", "-o", "out.xlsx").code == 4
    assert load_workbook("out.xlsx").worksheets[0]["B1"].data_type == "s"


def test_a_missing_required_value_is_said_and_makes_the_run_partial(run, papers):
    papers(Kind.ACT, 1)
    outcome = run("extract", "a.pdf", "--fields", "номер, ответственный")
    assert outcome.code == 4
    assert "ответственный: no label on the pages; a model can look for it" in outcome.err
    assert run("extract", "a.pdf", "--fields", "номер, ответственный?").code == 0


def test_a_bad_file_stops_no_other(run, papers, reader):
    reader.refuse("bad.pdf", BrokenFile(name="bad.pdf"))
    papers(Kind.ACT, 1)
    outcome = run("extract", "x", "--preset", "акт", "-o", "out.json")
    assert outcome.code == 4
    assert len(json.loads(Path("out.json").read_text())["documents"]) == 1
    assert "bad.pdf is damaged" in outcome.err


def test_an_interruption_keeps_what_was_extracted(run, papers, reader):
    papers(Kind.ACT, 1, "a.pdf")
    papers(Kind.ACT, 6, "b.pdf")
    reader.interrupt_after = 4
    assert run("extract", "x", "--preset", "акт", "-o", "out.json").code == 130
    assert [one["source"] for one in json.loads(Path("out.json").read_text())["documents"]] == ["a.pdf"]


def test_a_schema_file_is_taken(run, papers):
    fields = papers(Kind.ACT, 1)
    Path("s.json").write_text(
        json.dumps({"type": "object", "properties": {"inn": {"type": "string", "format": "inn"}}})
    )
    outcome = run("extract", "a.pdf", "--schema", "s.json")
    assert outcome.code == 0
    assert fields["seller_inn"] in outcome.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("a.pdf",), 2, "Say what to extract"),
        (("a.pdf", "--preset", "акт", "--fields", "a"), 2, "Say what to extract"),
        (("a.pdf", "--preset", "nope"), 2, "no preset nope"),
        (("a.pdf", "--schema", "none.json"), 3, "No such file"),
        (("a.pdf", "--fields", "a, a"), 2, "named twice"),
        (("a.pdf", "--preset", "акт", "-o", "out.docx"), 2, "not written as docx"),
        (("a.pdf", "--preset", "акт", "-o", "-", "-f", "json", "--json"), 2, "taken by the JSON document"),
        (("--preset", "акт"), 2, "at least one file"),
    ],
)
def test_what_is_asked_wrongly_is_said_before_anything_is_read(run, papers, reader, arguments, code, said):
    outcome = run("extract", *arguments)
    assert outcome.code == code
    assert said in outcome.err
    assert reader.asked == []


def test_presets_are_listed_and_completed(run, monkeypatch):
    outcome = run("extract", "--presets")
    assert outcome.code == 0
    assert "платёжное поручение" in outcome.out
    assert len(json.loads(run("extract", "--presets", "--json").out)) == 10
    from docstation.cli.completing import PRESET

    assert [item.value for item in PRESET.shell_complete(None, None, "schet")] == ["schet", "schet-faktura"]


def test_a_model_that_serves_is_asked_about_the_pages_themselves(run, tmp_path, monkeypatch):
    drawn = draw(Kind.ACT, 3)
    (tmp_path / "act.pdf").write_bytes(drawn.pdf)
    number = dict(drawn.fields)["number"]
    with running(name="Qwen/Qwen3-VL-4B-Instruct") as server:
        server.api.says = lambda _body: Said(json.dumps({"act": number, "mood": "glad"}, ensure_ascii=False))
        monkeypatch.setenv("DOCSTATION_READING_ENDPOINT", server.address)
        words = ("extract", str(tmp_path / "act.pdf"), "--fields", "act, mood", "--json", "--local", "-j", "1")
        monkeypatch.setenv("DOCSTATION_READING_ENGINE", "embedded")
        told = json.loads(run(*words).out)["files"][0]["extraction"]
        assert server.api.last_chat["messages"][-1]["content"][0]["type"] == "image_url"
        ruled = json.loads(run(*words, "--rules").out)["files"][0]["extraction"]
    assert (told["model"], told["values"]) == ("Qwen/Qwen3-VL-4B-Instruct", {"act": number, "mood": "glad"})
    assert [one["status"] for one in told["fields"]] == ["found", "unproven"]
    assert ruled["model"] is None
    refused = run(*words, "--model")
    assert refused.code != 0
    assert "model" in json.loads(refused.out)["files"][0]["errors"][0]["message"]


@pytest.mark.slow
def test_on_a_terminal_it_is_seen_that_the_model_is_at_work(tmp_path, monkeypatch):
    (tmp_path / "act.pdf").write_bytes(draw(Kind.ACT, 3).pdf)
    ours, theirs = os.openpty()
    with running(name="Qwen/Qwen3-VL-4B-Instruct") as server:
        server.api.says = lambda _body: Said('{"act": "of work done"}', piece_seconds=0.3)
        monkeypatch.setenv("DOCSTATION_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("DOCSTATION_UI_LANGUAGE", "en")
        monkeypatch.setenv("DOCSTATION_READING_ENDPOINT", server.address)
        monkeypatch.setenv("DOCSTATION_READING_ENGINE", "embedded")
        words = ["extract", "act.pdf", "--fields", "act", "--local", "-j", "1"]
        extraction = subprocess.Popen([COMMAND, *words], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        shown = b"".join(iter(lambda: read_terminal(ours), b"")).decode()
        assert extraction.wait(60) == 0
    os.close(ours)
    assert "act.pdf: the model answers, 0 of 1" in shown
