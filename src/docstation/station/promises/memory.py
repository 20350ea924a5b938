"""The promises about GPU memory: what ours hold is within the budget, and so are the plans of both models."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from docstation.messages.marking import N_
from docstation.models.plan import MemoryPlan
from docstation.station.deployment import Deployment
from docstation.station.gpu import GpuReading, NoReading
from docstation.station.promises.findings import Doubts, Finding, Look, Promise
from docstation.station.promises.seen import Observations, PlansSeen, Said, Trouble

UTILISATION = "--gpu-memory-utilization"


def budget(seen: Observations) -> Finding:
    """The memory that ours hold is within the budget."""
    # Also what is only being started or stopped holds memory.
    members = [one for one in seen.state.present if one.planned_bytes]
    looks = (*_plan_looks(seen, members), _card_look(seen))
    promised = seen.card.budget_bytes
    planned = sum(one.planned_bytes for one in members)
    doubts = Doubts(broken=(Said.of(PLANNED_OVER, planned=planned, budget=promised),) if planned > promised else ())
    granted = sum(round(_utilisation(one) * seen.card.cuda_bytes) for one in members)
    if granted > promised:
        doubts += Doubts(broken=(Said.of(GRANTED_OVER, granted=granted, budget=promised),))
    within = Said(WITHIN_ALTOGETHER)
    reading = seen.card.reading
    if isinstance(reading, NoReading):
        doubts += Doubts.that_hide(no_card(reading))
    elif not members:
        doubts += Doubts(unseen=(Said(NOTHING_ON_CARD),))
    elif reading.ours_bytes is None:
        if reading.used_bytes > promised:
            doubts += Doubts(unseen=(Said(reading.attribution.sentence),))
        return doubts.finding(Promise.BUDGET, looks, within)
    elif reading.ours_bytes > promised:
        doubts += Doubts(broken=(Said.of(HELD_OVER, held=reading.ours_bytes, budget=promised),))
    return doubts.finding(Promise.BUDGET, looks)


PLANNED_OVER = N_("By its plan what serves takes {planned} bytes, more than the budget of {budget}.")
GRANTED_OVER = N_("vLLM was granted {granted} bytes, more than the budget of {budget}.")
HELD_OVER = N_("Our servers hold {held} bytes, more than the budget of {budget}.")
NOTHING_ON_CARD = N_("No model of ours is planned on the card.")
WITHIN_ALTOGETHER = N_("The driver does not tell whose memory it is; all that is in use together is within the budget.")


def no_card(reading: NoReading) -> Trouble:
    """Why there is no card."""
    told = {"detail": reading.detail}
    said, remedy = Said.of(reading.absence.sentence, **told), Said.of(reading.absence.remedy, **told)
    return Trouble(said, remedy, reading.detail)


def _utilisation(deployment: Deployment) -> float:
    """What it was told to take of the card, as a share; 0 where that is not said."""
    words = deployment.arguments
    given = [value for word, value in pairwise(words) if word == UTILISATION]
    try:
        return float(given[-1]) if given else 0.0
    except ValueError:
        return 0.0


def _plan_looks(seen: Observations, members: list[Deployment]) -> Iterable[Look]:
    for one in members:
        measured, of = seen.card.measured.get(one.spec, (None, None))
        share = _utilisation(one)
        yield Look.of(
            Said.of(N_("Read what {model} was started with, and what was noted after its start."), model=one.model),
            planned_bytes=one.planned_bytes,
            utilisation=share or None,
            granted_bytes=round(share * seen.card.cuda_bytes) or None,
            noted_bytes=measured,
            noted_of=of,
        )


def _card_look(seen: Observations) -> Look:
    reading = seen.card.reading
    if not isinstance(reading, GpuReading):
        return Look.of(
            Said(N_("Asked NVML for the card.")),
            card=reading.absence.value,
            words=reading.detail or None,
            budget_bytes=seen.card.budget_bytes,
        )
    return Look.of(
        Said(N_("Read the card through NVML. What is in use is counted without the driver's reserve.")),
        card=reading.name,
        driver=reading.driver,
        budget_bytes=seen.card.budget_bytes,
        ours_bytes=reading.ours_bytes,
        used_bytes=reading.used_bytes,
        free_bytes=reading.free_bytes,
        reserved_bytes=reading.reserved_bytes,
        reserve_is_estimated=reading.reserved_estimated,
        board_bytes=reading.board_bytes,
        cuda_bytes=seen.card.cuda_bytes,
        attribution=reading.attribution.value,
    )


def both_models(seen: Observations) -> Finding:
    """Each of both models fits by its plan; both at once fit, or would be refused."""
    plans = seen.plans
    looks = (*(_alone(one, plans) for one in plans.alone), *_together(plans))
    if plans.trouble is not None:
        return Doubts.that_hide(plans.trouble).finding(Promise.BOTH_MODELS, looks)
    if not plans.on_card:
        return Doubts(unseen=(Said(ON_PROCESSOR),)).finding(Promise.BOTH_MODELS, looks)
    if plans.reference:
        card = seen.card.reading
        why = Doubts.that_hide(no_card(card)) if isinstance(card, NoReading) else Doubts()
        why += Doubts(unseen=(Said.of(FOR_REFERENCE, card=plans.card),))
        return why.finding(Promise.BOTH_MODELS, looks)
    doubts = sum((_doubts_of_plan(one) for one in plans.alone), Doubts())
    total = sum(one.total_bytes for one in plans.together)
    fit = bool(plans.together) and all(one.fits for one in plans.together)
    if fit and total > seen.card.budget_bytes:
        doubts += Doubts(broken=(Said.of(PLANNED_OVER, planned=total, budget=seen.card.budget_bytes),))
    return doubts.finding(Promise.BOTH_MODELS, looks, Said(BOTH_FIT if fit else BOTH_REFUSED))


ON_PROCESSOR = N_("vLLM computes on the processor here, where no memory of a card is planned.")
FOR_REFERENCE = N_("The plans shown are for the reference card, {card}; they say nothing of a card here.")
BOTH_FIT = N_("Both at once fit too.")
BOTH_REFUSED = N_("Both at once do not fit; their start would be refused.")
DOES_NOT_FIT = N_("By its plan {model} does not fit in the budget.")


def _doubts_of_plan(one: MemoryPlan) -> Doubts:
    if not one.fits:
        return Doubts(broken=(Said.of(DOES_NOT_FIT, model=one.entry.name), Said(one.reason, one.reason_fields)))
    if one.total_bytes > one.budget_bytes:
        return Doubts(broken=(Said.of(PLANNED_OVER, planned=one.total_bytes, budget=one.budget_bytes),))
    return Doubts()


def _alone(one: MemoryPlan, plans: PlansSeen) -> Look:
    changes = (f"{change.key} {change.before} → {change.after}" for change in one.changes)
    return Look.of(
        Said.of(N_("Planned {model} alone for {card}."), model=one.entry.name, card=plans.card),
        plan=one.verdict.value,
        planned_bytes=one.total_bytes,
        budget_bytes=one.budget_bytes,
        cuda_bytes=one.cuda_bytes,
        utilisation=one.utilisation or None,
        kv_tokens=one.kv_tokens or None,
        changes=", ".join(changes) or None,
    )


def _together(plans: PlansSeen) -> Iterable[Look]:
    if plans.together:
        names = ", ".join(one.entry.name for one in plans.together)
        yield Look.of(
            Said.of(N_("Planned {models} together for {card}."), models=names, card=plans.card),
            plan=max(plans.together, key=lambda one: not one.fits).verdict.value,
            planned_bytes=sum(one.total_bytes for one in plans.together),
            utilisation=" + ".join(str(one.utilisation) for one in plans.together if one.utilisation) or None,
        )
