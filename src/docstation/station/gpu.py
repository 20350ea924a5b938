"""The graphics card as the NVIDIA driver shows it: what one reading says, and a word for why there is none.

Data only; `docstation.station.nvml` reads real cards. It judges nothing: it knows no budget, no model and nobody's
processes but by the ids it is given. All memory is in bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from docstation.messages.marking import N_

REFERENCE_BOARD = 16303 * 2**20
"""NVML's size of the reference card, an RTX 5070 Ti."""
REFERENCE_RESERVE = 421 * 2**20
"""What the driver keeps of the reference card for itself."""


class Absence(StrEnum):
    """Why there is no reading; the value is stable and appears in JSON."""

    NO_LIBRARY = "no-library"
    NO_DRIVER = "no-driver"
    NO_GPU = "no-gpu"
    NO_SUCH_GPU = "no-such-gpu"
    MISMATCH = "mismatch"
    NO_PERMISSION = "no-permission"
    LOST = "lost"
    HUNG = "hung"
    FAILED = "failed"

    @property
    def sentence(self) -> str:
        """Message id that says what is the matter; may hold ``{detail}``."""
        return _WORDS[self][0]

    @property
    def remedy(self) -> str:
        """Message id that says what to do; may hold ``{detail}``."""
        return _WORDS[self][1]


_WORDS: dict[Absence, tuple[str, str]] = {
    Absence.NO_LIBRARY: (
        N_("No NVIDIA driver is installed, or it cannot be seen from here."),
        N_("Install the NVIDIA driver; a container has to be started with --gpus all."),
    ),
    Absence.NO_DRIVER: (
        N_("The NVIDIA driver is installed but not loaded."),
        N_("Restart the machine; if that does not help, install the driver anew."),
    ),
    Absence.NO_GPU: (
        N_("The NVIDIA driver sees no GPU."),
        N_("Check that the card is seated and powered, and passed on if this is a virtual machine or a container."),
    ),
    Absence.NO_SUCH_GPU: (
        N_("The GPU chosen in the settings is not there."),
        N_("Choose one of these: {detail}."),
    ),
    Absence.MISMATCH: (
        N_("The NVIDIA driver was updated while it was loaded, and its parts no longer match."),
        N_("Restart the machine."),
    ),
    Absence.NO_PERMISSION: (
        N_("The system does not let this user ask the NVIDIA driver."),
        N_("Give the user access to the devices /dev/nvidia*; under WSL 2 update Windows' driver and WSL."),
    ),
    Absence.LOST: (
        N_("The GPU no longer answers its driver: it fell off the bus or has to be reset."),
        N_("Restart the machine; if it happens again, check the card's power, cooling and seat."),
    ),
    Absence.HUNG: (
        N_("The NVIDIA driver does not answer in time."),
        N_("Wait a minute; if it stays so, restart the machine."),
    ),
    Absence.FAILED: (
        N_("The NVIDIA driver answered with an error: {detail}."),
        N_("Look for lines with NVRM in the kernel's log (dmesg); a container may have to be started anew."),
    ),
}


@dataclass(frozen=True, slots=True)
class NoReading:
    """The card could not be read.

    Attributes:
        absence: why.
        detail: fills ``{detail}`` of its messages: the driver's own words, or the cards that are there.
    """

    absence: Absence
    detail: str = ""


class Attribution(StrEnum):
    """Whether the card's memory could be divided into ours and others'."""

    EXACT = "exact"
    """By the driver's figures for our processes."""
    NOT_ASKED = "not-asked"
    """Our processes were not named."""
    NOT_LISTED = "not-listed"
    """The driver lists none of our processes: they hold nothing yet, or cannot be seen, as under WSL 2."""
    NOT_TOLD = "not-told"
    """The driver tells no figures of single processes, as under Windows' driver model."""

    @property
    def sentence(self) -> str:
        """Message id that says it; empty for `EXACT`."""
        return _ATTRIBUTIONS[self]


