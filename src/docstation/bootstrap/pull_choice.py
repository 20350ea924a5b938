"""Which models a pull is about: names as people give them, to entries of the catalogue.

An entry that was named is taken as it is, whether it fits or not; of an alias the memory plan has the last word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docstation.errors import DocStationError, UsageError
from docstation.station.resolving import Resolver, refusal

if TYPE_CHECKING:
    from docstation.bootstrap.parts import Parts
    from docstation.models.entry import ModelEntry


@dataclass(frozen=True, slots=True)
class Chosen:
    """Models, in the order in which they were named, each once.

    Attributes:
        entries: to be pulled.
        passed: names of candidates that are left out, each with the reason.
        misfits: entries that were named and do not fit, with the reason; they are pulled all the same.
    """

    entries: tuple[ModelEntry, ...]
    passed: tuple[tuple[str, DocStationError], ...] = ()
    misfits: tuple[tuple[str, DocStationError], ...] = ()


def choose(parts: Parts, names: Sequence[str], *, every: bool = False) -> Chosen:
    """The models that `names` mean.

    Args:
        parts: of the station.
        names: of models, aliases or checkpoints.
        every: take all candidates that fit, and with no names those of the whole catalogue.

    Raises:
        UsageError: a name is not known, or a model cannot be planned before its weights are there.
        BudgetExceeded: no candidate of an alias fits.
    """
    # One look at catalogue and card for all names.
    around = parts.surroundings(planning=True)
    resolver = Resolver(lambda: around)
    wanted = names or (tuple(around.catalogue.entries) if every else parts.settings.models)
    entries: dict[str, ModelEntry] = {}
    passed: dict[str, DocStationError] = {}
    misfits: dict[str, DocStationError] = {}
    for name in wanted:
        candidates = around.catalogue.resolve(name)
        if every:
            fitting = dict(_fitting(resolver, candidates, passed))
            entries |= {one.name: one for one in candidates if one.name in fitting}
        elif len(candidates) > 1:
            entry = around.catalogue.entries[_picked(resolver, name, passed)]
            entries[entry.name] = entry
        else:
            entries[candidates[0].name] = candidates[0]
            if (reason := _unfit(resolver, candidates[0])) is not None:
                misfits[candidates[0].name] = reason
    left = tuple((name, reason) for name, reason in passed.items() if name not in entries)
    return Chosen(tuple(entries.values()), left, tuple(misfits.items()))


def _fitting(
    resolver: Resolver, candidates: Sequence[ModelEntry], passed: dict[str, DocStationError]
) -> Iterator[tuple[str, ModelEntry]]:
    for entry in candidates:
        reason = _unfit(resolver, entry)
        if reason is None:
            yield entry.name, entry
        else:
            passed[entry.name] = reason


def _picked(resolver: Resolver, name: str, passed: dict[str, DocStationError]) -> str:
    """The candidate that a switch to the alias would take."""
    choice = resolver.choices((name,))[0]
    passed |= {one.entry.name: refusal(one) for one in choice.refused if not one.fits}
    if not choice.plan.fits:
        raise refusal(choice.plan)
    return choice.plan.entry.name


def _unfit(resolver: Resolver, entry: ModelEntry) -> DocStationError | None:
    """Why the entry does not fit; None where it does, or where that shows only once its weights are there."""
    try:
        plan = resolver.choices((entry.name,))[0].plan
    except UsageError:
        return None
    return None if plan.fits else refusal(plan)
