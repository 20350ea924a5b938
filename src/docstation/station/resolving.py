"""Names to deployments: the catalogue, the memory plan and the settings of the moment, put together for the machine.

Everything is read anew each time, so that what a person changed counts at the next switch and not before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from docstation.errors import BudgetExceeded, NoEngine, UsageError
from docstation.inference.profiles import chat_template
from docstation.messages.marking import N_
from docstation.models.arguments import Device as ArgumentsFor
from docstation.models.arguments import arguments, environment
from docstation.models.catalogue import Catalogue
from docstation.models.checkpoint import Checkpoint, checkpoint_folder, checkpoint_of
from docstation.models.devices import Device
from docstation.models.entry import ModelEntry
from docstation.models.learned import Learned
from docstation.models.pins import Pins
from docstation.models.plan import MemoryPlan
from docstation.models.planning import Choice, pick, plan
from docstation.models.together import Member, first_together
from docstation.models.user_keys import user_keys
from docstation.station.deployment import Deployment, DriverKind, Lineup


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a resolution is made in.

    Attributes:
        catalogue: as it is written now.
        shipped: the catalogue without the user's files.
        files: the user's catalogue files; what they set is not changed by a plan.
        budget_bytes: GPU memory of all our models together.
        device: the card, or the processor.
        kind: what starts vLLM here; embedded where nothing does.
        port: of the first model.
        hub: folder of downloaded checkpoints.
        pins: recorded revisions and digests.
        learned: measured starts.
    """

    catalogue: Catalogue
    shipped: Catalogue
    files: tuple[Path, ...]
    budget_bytes: int
    device: Device
    kind: DriverKind
    port: int
    hub: Path
    pins: Pins
    learned: Learned


class Resolver:
    """Resolves names, see `docstation.station.desk.Resolve`.

    Args:
        around: gives the surroundings of the moment.

    Attributes:
        planned: plan and checkpoint behind each spec that was resolved here, for learning from its start.
    """

    def __init__(self, around: Callable[[], Surroundings]) -> None:
        self._around = around
        self.planned: dict[str, tuple[MemoryPlan, Checkpoint]] = {}

    def lineup(self, names: Sequence[str]) -> Lineup:
        """The deployments of these models together.

        Raises:
            UsageError: a model is not known, or is named twice.
            BudgetExceeded: they do not fit.
            NoEngine: nothing here starts vLLM.
        """
        around = self._around()
        return self._kept(choose(around.catalogue, names, around), around.catalogue, around)

    def shipped(self) -> Lineup:
        """The default model as it is shipped."""
        around = self._around()
        return self._kept(choose(around.shipped, (around.shipped.default,), around), around.shipped, around)

    def choices(self, names: Sequence[str]) -> tuple[Choice, ...]:
        """The plans behind `lineup`, whether they fit or not, with the candidates that were passed over."""
        around = self._around()
        return choose(around.catalogue, names, around)

    def _kept(self, choices: Sequence[Choice], catalogue: Catalogue, around: Surroundings) -> Lineup:
        lineup = _lineup(choices, catalogue, around)
        for member, one in zip(lineup.members, choices, strict=True):
            checkpoint = _checkpoint(one.plan.entry, around)
            if checkpoint is not None:
                self.planned[member.spec] = (one.plan, checkpoint)
        return lineup


def choose(catalogue: Catalogue, names: Sequence[str], around: Surroundings) -> tuple[Choice, ...]:
    """A plan for each name; of an alias the best candidate that fits, those at hand before those to be fetched."""
    if len(set(names)) < len(names):
        raise UsageError(N_("A model is named twice."))
    if len(names) == 1:
        return (_best(catalogue.resolve(names[0]), around),)
    candidates = [[_member(one, around) for one in catalogue.resolve(name)] for name in names]
    return tuple(Choice(one) for one in first_together(candidates, around.budget_bytes, around.device, around.learned))


def _best(candidates: Sequence[ModelEntry], around: Surroundings) -> Choice:
    plans = [_plan(one, around) for one in candidates]
    fitting = [one for one in plans if one.fits]
    at_hand = [one for one in fitting if is_at_hand(one.entry, around.hub, around.pins)]
    if at_hand and at_hand[0] is not fitting[0]:
        return Choice(at_hand[0], tuple(one for one in plans[: plans.index(at_hand[0])]))
    return pick(plans)


