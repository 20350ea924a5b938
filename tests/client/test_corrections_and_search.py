"""The client's calls on corrections, regions, searches, archives and progress, against the real service."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from run_samples import text_pdf
from service_process import ServiceProcess, until

from docstation.client import Client, GpuHistory, JobOptions
from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Page
from docstation.document.table import Table
from docstation.errors import NotFound, NotReady, UsageError

BOX = Box(20, 25, 280, 60)


@pytest.fixture
def done(client: Client, tmp_path: Path) -> str:
    sent = client.submit(text_pdf(tmp_path / "two pages.pdf", 2), JobOptions(engine="embedded"))
    until(lambda: client.progress(sent.id).over)
    return sent.id


def block_of(page: Page, id: str) -> Block:
    return next(block for block in page.blocks if block.id == id)


def test_a_block_is_corrected_and_as_it_was_read_again(client: Client, done: str):
    as_read = client.page(done, 1)
    made = client.correct(done, "p1-b1", text="Исправлено", category=Category.SECTION_HEADER)
    assert made.page == client.page(done, 1)
    assert (block_of(made.page, made.block).text, made.revision) == ("Исправлено", 1)
    listed = client.corrections(done)
    assert (listed.revision, listed.blocks) == (1, {"p1-b1"})
    assert (listed.items[0].text, listed.items[0].category) == ("Исправлено", Category.SECTION_HEADER)
    assert client.document(done).pages[0].blocks[0].text == "Исправлено"
    assert client.document(done, corrected=False).pages[0].blocks[0].text == as_read.blocks[0].text
    assert "Исправлено" in client.export(done, "md").decode()
    assert "Исправлено" not in client.export(done, "md", corrected=False).decode()
    assert client.uncorrect(done, "p1-b1").page == as_read == client.page(done, 1, corrected=False)


def test_a_table_is_made_of_a_block_and_its_cells_are_corrected(client: Client, done: str):
    client.correct(done, "p2-b1", category=Category.TABLE, table=Table.from_rows([["Сумма", "2O"]]))
    made = client.correct(done, "p2-b1", cells={(0, 1): "20"})
    table = block_of(made.page, "p2-b1").table
    assert table is not None
    assert table.to_rows() == [["Сумма", "20"]]
    again = client.correct(done, "p2-b1", text="Итого", replace=True)
    assert block_of(again.page, "p2-b1").category is Category.TEXT
    with pytest.raises(UsageError):
        client.correct(done, "p2-b1", cells={(0, 1): "20"})
    with pytest.raises(NotFound):
        client.correct(done, "p2-b7", text="x")


def test_a_part_of_a_page_is_read_and_put_in(client: Client, done: str):
    read = client.read_region(done, 1, BOX, engine="embedded")
    (found,) = read.page.blocks
    assert found.text == "Layer of page 1"
    assert read.added == ()
    made = client.add_block(done, 1, found.box, category=found.category, text=found.text, after="p1-b1")
    assert [block.text for block in made.page.blocks] == ["Layer of page 1"] * 2
    assert client.read_region(done, 2, BOX, engine="embedded", add=True).added == ("p2-b100001",)
    client.uncorrect_all(done)
    assert client.corrections(done).items == ()
    assert len(client.page(done, 1).blocks) == 1


def test_documents_are_found_by_their_words(client: Client, done: str):
    found = until(lambda: (made := client.search('"layers of pages"')).total and made)
    assert (found.documents[0].id, found.documents[0].pages, found.next) == (done, 2, None)
    hit = found.documents[0].hits[0]
    assert [hit.snippet[begin:end] for begin, end in hit.marks] == ["Layer", "of", "page"]
    client.correct(done, "p1-b1", text="бегемот")
    until(lambda: client.search("бегемоты", document=done).total == 1)
    assert client.search("носорог").documents == ()
    client.delete(done)
    assert client.search("бегемоты").total == 0


def test_documents_are_taken_away_together(client: Client, done: str, tmp_path: Path):
    client.archive_to([done], tmp_path / "all.zip", formats=("md", "json"))
    with zipfile.ZipFile(tmp_path / "all.zip") as made:
        assert made.namelist() == ["two pages.md", "two pages.json"]
    assert len(client.archive([done])) > 1000
    with pytest.raises(NotFound):
        client.archive([done, "0" * 24])


def test_a_document_is_read_anew(client: Client, done: str):
    sent = client.reread(done, JobOptions(pages="1", languages=("eng",)))
    until(lambda: client.progress(sent.id).over)
    job = client.job(sent.id)
    assert (job.sha256, job.total, job.options.languages) == (client.job(done).sha256, 1, ("eng",))


def test_progress_is_told_of_all_that_is_read(service: ServiceProcess, client: Client, tmp_path: Path):
    service.stage.hold(2)
    sent = client.submit(text_pdf(tmp_path / "three.pdf", 3), JobOptions(engine="embedded"))
    service.stage.await_held(2)
    seen = client.progress(sent.id)
    assert (seen.pages[2], seen.over, seen.total) == ("reading", False, 3)
    assert [one.id for one in client.active()] == [sent.id]
    with pytest.raises(NotReady):
        client.archive([sent.id])
    service.stage.release(2)
    until(lambda: client.progress(sent.id).over)
    assert client.progress(sent.id, seen.last_news).pages == {1: "ok", 2: "ok", 3: "ok"}
    assert client.active() == ()


def test_the_station_tells_of_the_card_and_the_catalogue(client: Client):
    assert client.gpu_history() == GpuHistory(5.0, client.status().budget_bytes, ())
    entries = {one.name: one for one in client.catalogue().entries}
    assert set(entries) == set(client.catalogue().models)
    assert (entries["dots-ocr"].id, entries["dots-ocr"].context) == ("rednote-hilab/dots.ocr", 8192)
    assert client.status().gpu.absent
