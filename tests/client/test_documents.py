"""The client's calls on documents, against the real service: every one, and what it refuses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from run_samples import locked_pdf, text_pdf
from service_process import ServiceProcess, until

import docstation
from docstation.bootstrap.service import SOCKET
from docstation.bootstrap.service_reader import reads_alike
from docstation.client import Client, Job, JobEvent, JobOptions, ServiceAway
from docstation.document.model import Document, PageStatus
from docstation.errors import NotFound, NotReady, PasswordError, UnsupportedFormat, UsageError
from docstation.intake.limits import Limits
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue_records import JobState, NewsKind, PageState


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pages of text, a picture on the second."""
    return text_pdf(tmp_path_factory.mktemp("pdf") / "three pages.pdf", 3, pictures={2})


@pytest.fixture(scope="module")
def local(pdf: Path) -> Document:
    """What the library reads on it."""
    return docstation.read(pdf)


@pytest.fixture
def done(client: Client, pdf: Path) -> Job:
    """The document, read by the service."""
    return read(client, pdf)


def read(client: Client, file: Path | bytes, options: JobOptions | None = None, name: str = "") -> Job:
    sent = client.submit(file, options, name=name)
    for _event in client.follow(sent.id):
        pass
    return client.job(sent.id)


@contextmanager
def held(service: ServiceProcess, client: Client, pdf: Path, cue: int) -> Iterator[Job]:
    """A document whose page `cue` is being read."""
    service.stage.hold(cue)
    sent = client.submit(pdf)
    service.stage.await_held(cue)
    yield client.job(sent.id)


def test_a_document_is_sent_followed_and_fetched_as_the_library_reads_it(client: Client, pdf: Path, local: Document):
    sent = client.submit(pdf)
    events = list(client.follow(sent.id))
    assert [one.number for one in events] == list(range(1, len(events) + 1))
    assert [one.kind for one in events if one.kind != "page"] == ["submitted", "opened", "done"]
    assert sorted(one.page for one in events if one.page_ended) == [1, 2, 3]
    job = client.job(sent.id)
    assert (job.state, job.over, job.total, job.done, job.progress) == ("done", True, 3, 3, 1.0)
    assert (job.name, job.bytes, job.counts) == (pdf.name, pdf.stat().st_size, {"ok": 3})
    assert [(page.number, page.state, page.ended) for page in job.pages] == [
        (1, "ok", True),
        (2, "ok", True),
        (3, "ok", True),
    ]
    assert client.document(sent.id) == local
    assert tuple(client.page(sent.id, number).text for number in (1, 2, 3)) == tuple(one.text for one in local.pages)


def test_bytes_are_read_under_the_name_and_options_given(client: Client, pdf: Path):
    options = JobOptions(pages="2-3", languages=("eng",), dpi=150, engine="embedded", formats=("md",))
    job = read(client, pdf.read_bytes(), options, 'a/b "quoted".pdf')
    assert job.name == 'b "quoted".pdf'
    assert job.options == JobOptions(pages="2-3", languages=("eng",), dpi=150, engine="embedded")
    assert [page.number for page in job.pages] == [2, 3]
    assert (job.page_count, job.total) == (3, 2)


def test_exports_images_pictures_and_files_are_fetched(client: Client, done: Job, pdf: Path, tmp_path: Path):
    text = client.export(done.id, "md").decode()
    assert text
    client.export_to(done.id, "docx", tmp_path / "out.docx")
    assert (tmp_path / "out.docx").read_bytes()[:2] == b"PK"
    assert client.export(done.id, "txt", furniture=True)
    assert client.page_image(done.id, 1, width=200)[:8] == b"\x89PNG\r\n\x1a\n"
    assert client.page_image(done.id, 1, width=200, format="webp")[8:12] == b"WEBP"
    document = client.document(done.id)
    assert client.block_image(done.id, document.pages[0].blocks[0].id, dpi=72)[:4] == b"\x89PNG"
    picture = next(block.picture for block in document.pages[1].blocks if block.picture)
    assert client.picture(done.id, picture.file)[:4] == b"\x89PNG"
    client.file_to(done.id, tmp_path / "given.pdf")
    client.file_to(done.id, tmp_path / "read.pdf", read=True)
    assert (tmp_path / "given.pdf").read_bytes() == (tmp_path / "read.pdf").read_bytes() == pdf.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["given.pdf", "out.docx", "read.pdf"]


