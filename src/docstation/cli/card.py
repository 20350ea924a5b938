"""Cards on the command line: one that is named instead of the machine's, and the machine's as it is now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docstation.cli.console import JsonValue
from docstation.errors import UsageError
from docstation.messages import N_, translate
from docstation.models.devices import CPU, KNOWN_CARDS, REFERENCE, Device, card_named, card_of_size
from docstation.settings.sizes import parse_size

if TYPE_CHECKING:
    from docstation.station.gpu import GpuReading, NoReading

_BARE_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
GIB = 2**30


def named_card(name: str) -> Device:
    """The card that a person names: a known one, an amount of memory (a bare number is GiB), or ``cpu``.

    Raises:
        UsageError: no such card is known.
    """
    if name.strip().lower() == "cpu":
        return CPU
    known = card_named(name)
    if known is not None:
        return known
    try:
        size = parse_size(f"{name} GiB" if _BARE_NUMBER.fullmatch(name.strip()) else name)
    except ValueError:
        size = 0
    if not GIB <= size < 1024 * GIB:
        raise UsageError(
            N_("No card {name} is known."),
            name=name,
            known=", ".join(KNOWN_CARDS),
            remedy=N_("Give one of {known}, its memory such as 16 GiB, or cpu."),
        )
    return card_of_size(size)


def reference_note(found: NoReading) -> str:
    """Why there is no card to plan for, and which is taken instead, in the active language."""
    why = translate(found.absence.sentence, detail=found.detail)
    planned = translate(N_("Planned for the reference card, {name}."), name=REFERENCE.name)
    return f"{why} {planned}"


def reading_lines(reading: GpuReading) -> list[str]:
    """The card as it is now."""
    lines = [
        translate(
            N_("{name}, driver {driver}, CUDA {cuda}"), name=reading.name, driver=reading.driver, cuda=reading.cuda
        ),
        translate(
            N_("{board} GiB on the board, {reserved} kept by the driver, {used} in use, {free} free"),
            board=_gib(reading.board_bytes),
            reserved=_gib(reading.reserved_bytes),
            used=_gib(reading.used_bytes),
            free=_gib(reading.free_bytes),
        ),
    ]
    lines += [f"  pid {one.pid}: {_gib(one.bytes) if one.bytes is not None else '?'} GiB" for one in reading.processes]
    return lines


def reading_json(reading: GpuReading) -> dict[str, JsonValue]:
    """The card as it is now, for programs; all sizes in bytes."""
    return {
        "name": reading.name,
        "uuid": reading.uuid,
        "driver": reading.driver,
        "cuda": reading.cuda,
        "board_bytes": reading.board_bytes,
        "reserved_bytes": reading.reserved_bytes,
        "used_bytes": reading.used_bytes,
        "free_bytes": reading.free_bytes,
        "processes": [{"pid": one.pid, "bytes": one.bytes} for one in reading.processes],
    }


def _gib(count: int) -> str:
    return f"{count / GIB:.2f}"
