"""The engines that read pages, by name, and the one that asks which model serves before each page.

``embedded`` reads on the processor. ``served`` reads with the model that serves, and refuses where none does. ``auto``,
the default, reads with the served model where there is one, and else with the embedded engine. A served model's own
name or id is accepted too: it must be the active one.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docstation.errors import NoEngine
from docstation.intake.limits import Limits
from docstation.intake.page import PreparedPage
from docstation.messages.marking import N_
from docstation.reading.embedded.engine import NAME as EMBEDDED
from docstation.reading.engine import PageEngine, ReadPage

if TYPE_CHECKING:
    from docstation.inference.completions import Client
    from docstation.inference.served import ServedModel
    from docstation.reading.vision.engine import VisionEngine

AUTO = "auto"
SERVED = "served"
ENGINES = (AUTO, EMBEDDED, SERVED)
"""The names that are always known."""

LOOK_SECONDS = 2.0
"""For so long what serves is taken to serve still; a page that it does not answer any more climbs its ladder."""
ASK_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
"""That a page waits for the end of a switch; longer, and the embedded engine reads it."""


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
    from docstation.bootstrap.service import address_of
    from docstation.settings import load

    settings = load().settings
    return Endpoint(settings.reading.endpoint or address_of(settings), os.environ.get("DOCSTATION_KEY", ""))


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


class ServedLook:
    """Tells, without asking more often than every `LOOK_SECONDS`, whether a model serves that reads pages.

    Args:
        where: tells where models are asked.
    """

    def __init__(self, where: Callable[[], Endpoint] = endpoint) -> None:
        self._where = where
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._serves = False

    def __call__(self, engine: str) -> bool:
        """Whether pages that are to be read with that engine are read by a served model now."""
        if engine == EMBEDDED:
            return False
        with self._lock:
            if time.monotonic() - self._looked >= LOOK_SECONDS:
                self._serves = self._look()
                self._looked = time.monotonic()
            return self._serves

    def _look(self) -> bool:
        from docstation.inference.failures import AskFailed
        from docstation.inference.served import active

        at = self._where()
        try:
            active(at.base_url, at.key, timeout=ASK_SECONDS)
        except (NoEngine, AskFailed):
            return False
        return True


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
        return vision.read(page) if vision is not None else self._embedded().read(page)

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
        from docstation.inference.failures import AskFailed
        from docstation.inference.served import active

        at = self._at()
        try:
            model = active(at.base_url, at.key, timeout=ASK_SECONDS)
        except (NoEngine, AskFailed) as error:
            if self.name == AUTO:
                return None
            raise NoEngine(NOBODY, name=self.name, remedy=CHOOSE) from error
        if self.name in (AUTO, SERVED, model.id) or self.name in model.names:
            return model
        raise NoEngine(ANOTHER, name=self.name, active=model.id, remedy=SWITCH)

    def _engine(self, served: ServedModel) -> VisionEngine:
        from docstation.inference.completions import Client, Timeouts
        from docstation.reading.vision.engine import VisionEngine

        at = self._at()

        def client(cancelled: Callable[[], bool]) -> Client:
            waits = Timeouts(total=self._seconds, first=self._seconds)
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
