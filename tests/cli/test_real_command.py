"""The installed command on real files: exit codes, the two streams, and no need of a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from run_samples import broken_pdf, locked_pdf, scan, text_pdf

COMMAND = str(Path(sys.executable).with_name("docstation"))


def call(folder: Path, *arguments: str, before: Sequence[str] = (), **variables: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command."""
    environment = {**os.environ, "DOCSTATION_UI_LANGUAGE": "en", **variables}
    done = subprocess.run(
        [*before, COMMAND, *arguments], cwd=folder, env=environment, capture_output=True, check=False, timeout=120
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a good, a damaged and a locked file."""
    folder = tmp_path / "files"
    folder.mkdir()
    text_pdf(folder / "good.pdf", 2)
    broken_pdf(folder / "broken.pdf")
    locked_pdf(folder / "locked.pdf", "open sesame")
    return folder


@pytest.mark.parametrize(
    ("arguments", "code", "states"),
    [
        (("good.pdf",), 0, ["ok"]),
        (("good.pdf", "-f", "nonsense"), 2, None),
        (("broken.pdf", "missing.pdf"), 3, ["failed", "failed"]),
        (("good.pdf", "broken.pdf"), 4, ["ok", "failed"]),
        (("locked.pdf",), 9, ["failed"]),
    ],
)
def test_every_end_has_its_exit_code_and_one_json_document_on_stdout(
    files: Path, arguments: tuple[str, ...], code: int, states: list[str] | None
) -> None:
    before = sorted(files.iterdir())
    returned, out, err = call(files, "ocr", *arguments, "--json", "--jobs", "1")
    told = json.loads(out)
    assert returned == told["exit_code"] == code
    if states is None:
        assert told["error"]["code"] == "usage"
    else:
        assert [file["status"] for file in told["files"]] == states
    assert ("error: " in err) is (code != 0)
    assert sorted(files.iterdir()) == before


def test_text_is_all_there_is_on_stdout_and_the_password_comes_from_the_environment(files: Path) -> None:
    code, out, err = call(files, "ocr", "locked.pdf", "--jobs", "1", DOCSTATION_PASSWORD="open sesame")
    assert (code, out.strip()) == (0, "Layer of page 1")
    assert err.strip() == "locked.pdf: 1 page"


def test_a_disk_that_takes_no_page_is_an_error_that_says_so(files: Path, home: Path) -> None:
    code, out, err = call(files, "ocr", "good.pdf", "--jobs", "1", before=["prlimit", "--fsize=100"])
    assert (code, out) == (3, "")
    assert f"error: {home / 'runs'} cannot be written: File too large" in err
    assert "fix: Free some disk space" in err


def without_network() -> list[str]:
    """The command that runs another one where there is no network at all."""
    return ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]


def test_everything_works_without_a_network(files: Path) -> None:
    scan(files / "scan.png", 4)
    seen = subprocess.run([*without_network(), "cat", "/proc/net/route"], capture_output=True, check=True)
    assert len(seen.stdout.splitlines()) <= 1
    code, out, _ = call(files, "ocr", "good.pdf", "scan.png", "--dpi", "72", before=without_network())
    assert code == 0
    assert "Layer of page 2" in out
    assert "Scan of page 4" in out
