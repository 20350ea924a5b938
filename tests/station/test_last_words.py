"""A server that dies answers a little before its log says why: the reason is waited for, and not for long."""

from __future__ import annotations

import time

from scripted_steps import PlainDriver
from station_world import deployment

from docstation.station.causes import Cause, Fault
from docstation.station.steps import LAST_WORDS, explained

HEALTHY = ["INFO:     Application startup complete."]
REASON = ["ERROR torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.74 GiB."]


class LateLog(PlainDriver):
    """Its log has the reason only at the third look, or never."""

    looks = 0
    late = True

    def log_tail(self, name: str, lines: int = 200) -> list[str]:
        self.looks += 1
        return HEALTHY + REASON if self.late and self.looks >= 3 else HEALTHY


def test_the_reason_that_comes_late_is_found():
    driver = LateLog()
    driver.start(deployment("dots"))
    found = explained(driver, deployment("dots"), Fault(Cause.ENGINE_DEAD), "canary")
    assert (found.cause, driver.looks) == (Cause.OOM_REQUEST, 3)


def test_a_reason_that_never_comes_is_not_waited_for_long():
    driver = LateLog()
    driver.late = False
    driver.start(deployment("dots"))
    before = time.monotonic()
    assert explained(driver, deployment("dots"), Fault(Cause.ENGINE_DEAD), "canary").cause is Cause.ENGINE_DEAD
    assert LAST_WORDS <= time.monotonic() - before < LAST_WORDS + 5