_ATTRIBUTIONS = {
    Attribution.EXACT: "",
    Attribution.NOT_ASKED: N_("It is not known which processes are ours, so the card's memory cannot be divided."),
    Attribution.NOT_LISTED: N_("The driver lists none of our processes, so the card's memory cannot be divided."),
    Attribution.NOT_TOLD: N_("The driver does not tell here how much memory each process holds."),
}


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """One process on the card; `bytes` is None where the driver does not tell."""

    pid: int
    bytes: int | None


@dataclass(frozen=True, slots=True)
class GpuReading:
    """The card at one moment.

    Attributes:
        name: as the driver calls it.
        uuid: ``GPU-…``; give this to whatever is started, since CUDA counts cards in another order than NVML.
        driver: version, such as ``580.95.05``.
        cuda: newest CUDA version that the driver serves, such as ``13.0``.
        capability: CUDA compute capability, such as (12, 0).
        board_bytes: all memory of the card.
        reserved_bytes: what the driver keeps for itself; nobody can have it and nobody's budget counts it.
        reserved_estimated: whether that is the reference card's figure because the driver does not tell its own.
        used_bytes: by all processes, the desktop included and the reserve not.
        free_bytes: neither used nor reserved.
        ours_bytes: by our processes; None where `attribution` is not `Attribution.EXACT`.
        others_bytes: used and not ours, None likewise.
        attribution: whether and why not.
        processes: on the card, by id; empty where the driver lists none.
        temperature: degrees Celsius.
        load: per cent of time in which the card worked.
        power: watts.
    """

    name: str
    uuid: str
    driver: str
    cuda: str
    capability: tuple[int, int]
    board_bytes: int
    reserved_bytes: int
    reserved_estimated: bool
    used_bytes: int
    free_bytes: int
    ours_bytes: int | None
    others_bytes: int | None
    attribution: Attribution
    processes: tuple[GpuProcess, ...] = ()
    temperature: int | None = None
    load: int | None = None
    power: float | None = None

    @property
    def cuda_bytes(self) -> int:
        """What CUDA offers of this card, see `cuda_bytes`."""
        return cuda_bytes(self.board_bytes, self.reserved_bytes)


class Gpu(Protocol):
    """What the station asks of a card; the same contract tests hold for NVML and for the scripted double."""

    def read(self, ours: Collection[int] | None = None) -> GpuReading | NoReading:
        """The card now. `ours` are ids of our processes, None where they cannot be known.

        What goes wrong with the card or its driver becomes a `NoReading`, a driver that hangs too. May be called from
        any thread.
        """


def cuda_bytes(board_bytes: int = REFERENCE_BOARD, reserved_bytes: int = REFERENCE_RESERVE) -> int:
    """The total that CUDA, and so vLLM's ``--gpu-memory-utilization``, takes a share of: the board less the reserve.

    On an RTX 5070 Ti NVML shows 16303 MiB and CUDA 15882 MiB (15.51 GiB), 421 MiB less: published measurements of one
    user, borne out by vLLM's log on that card (0.86 of it gave 13.34 GiB). Not measured under WSL 2.
    """
    return max(0, board_bytes - reserved_bytes)


def attribute(
    used_bytes: int, processes: Iterable[GpuProcess], ours: Collection[int] | None
) -> tuple[int | None, int | None, Attribution]:
    """Divide the memory in use into ours and others', or say why it cannot be done.

    None of ours among the processes is no proof that we hold nothing: under WSL 2 the list is simply empty.
    """
    if ours is None:
        return None, None, Attribution.NOT_ASKED
    if not ours:
        return 0, used_bytes, Attribution.EXACT
    found = [one.bytes for one in processes if one.pid in ours]
    figures = [figure for figure in found if figure is not None]
    if not found or len(figures) < len(found):
        return None, None, Attribution.NOT_TOLD if found else Attribution.NOT_LISTED
    held = sum(figures)
    return held, max(0, used_bytes - held), Attribution.EXACT
