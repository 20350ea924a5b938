"""The running service: the station, its gateway and the HTTP application, started and ended together.

What serves outlives the service, and so does nothing else: the gateway ends with it in order, and goes on alone only
when the service dies.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from docstation.bootstrap import station
from docstation.bootstrap.parts import Parts
from docstation.errors import DocStationError
from docstation.service.gate import GatewayGate
from docstation.service.gateway.words import Limits, Orders
from docstation.service.gateway_keeper import GatewayKeeper
from docstation.service.link import GatewayLink
from docstation.settings.folders import state_folder
from docstation.station.desk import Order, OwnersDesk, Wish
from docstation.station.words import Mode, State

if TYPE_CHECKING:
    from docstation.service.app import HealthSeen
    from docstation.settings import Settings

SOCKET = "service.sock"
CONTROL = "gateway.sock"


@contextmanager
def serving(settings: Settings, config: str = "") -> Iterator[ServiceParts]:
    """Run station, gateway link and gateway until the block ends; the application is the caller's to run.

    Raises:
        Locked: another process owns the station.
        UsageError: the gateway's port is taken by somebody else.
    """
    station.refuse_if_owned()
    parts = Parts(settings.station, config)
    state = state_folder()
    state.mkdir(parents=True, exist_ok=True)
    wished = Wished()
    with ExitStack() as stack:
        link = GatewayLink(state / CONTROL, wished.hear)
        stack.callback(link.close)
        link.order(lambda now: first_orders(now, settings, parts))
        parts.gate = GatewayGate(link)
        # Before anybody can ask for a model: where the port is taken there is no service.
        gateway = GatewayKeeper(gateway_words(settings, state), parts.folder / "logs" / "gateway.log", link)
        gateway.start(settings.service.host, settings.service.port)
        stack.callback(gateway.close)
        desk = stack.enter_context(station.managing(parts))
        wished.desk = desk
        yield ServiceParts(parts, desk, link, state / SOCKET)


class ServiceParts:
    """What the application is built on.

    Attributes:
        parts: of the station.
        desk: where changes are asked for.
        link: to the gateway.
        socket: that the application listens on.
    """

    def __init__(self, parts: Parts, desk: OwnersDesk, link: GatewayLink, socket: Path) -> None:
        self.parts = parts
        self.desk = desk
        self.link = link
        self.socket = socket

    def begin(self, models: Sequence[str]) -> None:
        """Start `models` where nothing is wanted yet; in the background, and told by the journal."""
        if self.desk.state().mode is not Mode.IDLE:
            return

        def start() -> None:
            with contextlib.suppress(DocStationError):
                for _told in self.desk.change(Order(Wish.SWITCH, tuple(models), wait=True)):
                    pass

        threading.Thread(target=start, name="first-model", daemon=True).start()

    def health(self) -> HealthSeen:
        """How the active model is, by the station's state and what the gateway passed."""
        from docstation.service.app import HealthSeen, fresh

        state = self.desk.state()
        if state.transaction is not None:
            return HealthSeen("switching", reason="a switch is under way")
        if not state.serving:
            unwell = state.mode is Mode.WAITING
            reason = state.cause.value if state.cause else "no model serves"
            return HealthSeen("unwell" if unwell else "embedded", reason=reason)
        news = self.link.news
        answered = max(news.last_success if news else 0.0, self.parts.proved)
        model = state.serving.members[0].served_name
        if state.ill or not (fresh(answered) or self._probed(state)):
            return HealthSeen("unwell", model, answered, "it has not answered lately")
        return HealthSeen("ok", model, max(answered, self.parts.proved))

    def _probed(self, state: State) -> bool:
        """Where nobody asked lately, a small question tells; its answer counts for a while."""
        from docstation.station.signs import HttpSigns

        signs = HttpSigns()
        well = all(signs.small_question(one, seconds=10.0) for one in state.serving.members)
        if well:
            self.parts.proved = time.time()
        return well


class Wished:
    """Switches to the model that waiting requests ask for, one wish at a time."""

    def __init__(self) -> None:
        self.desk: OwnersDesk | None = None
        self._busy = threading.Lock()

    def hear(self, name: str) -> None:
        """A wish came; it is carried out in a thread of its own."""
        threading.Thread(target=self._switch, args=(name,), name="wish", daemon=True).start()

    def _switch(self, name: str) -> None:
        if self.desk is None or not self._busy.acquire(blocking=False):
            return
        try:
            with contextlib.suppress(DocStationError):
                for _told in self.desk.change(Order(Wish.SWITCH, (name,), wait=True)):
                    pass
        finally:
            self._busy.release()


def first_orders(now: Orders, settings: Settings, parts: Parts) -> Orders:
    """What the gateway is told before anything serves."""
    from docstation.bootstrap.parts import catalogue

    own = settings.service
    known = catalogue(parts.config)
    names = {name: name for name in (*known.entries, *known.aliases)}
    names |= {entry.model_id: entry.name for entry in known.entries.values() if entry.model_id not in names}
    limits = Limits(
        waiting=own.waiting,
        waiting_seconds=own.waiting_seconds,
        body_bytes=own.body_bytes,
        # A form is a little larger than the file that it carries.
        upload_bytes=settings.limits.file_bytes + 1_000_000,
    )
    return replace(now, known=names, on_other=own.on_other, limits=limits)


def gateway_words(settings: Settings, state: Path) -> list[str]:
    """The gateway's command line."""
    own = settings.service
    hosts = [word for name in own.hosts for word in ("--allow-host", name)]
    sockets = ["--control", str(state / CONTROL), "--service", str(state / SOCKET)]
    where = ["--host", own.host, "--port", str(own.port)]
    return [sys.executable, "-m", "docstation.service.gateway", *where, *sockets, *hosts]
