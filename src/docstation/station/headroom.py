"""Whether we keep within the memory budget: ``(state, sample) → (state, change)``, pure.

Memory is sampled about once a second while a model serves. Above the soft limit nothing new should be admitted, above
the hard one the model has to start again on a smaller plan. It reads no clock and no card and stops nothing itself.
All memory is in bytes, times are seconds of any steady clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from docstation.station.gpu import GpuReading, NoReading


class Level(StrEnum):
    """How near we are to the budget; the value is stable and appears in JSON and metrics."""

    FINE = "fine"
    SOFT = "soft"
    """Admit nothing new until it is `FINE` again."""
    HARD = "hard"
    """Start again on a smaller plan."""


@dataclass(frozen=True, slots=True)
class MemorySample:
    """What the card showed at one moment.

    Attributes:
        at: when.
        used_bytes: by all processes, the driver's reserve left out; None where the card could not be read.
        ours_bytes: by our processes; None where the driver does not tell.
    """

    at: float
    used_bytes: int | None = None
    ours_bytes: int | None = None

    @classmethod
    def of(cls, at: float, answer: GpuReading | NoReading) -> Self:
        """The sample that a reading makes."""
        if isinstance(answer, NoReading):
            return cls(at)
        return cls(at, answer.used_bytes, answer.ours_bytes)


@dataclass(frozen=True, slots=True)
class Latch:
    """One limit that counts as passed, or as left again, only after several samples in a row have said so.

    Attributes:
        passed: whether we are above it.
        streak: samples in a row that say the contrary.
        since: when it was passed.
    """

    passed: bool = False
    streak: int = 0
    since: float = 0.0

    def step(self, at: float, held: int, limit: int, slack: int, samples: int) -> Latch:
        """After a sample of `held` bytes; to leave the limit again it takes `slack` bytes less than to pass it."""
        contrary = held <= limit - slack if self.passed else held > limit
        streak = self.streak + 1 if contrary else 0
        if streak < samples:
            return replace(self, streak=streak)
        return Latch(not self.passed, 0, at)


@dataclass(frozen=True, slots=True)
class HeadroomState:
    """What is remembered between samples; a new start of a model begins with a new one.

    Attributes:
        level: as last told.
        soft: of the soft limit.
        hard: of the hard limit.
        worn: whether it has been soft for too long, until it is fine again.
        at: when memory was last known.
        held_bytes: ours at that time, None before the first sample.
    """

    level: Level = Level.FINE
    soft: Latch = Latch()
    hard: Latch = Latch()
    worn: bool = False
    at: float = 0.0
    held_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class LevelChange:
    """The level is another one than before.

    Attributes:
        at: when.
        before: the level until then.
        level: the level from now on.
        held_bytes: what we hold.
        exact: whether that is the driver's figure for our processes, and not a difference that others may have made.
        lasting: whether it is hard only because it has been soft for too long.
    """

    at: float
    before: Level
    level: Level
    held_bytes: int
    exact: bool
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Headroom:
    """The policy.

    Attributes:
        budget_bytes: all that the card may show for us.
        soft: share of the budget above which nothing new is admitted.
        hard: share of the budget above which the model starts again.
        slack: share of the budget by which we must be below a limit again.
        samples: how many in a row it takes, so that a spike is none.
        patience: seconds after which soft becomes hard: memory that an engine has cached it never gives back, and
            admitting nothing for ever would be no service; infinity for never.
        stale: seconds without a figure after which samples no longer count as in a row.
        baseline_bytes: in use before our start, by others; None where it was not measured.
    """

    budget_bytes: int
    soft: float = 0.98
    hard: float = 1.0
    slack: float = 0.01
    samples: int = 3
    patience: float = 120.0
    stale: float = 10.0
    baseline_bytes: int | None = None

    def held(self, sample: MemorySample) -> int | None:
        """What is ours: the driver's figure for our processes, else what was added to what others held before us.

        The second also grows by what others take after our start. None where neither can be had.
        """
        if sample.ours_bytes is not None:
            return sample.ours_bytes
        if sample.used_bytes is None or self.baseline_bytes is None:
            return None
        return max(0, sample.used_bytes - self.baseline_bytes)

    def sample(self, state: HeadroomState, sample: MemorySample) -> tuple[HeadroomState, LevelChange | None]:
        """After one sample; a sample without a figure changes nothing."""
        held = self.held(sample)
        if held is None:
            return state, None
        if state.held_bytes is not None and sample.at - state.at > self.stale:
            state = replace(state, soft=replace(state.soft, streak=0), hard=replace(state.hard, streak=0))
        soft = self._step(state.soft, self.soft, sample.at, held)
        hard = self._step(state.hard, self.hard, sample.at, held)
        too_long = soft.streak == 0 and sample.at - soft.since >= self.patience
        worn = soft.passed and (state.worn or too_long)
        level = Level.HARD if hard.passed or worn else Level.SOFT if soft.passed else Level.FINE
        now = HeadroomState(level, soft, hard, worn, sample.at, held)
        if level is state.level:
            return now, None
        exact = sample.ours_bytes is not None
        return now, LevelChange(sample.at, state.level, level, held, exact, lasting=worn and not hard.passed)

    def _step(self, latch: Latch, share: float, at: float, held: int) -> Latch:
        limit, slack = round(self.budget_bytes * share), round(self.budget_bytes * self.slack)
        return latch.step(at, held, limit, slack, self.samples)
