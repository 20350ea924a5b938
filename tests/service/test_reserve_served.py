"""The reserve model through the running service: a real station switches there and back, whatever is killed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from programmed_page import DPI, layout, scan
from running_service import COMMAND, PATIENCE, Service, eventually, service

from docstation.client import Client, JobOptions

CATALOGUE = f"""
[models.dots-ocr]
checkpoint = "{{weights}}"
served_name = "rednote-hilab/dots.ocr"

[models.dots-mocr]
checkpoint = "{{weights}}"
served_name = "rednote-hilab/dots.mocr"
environment = {{ MODEL_SERVER_PIECE_SECONDS = "0.01", MODEL_SERVER_ANSWER = '''{layout()}''' }}

[models.qwen3-vl-2b]
checkpoint = "{{weights}}"
served_name = "rednote-hilab/dots.third"

[models.qwen3-vl-4b]
checkpoint = "{{weights}}"
served_name = "rednote-hilab/dots.never"
environment = {{ MODEL_SERVER_FAIL = "oom" }}

[aliases.dots]
candidates = ["dots-mocr"]
"""
"""What the active model says is no layout; the reserve reads the page that the tests send."""
ACTIVE, RESERVE, THIRD, NEVER = "dots-ocr", "dots-mocr", "qwen3-vl-2b", "qwen3-vl-4b"
PAGES = 3


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path, CATALOGUE, READING_DPI=DPI) as one:
        yield one


@pytest.mark.slow
def test_a_command_has_the_station_switch_there_and_back(served: Service, tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.pdf", PAGES)
    command = [COMMAND, "ocr", str(path), "--json", "--reserve", RESERVE, "--dpi", str(DPI)]
    done = subprocess.run(command, env=served.environment, capture_output=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr.decode()
    (file,) = json.loads(done.stdout)["files"]
    assert [(page["status"], page["engine"]) for page in file["pages"]] == [("ok", "rednote-hilab/dots.mocr")] * PAGES
    said = done.stderr.decode()
    assert "some pages wait for the reserve model" in said
    assert "the reserve model has read what the active one did not" in said
    eventually(lambda: served.serving() == [ACTIVE], "it does not go back")


@pytest.mark.slow
def test_a_service_that_is_killed_while_the_reserve_reads_goes_on_and_back(served: Service, tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.pdf", PAGES)
    with closing(Client(f"http://127.0.0.1:{served.port}", key="")) as client:
        job = client.submit(path, JobOptions(reserve="dots")).id
        eventually(lambda: any(one.code == "reads" for one in client.events(job).events), "it is not begun")
        assert served.process is not None
        served.process.kill()
        served.process.communicate()
        served.start()
        events = list(client.follow(job, patience=PATIENCE))
        assert [one.code for one in events if one.kind == "reserve"] == ["waits", "reads", "read"]
        assert "reserve" in {one.state for one in events}
        shown = client.job(job)
        assert (shown.state, shown.counts, shown.options.reserve) == ("done", {"ok": PAGES}, "dots")
        assert [page.state for page in shown.pages] == ["ok"] * PAGES
    eventually(lambda: served.serving() == [ACTIVE], "it does not go back")


@pytest.mark.slow
def test_a_reserve_that_does_not_come_up_leaves_the_document_and_the_station_as_they_were(
    served: Service, tmp_path: Path
) -> None:
    with closing(Client(f"http://127.0.0.1:{served.port}", key="")) as client:
        job = client.submit(scan(tmp_path / "scan.pdf", PAGES), JobOptions(reserve=NEVER)).id
        events = list(client.follow(job, patience=PATIENCE))
        assert [one.code for one in events if one.kind == "reserve"] == ["waits", "switch-rolled-back"]
        assert client.job(job).counts == {"fallback": PAGES}
    eventually(lambda: served.serving() == [ACTIVE], "it does not go back")


@pytest.mark.slow
def test_somebody_who_switches_meanwhile_has_the_last_word(served: Service, tmp_path: Path) -> None:
    with closing(Client(f"http://127.0.0.1:{served.port}", key="")) as client:
        job = client.submit(scan(tmp_path / "scan.pdf", PAGES), JobOptions(reserve="dots")).id
        eventually(lambda: any(one.code == "reads" for one in client.events(job).events), "it is not begun")
        client.switch(THIRD)
        events = list(client.follow(job, patience=PATIENCE))
        assert [one.code for one in events if one.kind == "reserve"] == ["waits", "reads", "taken"]
        assert client.job(job).state == "done"
        other = client.submit(scan(tmp_path / "other.pdf"), JobOptions(reserve="none")).id
        assert list(client.follow(other, patience=PATIENCE))[-1].state == "done"
    assert served.serving() == [THIRD]


def test_an_order_is_refused_for_a_model_that_is_none(served: Service, tmp_path: Path) -> None:
    from docstation.errors import DocStationError

    path = scan(tmp_path / "scan.pdf")
    with closing(Client(f"http://127.0.0.1:{served.port}", key="")) as client:
        for name in ("dreamt", "embedded"):
            with pytest.raises(DocStationError):
                client.submit(path, JobOptions(reserve=name))
        assert client.job(client.submit(path, JobOptions(reserve="none")).id).options.reserve == ""
