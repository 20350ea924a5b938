"""A container engine in memory, for tests: the few calls of the Docker SDK's client that the container driver makes.

It answers with the objects and refuses with the words of a real engine, and passes the tests that a real one passes.
What a container does is told by a script; nothing is run, so a server in it answers no request.
"""

from __future__ import annotations

import hashlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn, overload

from docstation.testing.container_engine_state import Container, EventStream, Json, carries, moment

if TYPE_CHECKING:
    from docstation.station.drivers.container_client import EngineClient

GPU_ABSENT = 'could not select device driver "" with capabilities: [[gpu]]'
_HOOK = (
    "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process:"
    " error during container init: error running hook #0: error running hook: exit status 1, stdout: , stderr: "
)
_NO_PROGRAM = "[FATAL tini (7)] exec {program} failed: No such file or directory"
_PORT = "driver failed programming external connectivity on endpoint {name}: "
_SMALLEST_MEMORY = 6 << 20


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a container does once it is started.

    Attributes:
        lines: that it writes to its log.
        exit_code: with which it ends at once; None for one that serves on.
        deaf: whether it must be killed, because it does not hear a request to stop.
        killed_for_memory: whose process the kernel kills for memory; a child's death does not end the container.
    """

    lines: tuple[str, ...] = ()
    exit_code: int | None = None
    deaf: bool = False
    killed_for_memory: Literal["", "main", "child"] = ""


class EngineDouble:
    """A Docker engine in memory.

    Args:
        script: tells from the body of the request what a container will do; by default it serves on in silence.

    Attributes:
        down: whether nobody answers.
        denied: whether the socket may not be opened.
        gpu: ``absent`` where the toolkit is missing, ``granted``, or the words with which its hook refuses.
        pulls: what pulling an image tells, by its name; one without an entry has no registry in reach.
        answers: of ``version`` and ``info``, on top of the usual.
    """

    def __init__(self, script: Callable[[Json], Behaviour] = lambda _body: Behaviour()) -> None:
        self.script = script
        self.down = False
        self.denied = False
        self.gpu = "absent"
        self.pulls: dict[str, list[Json]] = {}
        self.answers: Json = {}
        self._images: dict[str, str] = {}
        self._programs: dict[str, frozenset[str]] = {}
        self._containers: dict[str, Container] = {}
        self._events: list[Json] = []
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)

    def add_image(self, name: str, *programs: str) -> str:
        """Have an image of that name with these programs in it; its id, by which it can be named as well."""
        image = f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"
        self._images |= {name: image, image: image}
        self._programs[image] = frozenset(programs)
        return image

    def connect(self) -> EngineClient:
        """What a client factory calls; raises as the SDK does when there is no engine."""
        from docker.errors import DockerException

        reason = "PermissionError(13, 'Permission denied')" if self.denied else "FileNotFoundError(2, 'No such file')"
        if self.denied or self.down:
            raise DockerException(f"Error while fetching server API version: ('Connection aborted.', {reason})")
        return self

    def halt(self) -> None:
        """The engine stops: its containers end, streams end in silence, and requests find nobody."""
        with self._changed:
            for container in self._containers.values():
                if container.status == "running":
                    self._end(container, 137 if container.deaf else 0)
            self.down = True
            self._changed.notify_all()

    def resume(self) -> None:
        """The engine is back; it has forgotten its events."""
        with self._changed:
            self.down = False
            self._events.clear()

    def end(self, name: str, exit_code: int) -> None:
        """The main process of a container ends by itself."""
        with self._changed:
            self._end(self._found(name), exit_code)

    def version(self) -> Json:
        self._answering()
        return {"Version": "28.5.2", "ApiVersion": "1.51", "Components": [{"Name": "Engine"}]} | self.answers

    def info(self) -> Json:
        self._answering()
        runtimes: Json = {"runc": {}} | ({} if self.gpu == "absent" else {"nvidia": {}})
        return {"Runtimes": runtimes, "DockerRootDir": "/", "SecurityOptions": []} | self.answers

    def inspect_image(self, image: str) -> Json:
        self._answering()
        if image not in self._images:
            _refuse(404, f"No such image: {image}")
        return {"Id": self._images[image], "RepoDigests": []}

    def pull(self, repository: str, *, stream: Literal[True], decode: Literal[True]) -> Iterator[Json]:
        self._answering()
        if repository not in self.pulls:
            _refuse(500, 'Get "https://registry.invalid/v2/": dial tcp: lookup registry.invalid: no such host')
        yield from self.pulls[repository]
        if not any("error" in event for event in self.pulls[repository]):
            self.add_image(repository, "vllm")

    def containers(self, *, all: bool, filters: Json | None = None) -> list[Json]:
        self._answering()
        wanted = (filters or {}).get("label", [])
        return [
            {
                "Id": each.id,
                "Names": [f"/{each.name}"],
                "Image": each.body["Image"],
                "Labels": each.labels,
                "Ports": each.bindings if each.status == "running" else [],
                "State": each.status,
            }
            for each in self._containers.values()
            if (all or each.status == "running") and carries(each.labels, wanted)
        ]

    def inspect_container(self, container: str) -> Json:
        found = self._found(container)
        running = found.status == "running"
        return {
            "Id": found.id,
            "Name": f"/{found.name}",
            "State": {
                "Status": found.status,
                "Running": running,
                # Docker 20.10 shows it only after the end; newer ones at once.
                "OOMKilled": found.oom_killed and not running,
                "Pid": found.pid if running else 0,
                "ExitCode": 0 if running else found.exit_code,
                "StartedAt": moment(found.started_at),
            },
            "Config": {key: value for key, value in found.body.items() if key != "HostConfig"},
            "HostConfig": found.body.get("HostConfig", {}),
        }

    def create_container_from_config(self, config: Json, name: str) -> Json:
        self._answering()
        host = config.get("HostConfig", {})
        if config["Image"] not in self._images:
            _refuse(404, f"No such image: {config['Image']}")
        for each in self._containers.values():
            if each.name == name:
                _refuse(409, f'Conflict. The container name "/{name}" is already in use by container "{each.id}".')
        if 0 < host.get("Memory", 0) < _SMALLEST_MEMORY:
            _refuse(400, "Minimum memory limit allowed is 6MB")
        for mount in host.get("Mounts") or []:
            if not Path(mount["Source"]).exists():
                problem = f"bind source path does not exist: {mount['Source']}"
                _refuse(400, f'invalid mount config for type "bind": {problem}')
        number = next(self._numbers)
        made = Container(f"{number:064x}", name, config, pid=(1 << 22) + number)
        self._containers[made.id] = made
        return {"Id": made.id, "Warnings": []}

    def start(self, container: str) -> None:
        found = self._found(container)
        if found.status == "running":
            return
        found.exit_code = 128
        self._check_gpu(found)
        self._check_ports(found)
        program = found.body["Entrypoint"][0]
        there = program in self._programs[self._images[found.body["Image"]]]
        with self._changed:
            # The engine's own process 1 starts all the same, and is what notices.
            missing = Behaviour((_NO_PROGRAM.format(program=program),), exit_code=127)
            self._begin(found, self.script(found.body) if there else missing)

    def stop(self, container: str, timeout: int) -> None:
        found = self._found(container)
        with self._changed:
            if found.status == "running":
                self._end(found, 137 if found.deaf or timeout == 0 else 0)

    def remove_container(self, container: str, *, v: bool, force: bool) -> None:
        found = self._found(container)
        if found.status == "running" and not force:
            _refuse(409, f"You cannot remove a running container {found.id}.")
        with self._changed:
            if found.status == "running":
                self._end(found, 137)
            del self._containers[found.id]
            found.removed = True
            self._changed.notify_all()

    def top(self, container: str) -> Json:
        found = self._found(container)
        if found.status != "running":
            _refuse(409, f"Container {found.id} is not running")
        return {"Titles": ["UID", "PID", "CMD"], "Processes": [["0", str(found.pid), "docker-init"]]}

    @overload
    def logs(self, container: str, *, tail: int) -> bytes: ...

    @overload
    def logs(
        self, container: str, *, stream: Literal[True], follow: bool, timestamps: bool, since: float | None = None
    ) -> Iterable[bytes]: ...

    def logs(
        self,
        container: str,
        *,
        tail: int = 0,
        stream: bool = False,
        follow: bool = False,
        timestamps: bool = False,
        since: float | None = None,
    ) -> bytes | Iterable[bytes]:
        found = self._found(container)
        if stream:
            return self._log_frames(found, follow)
        return b"".join(text for _, text in found.log[-tail:])

    def events(
        self, *, filters: Json, decode: Literal[True], since: int | None = None, until: int | None = None
    ) -> EventStream:
        self._answering()
        return EventStream(self._events, self._changed, lambda: self.down, filters, since, until)

    def _answering(self) -> None:
        from requests import ConnectionError as NobodyThere

        if self.down:
            raise NobodyThere("('Connection aborted.', ConnectionRefusedError(111, 'Connection refused'))")

    def _found(self, container: str) -> Container:
        self._answering()
        found = next((each for each in self._containers.values() if container in {each.id, each.name}), None)
        if found is None:
            _refuse(404, f"No such container: {container}")
        return found

    def _check_gpu(self, container: Container) -> None:
        if not container.body.get("HostConfig", {}).get("DeviceRequests"):
            return
        if self.gpu == "absent":
            _refuse(500, GPU_ABSENT)
        if self.gpu != "granted":
            _refuse(500, f"{_HOOK}{self.gpu}: unknown")

    def _check_ports(self, container: Container) -> None:
        running = [each for each in self._containers.values() if each.status == "running"]
        for port in (each["PublicPort"] for each in container.bindings):
            if any(port == taken["PublicPort"] for each in running for taken in each.bindings):
                _refuse(500, f"{_PORT}Bind for 127.0.0.1:{port} failed: port is already allocated")
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    _refuse(500, f"{_PORT}failed to bind host port 127.0.0.1:{port}/tcp: address already in use")

    def _begin(self, container: Container, behaviour: Behaviour) -> None:
        container.status, container.exit_code, container.deaf = "running", 0, behaviour.deaf
        container.started_at = time.time()
        for number, line in enumerate(behaviour.lines):
            container.log.append((moment(container.started_at, number), f"{line}\n".encode()))
        if behaviour.killed_for_memory:
            container.oom_killed = True
            self._tell(container, "oom")
        if behaviour.killed_for_memory == "main":
            self._end(container, 137)
        elif behaviour.exit_code is not None:
            self._end(container, behaviour.exit_code)
        self._changed.notify_all()

    def _end(self, container: Container, exit_code: int) -> None:
        container.status, container.exit_code = "exited", exit_code
        self._tell(container, "die", exitCode=str(exit_code))
        self._changed.notify_all()

    def _tell(self, container: Container, action: str, **attributes: str) -> None:
        known = {**container.labels, "name": container.name, **attributes}
        actor = {"ID": container.id, "Attributes": known}
        self._events.append({"Type": "container", "Action": action, "Actor": actor, "timeNano": time.time_ns()})

    def _log_frames(self, container: Container, follow: bool) -> Iterator[bytes]:
        given = 0
        while True:
            with self._changed:
                while follow and given == len(container.log) and not self._log_ended(container):
                    self._changed.wait()
                fresh = container.log[given:]
                ended = not follow or self._log_ended(container)
            yield from (stamp.encode() + b" " + text for stamp, text in fresh)
            given += len(fresh)
            if ended:
                return

    def _log_ended(self, container: Container) -> bool:
        return self.down or container.removed or container.status != "running"


def _refuse(status: int, words: str) -> NoReturn:
    """Raise what the SDK raises for an answer of that status."""
    from docker.errors import APIError, ImageNotFound, NotFound
    from requests import Response

    answer = Response()
    answer.status_code = status
    kinds = {404: ImageNotFound if "No such image" in words else NotFound}
    raise kinds.get(status, APIError)(words, response=answer, explanation=words)
