"""``docstation models list``: the catalogue, each model with whether it fits, lies here, and serves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from docstation.cli.common import common_options, json_option
from docstation.cli.console import JsonValue, show, show_json
from docstation.cli.models.wording import gigabytes
from docstation.cli.speech import Command
from docstation.errors import DocStationError, NoEngine
from docstation.messages import N_, explain, translate

if TYPE_CHECKING:
    from docstation.bootstrap.parts import Parts
    from docstation.models.devices import Device
    from docstation.models.entry import ModelEntry
    from docstation.models.plan import MemoryPlan
    from docstation.station.resolving import Surroundings

ACTIVE = "*"
FITS = {
    "fits": N_("fits"),
    "fits-with-changes": N_("fits with changes"),
    "does-not-fit": N_("does not fit"),
    "unknown": N_("not known"),
}
WEIGHTS = {True: N_("here"), False: N_("to be fetched")}


@click.command(
    "list",
    cls=Command,
    help=N_(
        "List the models of the catalogue: whether each fits the card and the budget by its plan, whether its weights "
        "are on this machine, and which serves (marked *)."
    ),
    examples=(
        ("docstation models list", N_("for people")),
        ("docstation models list --json", N_("the same for a program")),
    ),
)
@json_option
@common_options
def command(as_json: bool) -> int:
    """Print the list."""
    from docstation.cli.models.changing import the_parts
    from docstation.cli.models.following import state_of

    parts = the_parts()
    around = _around(parts)
    serving = state_of(parts.folder).serving.names
    rows = [_row(entry, around, serving) for entry in around.catalogue.entries.values()]
    if as_json:
        show_json(_json(rows, around))
    else:
        for line in _lines(rows, around):
            show(line)
    return 0


def _around(parts: Parts) -> Surroundings:
    """What a switch would plan with, or what is planned with where nothing here could start a model."""
    try:
        return parts.surroundings()
    except NoEngine:
        return parts.surroundings(planning=True)


@dataclass(frozen=True, slots=True)
class Row:
    """One model.

    Attributes:
        entry: of the catalogue.
        active: whether it serves.
        at_hand: whether its weights are here, None where it needs none.
        plan: for this card, None where it could not be made.
        trouble: why it could not, in the active language.
    """

    entry: ModelEntry
    active: bool
    at_hand: bool | None
    plan: MemoryPlan | None
    trouble: str = ""

    @property
    def verdict(self) -> str:
        """A key of `FITS`."""
        return self.plan.verdict.value if self.plan is not None else "unknown"


def _row(entry: ModelEntry, around: Surroundings, serving: tuple[str, ...]) -> Row:
    from docstation.station.resolving import choose, is_at_hand

    at_hand = is_at_hand(entry, around.hub, around.pins) if entry.engine == "vllm" else None
    try:
        (choice,) = choose(around.catalogue, (entry.name,), around)
    except DocStationError as error:
        return Row(entry, entry.name in serving, at_hand, None, explain(error)[0])
    return Row(entry, entry.name in serving, at_hand, choice.plan)


def _lines(rows: list[Row], around: Surroundings) -> Iterator[str]:
    yield _planned_for(around.device, around.budget_bytes)
    table = [_cells(row) for row in rows]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
    for row in rows:
        if row.trouble:
            yield f"{row.entry.name}: {row.trouble}"
    for alias in around.catalogue.aliases.values():
        yield translate(
            N_("{alias}: the best that fits of {models}"), alias=alias.name, models=", ".join(alias.candidates)
        )
    yield translate(N_("default: {model}"), model=around.catalogue.default)


def _planned_for(device: Device, budget_bytes: int) -> str:
    card = translate(N_("the processor")) if device.is_cpu else device.name
    if device.reference:
        card = translate(N_("{name} (no card was read; the reference card stands in)"), name=device.name)
    return translate(N_("planned for {card}, budget {budget}"), card=card, budget=gigabytes(budget_bytes))


def _cells(row: Row) -> tuple[str, ...]:
    size = gigabytes(row.plan.total_bytes) if row.plan is not None and row.plan.cuda_bytes and row.plan.bill else ""
    return (
        ACTIVE if row.active else " ",
        row.entry.name,
        row.entry.title,
        translate(FITS[row.verdict]),
        size,
        "" if row.at_hand is None else translate(WEIGHTS[row.at_hand]),
    )


def _json(rows: list[Row], around: Surroundings) -> dict[str, JsonValue]:
    return {
        "device": around.device.name,
        "reference": around.device.reference,
        "budget_bytes": around.budget_bytes,
        "default": around.catalogue.default,
        "models": [_row_json(row) for row in rows],
        "aliases": {
            name: {"title": alias.title, "candidates": list(alias.candidates)}
            for name, alias in around.catalogue.aliases.items()
        },
        "exit_code": 0,
    }


def _row_json(row: Row) -> dict[str, JsonValue]:
    plan = row.plan
    return {
        "name": row.entry.name,
        "title": row.entry.title,
        "engine": row.entry.engine,
        "checkpoint": row.entry.checkpoint or None,
        "id": row.entry.model_id,
        "context": row.entry.context,
        "active": row.active,
        "verdict": row.verdict,
        "fits": None if plan is None else plan.fits,
        "planned_bytes": None if plan is None else plan.total_bytes,
        "weights_here": row.at_hand,
        "trouble": row.trouble or None,
    }
