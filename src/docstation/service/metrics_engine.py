"""What model servers count themselves, asked when somebody wants to know: tokens read and made.

A server counts from its own start; here counts go on over its restarts and over switches. What it counted before this
process began is left out, so that a counter never jumps.
"""

from __future__ import annotations

import re
from collections import Counter

from docstation.station.deployment import Deployment
from docstation.station.status import Status
from docstation.station.talk import TalkError, get

QUICK = 0.5
"""Seconds in which a living server tells its figures."""
_TOKENS = re.compile(r"^vllm:(prompt|generation)_tokens_total(?:\{[^}\n]*\})? ([0-9.e+-]+)", re.MULTILINE)
_WATCHED = frozenset({"container", "process"})

Tokens = Counter[tuple[str, str]]


class TokenTally:
    """Tokens by entry name and kind (``prompt``, ``generation``).

    Args:
        began: POSIX seconds since when is counted.
    """

    def __init__(self, began: float) -> None:
        self._began = began
        self._totals: Tokens = Counter()
        self._last: dict[str, Counter[str]] = {}

    def look(self, status: Status) -> Tokens:
        """Ask what serves now, and add what is new."""
        serving = [one.deployment for one in status.serving if one.deployment.driver in _WATCHED]
        for one in serving:
            seen = tokens_of(one)
            if seen is not None:
                self._add(one, seen, before=status.state.since < self._began)
        present = {one.instance for one in serving}
        self._last = {name: last for name, last in self._last.items() if name in present}
        return self._totals

    def _add(self, one: Deployment, seen: Counter[str], *, before: bool) -> None:
        last = self._last.get(one.instance, seen if before else Counter[str]())
        for kind, count in seen.items():
            # Less than before: it was started anew under the same name.
            self._totals[one.model, kind] += count - last[kind] if count >= last[kind] else count
        self._last[one.instance] = seen


def tokens_of(deployment: Deployment) -> Counter[str] | None:
    """What its server has counted since its start; None where it does not tell."""
    try:
        answer = get(f"{deployment.address}/metrics", connect=QUICK, read=QUICK)
    except TalkError:
        return None
    found: Counter[str] = Counter()
    for kind, count in _TOKENS.findall(answer.body.decode("utf-8", "replace")):
        found[kind] += int(float(count))
    return found