def test_what_is_not_there_is_said_by_the_errors_that_it_is_here(client: Client, done: Job, tmp_path: Path):
    for ask in (
        lambda: client.job("0" * 24),
        lambda: client.page(done.id, 9),
        lambda: client.block_image(done.id, "p9-b9"),
        lambda: client.picture(done.id, "../document.json"),
        lambda: client.delete("../../station/stop"),
        lambda: client.events("0" * 24),
        lambda: list(client.follow("0" * 24)),
        lambda: client.submit(tmp_path / "none.pdf"),
    ):
        with pytest.raises(NotFound) as caught:
            ask()
        assert str(caught.value)
        assert "{" not in str(caught.value)
    with pytest.raises(UsageError, match="format"):
        client.export(done.id, "pptx")
    with pytest.raises(UnsupportedFormat, match=r"notes\.bin"):
        client.submit(b"\x00\x01\x02 no document", name="notes.bin")
    with pytest.raises(UsageError):
        client.submit_url("https://example.org/contract.pdf")
    with pytest.raises(UsageError, match="dpi"):
        client.submit(b"%PDF-1.4", JobOptions(dpi=5))


def test_a_locked_file_fails_with_the_error_that_asks_for_its_password(client: Client, tmp_path: Path):
    locked = locked_pdf(tmp_path / "locked.pdf", "open sesame")
    failed = read(client, locked)
    assert failed.state == "failed"
    assert isinstance(failed.error, PasswordError)
    assert "locked.pdf" in str(failed.error)
    assert read(client, locked, JobOptions(password="open sesame")).state == "done"
    assert "sesame" not in repr(JobOptions(password="open sesame"))


def test_documents_are_listed_part_by_part_the_newest_first(client: Client, pdf: Path):
    ids = [client.submit(pdf, name=f"{number}.pdf").id for number in range(3)]
    first = client.jobs(limit=2)
    assert [job.id for job in first.jobs] == ids[:0:-1]
    rest = client.jobs(limit=2, before=first.next)
    assert [job.id for job in rest.jobs] == ids[:1]
    assert rest.next == ""
    assert client.jobs(state="cancelled").jobs == ()


def test_the_same_key_gives_the_same_job(client: Client, pdf: Path):
    first = client.submit(pdf, idempotency_key="once")
    assert client.submit(pdf, idempotency_key="once").id == first.id
    with pytest.raises(UsageError, match="once"):
        client.submit(pdf, JobOptions(dpi=100), idempotency_key="once")


def test_a_page_that_is_being_read_is_not_ready_and_those_before_it_are(
    service: ServiceProcess, client: Client, pdf: Path
):
    with held(service, client, pdf, 3) as job:
        until(lambda: client.job(job.id).done == 2)
        assert client.page(job.id, 1).status is PageStatus.OK
        with pytest.raises(NotReady):
            client.page(job.id, 3)
        with pytest.raises(NotReady):
            client.document(job.id)
        heard = client.events(job.id)
        assert not heard.over
        assert {one.page for one in heard.events if one.page_ended} == {1, 2}
        assert client.events(job.id, heard.events[-1].number).events == ()


