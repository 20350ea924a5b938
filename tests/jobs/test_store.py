from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Page, PageStatus
from docstation.jobs.options import ReadOptions
from docstation.jobs.store import PageStore, drop_old_runs, store_key, write_durably

PAGE = Page(3, 595.0, 842.0, (Block("p3-b1", Category.TEXT, Box(10, 20, 30, 40), "Счёт № 5"),))


def test_kept_pages_come_back_on_resume(tmp_path: Path) -> None:
    store = PageStore.open(tmp_path, "key", resume=False)
    store.keep(PAGE)
    store.close(remove=False)

    again = PageStore.open(tmp_path, "key", resume=True)
    assert again.finished() == {3: PAGE}
    again.close(remove=True)
    assert not (tmp_path / "key").exists()


def test_a_fresh_run_starts_empty(tmp_path: Path) -> None:
    store = PageStore.open(tmp_path, "key", resume=False)
    store.keep(PAGE)
    (store.pictures / "p3-b1.png").write_bytes(b"x")
    store.close(remove=False)

    fresh = PageStore.open(tmp_path, "key", resume=False)
    assert fresh.finished() == {}
    assert list(fresh.pictures.iterdir()) == []
    fresh.close(remove=True)


def test_failed_pages_are_read_again(tmp_path: Path) -> None:
    store = PageStore.open(tmp_path, "key", resume=False)
    store.keep(replace(PAGE, status=PageStatus.FAILED, reason="timeout"))
    assert store.finished() == {}
    store.close(remove=True)


def test_a_torn_page_file_counts_as_missing(tmp_path: Path) -> None:
    store = PageStore.open(tmp_path, "key", resume=False)
    store.keep(PAGE)
    path = next(store.folder.glob("page-*.json"))
    path.write_bytes(path.read_bytes()[:40])
    assert store.finished() == {}
    store.close(remove=True)


def test_two_runs_of_one_file_do_not_share_a_folder(tmp_path: Path) -> None:
    one = PageStore.open(tmp_path, "key", resume=True)
    other = PageStore.open(tmp_path, "key", resume=True)
    assert one.folder != other.folder
    one.close(remove=True)
    other.close(remove=True)


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from docstation.jobs.store import PageStore;"
        "s = PageStore.open(Path(sys.argv[1]), 'key', resume=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert killed.returncode == -9
    store = PageStore.open(tmp_path, "key", resume=True)
    assert store.folder.name == "key"
    store.close(remove=True)


@pytest.mark.parametrize(
    "changed", [ReadOptions(dpi=300), ReadOptions(languages=("eng",)), ReadOptions(engine="other")]
)
def test_what_changes_the_result_changes_the_key(changed: ReadOptions) -> None:
    assert store_key("0" * 64, changed) != store_key("0" * 64, ReadOptions())


def test_page_range_and_processes_share_the_kept_pages() -> None:
    assert store_key("0" * 64, ReadOptions(pages="1-3", jobs=4, password="x")) == store_key("0" * 64, ReadOptions())


def test_old_runs_are_dropped_and_used_ones_are_not(tmp_path: Path) -> None:
    for name in ("old", "new", "used"):
        PageStore.open(tmp_path, name, resume=False).close(remove=False)
    used = PageStore.open(tmp_path, "used", resume=True)
    for name in ("old", "used"):
        os.utime(tmp_path / name, (0, 0))
    assert drop_old_runs(tmp_path, now=10 * 86_400.0, days=7) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "used"]
    used.close(remove=True)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.json"
    write_durably(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_durably(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["page.json"]
