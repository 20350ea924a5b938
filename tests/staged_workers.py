"""Real page workers on a stage: they note what they begin, and wait or die where a test wants them to.

Workers are processes of their own, so a stage is a folder, and the environment names it. A cue is the number of a page
or the name of a file that is opened. Nothing here waits without a bound: what is held in a worker ends with its task.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docstation.bootstrap import reader
from docstation.document.model import Page, Source
from docstation.intake.limits import Limits
from docstation.jobs.work import OpenTask, PageTask, PageWorker

TARGET = f"{__name__}:staged_worker"
VARIABLE = "DOCSTATION_TEST_STAGE"
PATIENCE = 60.0
"""Seconds after which a test gives up a worker that does not come."""

Cue = int | str


class Stage:
    """What workers are to do besides their work: said by the test, done by `StagedWorker`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._locks: dict[Cue, int] = {}
        self._bells: dict[Cue, int] = {}

    def kill(self, cue: Cue, *, always: bool = False) -> None:
        """The worker that begins this is killed; at the second try too, with `always`."""
        self._say(f"kill-{cue}", "always" if always else "once")

    def kill_first(self, cue: Cue) -> None:
        """The first worker that begins this is killed, and no other."""
        self._say(f"first-{cue}", "once")

    def kill_after(self, cue: Cue) -> None:
        """The worker that has done this is killed before it can answer."""
        self._say(f"late-{cue}", "once")

    def raise_at(self, cue: Cue) -> None:
        """The worker meets a bug when it begins this."""
        self._say(f"bug-{cue}", "once")

    def hold(self, cue: Cue) -> None:
        """The worker that begins this waits until it is released."""
        os.mkfifo(self.folder / f"bell-{cue}")
        self._bells[cue] = os.open(self.folder / f"bell-{cue}", os.O_RDONLY | os.O_NONBLOCK)
        self._locks[cue] = os.open(self.folder / f"hold-{cue}", os.O_RDWR | os.O_CREAT)
        fcntl.flock(self._locks[cue], fcntl.LOCK_EX)

    def await_held(self, cue: Cue) -> None:
        """Wait until a worker is held there."""
        assert select.select([self._bells[cue]], [], [], PATIENCE)[0], f"no worker came to {cue}"

    def release(self, cue: Cue) -> None:
        """Let the worker go on, also one that comes later."""
        os.close(self._locks.pop(cue))

    def hold_until_done(self, cue: Cue, other: Cue) -> None:
        """The worker that begins `cue` waits until another has done `other`."""
        os.mkfifo(self.folder / f"follow-{cue}")
        self._say(f"then-{other}", str(cue))

    def allot(self, cue: Cue, size: int) -> None:
        """The worker that begins this takes `size` bytes of memory, and waits with them."""
        self._say(f"size-{cue}", str(size))
        self.hold(cue)

    @property
    def begun(self) -> list[int]:
        """The pages that workers began, in that order; a page that was begun twice stands there twice."""
        return [int(line) for line in self.told("begun").split()]

    def forget(self) -> None:
        """Nothing is wanted of workers any more, and no page was begun."""
        for cue in list(self._locks):
            self.release(cue)
        for path in self.folder.iterdir():
            path.unlink()

    def told(self, name: str) -> str:
        """What was said of that; empty where nothing was."""
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def close(self) -> None:
        """Release everything."""
        for descriptor in (*self._locks.values(), *self._bells.values()):
            os.close(descriptor)

    def wait_at(self, cue: Cue) -> None:
        """Called in workers: wait there where the test said so."""
        if self.told(f"follow-{cue}"):
            (self.folder / f"follow-{cue}").unlink()
        if (self.folder / f"hold-{cue}").exists():
            self._say(f"bell-{cue}", "here")
            with (self.folder / f"hold-{cue}").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH)

    def lead(self, cue: Cue) -> None:
        """Called in workers: whoever waits for this goes on."""
        if follower := self.told(f"then-{cue}"):
            (self.folder / f"then-{cue}").unlink()
            self._say(f"follow-{follower}", "go")

    def _say(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)


class StagedWorker:
    """A `PageWorker` that does what its stage wants before and after its work."""

    def __init__(self, worker: PageWorker, stage: Stage) -> None:
        self._worker = worker
        self._stage = stage

    def __call__(self, task: OpenTask | PageTask) -> Source | Page:
        if isinstance(task, OpenTask):
            return self._do(task, Path(task.name).name)
        with (self._stage.folder / "begun").open("a") as log:
            log.write(f"{task.number}\n")
        if not task.after:
            return self._do(task, task.number)
        if self._stage.told(f"kill-{task.number}") == "always":
            _die()
        return self._worker(task)

    def _do(self, task: OpenTask | PageTask, cue: Cue) -> Source | Page:
        stage = self._stage
        if stage.told(f"first-{cue}"):
            (stage.folder / f"first-{cue}").unlink()
            _die()
        if stage.told(f"kill-{cue}"):
            _die()
        if stage.told(f"bug-{cue}"):
            raise ZeroDivisionError(cue)
        taken = bytearray(b"\1") * int(stage.told(f"size-{cue}") or 0)
        stage.wait_at(cue)
        del taken
        value = self._worker(task)
        stage.lead(cue)
        if stage.told(f"late-{cue}"):
            _die()
        return value


def staged_worker(engine: str, languages: tuple[str, ...], limits: Limits) -> StagedWorker:
    """The target of a pool: the real worker, on the stage that the environment names."""
    return StagedWorker(reader.page_worker(engine, languages, limits), Stage(Path(os.environ[VARIABLE])))


@contextmanager
def staged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A stage for all runs of this process, and of those that it starts with `reader.WORKER` set likewise."""
    folder.mkdir()
    monkeypatch.setenv(VARIABLE, str(folder))
    monkeypatch.setattr(reader, "WORKER", TARGET)
    stage = Stage(folder)
    yield stage
    stage.close()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
