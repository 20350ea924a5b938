"""The vocabulary of the diagnosis table: what a rule is, how much it proves, and how far a server had come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from docstation.station.causes import Cause
from docstation.station.diagnosis.lines import Level


class Place(IntEnum):
    """How far a server had come, in order."""

    START = 0
    """Arguments, configuration, the device."""
    LOAD = 1
    """The weights are being read."""
    PROFILE = 2
    """The weights are there: memory is measured, the KV cache laid out, graphs are captured."""
    SERVE = 3
    """It answers requests."""
    WAKE = 4
    """It sleeps, or is being woken."""


class Rank(IntEnum):
    """How much a line proves. The first line of the best rank is the cause."""

    ROOT = 0
    """Says the cause itself."""
    SIGN = 1
    """Points at the cause; something may follow that says it better."""
    AFTERMATH = 2
    """Only says that something happened before."""


ANYWHERE = frozenset(Place)
STARTING = frozenset({Place.START, Place.LOAD, Place.PROFILE})
SERVING = frozenset({Place.SERVE, Place.WAKE})

ERRORS = frozenset({Level.BARE, Level.ERROR})
WARNINGS = ERRORS | {Level.WARNING}
ANY_LEVEL = WARNINGS | {Level.INFO}


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which a cause shows.

    Attributes:
        cause: what it is.
        words: any of them in a line is enough, upper and lower case alike. ``…`` stands for anything in between, ``^``
            at the beginning for the beginning of the line.
        where: places at which it counts.
        rank: how much it proves.
        levels: levels of the lines that are looked at.
        near: words of which one must stand in the same traceback or in the line itself; none: no condition.
        captures: regular expressions with named groups, for the fields of sentences and remedies; tried on the line
            together with the one before and the two after it.
        fields: fields that always come with it.
    """

    cause: Cause
    words: tuple[str, ...]
    where: frozenset[Place] = ANYWHERE
    rank: Rank = Rank.ROOT
    levels: frozenset[Level] = ERRORS
    near: tuple[str, ...] = ()
    captures: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()


def says(text: str, words: str) -> bool:
    """Whether a line (folded to lower case) holds the words of a rule; linear in the line's length."""
    parts, from_start = _parts(words)
    if from_start and not text.startswith(parts[0]):
        return False
    at = 0
    for part in parts:
        if (at := text.find(part, at)) < 0:
            return False
        at += len(part)
    return True


@cache
def _parts(words: str) -> tuple[tuple[str, ...], bool]:
    folded = words.casefold()
    return tuple(part.strip() for part in folded.removeprefix("^").split("…")), folded.startswith("^")