def test_pause_resume_retry_and_cancel(service: ServiceProcess, client: Client, pdf: Path):
    with held(service, client, pdf, 1) as job:
        assert client.pause(job.id).state == "paused"
        service.stage.release(1)
        until(lambda: client.job(job.id).counts.get("reading", 0) == 0)
        assert client.job(job.id).state == "paused"
    assert client.resume(job.id).state in {"reading", "waiting"}
    until(lambda: client.job(job.id).state == "done")
    assert client.retry_page(job.id, 2).state in {"reading", "assembling"}
    until(lambda: client.job(job.id).state == "done")
    assert [page.attempts for page in client.job(job.id).pages] == [1, 2, 1]
    assert client.retry(job.id).state == "done", "nothing had failed"
    with held(service, client, pdf, 2) as other:
        assert client.cancel(other.id).state == "cancelled"
        assert client.retry(other.id).state in {"reading", "waiting"}
        service.stage.release(2)
    until(lambda: client.job(other.id).state == "done")
    assert client.job(other.id).counts == {"ok": 3}


def test_a_document_that_is_deleted_while_it_is_followed_ends_the_following(
    service: ServiceProcess, client: Client, pdf: Path
):
    with held(service, client, pdf, 1) as job:
        events = client.follow(job.id)
        next(events)
        client.delete(job.id)
        with pytest.raises(NotFound):
            list(events)


def test_a_service_that_is_killed_and_started_anew_is_followed_on_without_a_gap(
    service: ServiceProcess, client: Client, pdf: Path
):
    with held(service, client, pdf, 2) as job:
        heard: list[JobEvent] = []
        follower = threading.Thread(target=lambda: heard.extend(client.follow(job.id)))
        follower.start()
        until(lambda: client.job(job.id).done)
        service.kill()
        with pytest.raises(ServiceAway):
            client.job(job.id)
        service.stage.release(2)
        service.start("--idle")
    follower.join(60)
    assert [one.number for one in heard] == list(range(1, len(heard) + 1))
    assert heard[-1].kind == "done"


def test_a_client_that_is_closed_breaks_off_whatever_waits(service: ServiceProcess, client: Client, pdf: Path):
    own = client.again()
    ended = threading.Event()

    def follow() -> None:
        with pytest.raises(ServiceAway):
            list(own.follow(job.id))
        ended.set()

    with held(service, client, pdf, 1) as job:
        threading.Thread(target=follow).start()
        until(lambda: own._transport._live)
        own.close()
        assert ended.wait(5)
        with pytest.raises(ServiceAway):
            own.job(job.id)


def test_leaving_off_in_the_middle_leaves_no_connection(service: ServiceProcess, client: Client, pdf: Path):
    with held(service, client, pdf, 1) as job, closing(client.follow(job.id)) as events:
        next(events)
    assert not client._transport._live


def test_the_socket_of_the_state_folder_answers_as_the_address_does(service: ServiceProcess, done: Job):
    own = Client(f"unix:{service.home / SOCKET}", key="")
    assert own.connected()
    assert own.job(done.id) == service.client.job(done.id)


def test_how_the_service_reads_is_told_and_compared(client: Client):
    facts = client.reading()
    own = ReadOptions()
    assert (facts.languages, facts.dpi, facts.engine) == (own.languages, own.dpi, own.engine)
    assert facts.limits == asdict(Limits())
    assert reads_alike(client, ReadOptions(languages=("eng",), dpi=72))
    assert reads_alike(client, ReadOptions(jobs=facts.workers))
    assert not reads_alike(client, ReadOptions(limits=replace(Limits(), pages=5)))
    assert not reads_alike(client, ReadOptions(jobs=facts.workers + 1))
    assert not reads_alike(client, ReadOptions(engine="other"))


def test_states_have_the_words_of_the_queue():
    from docstation.client.document_records import ENDED, PAGE_ENDED

    assert {state.value for state in JobState if state.ended} == ENDED
    assert {state.value for state in PageState if state.ended} == PAGE_ENDED
    assert {"done", "failed", "cancelled", "page", "opened"} <= set(NewsKind)
