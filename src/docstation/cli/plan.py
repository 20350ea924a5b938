"""``docstation plan``: what models need of the GPU, whether that stays within the budget, and how they are started.

The plans are those that a switch would make now: both ask the same resolver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from docstation.cli.bills import (
    bill_lines,
    command_line,
    device_json,
    device_line,
    plan_json,
    reason,
    verdict_lines,
)
from docstation.cli.card import named_card, reading_json, reading_lines, reference_note
from docstation.cli.common import common_options, current, json_option
from docstation.cli.console import JsonValue, say_error, show, show_json
from docstation.cli.models.names import ModelName
from docstation.cli.speech import Argument, Command, Option
from docstation.errors import BudgetExceeded, ExitCode
from docstation.messages import N_, translate

if TYPE_CHECKING:
    from docstation.bootstrap.parts import Parts
    from docstation.models.entry import ModelEntry
    from docstation.models.explaining import Explanation
    from docstation.models.plan import MemoryPlan
    from docstation.station.gpu import GpuReading, NoReading
    from docstation.station.resolving import Surroundings

CHOOSE_SMALLER = N_("Choose a smaller model, raise station.budget, or free memory of the card.")


@click.command(
    "plan",
    cls=Command,
    help=N_(
        "Plan the GPU memory of MODEL: an itemised bill, whether it stays within the budget, what has to be changed "
        "for that, and the exact command line of vLLM. Several models are planned for one card together. Without "
        "MODEL, those of the settings. Exit code 7 when it does not fit."
    ),
    examples=(
        ("docstation plan dots-ocr", N_("for the card of this machine and the budget of the settings")),
        ("docstation plan qwen3-vl --budget '15 GB' --gpu 'RTX 5080'", N_("for another card and budget")),
        ("docstation plan dots-ocr --explain", N_("says where each number comes from")),
    ),
)
@click.argument(
    "names",
    cls=Argument,
    nargs=-1,
    type=ModelName(),
    metavar="[MODEL]...",
    help=N_("Models by name, alias or checkpoint."),
)
@click.option("--budget", cls=Option, metavar="SIZE", help=N_("All that the card may show, such as 12 GB or 12 GiB."))
@click.option(
    "--gpu", cls=Option, metavar="NAME", help=N_("Plan for this card: a name, its memory such as 16 GiB, or cpu.")
)
@click.option("--card", "with_card", cls=Option, is_flag=True, help=N_("Also show the card and what serves now."))
@click.option("--explain", "explained", cls=Option, is_flag=True, help=N_("Say of each line how it was found."))
@json_option
@common_options
def command(
    *,
    names: tuple[str, ...],
    budget: str | None,
    gpu: str | None,
    with_card: bool,
    explained: bool,
    as_json: bool,
) -> int:
    """Print the plans; the exit code."""
    from docstation.bootstrap.parts import Parts

    call = current()
    settings = call.settings({"station.budget": budget}).settings.station
    found = _found(Parts(settings, call.config), names or settings.models, gpu or "")
    if as_json:
        show_json(_json(found, with_card=with_card))
        return int(found.code)
    if with_card:
        _show_card(found)
    _show(found, explained=explained)
    if found.code is ExitCode.BUDGET:
        failed = ", ".join(one.entry.name for one in found.plans if not one.fits)
        say_error(BudgetExceeded(model=failed, remedy=CHOOSE_SMALLER))
    return int(found.code)


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be shown.

    Attributes:
        plans: of the models, in the order in which they were named.
        refused: of candidates that had to be passed over.
        around: what they were made with.
        reading: of the machine's card, or why there is none.
        serving: names and planned bytes of what serves now, by the journal.
        named: whether they are made for a card that was named.
    """

    plans: tuple[MemoryPlan, ...]
    refused: tuple[MemoryPlan, ...]
    around: Surroundings
    reading: GpuReading | NoReading
    serving: tuple[tuple[str, int], ...]
    named: bool

    @property
    def code(self) -> ExitCode:
        """What the process answers."""
        return ExitCode.OK if all(one.fits for one in self.plans) else ExitCode.BUDGET

    @property
    def note(self) -> str:
        """Why the plans are not made for a card of this machine, in the active language; empty where they are."""
        from docstation.station.gpu import NoReading

        takes_reference = self.around.device.reference and not self.named
        return reference_note(self.reading) if takes_reference and isinstance(self.reading, NoReading) else ""

    def revision(self, entry: ModelEntry) -> str:
        """The recorded commit of the entry's weights."""
        return self.around.pins.get("weights", entry.checkpoint)

    def served_names(self, entry: ModelEntry) -> tuple[str, ...]:
        """The ids under which the entry is served."""
        return self.around.catalogue.names_of(entry)


