"""Several models on one card at once: each gets a part of the budget, and the parts never exceed it.

They are started one after another; the start of the second passes because what the first may take is less than the
budget less the second's part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from docstation.messages.marking import N_
from docstation.models.checkpoint import Checkpoint, checkpoint_of
from docstation.models.devices import Device
from docstation.models.entry import ModelEntry
from docstation.models.fitting import MARGIN, STEPS, Terms, fitting
from docstation.models.learned import NOTHING_LEARNED, Learned
from docstation.models.plan import MemoryPlan
from docstation.models.planning import gigabytes, plan, refuse
from docstation.models.savings import COSTS, fit_for_pictures, leanest

NOT_TOGETHER = N_("Together they need {needed} GB with all savings; {allowed} GB are allowed.")


@dataclass(frozen=True, slots=True)
class Member:
    """One of the models that are to serve together.

    Attributes:
        entry: as the catalogue has it.
        checkpoint: what is known of its weights; found on this machine where None.
        fixed: keys of the entry that a user set and that are not to be changed.
        digest: of its container image, empty while none is recorded.
    """

    entry: ModelEntry
    checkpoint: Checkpoint | None = None
    fixed: frozenset[str] = frozenset()
    digest: str = ""


def plan_together(
    members: Sequence[Member],
    budget_bytes: int,
    device: Device,
    learned: Learned = NOTHING_LEARNED,
    *,
    margin_bytes: int = MARGIN,
) -> tuple[MemoryPlan, ...]:
    """A plan for each member so that all together stay within the budget; on the card none of them fits, or all do.

    What is over when each has what it needs is divided evenly. The other arguments, and what is raised, are those of
    `docstation.models.planning.plan`.
    """
    on_card = [one for one in members if one.entry.engine == "vllm" and not device.is_cpu]
    if len(on_card) < 2:
        return tuple(_plan(one, budget_bytes, device, learned, margin_bytes) for one in members)
    allowed = min(budget_bytes, device.free_bytes)
    needs = _needs(on_card, allowed, device, learned, margin_bytes)
    over = allowed - sum(needs)
    parts = {id(one): need + max(0, over) // len(needs) for one, need in zip(on_card, needs, strict=True)}
    plans = tuple(_plan(one, parts.get(id(one), budget_bytes), device, learned, margin_bytes) for one in members)
    if over >= 0:
        return plans
    sizes = (("needed", gigabytes(sum(needs), up=True)), ("allowed", gigabytes(allowed)))
    return tuple(refuse(one, NOT_TOGETHER, sizes) if one.bill else one for one in plans)


def first_together(
    candidates: Sequence[Sequence[Member]],
    budget_bytes: int,
    device: Device,
    learned: Learned = NOTHING_LEARNED,
    *,
    margin_bytes: int = MARGIN,
) -> tuple[MemoryPlan, ...]:
    """Plans of the first members, one of each list, that fit together; of the last ones tried where none do.

    The most wanted stand first in each list; of two lists the first keeps its most wanted longer. The other arguments,
    and what is raised, are those of `plan_together`.
    """
    plans: tuple[MemoryPlan, ...] = ()
    for members in product(*candidates):
        plans = plan_together(members, budget_bytes, device, learned, margin_bytes=margin_bytes)
        if all(one.fits for one in plans):
            break
    return plans


def _needs(members: Sequence[Member], allowed: int, device: Device, learned: Learned, margin_bytes: int) -> list[int]:
    """What each needs, with as few savings for all as make the sum fit; with all savings where none do."""
    needs: list[int] = []
    for depth in range(len(COSTS) + 1):
        needs = [_need(one, depth, device, learned, margin_bytes) for one in members]
        if sum(needs) <= allowed:
            break
    return needs


def _need(member: Member, depth: int, device: Device, learned: Learned, margin_bytes: int) -> int:
    """What it needs with the `depth` cheapest savings, the thousandth that its share is rounded down by included."""
    checkpoint = member.checkpoint or checkpoint_of(member.entry)
    terms = Terms(device.cuda_bytes, device, checkpoint, learned, margin_bytes, member.digest)
    asked = fit_for_pictures(member.entry, checkpoint.architecture, member.fixed)
    lean = leanest(asked, checkpoint.architecture, member.fixed, depth)
    return fitting(lean, terms).needed + -(-device.cuda_bytes // STEPS)


def _plan(member: Member, budget_bytes: int, device: Device, learned: Learned, margin_bytes: int) -> MemoryPlan:
    return plan(
        member.entry,
        budget_bytes,
        device,
        learned,
        checkpoint=member.checkpoint,
        fixed=member.fixed,
        margin_bytes=margin_bytes,
        digest=member.digest,
    )
