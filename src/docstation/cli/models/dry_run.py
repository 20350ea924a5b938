"""What a switch would do, without doing any of it: the plan, the variant, what is stopped, the exact command lines."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from docstation.cli.bills import bill_lines, plan_json, reason, verdict_lines
from docstation.cli.console import JsonValue, say_error, show, show_json
from docstation.cli.models.changing import the_parts
from docstation.cli.models.following import state_of
from docstation.cli.models.outcomes import READS
from docstation.cli.models.wording import gigabytes
from docstation.errors import BudgetExceeded, ExitCode
from docstation.messages import N_, translate
from docstation.station.deployment import NOTHING, Deployment, Lineup
from docstation.station.words import State

if TYPE_CHECKING:
    from docstation.models.plan import MemoryPlan
    from docstation.models.planning import Choice

PASSED_OVER = N_("{model} passed over: {reason}")
NOT_HERE = N_("it fits, but its weights are not on this machine.")
TOO_MUCH = N_("See what would have to change above, or choose a smaller model.")


def dry_run(names: Sequence[str], *, restart: bool, as_json: bool) -> int:
    """Tell what would be done; the exit code.

    Raises:
        DocStationError: a model is not known, or nothing here could start it.
    """
    parts = the_parts()
    choices = parts.resolver.choices(names)
    fits = all(one.plan.fits for one in choices)
    lineup = parts.resolver.lineup(names) if fits else NOTHING
    state = state_of(parts.folder)
    stopped = _stopped(state, lineup, restart=restart) if fits else ()
    started = tuple(one for one in lineup.members if restart or one not in state.present)
    if as_json:
        show_json(_json(choices, stopped, started, lineup, fits=fits))
    else:
        _show(choices, stopped, started, lineup, fits=fits)
    if fits:
        return 0
    refused = ", ".join(one.plan.entry.name for one in choices if not one.plan.fits)
    say_error(BudgetExceeded(model=refused, remedy=TOO_MUCH))
    return int(ExitCode.BUDGET)


def _stopped(state: State, lineup: Lineup, *, restart: bool) -> tuple[Deployment, ...]:
    """Servers that would be stopped: what is not wanted, what differs from what is wanted, and what is ill."""
    return tuple(one for one in state.present if one not in lineup.members or one.model in state.ill or restart)


def _show(
    choices: Sequence[Choice],
    stopped: Sequence[Deployment],
    started: Sequence[Deployment],
    lineup: Lineup,
    *,
    fits: bool,
) -> None:
    for choice in choices:
        for refused in choice.refused:
            show(translate(PASSED_OVER, model=refused.entry.name, reason=_passed_over(refused)))
        _show_plan(choice.plan)
    if not fits:
        return
    if not started and not stopped:
        show(translate(N_("It serves already; nothing would be done.")))
    for one in stopped:
        show(translate(N_("would be stopped: {model} at {address}"), model=one.model, address=one.address))
    for one in started:
        _show_start(one)
    if len(lineup.members) > 1:
        show(_together(lineup, choices[0].plan.budget_bytes))


def _together(lineup: Lineup, budget_bytes: int) -> str:
    return translate(
        N_("together {planned} of {budget} by the plan"),
        planned=gigabytes(lineup.planned_bytes),
        budget=gigabytes(budget_bytes),
    )


def _passed_over(one: MemoryPlan) -> str:
    return translate(NOT_HERE) if one.fits else reason(one)


def _show_plan(plan: MemoryPlan) -> None:
    show(f"{plan.entry.title} ({plan.entry.name})" if plan.entry.title else plan.entry.name)
    if plan.bill:
        for line in bill_lines(plan):
            show(line)
    for line in verdict_lines(plan):
        show(line)


def _show_start(one: Deployment) -> None:
    if one.driver == "embedded":
        show(translate(READS))
        return
    show(translate(N_("would be started: {model} at {address}"), model=one.model, address=one.address))
    if one.image:
        image = f"{one.image}@{one.digest}" if one.digest else one.image
        show("  " + translate(N_("in a container of {image}"), image=image))
    for name, value in one.environment:
        show(f"  {name}={shlex.quote(value)}")
    words = argv(one)
    if words:
        show(f"  {shlex.join(words)}")


def argv(one: Deployment) -> tuple[str, ...]:
    """The command line of the server as it sees it; none where nothing is started."""
    if not one.arguments:
        return ()
    if one.driver != "container":
        return "vllm", "serve", *one.arguments
    from docstation.station.drivers.container_creation import listening

    return "vllm", "serve", *listening(one.arguments)


def _json(
    choices: Sequence[Choice],
    stopped: Sequence[Deployment],
    started: Sequence[Deployment],
    lineup: Lineup,
    *,
    fits: bool,
) -> dict[str, JsonValue]:
    planned = {one.model: (one.port, one.revision, one.names) for one in lineup.members}
    return {
        "fits": fits,
        "plans": [plan_json(one.plan, *planned.get(one.plan.entry.name, (0,))) for one in choices],
        "passed_over": [
            {"model": one.entry.name, "fits": one.fits, "reason": _passed_over(one)}
            for choice in choices
            for one in choice.refused
        ],
        "stops": [one.model for one in stopped],
        "starts": [
            {
                "model": one.model,
                "driver": one.driver,
                "address": one.address,
                "image": one.image or None,
                "digest": one.digest or None,
                "environment": dict(one.environment),
                "argv": list(argv(one)),
                "planned_bytes": one.planned_bytes,
            }
            for one in started
        ],
        "planned_bytes": lineup.planned_bytes,
        "exit_code": 0 if fits else int(ExitCode.BUDGET),
    }
