"""What is asked of a pull, what it tells on the way, and what became of it; data only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from docstation.errors import DocStationError, ExitCode, PartialResult
from docstation.models.hub_cache import Damage
from docstation.models.hub_listing import HubFile

State = Literal["fetched", "here", "planned", "not-needed", "failed"]
"""Now fetched; there already; would be fetched; nothing to fetch; not fetched because of an error."""


@dataclass(frozen=True, slots=True)
class PullOrder:
    """What is wanted.

    Attributes:
        weights: whether weights are.
        images: whether images are.
        upgrade: whether the newest is taken in place of what is recorded.
        deep: whether files that are there are checked by their content, and not by their size alone.
        dry: whether it is only told what would be done.
    """

    weights: bool = True
    images: bool = True
    upgrade: bool = False
    deep: bool = False
    dry: bool = False


@dataclass(frozen=True, slots=True)
class PullTold:
    """How far one part of a pull is.

    Attributes:
        kind: what is going on.
        subject: repository or image.
        done: files or layers that are whole.
        count: all files, or the layers seen so far.
        bytes_done: loaded or checked.
        bytes: all of them; of an image as far as it is known.
    """

    kind: Literal["weights", "image", "check"]
    subject: str
    done: int
    count: int
    bytes_done: int
    bytes: int


Told = Callable[[PullTold], None]


@dataclass(frozen=True, slots=True)
class WeightsPulled:
    """What became of the weights in one repository.

    Attributes:
        repository: that holds them; a folder, where the checkpoint is one.
        model: entry that they were wanted for.
        state: see `State`.
        revision: the commit that is held.
        before: the one that was held, where it was another.
        files: of the listing.
        bytes: of all files.
        missing: files that had to be fetched.
        missing_bytes: that had to be loaded, what lay there in part not counted.
        folder: of the commit.
        error: why it failed.
    """

    repository: str
    model: str
    state: State
    revision: str = ""
    before: str = ""
    files: int = 0
    bytes: int = 0
    missing: tuple[HubFile, ...] = ()
    missing_bytes: int = 0
    folder: str = ""
    error: DocStationError | None = None


@dataclass(frozen=True, slots=True)
class ImagePulled:
    """What became of an image; attributes as of `WeightsPulled`."""

    image: str
    model: str
    state: State
    digest: str = ""
    before: str = ""
    error: DocStationError | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """What became of a pull.

    Attributes:
        weights: one for each repository.
        images: one for each image.
        hub: folder of downloaded checkpoints.
        free_bytes: of its disk, before anything was loaded.
        error: why nothing was begun.
    """

    weights: tuple[WeightsPulled, ...]
    images: tuple[ImagePulled, ...]
    hub: Path
    free_bytes: int
    error: DocStationError | None = None

    @property
    def errors(self) -> tuple[DocStationError, ...]:
        """Everything that failed."""
        all_errors = (self.error, *(one.error for one in self.weights), *(one.error for one in self.images))
        return tuple(one for one in all_errors if one is not None)

    @property
    def code(self) -> ExitCode:
        """What the process answers: that of the first failure where nothing was had, 4 where a part was."""
        if not self.errors:
            return ExitCode.OK
        states = {one.state for one in self.weights} | {one.state for one in self.images}
        had = bool(states & {"fetched", "here"})
        return PartialResult.exit_code if had and not self.error else self.errors[0].exit_code


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the weights in one repository found.

    Attributes:
        repository: that holds them.
        model: entry that they belong to.
        revision: the commit that was looked at.
        folder: of the commit.
        files: of the listing.
        bytes: of all files.
        damages: what is wrong.
        error: why nothing could be checked.
    """

    repository: str
    model: str
    revision: str = ""
    folder: str = ""
    files: int = 0
    bytes: int = 0
    damages: tuple[Damage, ...] = ()
    error: DocStationError | None = None
