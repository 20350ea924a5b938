"""The container driver: model servers in containers of a Docker engine, 20.10 or newer.

It keeps nothing in memory that the engine does not know: what runs is told by labels, so that a station that was
killed finds its containers again. A container without our labels, or with those of another state folder, is never
touched. It creates and starts, and never pulls: an image is loaded on its own, by `container_images.pull_image`.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment, DriverKind
from docstation.station.driver import Instance
from docstation.station.drivers import container_checks as checks
from docstation.station.drivers.container_client import ClientFactory, EngineClient, Json, connect
from docstation.station.drivers.container_creation import (
    MODEL,
    SPEC,
    Mount,
    Surroundings,
    creation,
    deployment_of,
    is_ours,
    label_filters,
)
from docstation.station.drivers.container_errors import Absent, engine_errors
from docstation.station.drivers.container_events import EngineEvents, oom_was_reported, signed
from docstation.station.drivers.container_images import image_reference
from docstation.station.drivers.container_logs import follow_lines, keep_log, last_lines
from docstation.station.drivers.disk import check_disk
from docstation.station.drivers.flags import check_flags, version_of_image
from docstation.station.drivers.weights import check_weights

REPLACING_GRACE = 10.0
"""Seconds that an outdated instance has to end before its successor starts."""

FREE_BYTES = 2_000_000_000
"""What must be left on the disk: logs, compiled kernels, and room for the machine itself."""


class ContainerDriver:
    """Model servers as containers, satisfying `docstation.station.driver.Driver`.

    Args:
        client_factory: connects to the engine; called at the first need, and again after the engine was away.
        station: id of the state folder that the containers belong to.
        logs: folder where the log of each removed container is kept, the newest two of each instance.
        caches: folder for what servers compile, and for downloaded checkpoints where `hub` is not given.
        gpu: whether servers are given a GPU.
        gpus: which, by the engine's ids; all by default.
        hub: folder of downloaded checkpoints, laid out as ``HF_HUB_CACHE``; servers only read it.
        mounts: further files and folders that every server sees.
        program: what is run inside; the deployment's arguments follow it.
        memory_bytes: bound on the host memory of each server, 0 for none.
        free_bytes: room on the disk without which nothing is started.
    """

    kind: DriverKind = "container"

    def __init__(
        self,
        client_factory: ClientFactory = connect,
        *,
        station: str,
        logs: Path,
        caches: Path,
        gpu: bool,
        gpus: Sequence[str] = ("all",),
        hub: Path | None = None,
        mounts: Sequence[Mount] = (),
        program: Sequence[str] = ("vllm", "serve"),
        memory_bytes: int = 0,
        free_bytes: int = FREE_BYTES,
    ) -> None:
        self._client_factory = client_factory
        self._client: EngineClient | None = None
        self._logs = logs
        self._free_bytes = free_bytes
        self._around = Surroundings(
            station=station,
            user=_caller(),
            hub=(hub or caches / "huggingface" / "hub").absolute(),
            home=(caches / "container").absolute(),
            mounts=tuple(mounts),
            program=tuple(program),
            gpus=tuple(gpus) if gpu else (),
            memory_bytes=memory_bytes,
        )

    def prepare(self, deployment: Deployment, *, replacing: Sequence[str] = ()) -> None:
        """See `Driver.prepare`.

        Raises:
            Fault: ``ENGINE_DOWN``, ``ENGINE_DENIED``, ``ENGINE_UNSUPPORTED``, ``IMAGE_MISSING``, ``BAD_FLAG``,
                ``WEIGHTS_MISSING``, ``NAME_TAKEN``, ``PORT_TAKEN``, ``DISK_FULL`` or ``GPU_NOT_VISIBLE``.
        """
        engine = self._engine()
        with self._talking():
            version, info, listed = engine.version(), engine.info(), engine.containers(all=True)
        checks.check_engine(version)
        image_reference(engine, deployment)
        check_flags(deployment.arguments, version_of_image(deployment.image))
        check_weights(deployment, self._around.hub)
        checks.check_name_and_port(listed, deployment, self._around.station, replacing)
        check_disk((self._around.home, self._logs, Path(info.get("DockerRootDir") or "/")), self._free_bytes)
        if self._around.gpus:
            checks.check_gpu(info)

    def start(self, deployment: Deployment) -> Instance:
        """See `Driver.start`.

        Raises:
            Fault: ``NAME_TAKEN`` where a container that is not ours has its name, ``IMAGE_MISSING``,
                ``WEIGHTS_MISSING``, or by the words with which the engine refuses, at last ``START_FAILED``.
        """
        found = self._inspect(deployment.instance)
        if found is not None and not self._is_ours(found):
            raise Fault(Cause.NAME_TAKEN, deployment.instance)
        if found is not None and _labels(found).get(SPEC) == deployment.spec and found["State"]["Running"]:
            return self._instance(found)
        engine = self._engine()
        image = image_reference(engine, deployment)
        check_weights(deployment, self._around.hub)
        if found is not None:
            self._end(found, REPLACING_GRACE)
        self._around.home.mkdir(parents=True, exist_ok=True)
        with self._talking(Cause.START_FAILED), ExitStack() as undo:
            # To a rootless engine the caller is root inside, and every other user is a stranger to his folders.
            rootless = "name=rootless" in (engine.info().get("SecurityOptions") or [])
            around = replace(self._around, user="0:0") if rootless else self._around
            body = creation(deployment, image, around)
            container = str(engine.create_container_from_config(body, deployment.instance)["Id"])
            # One that did not start would keep the name, and the engine would show it as created for ever.
            undo.callback(self._discard, container)
            engine.start(container)
            started = engine.inspect_container(container)
            undo.pop_all()
        return self._instance(started, fresh=True)

    def stop(self, name: str, *, grace: float) -> None:
        """See `Driver.stop`; its log is kept first. A container of that name that is not ours counts as absent."""
        found = self._own(name)
        if found is not None:
            self._end(found, grace)

    def find(self, name: str) -> Instance | None:
        """See `Driver.find`."""
        found = self._own(name)
        return None if found is None else self._instance(found)

    def instances(self) -> list[Instance]:
        """See `Driver.instances`."""
        with self._talking():
            listed = self._engine().containers(all=True, filters={"label": label_filters(self._around.station)})
        found = (self._own(str(container["Id"])) for container in listed)
        known = (each for each in found if each is not None)
        whole = (replace(self._instance(each), pids=self._pids(each)) for each in known)
        return sorted(whole, key=lambda each: each.name)

    def deployment(self, name: str) -> Deployment | None:
        """What the instance of that name was started from, as its labels tell; a station that comes back adopts it."""
        found = self._own(name)
        return None if found is None else deployment_of(_labels(found))

    def log_tail(self, name: str, lines: int = 200) -> list[str]:
        """See `Driver.log_tail`."""
        found = self._own(name)
        return [] if found is None else last_lines(self._engine(), str(found["Id"]), lines)

    def follow(self, name: str) -> Iterator[str]:
        """See `Driver.follow`."""
        found = self._own(name)
        if found is None:
            return
        container = str(found["Id"])

        def lives() -> bool:
            now = self._inspect(container)
            return now is not None and bool(now["State"]["Running"])

        yield from follow_lines(self._engine(), container, lives)

    def events(self) -> EngineEvents:
        """Deaths and memory kills from now on, for the watch.

        Raises:
            Fault: ``ENGINE_DOWN``.
        """
        return EngineEvents(self._engine(), self._around.station)

    def _engine(self) -> EngineClient:
        """The client, connected at the first need."""
        if self._client is None:
            with engine_errors(Cause.ENGINE_DOWN):
                self._client = self._client_factory()
        return self._client

    @contextmanager
    def _talking(self, otherwise: Cause = Cause.UNKNOWN) -> Iterator[None]:
        """As `engine_errors`; after no answer the next call connects anew, for another version may have come back."""
        try:
            with engine_errors(otherwise):
                yield
        except Fault as fault:
            if fault.cause is Cause.ENGINE_DOWN:
                self._client = None
            raise

    def _inspect(self, container: str) -> Json | None:
        try:
            with self._talking():
                return self._engine().inspect_container(container)
        except Absent:
            return None

    def _own(self, container: str) -> Json | None:
        found = self._inspect(container)
        return found if found is not None and self._is_ours(found) else None

    def _is_ours(self, found: Json) -> bool:
        return is_ours(_labels(found), self._around.station)

    def _end(self, found: Json, grace: float) -> None:
        container, name = str(found["Id"]), _name(found)
        with suppress(Absent):
            with self._talking(Cause.STOP_TIMEOUT):
                self._engine().stop(container, timeout=math.ceil(grace))
            keep_log(self._engine(), container, self._logs / f"{name}.log")
            with self._talking(Cause.STOP_TIMEOUT):
                self._engine().remove_container(container, v=True, force=True)

    def _discard(self, container: str) -> None:
        with suppress(Fault), self._talking():
            self._engine().remove_container(container, v=True, force=True)

    def _instance(self, found: Json, *, fresh: bool = False) -> Instance:
        """The container as an instance with its main process only: to ask for the others takes the engine a while."""
        state = found["State"]
        running = bool(state["Running"])
        started_at = _posix(str(state["StartedAt"]))
        ended = not running and started_at > 0.0
        return Instance(
            name=_name(found),
            model=_labels(found).get(MODEL, ""),
            spec=_labels(found).get(SPEC, ""),
            running=running,
            exit_code=signed(int(state["ExitCode"])) if ended else None,
            oom_killed=bool(state["OOMKilled"]) or (running and not fresh and self._oom_reported(found, started_at)),
            started_at=started_at,
            pids=(int(state["Pid"]),) if running and state["Pid"] else (),
        )

    def _oom_reported(self, found: Json, since: float) -> bool:
        """Docker 20.10 does not show in a running container's state that one of its processes was killed."""
        with self._talking():
            return oom_was_reported(self._engine(), str(found["Id"]), since, time.time())

    def _pids(self, found: Json) -> tuple[int, ...]:
        """Its processes, the main one first, as the engine's machine numbers them; none where it has ended."""
        if not found["State"]["Running"]:
            return ()
        main = int(found["State"]["Pid"])
        try:
            with self._talking():
                table = self._engine().top(str(found["Id"]))
            column = table["Titles"].index("PID")
            # Null rows, or a refusal: it ended meanwhile. A refusal too where the engine's machine has no `ps`.
            others = {int(row[column]) for row in table["Processes"] or []} - {main}
        except Fault:
            others = set()
        return (main, *sorted(others)) if main else tuple(sorted(others))


def _caller() -> str:
    """``uid:gid`` of this process; empty, which is the image's own user, where the system has no such numbers."""
    return f"{os.getuid()}:{os.getgid()}" if os.name == "posix" else ""


def _labels(found: Json) -> dict[str, str]:
    return found["Config"].get("Labels") or {}


def _name(found: Json) -> str:
    return str(found["Name"]).removeprefix("/")


def _posix(moment: str) -> float:
    """POSIX seconds of a moment as the engine writes it, 0.0 for its year one, which means never."""
    if moment.startswith("0001-"):
        return 0.0
    return datetime.fromisoformat(moment[:19]).replace(tzinfo=UTC).timestamp() + float("0" + moment[19:].rstrip("Z"))
