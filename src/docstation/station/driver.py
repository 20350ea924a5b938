"""What the station asks of whatever starts model servers; the same contract tests hold for every driver and double."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from docstation.station.deployment import Deployment, DriverKind


@dataclass(frozen=True, slots=True)
class Instance:
    """A server of ours as its driver sees it, running or ended.

    Attributes:
        name: of the container or process, see `Deployment.instance`.
        model: name of the catalogue's entry.
        spec: see `Deployment.spec`.
        running: whether its main process lives; says nothing of whether it answers.
        exit_code: of the ended process, negative for a signal; None while it runs or where it is not known.
        oom_killed: whether the kernel killed any of its processes for memory.
        started_at: POSIX seconds, 0.0 where it is not known.
        pids: of its processes on this host, all of them from `Driver.instances` and at least the main one otherwise;
            empty where they cannot be seen.
    """

    name: str
    model: str
    spec: str
    running: bool
    exit_code: int | None = None
    oom_killed: bool = False
    started_at: float = 0.0
    pids: tuple[int, ...] = ()


class Driver(Protocol):
    """Starts and stops model servers of one kind. All methods may be called from any thread, one at a time.

    Every method raises `Fault`: ``ENGINE_DOWN`` when the engine behind it does not answer, else what is said below.
    """

    kind: DriverKind

    def prepare(self, deployment: Deployment, *, replacing: Sequence[str] = ()) -> None:
        """Check everything that can fail without touching what runs: image, weights, port, name, disk, GPU, flags.

        `replacing` names the instances that will be gone by the time of the start: their names and ports count as free.
        """

    def start(self, deployment: Deployment) -> Instance:
        """Start it, or find it running with the same spec; an ended or outdated instance of ours is replaced.

        Returns as soon as its process lives. A start that fails leaves nothing behind that would stand in the way.
        """

    def stop(self, name: str, *, grace: float) -> None:
        """End the instance and remove it: asked first, killed after `grace` seconds. Absent is fine.

        Raises:
            Fault: ``STOP_TIMEOUT`` when it outlives even the kill.
        """

    def find(self, name: str) -> Instance | None:
        """The instance of that name that carries our labels, running or ended."""

    def instances(self) -> list[Instance]:
        """Every instance that carries our labels."""

    def log_tail(self, name: str, lines: int = 200) -> list[str]:
        """Last lines of its log, oldest first; empty where there is none."""

    def follow(self, name: str) -> Iterator[str]:
        """Lines of its log as they come, history first; ends when the instance does."""
