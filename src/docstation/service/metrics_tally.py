"""What the service counts while it runs: switches as the station tells them, pages as they are read; plain numbers.

Counts begin with the process, as Prometheus expects of counters; what is to outlive it is in the journal and in the
database. The same happenings go into the log. Knows nothing of Prometheus.
"""

from __future__ import annotations

import logging
import threading
import time
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Callable

from docstation.errors import NotFound
from docstation.jobs.database import UNANSWERED
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobNews, JobState, NewsKind, PageState
from docstation.service.logs import tell
from docstation.station.journal import Record
from docstation.station.words import Effect, Ended, State

SWITCH_BOUNDS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
PAGE_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
MOST_JOBS = 10_000
"""Jobs of which it is remembered how far their news were counted."""
MOST_NEWS = 1_000_000


class Times:
    """Seconds, counted by upper bounds.

    Args:
        bounds: ascending; the last class has none.

    Attributes:
        total: of all of them.
    """

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def see(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """How many were at most so long, by bound; the last bound is ``+Inf``."""
        made, count = [], 0
        for bound, here in zip((*map(str, self._bounds), "+Inf"), self._counts, strict=True):
            count += here
            made.append((bound, float(count)))
        return made


class StationTally:
    """Counts what the station's owner tells.

    Attributes:
        switches: that ended, by kind and outcome.
        seconds: that they took, by outcome.
        steps: seconds of their steps, by step and ``done`` or ``failed``.
        failures: of serving models, by cause.
        began: POSIX seconds since when is counted.
    """

    def __init__(self) -> None:
        self.switches: Counter[tuple[str, str]] = Counter()
        self.seconds: dict[str, Times] = {}
        self.steps: dict[tuple[str, str], Times] = {}
        self.failures: Counter[str] = Counter()
        self.began = time.time()

    def hear(self, record: Record, _state: State, effects: tuple[Effect, ...]) -> None:
        """See `docstation.station.owner.Listener`."""
        body, event = record.body, record.body.get("event")
        if event in {"StepDone", "StepFailed"}:
            ended = ("done" if event == "StepDone" else "failed", body.get("cause"))
            self._step(str(body["step"]), *ended, record)
        elif event == "FellIll":
            self.failures[str(body["cause"])] += 1
            told = {"model": body["model"], "cause": body["cause"]}
            tell("model-fell-ill", level=logging.WARNING, **told)
        for effect in effects:
            if isinstance(effect, Ended):
                self._ended(effect, record.at)

    def _step(self, step: str, result: str, cause: object, record: Record) -> None:
        self.steps.setdefault((step, result), Times(SWITCH_BOUNDS)).see(record.seconds)
        level = logging.WARNING if cause else logging.INFO
        told = {"transaction": record.transaction, "step": step, "result": result, "seconds": record.seconds}
        tell("switch-step", level=level, **told, cause=cause)

    def _ended(self, effect: Ended, at: float) -> None:
        now, outcome = effect.transaction, effect.outcome.value
        seconds = round(max(0.0, at - now.began), 3)
        self.switches[now.kind.value, outcome] += 1
        self.seconds.setdefault(outcome, Times(SWITCH_BOUNDS)).see(seconds)
        told = {"transaction": now.id, "kind": now.kind.value, "outcome": outcome, "seconds": seconds}
        wanted, cause = "+".join(now.wanted.names), now.cause.value if now.cause else ""
        tell("switch", level=logging.WARNING if cause else logging.INFO, **told, models=wanted, cause=cause)


class PagesTally:
    """Counts the pages and jobs of a queue as they end, whoever of this process reads them.

    Args:
        queue: whose news are counted.

    Attributes:
        pages: that were read, by state.
        seconds: that their reading took.
        jobs: that ended, by state.
    """

    def __init__(self, queue: JobQueue) -> None:
        self.pages: Counter[PageState] = Counter()
        self.seconds = Times(PAGE_BOUNDS)
        self.jobs: Counter[JobState] = Counter()
        self._queue = queue
        self._since = queue.now()
        self._counted: OrderedDict[str, int] = OrderedDict()
        self._guard = threading.Lock()

    def begin(self) -> Callable[[], None]:
        """Listen from now on; what is returned ends it."""
        return self._queue.on_change(self._hear)

    def _hear(self, job: str) -> None:
        with self._guard:
            after = self._counted.pop(job, 0)
            try:
                news = self._queue.news(job, after, MOST_NEWS)
            except NotFound:
                return
            except UNANSWERED:
                # Who changed the job must not fail for who counts; the next change brings the rest.
                news = ()
            self._counted[job] = news[-1].number if news else after
            if len(self._counted) > MOST_JOBS:
                self._counted.popitem(last=False)
        for one in news:
            if one.at >= self._since:
                self._count(one)

    def _count(self, news: JobNews) -> None:
        if news.kind is NewsKind.PAGE and news.page_state is not None and news.page_state.ended:
            self.pages[news.page_state] += 1
            self.seconds.see(news.seconds or 0.0)
            if news.code:
                tell("page", level=logging.WARNING, job=news.job, page=news.page, state=news.page_state, code=news.code)
        elif news.kind in _ENDS:
            self.jobs[news.state] += 1
            level = logging.WARNING if news.kind is NewsKind.FAILED else logging.INFO
            tell("job", level=level, job=news.job, state=news.state, pages=news.total, code=news.code)
        elif news.kind is NewsKind.SUBMITTED:
            tell("job", job=news.job, state=news.state)


_ENDS = frozenset({NewsKind.DONE, NewsKind.FAILED, NewsKind.CANCELLED})
