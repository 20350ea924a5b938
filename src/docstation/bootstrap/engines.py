"""The engines that read pages, by name, and the one that asks which model serves before each page.

``embedded`` reads on the processor. ``served`` reads with the model that serves, and refuses where none does. ``auto``,
the default, reads with the served model where there is one, and else with the embedded engine. A served model's own
name or id is accepted too: it must be the active one.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docstation.bootstrap.service import address_of
from docstation.errors import NoEngine
from docstation.intake.limits import Limits
from docstation.intake.worker import ask_for_time
from docstation.messages.marking import N_

if TYPE_CHECKING:
    from docstation.inference.completions import Client
    from docstation.inference.served import ServedModel
    from docstation.intake.page import PreparedPage
    from docstation.reading.engine import PageEngine, ReadPage
    from docstation.reading.vision.engine import VisionEngine
    from docstation.settings import Settings

ENDPOINT_VARIABLE = "DOCSTATION_READING_ENDPOINT"
AUTO = "auto"
EMBEDDED = "embedded"
"""As `docstation.reading.embedded.engine` calls itself; that is loaded where pages are read."""
SERVED = "served"
ENGINES = (AUTO, EMBEDDED, SERVED)
"""The names that are always known."""

LOOK_SECONDS = 2.0
"""For so long what serves is taken to serve still; a page that it does not answer any more climbs its ladder."""
ASK_SECONDS = 5.0
USUAL_SEQUENCES = 6
"""Of servers that do not tell how many requests they answer together."""
LEAST_AHEAD = 2
SHARE_OF_SILENCE = 1 / 6
"""Of a page's time: an answer that stands still for longer is given up, while there is time to ask again."""
SWITCH_SECONDS = 300.0
"""That a page waits for the end of a switch, which is not its own time; longer, and the embedded engine reads it."""
POLL_SECONDS = 0.5
PATIENCE_SECONDS = 60.0
"""That a question waits for a gateway that says to come again."""
AWAY, OVERDUE = "model-away", "model-overdue"
"""Reasons of pages after which it is worth looking whether another model serves by now."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is asked.

    Attributes:
        base_url: without ``/v1``.
        key: of the service, empty for none.
    """

    base_url: str
    key: str = field(default="", repr=False)


def endpoint() -> Endpoint:
    """The gateway of the service, or what the settings name instead; the key is that of the environment."""
    from docstation.settings import load

    settings = load().settings
    return Endpoint(settings.reading.endpoint or address_of(settings), os.environ.get("DOCSTATION_KEY", ""))


@contextmanager
def reading_through(settings: Settings) -> Iterator[None]:
    """Have this process and its workers ask for models at the service of these settings, wherever it listens.

    What the settings name themselves is left as it is.
    """
    before = os.environ.get(ENDPOINT_VARIABLE)
    os.environ[ENDPOINT_VARIABLE] = settings.reading.endpoint or address_of(settings)
    try:
        yield
    finally:
        if before is None:
            del os.environ[ENDPOINT_VARIABLE]
        else:
            os.environ[ENDPOINT_VARIABLE] = before


def engine_of(
    name: str, languages: tuple[str, ...], limits: Limits, where: Callable[[], Endpoint] = endpoint
) -> PageEngine:
    """The engine of that name.

    Args:
        name: one of `ENGINES`, or a served model's name.
        languages: Tesseract codes, for the embedded engine.
        limits: bounds on the work on a page.
        where: tells where models are asked; called when one is first asked for.

    Raises:
        MissingDependency: a language is not installed.
    """
    from docstation.reading.embedded.engine import EmbeddedEngine

    if name == EMBEDDED:
        return EmbeddedEngine(languages)
    embedded = EmbeddedEngine(languages) if name == AUTO else None
    return ActiveEngine(name, lambda: embedded or EmbeddedEngine(languages), limits, where)


