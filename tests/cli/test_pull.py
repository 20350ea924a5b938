import errno
import json
import signal
import subprocess
import sys

import pytest
from models.hub_server import REPOSITORY, digest
from pull_station import FILES, SHARD, held, station_with_hub, weights

from docstation.models.blob_download import Part
from docstation.models.pins import Pins


@pytest.fixture
def server(home, tmp_path, monkeypatch):
    with station_with_hub(home, tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def pins(home):
    return Pins(home / "station")


def test_weights_are_fetched_recorded_and_then_here(run, server, pins, tmp_path):
    commit = server.repositories[REPOSITORY].newest
    outcome = run("pull", "small")
    assert outcome.code == 0
    assert f"{REPOSITORY}: fetched, 3 files, 1.0 MB, {commit[:12]}" in outcome.out
    folder = tmp_path / "hub" / "models--maker--small-reader" / "snapshots" / commit
    assert str(folder) in outcome.out
    assert f"{REPOSITORY}: 0 of 3 files" in outcome.err
    assert (folder / SHARD).read_bytes() == FILES[SHARD]
    assert held(pins) == commit
    server.asked.clear()
    server.nonsense = True
    again = run("pull", "small")
    assert (again.code, server.asked) == (0, [])
    assert f"{REPOSITORY}: all here, 3 files" in again.out


def test_the_station_finds_what_was_fetched(run, server, home, tmp_path):
    from docstation.models.checkpoint import checkpoint_folder
    from docstation.station.deployment import Deployment
    from docstation.station.drivers.weights import check_weights

    run("pull", "small")
    commit = server.repositories[REPOSITORY].newest
    assert checkpoint_folder(REPOSITORY, tmp_path / "hub") == checkpoint_folder(REPOSITORY, tmp_path / "hub", commit)
    for revision in ("", commit):
        found = Deployment("small", "process", "small", 8192, checkpoint=REPOSITORY, revision=revision)
        check_weights(found, tmp_path / "hub")


def test_a_recorded_revision_is_held_until_it_is_upgraded(run, server, pins):
    run("pull", "small")
    old = held(pins)
    new = server.push(FILES | {"config.json": b'{"new": 1}'})
    assert weights(run("pull", "small", "--json"))["revision"] == held(pins) == old
    outcome = run("pull", "small", "--upgrade")
    assert f"{old[:12]} → {new[:12]}" in outcome.out
    assert held(pins) == new
    assert weights(run("pull", "small", "--upgrade", "--json")) | {"state": "here", "before": ""} == weights(
        run("pull", "small", "--json")
    )


def test_a_recorded_revision_is_fetched_though_a_newer_one_is_there(run, server, pins, tmp_path):
    old = server.repositories[REPOSITORY].newest
    server.push(FILES | {"config.json": b'{"new": 1}'})
    pins.record("weights", REPOSITORY, old)
    assert run("pull", "small").code == 0
    assert held(pins) == old
    assert [one.name for one in (tmp_path / "hub").glob("models--*/snapshots/*")] == [old]


def test_a_disk_that_fills_up_is_explained_and_nothing_recorded(run, server, pins, monkeypatch):
    add = Part.add

    def full(part: Part, piece: bytes) -> None:
        if part.size + len(piece) > 500_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        add(part, piece)

    with monkeypatch.context() as spoilt:
        spoilt.setattr(Part, "add", full)
        outcome = run("pull", "small", "--json")
    assert outcome.code == 5
    assert weights(outcome)["error"]["cause"] == "disk-full"
    assert "station.cache" in outcome.err
    assert held(pins) == ""
    assert run("pull", "small").code == 0
    assert server.loads(SHARD)[1] > 0


def test_an_upgrade_that_fails_leaves_what_was_recorded(run, server, pins):
    run("pull", "small")
    old = held(pins)
    server.push(FILES | {SHARD: b"newer"})
    server.spoilt[SHARD] = b"wrong"
    outcome = run("pull", "small", "--upgrade")
    assert outcome.code == 5
    assert SHARD in outcome.err
    assert held(pins) == old
    assert run("pull", "small", "--verify").code == 0


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_pull_that_was_ended_goes_on_where_it_was(run, server, pins, tmp_path, sent):
    server.held, server.held_at = SHARD, 700_000
    command = [sys.executable, "-m", "docstation", "pull", "small", "--ui-language", "en"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not server.reached.wait(0.05):
            assert process.poll() is None
        part = tmp_path / "hub/models--maker--small-reader/blobs" / f"{digest(SHARD, FILES[SHARD])}.incomplete"
        while not part.exists() or part.stat().st_size < 700_000:
            assert process.poll() is None
        process.send_signal(sent)
        _out, err = process.communicate(timeout=20)
    if sent is signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130
        assert "what was loaded is kept" in err
        assert "Traceback" not in err
    assert held(pins) == ""
    server.held = ""
    assert run("pull", "small").code == 0
    assert server.loads(SHARD) == [0, 700_000]
    assert held(pins) == server.repositories[REPOSITORY].newest


def test_nothing_is_begun_where_the_disk_does_not_hold_it(run, server, pins, monkeypatch):
    monkeypatch.setattr("docstation.bootstrap.pulling.free_bytes", lambda _folder: 3_000_000)
    outcome = run("pull", "small")
    assert outcome.code == 5
    needed = sum(map(len, FILES.values()))
    assert f"({needed} bytes) are to be loaded" in outcome.err
    assert "0.50 GB" in outcome.err
    assert "station.cache" in outcome.err
    assert (server.asked, held(pins)) == ([], "")
    assert run("pull", "small", "--dry-run").code == 5


def test_what_is_here_needs_no_room(run, server, monkeypatch):
    run("pull", "small")
    monkeypatch.setattr("docstation.bootstrap.pulling.free_bytes", lambda _folder: 0)
    assert run("pull", "small").code == 0


def test_a_folder_that_cannot_be_written_is_named(run, server, pins, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
    outcome = run("pull", "small")
    assert outcome.code == 5
    assert f"{tmp_path}/file" in outcome.err
    assert "chown" in outcome.err
    assert held(pins) == ""


def test_a_dry_run_tells_and_changes_nothing(run, server, pins, home, tmp_path):
    outcome = run("pull", "small", "--dry-run")
    commit = server.repositories[REPOSITORY].newest
    assert outcome.code == 0
    assert f"{REPOSITORY}: to be fetched, 3 files, 1.0 MB, {commit[:12]}" in outcome.out
    assert "to be loaded: 1.0 MB, into " in outcome.out
    assert f"1.0 MB  {SHARD}" in outcome.out
    assert "free on the disk of" in outcome.out
    assert not (tmp_path / "hub").exists()
    assert not (home / "station").exists()
    found = json.loads(run("pull", "small", "--dry-run", "--json").out)
    assert found["free_bytes"] > 0
    assert {one["path"]: one["bytes"] for one in found["weights"][0]["missing"]} == {
        path: len(content) for path, content in FILES.items()
    }


def test_a_damaged_file_is_found_and_mended(run, server, tmp_path):
    run("pull", "small")
    (shard,) = (tmp_path / "hub").glob(f"models--*/snapshots/*/{SHARD}")
    assert "sound by content" in run("pull", "small", "--verify", "--deep").out
    shard.resolve().write_bytes(FILES[SHARD][:100])
    outcome = run("pull", "small", "--verify")
    assert outcome.code == 5
    assert f"1 file damaged, 3 files, 1.0 MB, {server.repositories[REPOSITORY].newest[:12]}" in outcome.out
    assert f"{SHARD}: 100 bytes in place of 1048576" in outcome.out
    assert "`docstation pull small` checks them" in outcome.err
    assert run("pull", "small").code == 0
    shard.resolve().write_bytes(bytes(len(FILES[SHARD])))
    assert run("pull", "small", "--verify").code == 0
    outcome = run("pull", "small", "--verify", "--deep", "--json")
    (found,) = json.loads(outcome.out)["weights"]
    assert [(one["path"], one["kind"]) for one in found["damages"]] == [(SHARD, "content")]
    assert found["error"]["cause"] == "weights-corrupt"
    assert "`docstation pull small --deep` checks them" in outcome.err
    assert run("pull", "small", "--deep").code == 0
    assert run("pull", "small", "--verify", "--deep").code == 0


def test_a_check_needs_no_network_and_says_what_is_not_here(run, server):
    outcome = run("pull", "small", "--verify")
    assert outcome.code == 5
    assert "The weights of small are not on this machine." in outcome.err
    run("pull", "small")
    server.nonsense = True
    assert run("pull", "small", "--verify").code == 0


def test_files_that_others_fetched_are_checked_against_the_hub(run, server, home):
    run("pull", "small")
    for path in (home / "station").rglob("*.json"):
        path.unlink()
    outcome = run("pull", "small", "--verify")
    assert outcome.code == 0
    assert "sound by size" in outcome.out
