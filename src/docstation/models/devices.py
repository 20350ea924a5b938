"""The card that a plan is made for: what CUDA offers of it, and what of that is there for us.

Data only. A reading of the real card comes from the station; without one, plans are made for the reference card.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Device:
    """A card, or the processor where there is none.

    Attributes:
        name: as the driver calls it.
        board_bytes: all memory of the card.
        reserved_bytes: what the driver keeps back from CUDA.
        free_bytes: what our servers may take together: free now, or held by ours.
        capability: CUDA compute capability, such as (12, 0).
        driver: version of the driver, empty where it is not known.
        reference: whether no card was read and this is only the one that plans are made for.
    """

    name: str
    board_bytes: int
    reserved_bytes: int
    free_bytes: int
    capability: tuple[int, int] = (0, 0)
    driver: str = ""
    reference: bool = False

    @property
    def cuda_bytes(self) -> int:
        """What CUDA offers, and what ``--gpu-memory-utilization`` is a share of; 0 for a processor."""
        return max(0, self.board_bytes - self.reserved_bytes)

    @property
    def is_cpu(self) -> bool:
        """Whether the server computes on the processor, where no card's memory is planned."""
        return not self.cuda_bytes


class CardReading(Protocol):
    """What is needed of a reading, see `docstation.station.gpu.GpuReading`."""

    @property
    def name(self) -> str: ...
    @property
    def driver(self) -> str: ...
    @property
    def capability(self) -> tuple[int, int]: ...
    @property
    def board_bytes(self) -> int: ...
    @property
    def reserved_bytes(self) -> int: ...
    @property
    def free_bytes(self) -> int: ...
    @property
    def ours_bytes(self) -> int | None: ...


def device_of(reading: CardReading, *, leaving_bytes: int = 0, of_windows: bool = False) -> Device:
    """The card of a reading.

    Args:
        reading: of the card as it is now.
        leaving_bytes: what our servers hold by their plans; counts where the reading cannot tell which are ours.
        of_windows: whether Windows lends the card to this Linux. CUDA offers the whole board then: vLLM logs there show
            23.99 GiB of a 24,564 MiB card and 31.84 GiB of a 32,607 MiB one.
    """
    reserved = 0 if of_windows else reading.reserved_bytes
    ours = leaving_bytes if reading.ours_bytes is None else reading.ours_bytes
    free = min(reading.free_bytes + ours, reading.board_bytes - reading.reserved_bytes)
    return Device(reading.name, reading.board_bytes, reserved, free, reading.capability, reading.driver)


def _card(name: str, board_mib: int, reserved_mib: int, capability: tuple[int, int]) -> Device:
    cuda = (board_mib - reserved_mib) * MIB
    return Device(name, board_mib * MIB, reserved_mib * MIB, cuda, capability, reference=True)


REFERENCE = _card("RTX 5070 Ti", 16303, 421, (12, 0))
"""The reference card: NVML shows 16,303 MiB, CUDA 421 MiB less."""
CPU = Device("CPU", 0, 0, 0)
KNOWN_CARDS = {
    card.name: card
    for card in (
        REFERENCE,
        _card("RTX 5080", 16303, 421, (12, 0)),
        _card("RTX 5090", 32607, 453, (12, 0)),
        _card("RTX 3090", 24576, 450, (8, 6)),
    )
}
"""Cards whose memory under CUDA is known from published logs, all of it free."""


def card_named(name: str) -> Device | None:
    """The known card of that name, however it is spelt: ``rtx5070ti``, ``NVIDIA GeForce RTX 5070 Ti``."""
    wanted = _key(name)
    return next((card for known, card in KNOWN_CARDS.items() if _key(known) == wanted), None)


def card_of_size(board_bytes: int) -> Device:
    """A card of that size with the reference card's reserve, all of the rest free."""
    reserved = min(board_bytes, REFERENCE.reserved_bytes)
    free = board_bytes - reserved
    return Device(f"{board_bytes / 2**30:.4g} GiB", board_bytes, reserved, free, REFERENCE.capability, reference=True)


def _key(name: str) -> str:
    key = "".join(name.lower().split())
    for prefix in ("nvidia", "geforce", "rtx"):
        key = key.removeprefix(prefix)
    return key
