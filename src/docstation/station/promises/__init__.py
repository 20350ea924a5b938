"""Everything that the product promises of the models it runs, judged by what was looked at; pure.

`seen` is what was looked at, `findings` what is said of it, `judge` the way from one to the other. The looking is done
by `docstation.bootstrap.promises`, the writing by the door.
"""

from __future__ import annotations

from docstation.station.promises.findings import Figure, Finding, Look, Promise, Verdict
from docstation.station.promises.history import last_change_kept, last_known_good, watched
from docstation.station.promises.listed import one_server
from docstation.station.promises.memory import both_models, budget
from docstation.station.promises.ready import embedded, host, offline_start
from docstation.station.promises.seen import Observations, Said
from docstation.station.promises.serving import answers, identity

__all__ = ["Figure", "Finding", "Look", "Observations", "Promise", "Said", "Verdict", "judge"]

_JUDGES = (
    identity,
    one_server,
    budget,
    answers,
    last_change_kept,
    last_known_good,
    watched,
    both_models,
    offline_start,
    embedded,
    host,
)


def judge(seen: Observations) -> tuple[Finding, ...]:
    """A finding for every promise, in their order."""
    return tuple(look(seen) for look in _JUDGES)
