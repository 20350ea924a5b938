"""``docstation ocr`` and ``tables`` through the real service: the library's results, and what is left of a run."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_samples import broken_pdf, locked_pdf, scan, text_pdf
from service_process import ServiceProcess, service_process, until

from docstation.bootstrap import service_file
from docstation.bootstrap.service import own_service, service_at
from docstation.errors import ExitCode
from docstation.settings import load

SAMPLES = Path(__file__).parents[2] / "samples"
COMMAND = str(Path(sys.executable).with_name("docstation"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with service_process(tmp_path_factory.mktemp("service"), "--idle") as made:
        yield made


@pytest.fixture
def service(running: ServiceProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServiceProcess]:
    """The service of this process's state folder, without a document."""
    monkeypatch.setenv("DOCSTATION_HOME", str(running.home))
    monkeypatch.setenv("DOCSTATION_SERVICE_PORT", str(running.port))
    yield running
    running.clean()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a file of every fate."""
    folder = tmp_path / "in"
    folder.mkdir()
    text_pdf(folder / "text.pdf", 2, pictures={1})
    scan(folder / "scan.tiff", 1, 4)
    locked_pdf(folder / "locked.pdf", "secret")
    broken_pdf(folder / "broken.pdf")
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.write(folder / "text.pdf", "inner/{odd} 100%.pdf")
        archive.write(folder / "text.pdf", "inner/twin.pdf")
        archive.writestr("notes.bin", b"\x00\x01")
    return folder


def begin(service: ServiceProcess, *words: str) -> subprocess.Popen[str]:
    """The command as a process of its own."""
    return subprocess.Popen(
        [COMMAND, *words], env=service.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def interrupted(service: ServiceProcess, cue: int, *words: str) -> tuple[int, str]:
    """The command, stopped by Ctrl-C once a worker of the service has come to page `cue`; exit code and words.

    Nothing is read after that page: the workers that would read the next two are held as well.
    """
    held = (cue, cue + 1, cue + 2)
    for number in held:
        service.stage.hold(number)
    process = begin(service, *words)
    service.stage.await_held(cue)
    job = service.client.jobs().jobs[0]
    until(lambda: service.client.job(job.id).done == cue - 1)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    for number in held:
        service.stage.release(number)
    return process.returncode, said


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_seconds(said: str) -> str:
    return json.dumps(
        json.loads(said, object_hook=lambda one: {k: v for k, v in one.items() if "second" not in k}), sort_keys=True
    )


@pytest.mark.slow
def test_the_service_gives_the_librarys_bytes_words_and_exit_code(service: ServiceProcess, run, files: Path):
    told = {}
    for where in ("--local", "--service"):
        ended = run("ocr", str(files), "none.pdf", "-o", f"by{where}", "-f", "md,json,html,docx,txt,pdf", where)
        told[where] = ended.code, sorted(line.replace(f"by{where}", "out") for line in ended.err.splitlines())
    assert told["--service"] == told["--local"]
    assert told["--service"][0] == ExitCode.PARTIAL
    assert contents(Path("by--service")) == contents(Path("by--local"))
    assert len(service.stage.begun) == 8, "the service has read, and the library has not"
    assert service.client.jobs().jobs == ()


@pytest.mark.slow
@pytest.mark.parametrize("sample", ["report-mixed.pdf", "dogovor-scan.jpg"])
def test_real_documents_come_out_the_same_byte_for_byte(service: ServiceProcess, run, sample: str):
    for where in ("--local", "--service"):
        assert run("ocr", str(SAMPLES / sample), "-o", f"by{where}", "-f", "md,json", where).code == 0
    assert contents(Path("by--service")) == contents(Path("by--local"))


@pytest.mark.slow
def test_streams_json_and_tables_are_the_librarys(service: ServiceProcess, run, files: Path):
    text, scanned = str(files / "text.pdf"), str(files / "scan.tiff")
    for words in (
        ("ocr", text, scanned, "-f", "txt", "-q"),
        ("ocr", str(files / "locked.pdf"), "--password", "secret"),
        ("ocr", text, "-p", "7-9"),
        ("tables", scanned, "-p", "2", "-o", "-", "-f", "csv"),
    ):
        assert run(*words, "--service") == run(*words, "--local")
    by_service, by_library = (run("ocr", text, "--json", where).out for where in ("--service", "--local"))
    assert without_seconds(by_service) == without_seconds(by_library)


@pytest.mark.slow
def test_an_office_file_is_written_over_the_pages_that_the_service_drew(service: ServiceProcess, run, tmp_path: Path):
    from docx import Document

    letter = Document()
    letter.add_heading("A letter")
    letter.add_paragraph("Some words of it.")
    letter.save(tmp_path / "letter.docx")
    for where in ("--local", "--service"):
        assert run("ocr", str(tmp_path / "letter.docx"), "-o", f"by{where}", "-f", "md,json,pdf", where).code == 0
    ours, theirs = contents(Path("by--service")), contents(Path("by--local"))
    assert ours.pop("letter.pdf")[:5] == theirs.pop("letter.pdf")[:5] == b"%PDF-"
    assert ours == theirs


def test_standard_input_is_sent_like_a_file(service: ServiceProcess, files: Path):
    told = []
    for where in ("--service", "--local"):
        with (files / "text.pdf").open("rb") as stream:
            words = [COMMAND, "ocr", "-", "-f", "txt", where]
            done = subprocess.run(words, env=service.environment, stdin=stream, capture_output=True, check=True)
        told.append((done.stdout, done.stderr))
    assert told[0] == told[1]


def test_a_running_service_reads_unless_it_would_read_otherwise(
    service: ServiceProcess, run, files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    text = str(files / "text.pdf")

    def by_service(*words: str, code: int = 0) -> bool:
        before = len(service.stage.begun)
        assert run("ocr", text, *words).code == code
        return len(service.stage.begun) > before

    assert by_service()
    assert by_service("-l", "eng", "--dpi", "100", "-p", "1"), "what an order can say, the service is told"
    assert not by_service("--local")
    assert not by_service("-j", "7")
    monkeypatch.setenv("DOCSTATION_LIMITS_PAGES", "1")
    assert not by_service(code=ExitCode.INPUT), "the limits of the caller hold"
    monkeypatch.delenv("DOCSTATION_LIMITS_PAGES")
    monkeypatch.setenv("DOCSTATION_HOME", str(tmp_path / "elsewhere"))
    assert own_service() is None
    assert not by_service(), "a service of another state folder is not asked by itself"
    assert by_service("--service"), "but where it is wished for, at its address"


def test_without_a_service_the_library_reads_and_a_wish_for_one_is_refused(run, files: Path, monkeypatch):
    monkeypatch.setenv("DOCSTATION_SERVICE_PORT", "9")
    assert run("ocr", str(files / "text.pdf"), "-q").code == 0
    ended = run("ocr", str(files / "text.pdf"), "--service")
    assert ended.code == ExitCode.NO_ENGINE
    assert "No service answers at http://127.0.0.1:9." in ended.err
    assert "docstation serve" in ended.err
    assert service_at(load().settings) is None


def test_ctrl_c_pauses_and_resume_takes_over_what_was_read(service: ServiceProcess, run, tmp_path: Path):
    pdf = text_pdf(tmp_path / "long.pdf", 4)
    code, said = interrupted(service, 3, "ocr", str(pdf), "-f", "txt")
    assert code == ExitCode.INTERRUPTED
    assert "--resume" in said
    (job,) = service.client.jobs().jobs
    assert job.state == "paused"
    ended = run("ocr", str(pdf), "-f", "txt", "--resume")
    assert ended.code == 0
    assert "kept from before" in ended.err
    assert ended.out == run("ocr", str(pdf), "-f", "txt", "--local").out
    assert sorted(service.stage.begun) == [1, 2, 3, 4], "no page is read twice"
    assert service.client.jobs().jobs == ()


def test_without_resume_an_interrupted_file_is_read_anew_and_tables_leave_nothing(
    service: ServiceProcess, run, tmp_path: Path
):
    pdf = text_pdf(tmp_path / "long.pdf", 3)
    interrupted(service, 2, "ocr", str(pdf))
    assert run("ocr", str(pdf)).code == 0
    assert sorted(service.stage.begun).count(1) == 2
    assert service.client.jobs().jobs == ()
    service.stage.forget()
    code, _said = interrupted(service, 2, "tables", str(pdf), "-o", str(tmp_path / "out.csv"))
    assert code == ExitCode.INTERRUPTED
    assert service.client.jobs().jobs == ()


def test_a_failed_page_is_kept_for_resume_which_reads_that_page_alone(service: ServiceProcess, run, tmp_path: Path):
    pdf = scan(tmp_path / "scan.tiff", 1, 2)
    service.stage.kill(2, always=True)
    told = run("ocr", str(pdf), "-f", "txt")
    assert (told.code, "1 failed" in told.err) == (ExitCode.PARTIAL, True), told.err
    service.stage.forget()
    ended = run("ocr", str(pdf), "-f", "txt", "--resume")
    assert (ended.code, service.stage.begun) == (0, [2])
    assert "Scan of page 2" in ended.out
    assert service.client.jobs().jobs == ()


def test_two_commands_on_the_same_file_do_not_share_a_job(service: ServiceProcess, files: Path):
    text = str(files / "text.pdf")
    service.stage.hold(2)
    both = [begin(service, "ocr", text, "-f", "txt"), begin(service, "ocr", text, "-f", "txt")]
    until(lambda: len(service.client.jobs().jobs) == 2)
    service.stage.release(2)
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said[0] == said[1]
    assert service.client.jobs().jobs == ()


def test_a_job_that_somebody_cancels_fails_its_file_alone(service: ServiceProcess, files: Path):
    shutil.copy(files / "text.pdf", files / "other.pdf")
    service.stage.hold(2)
    process = begin(service, "ocr", str(files / "text.pdf"), "-f", "txt")
    service.stage.await_held(2)
    service.client.cancel(service.client.jobs().jobs[0].id)
    assert process.communicate(timeout=60)[1].count("was cancelled") == 1
    assert process.returncode == ExitCode.INPUT


def test_a_service_that_dies_for_good_is_said(
    service: ServiceProcess, run, files: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(service_file, "AWAY_SECONDS", 0.5)
    service.stage.hold(1)

    def kill() -> None:
        service.stage.await_held(1)
        service.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        ended = run("ocr", str(files / "text.pdf"), "--service")
        assert ended.code == ExitCode.NO_ENGINE
        assert "No service answers" in ended.err
    finally:
        killer.join()
        service.start("--idle")
