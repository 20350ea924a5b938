"""``kill -9`` of the service at fifty random moments while it reads sixty pages: the same bytes come out."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_samples import text_pdf
from running_service import eventually, free_port

from docstation.jobs.database import Database
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobOrder, JobState, NewsKind, PageState

PROGRAM = Path(__file__).with_name("killed_service.py")
SEED = 4
KILLS, PAGES, WORKERS = 50, 60, 2
BEGINNING = 0.25
"""Part of the kills that come while the service starts."""


class Lives:
    """A service that is started again after each kill, and the queue that it leaves behind."""

    def __init__(self, home: Path) -> None:
        home.mkdir()
        self._environment = {
            **os.environ,
            "DOCSTATION_HOME": str(home),
            "DOCSTATION_UI_LANGUAGE": "en",
            "DOCSTATION_STATION_DRIVER": "embedded",
            "DOCSTATION_SERVICE_PORT": str(free_port()),
            "DOCSTATION_READING_JOBS": str(WORKERS),
        }
        self._starter = subprocess.Popen(
            [sys.executable, str(PROGRAM)],
            env=self._environment,
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(home / "said").open("wb"),
        )
        self.home = home
        self.queue = JobQueue(Database(home), home / "documents")
        self.pid = 0

    def start(self) -> None:
        assert self._starter.stdin is not None
        assert self._starter.stdout is not None
        self._starter.stdin.write(b"start\n")
        self._starter.stdin.flush()
        self.pid = int(self._starter.stdout.readline())

    def alive(self) -> bool:
        """Whether it goes on; one that has ended by itself waits to be looked at."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"

    def kill(self) -> None:
        assert self.alive(), (self.home / "said").read_text()
        os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        for pid in filter(None, (self.pid, *self._gateways())):
            os.kill(pid, signal.SIGKILL)
        self._starter.communicate(timeout=20)
        self.queue.database.close()

    def _gateways(self) -> list[int]:
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal() and (folder / "cmdline").exists():
                words = (folder / "cmdline").read_bytes()
                if str(self.home / "gateway.sock").encode() in words:
                    found.append(int(folder.name))
        return found

    # What lies on the disk.

    def submit(self, path: Path) -> str:
        """A file of one's own is copied, as an upload is."""
        received = self.queue.receive()
        received.write_bytes(path.read_bytes())
        return self.queue.submit(JobOrder(received, path.name)).id

    def done(self, job: str) -> dict[int, bytes]:
        """The pages that were told to be read, as they are kept."""
        folder = self.queue.files_of(job).given.parent / "pages"
        numbers = [page.number for page in self.queue.pages(job) if page.state is PageState.OK]
        return {number: (folder / f"page-{number:06}.json").read_bytes() for number in numbers}

    def ended(self, job: str) -> bool:
        return self.queue.job(job).state is JobState.DONE

    def interrupted(self, job: str) -> int:
        return sum(one.result == "interrupted" for one in self.queue.attempts(job))

    def document(self, job: str) -> bytes:
        path = self.queue.files_of(job).document
        assert path is not None
        return path.read_bytes()


@pytest.fixture
def lives(tmp_path: Path) -> Iterator[Lives]:
    made = Lives(tmp_path / "home")
    yield made
    made.close()


def live_a_while(lives: Lives, job: str, chance: random.Random) -> None:
    """Wait for a moment to kill: while it starts, or when it has read a few pages more and a little later."""
    lives.start()
    if chance.random() < BEGINNING:
        time.sleep(chance.uniform(0.0, 0.7))
        return
    wanted = len(lives.done(job)) + chance.choice((0, 1, 1, 2, 3))
    begun = len(lives.queue.attempts(job))

    def far_enough() -> bool:
        assert lives.alive(), (lives.home / "said").read_text()
        return lives.ended(job) or (len(lives.queue.attempts(job)) > begun and len(lives.done(job)) >= wanted)

    eventually(far_enough, "it does not go on")
    time.sleep(chance.uniform(0.0, 0.03))


@pytest.mark.slow
def test_fifty_kills_lose_nothing_and_change_no_byte(lives: Lives, tmp_path: Path):
    chance = random.Random(SEED)
    path = text_pdf(tmp_path / "book.pdf", PAGES, pictures=range(3, PAGES, 7))
    undisturbed = lives.submit(path)
    lives.start()
    eventually(lambda: lives.ended(undisturbed), "the undisturbed run ends")
    whole = lives.document(undisturbed)
    lives.kill()
    jobs: list[str] = []
    before: dict[int, bytes] = {}
    redone = 0
    for number in range(KILLS):
        if not jobs or lives.ended(jobs[-1]):
            jobs.append(lives.submit(path))
            before, redone = {}, 0
        job = jobs[-1]
        live_a_while(lives, job, chance)
        # What the kill before left shows when its successor has begun: at most one page for each worker.
        assert lives.interrupted(job) - redone <= WORKERS, number
        redone = lives.interrupted(job)
        lives.kill()
        after = lives.done(job)
        assert before.items() <= after.items(), f"kill {number} lost a page"
        before = after
    lives.start()
    for job in jobs:
        eventually(lambda job=job: lives.ended(job), "the last one ends")
        assert lives.document(job) == whole
        attempts = lives.queue.attempts(job)
        assert sum(one.result == "ok" for one in attempts) == PAGES
        assert len(attempts) == PAGES + lives.interrupted(job)
        news = lives.queue.news(job)
        assert [one.number for one in news] == list(range(1, len(news) + 1))
        assert [one.kind for one in news].count(NewsKind.DONE) == 1
    assert sum(lives.interrupted(job) for job in jobs) > KILLS / 10, "hardly any page was under way"
