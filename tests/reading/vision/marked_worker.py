"""A page worker whose pages a server at a given address reads: what `docstation.bootstrap.reader` makes, by hand."""

from __future__ import annotations

from docstation.bootstrap.engines import ActiveEngine, Endpoint, engine_of
from docstation.intake.limits import Limits
from docstation.intake.page import Pixels
from docstation.jobs.work import PageWorker


class Upright:
    """Knows that all pages lie as they should; the real finder is slow, and not what is tested."""

    def quarter_turn(self, pixels: Pixels) -> int:
        return 0


def make(address: str, limits: Limits) -> PageWorker:
    """The handler; its embedded engine is the real one."""
    engine = engine_of("auto", ("rus", "eng"), limits, lambda: Endpoint(address))
    assert isinstance(engine, ActiveEngine)
    return PageWorker(engine, Upright(), limits)
