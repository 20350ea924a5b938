"""What the job queue takes and tells: orders, records of jobs and pages, news, usage; plain frozen values.

Doors and the service hold these and never a row of the database. Times are seconds of the epoch, sizes bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from docstation.errors import DocStationError
from docstation.jobs.options import ReadOptions
from docstation.messages.marking import N_, Word


class JobState(StrEnum):
    """Where a job stands.

    WAITING: for its file to be opened; OPENING: its pages are being counted, an office file is converted; READING: page
    by page; RESERVE: all pages were read, and those that the model failed at wait for the reserve model, or are read by
    it; PAUSED: by its owner, pages under way are still finished; ASSEMBLING: the document over all pages is made.
    The last three are ends: DONE (pages may have failed: see the counts), FAILED (no document), CANCELLED.
    """

    WAITING = "waiting"
    OPENING = "opening"
    READING = "reading"
    RESERVE = "reserve"
    PAUSED = "paused"
    ASSEMBLING = "assembling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to the job by itself."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)

    @property
    def word(self) -> Word:
        """How people call it."""
        return _STATE_WORDS[self]


_STATE_WORDS = {
    JobState.WAITING: Word(N_("in the queue")),
    JobState.OPENING: Word(N_("being opened")),
    JobState.READING: Word(N_("being read")),
    JobState.RESERVE: Word(N_("with the reserve model")),
    JobState.PAUSED: Word(N_("paused")),
    JobState.ASSEMBLING: Word(N_("being put together")),
    JobState.DONE: Word(N_("done")),
    JobState.FAILED: Word(N_("not readable")),
    JobState.CANCELLED: Word(N_("cancelled")),
}


class PageState(StrEnum):
    """Where a page stands; the last four are `docstation.document.model.PageStatus`."""

    WAITING = "waiting"
    READING = "reading"
    OK = "ok"
    REPAIRED = "repaired"
    FALLBACK = "fallback"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether the page was read, well or not."""
        return self not in (PageState.WAITING, PageState.READING)


class NewsKind(StrEnum):
    """What happened to a job; `PAGE` is a page that changed its state, the others say it of the job.

    `RESERVE` tells of its pass with the reserve model, by its code: see `docstation.jobs.reserve.Said`.
    """

    SUBMITTED = "submitted"
    OPENED = "opened"
    PAGE = "page"
    PAUSED = "paused"
    RESUMED = "resumed"
    RETRIED = "retried"
    RESERVE = "reserve"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A file to be read.

    Attributes:
        path: of the file. One that `JobQueue.receive` named is moved away, any other is copied.
        name: as its owner calls it; shown, never used as a path.
        options: how to read; `jobs` and `limits` are the runner's and not looked at.
        sha256: of the bytes, where it is known already; computed otherwise.
        idempotency_key: a second order with the same key gives the first one's job; empty for none.
        priority: jobs of a higher one are read first, those of the same one in turns.
    """

    path: Path
    name: str
    options: ReadOptions = field(default_factory=ReadOptions)
    sha256: str = ""
    idempotency_key: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as it stands.

    Attributes:
        id: of the document and its job; ids ascend with the time of submission and are no secret.
        state: see `JobState`.
        name: as its owner calls the file.
        media_type: found by content.
        sha256: of the file.
        bytes: of the file as it was given.
        options: how it is read; the password is never in it.
        priority: see `JobOrder`.
        created: when it was submitted.
        started: when a runner took it up first, None before.
        ended: when it came to its end, None before.
        page_count: pages of the file, 0 before it was opened.
        total: pages that are asked for, 0 before it was opened.
        counts: how many of them are in each state; states without a page are left out.
        eta_seconds: until the document is there, from the times of recent pages; None where that is not known.
        error: why there is no document, for FAILED.
        last_news: number of the newest news, for `JobQueue.watch`.
    """

    id: str
    state: JobState
    name: str
    media_type: str
    sha256: str
    bytes: int
    options: ReadOptions
    priority: int
    created: float
    started: float | None
    ended: float | None
    page_count: int
    total: int
    counts: Mapping[PageState, int]
    eta_seconds: float | None
    error: DocStationError | None
    last_news: int

    @property
    def done(self) -> int:
        """How many pages were read, well or not."""
        return sum(count for state, count in self.counts.items() if state.ended)


@dataclass(frozen=True, slots=True)
class PageRecord:
    """A page of a job as it stands.

    Attributes:
        number: in the file, from 1.
        state: see `PageState`.
        attempts: how often its reading was begun.
        seconds: spent on the last attempt that ended, in its worker; 0 before.
        code: why it is not OK: ``timeout``, ``memory``, ``crash`` or an error's code; empty otherwise.
        changed: when it came into its state.
    """

    number: int
    state: PageState
    attempts: int
    seconds: float
    code: str
    changed: float


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One try at reading a page.

    Attributes:
        page: number of the page.
        attempt: from 1.
        begun: when.
        ended: when, None while it goes on.
        seconds: spent in the worker.
        result: the page's state after it, or ``interrupted`` where the service, the owner or the worker ended it.
        code: as in `PageRecord`.
    """

    page: int
    attempt: int
    begun: float
    ended: float | None
    seconds: float
    result: str
    code: str


@dataclass(frozen=True, slots=True)
class JobNews:
    """Something that happened to a job.

    Attributes:
        job: its id.
        number: from 1, without gaps in the job; what a client gives back to go on after it.
        at: when.
        kind: see `NewsKind`.
        state: of the job, after it.
        done: pages that were read by then.
        total: pages asked for, 0 before the file was opened.
        page: number of the page, for PAGE and for RETRIED of a single one.
        page_state: of that page, for PAGE.
        seconds: spent on that page, where it ended.
        code: of the page, of the job's error for FAILED, or what RESERVE tells.
    """

    job: str
    number: int
    at: float
    kind: NewsKind
    state: JobState
    done: int
    total: int
    page: int | None = None
    page_state: PageState | None = None
    seconds: float | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class JobFiles:
    """Where the files of a job are, for exports and page images.

    Attributes:
        given: the file as it was given.
        original: the file whose pages are read: the same, or an office file's PDF (not there before it was opened).
        pictures: folder of the pictures that blocks name.
        document: the document's JSON (`docstation.document.codec`), None before there is one.
        password: opens the file, None where it needs none.
    """

    given: Path
    original: Path
    pictures: Path
    document: Path | None
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the queue holds.

    Attributes:
        jobs: how many in each state; states without a job are left out.
        pages: how many in each state, over all jobs.
        bytes: of all files kept.
        limit: how many bytes may be kept, 0 for no bound.
        free: bytes left on the disk.
        oldest: when the oldest job that has not ended was submitted, None without one.
    """

    jobs: Mapping[JobState, int]
    pages: Mapping[PageState, int]
    bytes: int
    limit: int
    free: int
    oldest: float | None
