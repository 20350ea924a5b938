"""A station of paper for passes with the reserve model: a file says which model "serves", a scripted server shows it.

The file outlives processes, as what serves outlives the service, so that a runner that is killed finds what it left.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from docstation.errors import DocStationError
from docstation.jobs.reserve import Standing, Switched
from docstation.testing import marked_pages as marked
from docstation.testing.model_server import Running, running
from docstation.testing.model_server_api import Said

ACTIVE, RESERVE, THIRD = "rednote-hilab/dots.ocr", "rednote-hilab/dots.mocr", "dots.ocr-third"
NAMES = (RESERVE, "dots-mocr")
GARBLE = "nothing that could be a layout"


class PaperStation:
    """See `docstation.jobs.reserve.ModelSwitch`; a model's entry is its id.

    Args:
        file: what is to serve, and every switch that was done.
        address: of the server that shows it.
    """

    def __init__(self, file: Path, address: str) -> None:
        self._file = file
        self._address = address
        if not file.exists():
            self._write({"serving": [ACTIVE], "switches": []})

    @property
    def switches(self) -> list[str]:
        """What was switched to, in order."""
        return list(self._read()["switches"])

    def names(self, model: str) -> tuple[str, ...]:
        return NAMES

    def standing(self) -> Standing:
        serving = tuple(self._read()["serving"])
        return Standing(serving, serving)

    def to(self, models: Sequence[str], stopping: Callable[[], bool]) -> Switched | None:
        self.choose(models[0])
        return Switched.DONE

    def choose(self, model: str) -> None:
        """Have this one serve."""
        now = self._read()
        script = json.dumps({"served_name": model}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self._address}/control", script, method="POST")):
            pass
        self._write({"serving": [model], "switches": [*now["switches"], model]})

    def _read(self) -> dict[str, list[str]]:
        return dict(json.loads(self._file.read_text()))

    def _write(self, value: dict[str, list[str]]) -> None:
        aside = self._file.with_suffix(".part")
        aside.write_text(json.dumps(value))
        aside.replace(self._file)


@dataclass
class Station(PaperStation):
    """A paper station whose switches a test looks at, holds up, or has fail.

    Attributes:
        outcomes: of the next switches, in place of done; an error is raised.
        held: models to which a switch waits until they are released.
        came: set for each model when somebody switches to it.
    """

    file: Path
    address: str
    outcomes: list[Switched | DocStationError] = field(default_factory=list)
    held: dict[str, threading.Event] = field(default_factory=dict)
    came: dict[str, threading.Event] = field(
        default_factory=lambda: {name: threading.Event() for name in (ACTIVE, RESERVE, THIRD)}
    )

    def __post_init__(self) -> None:
        super().__init__(self.file, self.address)

    def to(self, models: Sequence[str], stopping: Callable[[], bool]) -> Switched | None:
        self.came[models[0]].set()
        held = self.held.get(models[0])
        while held is not None and not held.wait(0.05):
            if stopping():
                return None
        outcome = self.outcomes.pop(0) if self.outcomes else Switched.DONE
        if isinstance(outcome, DocStationError):
            raise outcome
        return super().to(models, stopping) if outcome is Switched.DONE else outcome


@dataclass
class Models:
    """What the scripted models say: the active one makes nothing of some pages, the reserve reads all.

    Attributes:
        bad: numbers of pages that the active model fails at.
        worse: those that the reserve fails at.
        slow: whether the reserve's answers do not come to an end.
        begun: set when the reserve is first asked about a page.
    """

    bad: frozenset[int]
    worse: frozenset[int] = frozenset()
    slow: bool = False
    begun: threading.Event = field(default_factory=threading.Event)

    def says(self, body: Mapping[str, object]) -> Said:
        lines = marked.seen(marked.picture_of(body))
        pages = {one.line.page for one in lines}
        if body["model"] != RESERVE:
            return Said(GARBLE if pages & self.bad else marked.answer(body))
        self.begun.set()
        if pages & self.worse:
            return Said(GARBLE)
        return Said(marked.answer(body), piece_seconds=3600.0 if self.slow else 0.0)


@contextmanager
def served(models: Models) -> Iterator[Running]:
    """The server of the models, the active one at first."""
    with running(name=ACTIVE) as server:
        server.api.says = models.says
        yield server


def file_of(folder: Path, pages: Sequence[int]) -> Path:
    """A PDF of scanned pages of these numbers."""
    path = folder / f"pages-{'-'.join(map(str, pages))}.pdf"
    path.write_bytes(marked.pdf_of(pages))
    return path
