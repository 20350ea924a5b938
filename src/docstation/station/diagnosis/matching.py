"""Rules held against the lines of a log: which match, where the server had come by then, and what they capture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from docstation.station.diagnosis.ending import signal_of
from docstation.station.diagnosis.lines import Level, Line
from docstation.station.diagnosis.progress import is_answer, place_by_frames, places, traceback
from docstation.station.diagnosis.rule import Place, Rank, Rule, says
from docstation.station.diagnosis.rules import RULES

FRONT = "APIServer"
"""The process whose lines clients have a say in; the engine does not write under this name."""


@dataclass(frozen=True, slots=True)
class Match:
    """A line that says what a rule looks for."""

    rule: Rule
    at: int
    """Number of its line."""
    process: str
    reached: Place
    """What the server had reported by then; the rule itself may be judged by the functions of a traceback."""

    @property
    def order(self) -> tuple[int, int]:
        """Its place among others, the most telling first; what stands in a request's error may have been sent."""
        sent = self.process.startswith(FRONT) and self.reached >= Place.SERVE
        return max(self.rule.rank, Rank.SIGN) if sent else self.rule.rank, self.at


def matches(lines: Sequence[Line], phase: str) -> list[Match]:
    """What matches and was not got over: the best rank first, of one rank the first line first."""
    reached = places(lines, phase)
    answered = max((at for at, line in enumerate(lines) if is_answer(line)), default=-1)
    found = [
        match
        for at, line in enumerate(lines)
        if (match := _match(lines, at, line, reached[at], phase)) and not _overcome(match, reached, answered)
    ]
    return sorted(found, key=lambda match: match.order)


def captured(rule: Rule, text: str) -> dict[str, str]:
    """What a rule's captures find in a text, and the fields that always come with it."""
    found: dict[str, str] = {}
    for pattern in rule.captures:
        if hit := re.search(pattern, text):
            found = {name: value for name, value in hit.groupdict().items() if value} | found
    found |= dict(rule.fields)
    if flag := found.get("flag"):
        found["flag"] = flag if flag.startswith("-") else "--" + flag.replace("_", "-")
    if number := found.pop("number", ""):
        found |= signal_of(int(number))
    return found


def _match(lines: Sequence[Line], at: int, line: Line, reached: Place, phase: str) -> Match | None:
    if line.level is Level.NOISE or line.is_frame:
        return None
    folded = line.text.casefold()
    named = [rule for rule in RULES if line.level in rule.levels and any(says(folded, words) for words in rule.words)]
    if not named:
        return None
    named.sort(key=lambda rule: rule.rank)
    frames = traceback(lines, at)
    place = place_by_frames(frames)
    place = reached if place is None else place
    if phase == "wake" and place is Place.SERVE:
        place = Place.WAKE
    around = "\n".join([line.text, *frames]).casefold()
    for rule in named:
        if place in rule.where and (not rule.near or any(words.casefold() in around for words in rule.near)):
            return Match(rule, at, line.process, reached)
    return None


def _overcome(match: Match, reached: Sequence[Place], answered: int) -> bool:
    """Whether the server got further, or answered, after what matched: then it was not what ended it."""
    if match.reached < Place.SERVE:
        return any(place > match.reached for place in reached[match.at :])
    from_engine = match.process and not match.process.startswith(FRONT)
    return match.at < answered and not (match.rule.rank is Rank.ROOT and from_engine)