def pages_for(sequences: int) -> int:
    """Pages to be under way for an engine that answers so many requests together, 0 where that is not known.

    A page takes its worker's time before it is asked about and after its answer: with a few more under way the engine
    always has the next request at hand.
    """
    return (sequences or USUAL_SEQUENCES) + max(LEAST_AHEAD, sequences // 4)


class ServedLook:
    """Tells, without asking more often than every `LOOK_SECONDS`, how many pages a served model is to read at once.

    Args:
        where: tells where models are asked.
        at_once: pages under way; 0: as many as suit the model.
    """

    def __init__(self, where: Callable[[], Endpoint] = endpoint, *, at_once: int = 0) -> None:
        self._where = where
        self._at_once = at_once
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._pages = 0

    def __call__(self, engine: str) -> int:
        """Pages that are to be under way together; 0 where the embedded engine reads them."""
        if engine == EMBEDDED:
            return 0
        with self._lock:
            if time.monotonic() - self._looked >= LOOK_SECONDS:
                self._pages = self._look()
                self._looked = time.monotonic()
            return self._pages

    def _look(self) -> int:
        from docstation.inference.failures import AskFailed
        from docstation.inference.served import active

        at = self._where()
        try:
            model = active(at.base_url, at.key, timeout=ASK_SECONDS)
        except (NoEngine, AskFailed):
            return 0
        return self._at_once or pages_for(model.sequences)


class ActiveEngine:
    """Reads each page with the model that is active then.

    Args:
        name: ``auto``, ``served``, or the name of the model that must serve.
        embedded: makes the embedded engine.
        limits: bounds on the work on a page.
        where: tells where models are asked.
    """

    def __init__(
        self, name: str, embedded: Callable[[], PageEngine], limits: Limits, where: Callable[[], Endpoint]
    ) -> None:
        self.name = name
        self._make_embedded = embedded
        self._made: PageEngine | None = None
        self._seconds = limits.page_seconds
        self._where = where
        self._endpoint: Endpoint | None = None
        self._vision: VisionEngine | None = None
        self._looked = float("-inf")

    def read(self, page: PreparedPage) -> ReadPage:
        """Read one page; see `docstation.reading.engine.PageEngine.read`.

        Raises:
            NoEngine: no model serves, or another one than asked for.
        """
        if page.blank or page.pixels is None:
            return self._embedded().read(page)
        vision = self._active()
        if vision is None:
            return self._embedded().read(page)
        read = vision.read(page)
        if read.page.reason not in (AWAY, OVERDUE):
            return read
        # A switch may have come between the look and the answer.
        self._looked = float("-inf")
        now = self._active()
        if now is None or (now is vision and read.page.reason == OVERDUE):
            return read
        ask_for_time(self._seconds)
        return now.read(page)

    def check(self) -> None:
        """Raise NoEngine where the model that must serve does not."""
        if self.name != AUTO:
            self._active()

    def _embedded(self) -> PageEngine:
        if self._made is None:
            self._made = self._make_embedded()
        return self._made

    def _active(self) -> VisionEngine | None:
        """The engine of the model that serves; None where the embedded one is to read."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return self._vision
        served = self._served()
        if served is None:
            self._forget()
        elif self._vision is None or self._vision.model != served:
            self._forget()
            self._vision = self._engine(served)
        self._looked = time.monotonic()
        return self._vision

    def _served(self) -> ServedModel | None:
        """The model that serves, once a switch is over; None where the embedded engine is to read."""
        from docstation.inference.failures import AskFailed, Overdue
        from docstation.inference.served import active

        at, waited = self._at(), 0.0
        while True:
            try:
                return self._fitting(active(at.base_url, at.key, timeout=ASK_SECONDS))
            except (NoEngine, AskFailed) as error:
                if waited < SWITCH_SECONDS and isinstance(error, NoEngine) and self._switching():
                    ask_for_time(POLL_SECONDS)
                    time.sleep(POLL_SECONDS)
                    waited += POLL_SECONDS
                elif isinstance(error, Overdue) and self._vision is not None:
                    # A busy machine: the model that answered a moment ago is asked, and the ladder knows what to do.
                    return self._vision.model
                elif self.name == AUTO:
                    return None
                elif error.message_id == ANOTHER:
                    raise
                else:
                    raise NoEngine(NOBODY, name=self.name, remedy=CHOOSE) from error

    def _fitting(self, model: ServedModel) -> ServedModel:
        if self.name in (AUTO, SERVED, model.id) or self.name in model.names:
            return model
        raise NoEngine(ANOTHER, name=self.name, active=model.id, remedy=SWITCH)

    def _switching(self) -> bool:
        """Whether the station behind our own gateway is bringing up a model."""
        from docstation.inference.failures import AskFailed
        from docstation.inference.questions import get_json

        at = self._at()
        try:
            shown = get_json(at.base_url, "/station", key=at.key, timeout=ASK_SECONDS)
        except AskFailed:
            return False
        return isinstance(shown, dict) and shown.get("mode") == "switching"

    def _engine(self, served: ServedModel) -> VisionEngine:
        from docstation.inference.completions import Client, Timeouts
        from docstation.reading.vision.engine import VisionEngine

        at = self._at()

        def client(cancelled: Callable[[], bool]) -> Client:
            waits = Timeouts(first=self._seconds, between=SHARE_OF_SILENCE * self._seconds, total=self._seconds)
            return Client(at.base_url, at.key, waits, patience=PATIENCE_SECONDS, cancelled=cancelled)

        return VisionEngine(served, client, self._embedded, page_seconds=self._seconds)

    def _at(self) -> Endpoint:
        if self._endpoint is None:
            self._endpoint = self._where()
        return self._endpoint

    def _forget(self) -> None:
        if self._vision is not None:
            self._vision.close()
            self._vision = None


NOBODY = N_("{name} cannot read: no model serves.")
CHOOSE = N_("Start one with `docstation models switch`, or choose --engine embedded.")
ANOTHER = N_("{name} cannot read: {active} serves.")
SWITCH = N_("Switch to it with `docstation models switch {name}`, or choose --engine auto.")
