"""The diagnosis itself: the root cause of a failure, found in the noise of a log, with the lines that show it.

A start that fails prints its cause once in the middle and then only consequences, the last of which every failure has.
So the first line that proves a cause counts, unless the server got further afterwards; INFO lines prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from docstation.station.causes import Cause
from docstation.station.diagnosis import shown
from docstation.station.diagnosis.ending import by_the_end
from docstation.station.diagnosis.lines import Line, read
from docstation.station.diagnosis.matching import Match, captured, matches
from docstation.station.diagnosis.progress import before_stop, last_start, traceback
from docstation.station.diagnosis.rule import Place, Rank, says
from docstation.station.diagnosis.rules import RULES

SYMPTOMS = frozenset(
    {Cause.UNKNOWN, Cause.EXITED, Cause.START_FAILED, Cause.LOAD_TIMEOUT, Cause.ENGINE_DEAD, Cause.ENGINE_HUNG}
)
"""Observations that a log may explain; others stand as they are."""

PLAIN_DETAILS = {
    Cause.PORT_TAKEN: re.compile(r"(?P<port>\d{2,5})\b"),
    Cause.NAME_TAKEN: re.compile(r"(?P<name>[\w.-]+)(?: \(|$)"),
    Cause.IMAGE_MISSING: re.compile(r"(?P<image>[\w.-]+[\w./:@-]*)$"),
    Cause.DISK_FULL: re.compile(r"(?P<path>/[^:]{1,200}): [\d.]+ GB"),
}
"""Details that drivers write themselves, where there is no log yet."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a server failed.

    Attributes:
        cause: that has a remedy.
        detail: the log's own words, one line; empty where there are none.
        evidence: lines of the log that show it, oldest first, without colours, prefixes and progress bars.
        fields: what the words say in figures and names, for the sentence and the remedy: ``needed``, ``port``, …
    """

    cause: Cause
    detail: str = ""
    evidence: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)


def diagnose(
    log: Sequence[str],
    *,
    exit_code: int | None = None,
    oom_killed: bool = False,
    phase: str = "",
    observed: Cause = Cause.UNKNOWN,
) -> Diagnosis:
    """Why a server failed, by its log and its end.

    Args:
        log: its last lines, oldest first; 400 hold two whole tracebacks. What a container engine says when it refuses
            is diagnosed as well.
        exit_code: of its main process, negative or 128 + n for a signal; None while it runs.
        oom_killed: whether the kernel killed one of its processes for memory.
        phase: what was being done: start, load, probe, canary, ready or wake; empty where it is not known.
        observed: what the caller saw, such as LOAD_TIMEOUT or GARBAGE. A symptom gives way to the cause that the log
            tells, and is the answer where the log tells none.
    """
    lines = before_stop(last_start(read(log)))
    if observed not in SYMPTOMS:
        return Diagnosis(
            _in_phase(observed, phase), evidence=shown.texts(shown.last_errors(lines) or shown.last_lines(lines))
        )
    found = matches(lines, phase)
    best = found[0] if found else None
    if oom_killed and not (best and best.rule.cause is Cause.HOST_OOM):
        return Diagnosis(Cause.HOST_OOM, *_untold(lines))
    if best and best.rule.rank is not Rank.AFTERMATH:
        return _told(lines, found)
    broke = best is not None and (best.reached >= Place.SERVE or not shown.errors(lines))
    cause, known = by_the_end(lines, exit_code, phase, broke=broke)
    if cause is Cause.UNKNOWN or (cause is Cause.EXITED and observed is not Cause.UNKNOWN):
        cause = observed
    return Diagnosis(cause, *_untold(lines, ended=cause is Cause.EXITED), known)


def fields_of(cause: Cause, detail: str) -> dict[str, str]:
    """What the detail of a fault says in figures and names; a diagnosis knows more, from the lines around it."""
    folded = detail.casefold()
    for rule in RULES:
        if rule.cause is cause and any(says(folded, words) for words in rule.words):
            return captured(rule, detail)
    plain = PLAIN_DETAILS.get(cause)
    return hit.groupdict() if plain and (hit := plain.match(detail)) else {}


def _in_phase(observed: Cause, phase: str) -> Cause:
    return Cause.GARBAGE_AFTER_WAKE if (observed, phase) == (Cause.GARBAGE, "wake") else observed


def _told(lines: Sequence[Line], found: Sequence[Match]) -> Diagnosis:
    """The first match; what its own line does not say in figures and names is taken from others of the same cause."""
    best = found[0]
    known: dict[str, str] = {}
    for match in found:
        if match.rule.cause is best.rule.cause:
            around = "\n".join(line.text for line in lines[max(0, match.at - 1) : match.at + 3])
            known = captured(match.rule, around) | known
    detail = shown.detail(lines[best.at], traceback(lines, best.at))
    if lines[best.at].text.startswith("  Input should") and best.at:
        # The validator puts the name of what is wrong on a line of its own.
        detail = f"{lines[best.at - 1].text}: {detail}"
    return Diagnosis(best.rule.cause, detail, shown.around(lines, best.at, detail), known)


def _untold(lines: Sequence[Line], *, ended: bool = False) -> tuple[str, tuple[str, ...]]:
    """Detail and evidence where no rule applies: the last errors, or what came last where it just ended."""
    last = ([] if ended else shown.last_errors(lines)) or shown.last_lines(lines)
    if not last:
        return "", ()
    at = max(number for number, line in enumerate(lines) if line is last[-1])
    detail = shown.detail(last[-1], traceback(lines, at))
    return detail, (*shown.texts(last[:-1]), detail)
