"""``docstation ocr`` stopped hard or gently at several moments, and resumed: what is read again, what comes out."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from run_samples import scan, text_pdf
from staged_workers import PATIENCE, TARGET, Stage, staged

from docstation.export import FORMATS

pytestmark = pytest.mark.slow

MAIN = "import sys; from docstation.cli.main import main; sys.exit(main())"
STAGED = f"from docstation.bootstrap import reader; reader.WORKER = {TARGET!r}; {MAIN}"
PROGRAM = [sys.executable, "-c", STAGED]
PAGES = 8
BOOK = tuple(range(1, PAGES + 1))
WRITTEN = ",".join(made.name for made in FORMATS.values() if find_spec(f"docstation.export.{made.module}"))
COMMAND = ("ocr", "book.tiff", "-o", "out", "-f", WRITTEN, "--dpi", "72", "-v")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(tmp_path / "stage", monkeypatch) as made:
        yield made


@pytest.fixture(autouse=True)
def _surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers find the modules of tests; what a killed command leaves in the temporary folder goes with the test."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("DOCSTATION_UI_LANGUAGE", "en")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """What one worker makes of the book when nothing comes between."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    scan(folder / "book.tiff", *BOOK)
    environment = {**os.environ, "DOCSTATION_HOME": str(folder / "home")}
    program = [sys.executable, "-c", MAIN, *COMMAND, "--jobs", "1"]
    done = subprocess.run(program, cwd=folder, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return outputs(folder / "out")


def outputs(folder: Path) -> dict[str, bytes]:
    """Every file of the results by its name; what a writer that was killed has left under no name is none."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command in a process group of its own; with the block its workers must have ended too."""
    process = subprocess.Popen(
        [*PROGRAM, *arguments], cwd=folder, start_new_session=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for_page(process: subprocess.Popen[bytes], page: int) -> None:
    """Until the command says that it has finished that page, or the last one before it."""
    assert process.stderr is not None
    for line in process.stderr:
        if f"page {page}: read".encode() in line:
            return
    raise AssertionError(f"page {page} was never read")


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """Descriptors that become readable when the workers end."""
    return [os.pidfd_open(child.pid) for child in psutil.Process(process.pid).children(recursive=True)]


def assert_ended(workers: list[int]) -> None:
    for worker in workers:
        assert select.select([worker], [], [], PATIENCE)[0], "a worker outlived its parent"
        os.close(worker)


def resumed(folder: Path, *arguments: str) -> dict[str, object]:
    """The one file of the JSON document of a resumed run that ended well."""
    done = subprocess.run([*PROGRAM, *arguments, "--resume", "--json"], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def killed(folder: Path, stage: Stage, *held: int) -> list[int]:
    """Resume the run, kill its process group when its two workers are held there; the pages that were begun."""
    stage.forget()
    for page in held:
        stage.hold(page)
    with running(folder, *COMMAND, "--jobs", "2", "--resume") as process:
        for page in held:
            stage.await_held(page)
        kill(process)
    return sorted(stage.begun)


def kill(process: subprocess.Popen[bytes]) -> None:
    workers = workers_of(process)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(PATIENCE) == -signal.SIGKILL
    assert_ended(workers)


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bytes(
    tmp_path: Path, home: Path, stage: Stage, uninterrupted: Mapping[str, bytes]
) -> None:
    scan(tmp_path / "book.tiff", *BOOK)
    assert killed(tmp_path, stage, 2, 3) == [1, 2, 3]
    # Of what was finished nothing is read again; one page for each of the two workers is.
    assert killed(tmp_path, stage, 6, 7) == [2, 3, 4, 5, 6, 7]
    assert not (tmp_path / "out").exists()

    stage.forget()
    with running(tmp_path, *COMMAND, "--jobs", "2", "--resume") as process:
        wait_for_page(process, 8)
        kill(process)  # while pages end and results are written
    assert sorted(stage.begun) == [6, 7, 8]

    stage.forget()
    (file,) = resumed(tmp_path, *COMMAND, "--jobs", "2")["files"]
    assert file["kept_pages"] == PAGES - len(stage.begun)
    assert set(stage.begun) < {6, 7}
    assert [page["number"] for page in file["pages"]] == list(BOOK)
    assert outputs(tmp_path / "out") == uninterrupted
    assert len(uninterrupted) >= len(FORMATS)
    assert not list((home / "runs").iterdir())


def interrupted(folder: Path, sent: signal.Signals, stage: Stage, *command: str) -> str:
    """Send the signal to the whole process group, as a terminal does, when page 3 is held; what the command says."""
    with running(folder, *command) as process:
        stage.await_held(3)
        workers = workers_of(process)
        os.killpg(process.pid, sent)
        out, err = process.communicate(timeout=PATIENCE)
        assert_ended(workers)
    assert (process.returncode, out) == (130, b"")
    return err.decode()


def test_ctrl_c_writes_what_is_complete_and_says_how_to_go_on(tmp_path: Path, home: Path, stage: Stage) -> None:
    text_pdf(tmp_path / "first.pdf", 2)
    text_pdf(tmp_path / "my book.pdf", 4)
    command = ("ocr", "first.pdf", "my book.pdf", "-o", "out", "--jobs", "1", "--password", "secret")
    stage.hold(3)
    said = interrupted(tmp_path, signal.SIGINT, stage, *command)
    assert "docstation ocr first.pdf 'my book.pdf' -o out --jobs 1 --password ... --resume" in said
    assert "secret" not in said
    assert outputs(tmp_path / "out").keys() == {"first.md"}
    assert len(list((home / "runs").iterdir())) == 2

    stage.forget()
    files = resumed(tmp_path, *command)["files"]
    assert [file["kept_pages"] for file in files] == [2, 2]
    assert stage.begun == [3, 4]
    assert outputs(tmp_path / "out").keys() == {"first.md", "my book.md"}
    assert not list((home / "runs").iterdir())


def test_a_request_to_end_is_taken_like_ctrl_c(tmp_path: Path, home: Path, stage: Stage) -> None:
    text_pdf(tmp_path / "a.pdf", 3)
    stage.hold(3)
    assert "--resume" in interrupted(tmp_path, signal.SIGTERM, stage, "ocr", "a.pdf", "--jobs", "1")
    (run,) = (home / "runs").iterdir()
    assert len(list(run.glob("page-*.json"))) == 2


def test_two_commands_on_one_file_at_once_do_not_harm_each_other(tmp_path: Path, home: Path, stage: Stage) -> None:
    text_pdf(tmp_path / "a.pdf", 4, pictures=[3])
    command = ("ocr", "a.pdf", "--jobs", "1", "-v", "-f", "md,json", "-o")
    stage.hold(2)
    with running(tmp_path, *command, "one") as one, running(tmp_path, *command, "two") as two:
        wait_for_page(one, 1)
        wait_for_page(two, 1)
        assert len(list((home / "runs").iterdir())) == 2
        stage.release(2)
        for process in (one, two):
            process.communicate(timeout=PATIENCE)
            assert process.returncode == 0
    assert len(outputs(tmp_path / "one")) == 3
    assert outputs(tmp_path / "one") == outputs(tmp_path / "two")
    assert not list((home / "runs").iterdir())
