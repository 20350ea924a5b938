"""What is said of each promise: what was done to look, the raw figures seen, and a verdict that they bear out.

A finding that claims anything without a figure cannot be made, nor one that gives no reason for not knowing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from docstation.station.promises.seen import Said, Trouble

Raw = str | int | float | bool


class Promise(StrEnum):
    """What the product promises, in the order of the report; the value is stable and appears in JSON."""

    IDENTITY = "identity"
    ONE_SERVER = "one-server"
    BUDGET = "budget"
    ANSWERS = "answers"
    LAST_CHANGE = "last-change"
    LAST_KNOWN_GOOD = "last-known-good"
    WATCH = "watch"
    BOTH_MODELS = "both-models"
    OFFLINE_START = "offline-start"
    EMBEDDED = "embedded"
    HOST = "host"


class Verdict(StrEnum):
    """What the figures say of a promise; the value is stable and appears in JSON."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_SEEN = "not-seen"
    """It could not be looked at, or not well enough to say either."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was seen: a stable key, which names its unit, and the value as it came."""

    key: str
    value: Raw


@dataclass(frozen=True, slots=True)
class Look:
    """One thing that was done to look, and what it showed; no figures where it showed nothing."""

    done: Said
    seen: tuple[Figure, ...] = ()

    @classmethod
    def of(cls, done: Said, **seen: Raw | None) -> Look:
        """The look with its figures; those that are None were not shown."""
        return cls(done, tuple(Figure(key, value) for key, value in seen.items() if value is not None))


@dataclass(frozen=True, slots=True)
class Finding:
    """What is said of one promise.

    Attributes:
        promise: which.
        verdict: what the figures say.
        looks: what was done, in its order.
        reasons: why it is broken or not known; of a kept one, what there is to add.
        remedies: what to do about it.

    Raises:
        ValueError: it says kept or broken and shows no figure, or is not kept and gives no reason.
    """

    promise: Promise
    verdict: Verdict
    looks: tuple[Look, ...]
    reasons: tuple[Said, ...] = ()
    remedies: tuple[Said, ...] = ()

    def __post_init__(self) -> None:
        if self.verdict is not Verdict.NOT_SEEN and not any(look.seen for look in self.looks):
            raise ValueError(f"{self.promise}: {self.verdict} without a figure")
        if self.verdict is not Verdict.KEPT and not self.reasons:
            raise ValueError(f"{self.promise}: {self.verdict} without a reason")


@dataclass(frozen=True, slots=True)
class Doubts:
    """What speaks against a promise, collected while its figures are gone through.

    Attributes:
        broken: reasons why it is broken.
        unseen: reasons why it is not known to be kept.
        remedies: for either.
    """

    broken: tuple[Said, ...] = ()
    unseen: tuple[Said, ...] = ()
    remedies: tuple[Said, ...] = ()

    def __add__(self, other: Doubts) -> Doubts:
        return Doubts(self.broken + other.broken, self.unseen + other.unseen, self.remedies + other.remedies)

    @classmethod
    def that_break(cls, trouble: Trouble) -> Doubts:
        """It is broken by this trouble."""
        return cls(broken=(trouble.said,), remedies=_remedies(trouble))

    @classmethod
    def that_hide(cls, trouble: Trouble) -> Doubts:
        """It could not be looked at for this trouble."""
        return cls(unseen=(trouble.said,), remedies=_remedies(trouble))

    def finding(self, promise: Promise, looks: tuple[Look, ...], *to_add: Said) -> Finding:
        """The finding: broken where anything breaks it, else not seen where anything hides it, else kept.

        Args:
            promise: which.
            looks: what was done.
            *to_add: said where it is kept.
        """
        remedies = tuple(dict.fromkeys(self.remedies))
        if self.broken:
            return Finding(promise, Verdict.BROKEN, looks, self.broken + self.unseen, remedies)
        if self.unseen:
            return Finding(promise, Verdict.NOT_SEEN, looks, self.unseen, remedies)
        return Finding(promise, Verdict.KEPT, looks, to_add)


def _remedies(trouble: Trouble) -> tuple[Said, ...]:
    return (trouble.remedy,) if trouble.remedy.message else ()
