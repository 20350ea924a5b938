"""``kill -9`` in a pass with the reserve model, at every kind of moment: a switch there, one back, and no page lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from queue_samples import check_counts
from reserve_world import ACTIVE, RESERVE, Models, PaperStation, file_of, served

from docstation.bootstrap.engines import ENDPOINT_VARIABLE
from docstation.jobs.database import Database
from docstation.jobs.options import ReadOptions
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobOrder, JobState, NewsKind, PageState
from docstation.jobs.reserve import Said
from docstation.testing import marked_pages as marked

PROGRAM = Path(__file__).with_name("killed_reserve.py")
PATIENCE = 120.0
BAD = (1, 2, 4)
PAGES = 4

# Each process goes on where the one before was killed.
MOMENTS = (
    ("after hand_over", 1),
    ("before begin", 1),
    ("after begin", 1),
    ("before _enter", 1),
    ("after _enter", 1),
    ("before choose", 1),
    ("after choose", 1),
    ("before enter", 1),
    ("before take_up", 1),
    ("after take_up", 1),
    ("after _read", 1),
    ("after _page", 1),
    ("before keep_better", 1),
    ("before adopt", 1),
    ("after adopt", 1),
    ("before page_done", 1),
    ("after recover", 1),
    ("after page_done", 1),
    ("before leave", 1),
    ("after leave", 1),
    ("after _read", 1),
    ("before to", 1),
    ("before choose", 1),
    ("after choose", 1),
    ("before end", 1),
    ("after _end", 1),
)


def runner(arguments: list[str]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen([sys.executable, str(PROGRAM), *arguments], stderr=subprocess.PIPE, env=environment)


@pytest.mark.slow
def test_a_pass_that_is_killed_again_and_again_reads_each_page_and_goes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, file = tmp_path / "state", tmp_path / "station.json"
    with served(Models(bad=frozenset(BAD))) as server:
        monkeypatch.setenv(ENDPOINT_VARIABLE, server.address)
        station = PaperStation(file, server.address)
        queue = JobQueue(Database(folder), folder / "documents")
        path = file_of(tmp_path, range(1, PAGES + 1))
        job = queue.submit(JobOrder(path, path.name, ReadOptions(dpi=110, reserve="dots-mocr"))).id
        survived = []
        for moment, count in MOMENTS:
            process = runner([str(folder), str(file), server.address, moment, str(count)])
            _, said = process.communicate(timeout=PATIENCE)
            assert process.returncode in (-signal.SIGKILL, 0), (moment, said.decode())
            if process.returncode == 0:
                survived.append(moment)
            assert station.switches in ([], [RESERVE], [RESERVE, ACTIVE]), moment
        process = runner([str(folder), str(file), server.address, "", "0"])
        assert process.wait(PATIENCE) == 0
    assert survived == []
    assert station.switches == [RESERVE, ACTIVE]
    assert queue.job(job).state is JobState.DONE
    assert queue.job(job).counts == {PageState.OK: PAGES}
    document = queue.document(job)
    assert document is not None
    assert [page.engine for page in document.pages] == [RESERVE if n in BAD else ACTIVE for n in range(1, PAGES + 1)]
    assert [[block.text for block in page.blocks] for page in document.pages] == [
        [line.text for line in marked.lines_of(number)] for number in range(1, PAGES + 1)
    ]
    told = [one.code for one in queue.news(job) if one.kind is NewsKind.RESERVE]
    assert told == [Said.WAITS, Said.READS, Said.READ]
    assert sum(one.result == "ok" for one in queue.attempts(job)) == PAGES
    check_counts(queue)
    queue.database.close()
