"""What is seen of a change from outside, by threads that look again and again."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from docstation.station.telling import EndTold, StepTold, Told
from docstation.station.words import Step


@dataclass
class Seen:
    """What was seen from outside during a change.

    Attributes:
        told: by the desk.
        most: servers that lived at once, as the driver has it or as the kernel or the engine has it.
        looks: how often they were counted.
        asked: how often the old server was asked for its health.
        silences: moments at which it did not say yes.
        seconds: that it all took.
        shown: what the server that serves in the end says that it is, for whoever looked.
    """

    told: list[Told] = field(default_factory=list)
    most: int = 0
    looks: int = 0
    asked: int = 0
    silences: list[float] = field(default_factory=list)
    seconds: float = 0.0
    shown: str = ""

    @property
    def end(self) -> EndTold:
        last = self.told[-1]
        assert isinstance(last, EndTold)
        return last

    @property
    def steps(self) -> list[Step]:
        """Steps that were begun, each once."""
        return list(dict.fromkeys(one.step for one in self.told if isinstance(one, StepTold)))


class Look(threading.Thread):
    """Looks again and again until it is over, and then once more.

    Attributes:
        first: set after the first look.
    """

    def __init__(self, every: float, over: threading.Event, look: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self.first = threading.Event()
        self._every = every
        self._over = over
        self._look = look

    def run(self) -> None:
        self._look()
        self.first.set()
        while not self._over.wait(self._every):
            self._look()
        self._look()


def is_healthy(port: int) -> bool:
    """Whether ``/health`` says yes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