def _found(parts: Parts, names: Sequence[str], gpu: str) -> Found:
    from docstation.station.journal import read_records, replay
    from docstation.station.resolving import choose

    around = parts.surroundings(planning=True)
    if gpu:
        around = replace(around, device=named_card(gpu))
    choices = choose(around.catalogue, names, around)
    serving = replay(read_records(parts.folder, notes=False)).state.serving
    return Found(
        plans=tuple(one.plan for one in choices),
        refused=tuple(one for choice in choices for one in choice.refused),
        around=around,
        reading=parts.gpu.read(),
        serving=tuple((one.model, one.planned_bytes) for one in serving.members),
        named=bool(gpu),
    )


def _show_card(found: Found) -> None:
    from docstation.station.gpu import GpuReading

    for line in reading_lines(found.reading) if isinstance(found.reading, GpuReading) else ():
        show(line)
    names = ", ".join(f"{name} ({planned / 10**9:.2f} GB)" for name, planned in found.serving)
    show(translate(N_("serving: {names}"), names=names or translate(N_("nothing"))))
    show("")


def _show(found: Found, *, explained: bool) -> None:
    if found.note:
        show(found.note)
    show(device_line(found.around.device))
    for one in found.refused:
        show(translate(N_("{model} passed over: {reason}"), model=one.entry.name, reason=reason(one)))
    for place, one in enumerate(found.plans):
        show("")
        _show_plan(found, one, found.around.port + place, explained=explained)
    if len(found.plans) > 1:
        total, budget = sum(one.total_bytes for one in found.plans), found.around.budget_bytes
        sizes = {"total": f"{total / 10**9:.2f}", "budget": f"{budget / 10**9:.2f}"}
        show("")
        show(translate(N_("together: {total} of {budget} GB"), **sizes))


def _show_plan(found: Found, one: MemoryPlan, port: int, *, explained: bool) -> None:
    show(f"{one.entry.title} ({one.entry.name})" if one.entry.title else one.entry.name)
    if one.bill:
        for line in bill_lines(one, _explanations(found, one) if explained else ()):
            show(line)
    for line in verdict_lines(one):
        show(line)
    started = command_line(one, port, found.revision(one.entry), found.served_names(one.entry))
    if started:
        show(started)


def _explanations(found: Found, one: MemoryPlan) -> Sequence[Explanation]:
    from docstation.models.checkpoint import checkpoint_of
    from docstation.models.explaining import explain

    checkpoint = checkpoint_of(one.entry, found.around.hub, found.revision(one.entry))
    return tuple(explain(one, checkpoint, found.around.learned))


def _json(found: Found, *, with_card: bool) -> dict[str, JsonValue]:
    from docstation.station.gpu import GpuReading

    port = found.around.port
    shown: dict[str, JsonValue] = {
        "device": device_json(found.around.device),
        "note": found.note,
        "budget_bytes": found.around.budget_bytes,
        "total_bytes": sum(one.total_bytes for one in found.plans),
        "plans": [
            plan_json(one, port + place, found.revision(one.entry), found.served_names(one.entry))
            for place, one in enumerate(found.plans)
        ],
        "refused": [plan_json(one, port, names=found.served_names(one.entry)) for one in found.refused],
        "exit_code": int(found.code),
    }
    if with_card:
        reading = found.reading
        shown["card"] = reading_json(reading) if isinstance(reading, GpuReading) else None
        shown["serving"] = [{"model": name, "planned_bytes": planned} for name, planned in found.serving]
    return shown
