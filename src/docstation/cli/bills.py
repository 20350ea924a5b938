"""Memory plans as people and programs read them: an aligned bill, verdict, changes and words to type, or JSON."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from docstation.cli.console import JsonValue
from docstation.inference.profiles import chat_template
from docstation.messages import N_, translate
from docstation.models.arguments import Device as ArgumentsFor
from docstation.models.arguments import arguments
from docstation.models.devices import Device
from docstation.models.explaining import Explanation
from docstation.models.plan import Item, Line, MemoryPlan

GIB, GB = 2**30, 10**9
ITEMS = {
    Item.WEIGHTS: N_("weights"),
    Item.KV_CACHE: N_("KV cache"),
    Item.ACTIVATIONS: N_("work memory"),
    Item.CUDA_GRAPHS: N_("CUDA graphs"),
    Item.UNCOUNTED: N_("outside vLLM's share"),
    Item.MARGIN: N_("margin"),
}
SOURCES = {"computed": N_("computed"), "measured": N_("measured"), "set": N_("set")}
TOTAL = N_("total")
WIDTH = 9
"""Columns of a number."""


def bill_lines(plan: MemoryPlan, explanations: Sequence[Explanation] = ()) -> Iterator[str]:
    """The bill as a table in GiB and GB, each line with its explanations below it."""
    names = [translate(ITEMS[line.item]) for line in plan.bill] + [translate(TOTAL)]
    width = max(len(name) for name in names)
    yield _row("", translate(N_("GiB")), translate(N_("GB")), "", width)
    for line in plan.bill:
        yield _row(translate(ITEMS[line.item]), *_numbers(line.bytes), _remark(plan, line), width)
        for one in explanations:
            if one.item is line.item:
                yield f"      {translate(one.sentence, **one.fields)}"
    if plan.cuda_bytes:
        budget = translate(N_("of {budget} GB"), budget=f"{plan.budget_bytes / GB:.2f}")
        yield _row(translate(TOTAL), *_numbers(plan.total_bytes), budget, width)


def verdict_lines(plan: MemoryPlan) -> Iterator[str]:
    """Why the verdict is what it is, and what was changed for it."""
    yield reason(plan)
    for change in plan.changes:
        yield f"  {change.key}: {change.before} → {change.after} ({translate(change.cost)})"


def reason(plan: MemoryPlan) -> str:
    """The plan's reason in the active language."""
    return translate(plan.reason, **dict(plan.reason_fields))


def command_line(plan: MemoryPlan, port: int, revision: str = "", names: Sequence[str] = ()) -> str:
    """One line that starts the server in a POSIX shell; empty where vLLM does not serve it or it does not fit."""
    words = argument_words(plan, port, revision, names)
    return shlex.join(["vllm", "serve", *words]) if words else ""


def argument_words(plan: MemoryPlan, port: int, revision: str = "", names: Sequence[str] = ()) -> tuple[str, ...]:
    """The words after ``vllm serve``; none where vLLM does not serve it or it does not fit."""
    if plan.entry.engine != "vllm" or not plan.fits:
        return ()
    device: ArgumentsFor = "cuda" if plan.cuda_bytes else "cpu"
    template = chat_template(plan.entry.profile)
    return arguments(plan, port=port, revision=revision, names=names, chat_template=template, device=device)


def plan_json(plan: MemoryPlan, port: int, revision: str = "", names: Sequence[str] = ()) -> dict[str, JsonValue]:
    """A plan for programs; all sizes in bytes."""
    return {
        "model": plan.entry.name,
        "verdict": plan.verdict.value,
        "fits": plan.fits,
        "bill": [{"item": line.item.value, "bytes": line.bytes, "source": line.source} for line in plan.bill],
        "total_bytes": plan.total_bytes,
        "budget_bytes": plan.budget_bytes,
        "cuda_bytes": plan.cuda_bytes,
        "utilisation": plan.utilisation,
        "kv_tokens": plan.kv_tokens,
        "changes": [
            {"key": one.key, "before": one.before, "after": one.after, "cost": translate(one.cost)}
            for one in plan.changes
        ],
        "reason": reason(plan),
        "arguments": list(argument_words(plan, port, revision, names)),
        "fingerprint": plan.fingerprint,
    }


def device_json(device: Device) -> dict[str, JsonValue]:
    """The card for programs; all sizes in bytes."""
    return {
        "name": device.name,
        "board_bytes": device.board_bytes,
        "cuda_bytes": device.cuda_bytes,
        "free_bytes": device.free_bytes,
        "capability": list(device.capability),
        "driver": device.driver,
        "reference": device.reference,
    }


def device_line(device: Device) -> str:
    """The card in one line."""
    if device.is_cpu:
        return translate(N_("card: none, vLLM computes on the processor"))
    return translate(
        N_("card: {name}, {cuda} GiB for CUDA, {free} GiB free for us"),
        name=device.name,
        cuda=f"{device.cuda_bytes / GIB:.2f}",
        free=f"{device.free_bytes / GIB:.2f}",
    )


def _remark(plan: MemoryPlan, line: Line) -> str:
    source = translate(SOURCES.get(line.source, line.source))
    if line.item is Item.KV_CACHE and plan.kv_tokens:
        return translate(N_("{tokens} tokens"), tokens=f"{plan.kv_tokens:,}")
    return source


def _numbers(count: int) -> tuple[str, str]:
    return f"{count / GIB:.2f}", f"{count / GB:.2f}"


def _row(name: str, gib: str, gb: str, remark: str, width: int) -> str:
    return f"  {name:<{width}}{gib:>{WIDTH}}{gb:>{WIDTH}}   {remark}".rstrip()
