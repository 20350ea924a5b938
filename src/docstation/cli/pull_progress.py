"""What a person sees of a pull while it goes on, on the standard error: a live bar on a terminal, else a line at times.

Views only tell; what they tell of is `docstation.bootstrap.pull_results.PullTold`.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from docstation.cli.console import say
from docstation.cli.models.wording import duration
from docstation.messages import N_, translate

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from docstation.bootstrap.pull_results import PullTold

KINDS = {
    "weights": N_("{subject}: {done} of {count} files"),
    "image": N_("{subject}: {done} of {count} layers"),
    "check": N_("{subject}: checking {count} files"),
}
EVERY = 10.0
"""Seconds between two lines about the same subject."""
WINDOW = 15.0
"""Seconds that the speed is measured over; a line that stalls shows it soon, and one that stutters does not flicker."""

Clock = Callable[[], float]


class PullView(Protocol):
    """Tells of a pull as it goes on."""

    def told(self, at: PullTold) -> None:
        """It has got this far."""

    def close(self) -> None:
        """Nothing more comes; also called when the pull is cut short."""


class Silent:
    """Tells nothing."""

    def told(self, at: PullTold) -> None:
        pass

    def close(self) -> None:
        pass


class Lines:
    """A line when a subject begins, and one every few seconds; for logs and pipes."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._pace = Pace(clock)
        self._subject = ""
        self._due = 0.0

    def told(self, at: PullTold) -> None:
        fresh = at.subject != self._subject
        if fresh:
            self._subject, self._pace = at.subject, Pace(self._clock)
        self._pace.note(at.bytes_done)
        if fresh or self._clock() >= self._due:
            self._due = self._clock() + EVERY
            rest = self._pace.rest_words(at.bytes)
            say(", ".join([parts_words(at), amount_words(at), *self._pace.speed_words(), *([rest] if rest else [])]))

    def close(self) -> None:
        pass


class Live:
    """A bar with files or layers, bytes, speed and the time left."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._pace = Pace(clock)
        self._subject = ""
        self._progress = _bar()
        self._task: TaskID | None = None
        self._progress.start()

    def told(self, at: PullTold) -> None:
        if self._task is None or at.subject != self._subject:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._subject, self._pace = at.subject, Pace(self._clock)
            self._task = self._progress.add_task("", amount="", speed="", rest="")
        self._pace.note(at.bytes_done)
        self._progress.update(
            self._task,
            description=parts_words(at),
            completed=at.bytes_done,
            total=at.bytes or None,
            amount=amount_words(at),
            speed="".join(self._pace.speed_words()),
            rest=self._pace.rest_words(at.bytes),
        )

    def close(self) -> None:
        self._progress.stop()


class Pace:
    """How fast it goes, over the last seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, done: int) -> None:
        """So many bytes are there now."""
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()  # begun anew
        now = self._clock()
        self._seen.append((now, done))
        while now - self._seen[0][0] > WINDOW:
            self._seen.popleft()

    @property
    def speed(self) -> float:
        """Bytes a second; 0 where it is not known, or nothing comes."""
        (begun, before), (now, done) = self._seen[0], self._seen[-1]
        return (done - before) / (now - begun) if now - begun >= 1.0 else 0.0

    def speed_words(self) -> list[str]:
        """``48.2 MB/s``; nothing where it is not known."""
        return [translate(N_("{size}/s"), size=size_words(round(self.speed)))] if self.speed else []

    def rest_words(self, total: int) -> str:
        """``3 min left``; empty where it is not known."""
        left = total - self._seen[-1][1]
        if not self.speed or left <= 0:
            return ""
        return translate(N_("{time} left"), time=duration(max(10.0, left / self.speed)))


def view(*, quiet: bool) -> PullView:
    """The view for this terminal, or for none."""
    if quiet:
        return Silent()
    return Live() if sys.stderr.isatty() else Lines()


def parts_words(at: PullTold) -> str:
    """``rednote-hilab/dots.ocr: 3 of 14 files``."""
    return translate(KINDS[at.kind], subject=at.subject, done=at.done, count=at.count)


def amount_words(at: PullTold) -> str:
    """``1.20 GB of 6.10 GB``."""
    return translate(N_("{done} of {size}"), done=size_words(at.bytes_done), size=size_words(at.bytes))


def size_words(count: int) -> str:
    """``6.10 GB``, ``12.3 MB`` or ``0.8 kB``, in powers of ten."""
    if count >= 10**9:
        return translate(N_("{count} GB"), count=f"{count / 10**9:.2f}")
    if count >= 10**6:
        return translate(N_("{count} MB"), count=f"{count / 10**6:.1f}")
    return translate(N_("{count} kB"), count=f"{count / 10**3:.1f}")


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[amount]}", markup=False),
        TextColumn("{task.fields[speed]}", markup=False),
        TextColumn("{task.fields[rest]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
