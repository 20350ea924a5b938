"""The memory plan: an entry, a budget and a card in; an itemised bill, a verdict and the entry to serve out.

Pure but for the checkpoint's small files, which are read where the caller brings none. The same arguments give the same
plan. Settings that a user gave (`fixed`) are never changed; the context never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from docstation.messages.marking import N_
from docstation.models.checkpoint import Checkpoint, checkpoint_of
from docstation.models.devices import Device
from docstation.models.entry import ModelEntry
from docstation.models.fitting import MARGIN, Fitting, Terms, fitting, kv_on_cpu
from docstation.models.kv_cache import GPU_BLOCK
from docstation.models.learned import NOTHING_LEARNED, Learned, fingerprint
from docstation.models.plan import Item, Line, MemoryPlan, Verdict
from docstation.models.savings import changes, cheapest, fit_for_pictures, leanest

FITS = N_("It fits. Requests at once: {sequences}, each of up to {context} tokens.")
FITS_CHANGED = N_("It fits with the changes below. Requests at once: {sequences}, each of up to {context} tokens.")
ON_CPU = N_("It runs on the processor, where no memory of a card is planned; this is the KV cache alone.")
NO_CARD_NEEDED = N_("It takes no memory of the card.")
TOO_LARGE = N_("Weights and work memory alone need {needed} GB with all savings; {allowed} GB are allowed.")
TOO_LONG = N_("One request of {context} tokens needs {needed} GB with all savings; {allowed} GB are allowed.")
SHORTER = N_(
    "One request of {context} tokens needs {needed} GB with all savings; {allowed} GB are allowed. "
    "A context of {longest} tokens would fit."
)
CARD_FULL = N_(
    "One request of {context} tokens needs {needed} GB with all savings; {allowed} GB of the card are free, "
    "other programs hold the rest."
)
SHORTEST_CONTEXT = 512
"""Tokens; the least that an entry may ask for."""


def plan(
    entry: ModelEntry,
    budget_bytes: int,
    device: Device,
    learned: Learned = NOTHING_LEARNED,
    *,
    checkpoint: Checkpoint | None = None,
    fixed: frozenset[str] = frozenset(),
    margin_bytes: int = MARGIN,
    digest: str = "",
) -> MemoryPlan:
    """How `entry` is served so that the card never shows more than the budget for it.

    Args:
        entry: as the catalogue has it.
        budget_bytes: all that the card may show for us.
        device: the card, or the processor.
        learned: what earlier starts took.
        checkpoint: what is known of the weights; found on this machine where None.
        fixed: keys of the entry that a user set and that are not to be changed.
        margin_bytes: left free of the budget.
        digest: of the container image, empty while none is recorded.

    Raises:
        UsageError: the checkpoint's architecture is not known.
    """
    if entry.engine != "vllm":
        return _nothing_needed(entry, budget_bytes, device)
    found = checkpoint or checkpoint_of(entry)
    terms = Terms(budget_bytes, device, found, learned, margin_bytes, digest)
    if device.is_cpu:
        return _on_cpu(entry, terms)
    architecture = found.architecture
    asked = fit_for_pictures(entry, architecture, fixed)
    served = cheapest(asked, architecture, fixed, lambda one: fitting(one, terms).fits)
    if served is not None:
        return _fitting_plan(entry, fitting(served, terms), terms)
    # An fp8 cache brings workspaces of its own, so the leanest may be the one with it or the one without.
    leans = [fitting(leanest(asked, architecture, keys), terms) for keys in (fixed, fixed | {"kv_cache_type"})]
    return _refused(entry, fitting(asked, terms), leans, terms)


@dataclass(frozen=True, slots=True)
class Choice:
    """The first of several candidates that fits, and those before it that do not.

    Attributes:
        plan: of the candidate that fits; of the last one where none does.
        refused: plans of the candidates before it, each with its reason.
    """

    plan: MemoryPlan
    refused: tuple[MemoryPlan, ...] = ()


def pick(plans: Iterable[MemoryPlan]) -> Choice:
    """The first plan that fits; `plans` are made as they are asked for, the most wanted first.

    Raises:
        ValueError: there are none.
    """
    refused: list[MemoryPlan] = []
    for one in plans:
        if one.fits:
            return Choice(one, tuple(refused))
        refused.append(one)
    if not refused:
        raise ValueError("no candidates")
    return Choice(refused[-1], tuple(refused[:-1]))


def _fitting_plan(asked: ModelEntry, found: Fitting, terms: Terms) -> MemoryPlan:
    changed = changes(asked, found.entry)
    return MemoryPlan(
        entry=found.entry,
        verdict=Verdict.FITS_WITH_CHANGES if changed else Verdict.FITS,
        bill=found.bill(found.kv_blocks * GPU_BLOCK * found.token),
        budget_bytes=terms.budget_bytes,
        cuda_bytes=terms.device.cuda_bytes,
        utilisation=found.thousandths / 1000,
        kv_tokens=found.kv_blocks * GPU_BLOCK,
        changes=changed,
        reason=FITS_CHANGED if changed else FITS,
        reason_fields=_fields(sequences=found.entry.max_sequences, context=found.entry.context),
        fingerprint=found.fingerprint,
    )


def _refused(entry: ModelEntry, asked: Fitting, leans: Sequence[Fitting], terms: Terms) -> MemoryPlan:
    """Why not, with the bill of what was asked for."""
    longest = max(max(0, lean.kv_blocks - 1) // lean.entry.max_sequences * GPU_BLOCK for lean in leans)
    reason, needed = SHORTER if longest >= SHORTEST_CONTEXT else TOO_LONG, min(lean.needed for lean in leans)
    if terms.device.free_bytes < min(terms.budget_bytes, terms.device.cuda_bytes):
        reason = CARD_FULL
    elif all(lean.room <= 0 for lean in leans):
        reason, needed = TOO_LARGE, min(lean.needed - lean.needed_kv for lean in leans)
    return MemoryPlan(
        entry=entry,
        verdict=Verdict.DOES_NOT_FIT,
        bill=asked.bill(asked.needed_kv),
        budget_bytes=terms.budget_bytes,
        cuda_bytes=terms.device.cuda_bytes,
        utilisation=0.0,
        kv_tokens=0,
        reason=reason,
        reason_fields=_fields(
            context=entry.context,
            longest=longest,
            needed=gigabytes(needed, up=True),
            allowed=gigabytes(terms.allowed_bytes),
        ),
        fingerprint=asked.fingerprint,
    )


def _on_cpu(entry: ModelEntry, terms: Terms) -> MemoryPlan:
    tokens, kv_bytes = kv_on_cpu(entry, terms)
    return MemoryPlan(
        entry=entry,
        verdict=Verdict.FITS,
        bill=(Line(Item.KV_CACHE, kv_bytes),),
        budget_bytes=terms.budget_bytes,
        cuda_bytes=0,
        utilisation=0.0,
        kv_tokens=tokens,
        reason=ON_CPU,
        fingerprint=fingerprint(entry, terms.device, terms.digest),
    )


def _nothing_needed(entry: ModelEntry, budget_bytes: int, device: Device) -> MemoryPlan:
    return MemoryPlan(entry, Verdict.FITS, (), budget_bytes, device.cuda_bytes, 0.0, 0, reason=NO_CARD_NEEDED)


def _fields(**values: object) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in values.items())


def gigabytes(count: int, *, up: bool = False) -> str:
    """Gigabytes with one decimal, what is needed rounded up and what is allowed down, so that they never look equal."""
    tenth = 10**8
    return f"{(-(-count // tenth) if up else count // tenth) / 10:.1f}"


def refuse(one: MemoryPlan, reason: str, fields: tuple[tuple[str, str], ...]) -> MemoryPlan:
    """The plan as one that does not fit for another reason than its own."""
    return replace(
        one, verdict=Verdict.DOES_NOT_FIT, utilisation=0.0, kv_tokens=0, changes=(), reason=reason, reason_fields=fields
    )