def is_at_hand(entry: ModelEntry, hub: Path, pins: Pins) -> bool:
    """Whether the weights lie on this machine, in the recorded revision, or are none of our business."""
    if entry.engine != "vllm":
        return True
    if Path(entry.checkpoint).is_dir():
        return True
    return checkpoint_folder(entry.checkpoint, hub, pins.get("weights", entry.checkpoint)) is not None


def _plan(entry: ModelEntry, around: Surroundings) -> MemoryPlan:
    one = _member(entry, around)
    return plan(
        entry,
        around.budget_bytes,
        around.device,
        around.learned,
        checkpoint=one.checkpoint,
        fixed=one.fixed,
        digest=one.digest,
    )


def _member(entry: ModelEntry, around: Surroundings) -> Member:
    fixed = user_keys(around.files, entry.name)
    return Member(entry, _checkpoint(entry, around), fixed, _digest(entry, around))


def _checkpoint(entry: ModelEntry, around: Surroundings) -> Checkpoint | None:
    if entry.engine != "vllm":
        return None
    return checkpoint_of(entry, around.hub, around.pins.get("weights", entry.checkpoint))


def _digest(entry: ModelEntry, around: Surroundings) -> str:
    return around.pins.get("image", entry.image) if around.kind == "container" else ""


def _lineup(choices: Sequence[Choice], catalogue: Catalogue, around: Surroundings) -> Lineup:
    for one in choices:
        if not one.plan.fits:
            raise refusal(one.plan)
    plans = [one.plan for one in choices]
    names = [catalogue.names_of(one.entry) for one in plans]
    ports = range(around.port, around.port + len(plans))
    return Lineup(tuple(_deployment(*one, around) for one in zip(plans, names, ports, strict=True)))


def refusal(one: MemoryPlan) -> BudgetExceeded:
    """Why the plan does not fit, as an error."""
    return BudgetExceeded(one.reason, model=one.entry.name, **dict(one.reason_fields))


def _deployment(one: MemoryPlan, names: tuple[str, ...], port: int, around: Surroundings) -> Deployment:
    entry = one.entry
    if entry.engine == "embedded":
        return Deployment(entry.name, "embedded", entry.model_id, 0)
    if entry.engine == "remote":
        return Deployment(
            entry.name,
            "remote",
            entry.model_id,
            entry.context,
            endpoint=entry.endpoint,
            key_variable=entry.key_variable,
            canary_prompt=entry.canary_prompt,
        )
    if around.kind == "embedded":
        raise NoEngine(NO_VLLM, remedy=NO_VLLM_REMEDY, model=entry.name)
    return _vllm(one, names, port, around)


def _vllm(one: MemoryPlan, names: tuple[str, ...], port: int, around: Surroundings) -> Deployment:
    entry = one.entry
    revision = around.pins.get("weights", entry.checkpoint)
    at_hand = is_at_hand(entry, around.hub, around.pins)
    device: ArgumentsFor = "cpu" if around.device.is_cpu else "cuda"
    return Deployment(
        model=entry.name,
        driver=around.kind,
        served_name=entry.model_id,
        context=entry.context,
        arguments=arguments(
            one,
            port=port,
            revision=revision,
            names=names,
            chat_template=chat_template(entry.profile),
            device=device,
        ),
        port=port,
        planned_bytes=0 if around.device.is_cpu else one.total_bytes,
        checkpoint=entry.checkpoint,
        revision=revision,
        image=entry.image if around.kind == "container" else "",
        digest=_digest(entry, around),
        environment=tuple(sorted(environment(entry, offline=at_hand).items())),
        canary_prompt=entry.canary_prompt,
        fingerprint=one.fingerprint,
    )


NO_VLLM = N_("{model} needs vLLM, and neither a container engine nor a vllm command was found here.")
NO_VLLM_REMEDY = N_("Install Docker with the NVIDIA container toolkit, or vLLM; the embedded engine reads meanwhile.")
