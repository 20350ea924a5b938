"""NVIDIA cards read through NVML, the driver's own library; the binding is imported when a card is first read.

The only module that talks to the driver. What it reads is in `docstation.station.gpu`; it judges nothing of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from docstation.station.gpu import (
    REFERENCE_RESERVE,
    Absence,
    GpuProcess,
    GpuReading,
    NoReading,
    attribute,
)

if TYPE_CHECKING:
    from concurrent.futures import Future

_Found = TypeVar("_Found")


class NvmlGpu:
    """One NVIDIA card, read through NVML.

    The library is initialised at the first reading and again after the card or the library was lost.

    Args:
        wish: index in NVML's order or UUID of the card; the first one where it is empty.
        deadline: seconds that one reading may take. A driver that hangs keeps its thread, not the caller; until it
            returns, further readings answer `Absence.HUNG` at once.
        library: where NVML lies when the system's linker does not know it.
    """

    def __init__(
        self, wish: str = "", *, deadline: float = 5.0, library: Path = Path("/usr/lib/wsl/lib/libnvidia-ml.so.1")
    ) -> None:
        self._wish = wish.strip()
        self._library = library
        self._line = _Line(deadline)
        self._ready = False

    def read(self, ours: Collection[int] | None = None) -> GpuReading | NoReading:
        """See `Gpu.read`."""
        try:
            return self._line.call(lambda: self._read(ours))
        except TimeoutError:
            return NoReading(Absence.HUNG)

    def _read(self, ours: Collection[int] | None) -> GpuReading | NoReading:
        import pynvml as nv

        try:
            return self._try(nv, ours)
        except nv.NVMLError as error:
            self._forget(nv)
            if error.value not in _WORTH_ANOTHER_TRY:
                return _no_reading(error)
        try:
            return self._try(nv, ours)
        except nv.NVMLError as error:
            self._forget(nv)
            return _no_reading(error)

    def _try(self, nv: Any, ours: Collection[int] | None) -> GpuReading | NoReading:
        if not self._ready:
            _initialise(nv, self._library)
            self._ready = True
        count = nv.nvmlDeviceGetCount()
        if not count:
            return NoReading(Absence.NO_GPU)
        card = _choose(nv, self._wish, count)
        if card is None:
            return NoReading(Absence.NO_SUCH_GPU, _cards(nv, count))
        return _reading(nv, card, ours)

    def _forget(self, nv: Any) -> None:
        """Initialise anew next time: handles of a lost card stay bad until then."""
        if self._ready:
            self._ready = False
            with suppress(nv.NVMLError):
                nv.nvmlShutdown()


class _Line:
    """One call at a time, each in a thread of its own that can be left behind."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._turn = threading.Lock()
        self._late: Future[Any] | None = None

    def call(self, work: Callable[[], _Found]) -> _Found:
        """What `work` returns or raises; TimeoutError when it has not done so in time."""
        from concurrent.futures import Future

        until = time.monotonic() + self._deadline
        stuck = self._late is not None and not self._late.done()
        if not self._turn.acquire(timeout=0 if stuck else self._deadline):
            raise TimeoutError
        future: Future[_Found] = Future()
        thread = threading.Thread(target=self._run, args=(work, future), name="nvml", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads: the turn goes back, or nobody would ever read again
            self._turn.release()
            raise TimeoutError from None
        try:
            return future.result(timeout=max(0.0, until - time.monotonic()))
        except TimeoutError:
            self._late = future
            raise

    def _run(self, work: Callable[[], _Found], future: Future[_Found]) -> None:
        try:
            future.set_result(work())
        except Exception as error:  # carried over to the thread that asked
            future.set_exception(error)
        finally:
            self._turn.release()


# NVML's codes, by number since the binding is imported only when it is used.
_UNINITIALIZED, _INVALID, _NOT_SUPPORTED, _NO_PERMISSION, _NOT_FOUND, _TOO_SMALL = 1, 2, 3, 4, 6, 7
_NO_LIBRARY, _NO_FUNCTION, _LOST, _RESET, _VERSION, _UNKNOWN = 12, 13, 15, 16, 25, 999

_ABSENCES = {
    _NO_PERMISSION: Absence.NO_PERMISSION,
    9: Absence.NO_DRIVER,
    10: Absence.HUNG,
    11: Absence.LOST,
    _NO_LIBRARY: Absence.NO_LIBRARY,
    _LOST: Absence.LOST,
    _RESET: Absence.LOST,
    17: Absence.NO_PERMISSION,
    18: Absence.MISMATCH,
    28: Absence.NO_GPU,
}
_WORTH_ANOTHER_TRY = frozenset({_UNINITIALIZED, _LOST, _UNKNOWN})
# The figure is not to be had here, the card is well.
_UNTOLD = frozenset({_NOT_SUPPORTED, _NO_PERMISSION, _TOO_SMALL, _NO_FUNCTION, _VERSION, _UNKNOWN})


def _no_reading(error: Any) -> NoReading:
    return NoReading(_ABSENCES.get(error.value, Absence.FAILED), str(error))


def _initialise(nv: Any, library: Path) -> None:
    try:
        nv.nvmlInit()
    except nv.NVMLError as error:
        if error.value != _NO_LIBRARY or not library.is_file():
            raise
        import ctypes

        with suppress(OSError):
            # Once it is in the process, the binding finds it by its own name.
            ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        nv.nvmlInit()


def _choose(nv: Any, wish: str, count: int) -> Any:
    """Handle of the card, None where there is no such card."""
    if not wish:
        return nv.nvmlDeviceGetHandleByIndex(0)
    if wish in map(str, range(count)):
        return nv.nvmlDeviceGetHandleByIndex(int(wish))
    if not wish.isascii():
        return None
    try:
        return nv.nvmlDeviceGetHandleByUUID(wish)
    except nv.NVMLError as error:
        if error.value in {_NOT_FOUND, _INVALID}:
            return None
        raise


def _cards(nv: Any, count: int) -> str:
    cards = [nv.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
    names = [f"{nv.nvmlDeviceGetName(card)}, {nv.nvmlDeviceGetUUID(card)}" for card in cards]
    return "; ".join(f"{index} ({name})" for index, name in enumerate(names))


def _reading(nv: Any, card: Any, ours: Collection[int] | None) -> GpuReading:
    board, reserved, free = _memory(nv, card)
    estimated = reserved is None
    reserved = min(REFERENCE_RESERVE, board - free) if reserved is None else reserved
    # Not the driver's own "used": whether that takes in the reserve has changed between its versions.
    used = max(0, board - reserved - free)
    processes = _processes(nv, card)
    ours_bytes, others_bytes, attribution = attribute(used, processes, ours)
    cuda = nv.nvmlSystemGetCudaDriverVersion_v2()
    load = _told(nv, nv.nvmlDeviceGetUtilizationRates, card)
    power = _told(nv, nv.nvmlDeviceGetPowerUsage, card)
    return GpuReading(
        name=nv.nvmlDeviceGetName(card),
        uuid=nv.nvmlDeviceGetUUID(card),
        driver=nv.nvmlSystemGetDriverVersion(),
        cuda=f"{cuda // 1000}.{cuda % 1000 // 10}",
        capability=tuple(nv.nvmlDeviceGetCudaComputeCapability(card)),
        board_bytes=board,
        reserved_bytes=reserved,
        reserved_estimated=estimated,
        used_bytes=used,
        free_bytes=free,
        ours_bytes=ours_bytes,
        others_bytes=others_bytes,
        attribution=attribution,
        processes=processes,
        temperature=_temperature(nv, card),
        load=None if load is None else int(load.gpu),
        power=None if power is None else power / 1000,
    )


def _memory(nv: Any, card: Any) -> tuple[int, int | None, int]:
    """All, reserved and free; drivers before 510 do not tell what is reserved."""
    told = _told(nv, nv.nvmlDeviceGetMemoryInfo, card, nv.nvmlMemory_v2)
    if told is not None:
        return int(told.total), int(told.reserved), int(told.free)
    plain = nv.nvmlDeviceGetMemoryInfo(card)
    return int(plain.total), None, int(plain.free)


def _processes(nv: Any, card: Any) -> tuple[GpuProcess, ...]:
    """Those that compute and those that draw; one that does both is listed twice with the same figure."""
    held: dict[int, int | None] = {}
    for listing in (nv.nvmlDeviceGetComputeRunningProcesses_v3, nv.nvmlDeviceGetGraphicsRunningProcesses_v3):
        for one in _told(nv, listing, card) or ():
            known = held.get(one.pid)
            held[one.pid] = known if one.usedGpuMemory is None else max(known or 0, one.usedGpuMemory)
    return tuple(GpuProcess(pid, figure) for pid, figure in sorted(held.items()))


def _temperature(nv: Any, card: Any) -> int | None:
    for ask in (nv.nvmlDeviceGetTemperatureV, nv.nvmlDeviceGetTemperature):  # the second is for older drivers
        told = _told(nv, ask, card, nv.NVML_TEMPERATURE_GPU)
        if told is not None:
            return int(told)
    return None


def _told(nv: Any, ask: Callable[..., Any], *arguments: Any) -> Any:
    """What the driver answers, None where it does not tell."""
    try:
        return ask(*arguments)
    except nv.NVMLError as error:
        if error.value in _UNTOLD:
            return None
        raise
