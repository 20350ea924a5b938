"""The few calls of a container engine that the driver makes, and how an engine is reached.

`EngineClient` is a part of the Docker SDK's low-level client; `docstation.testing.container_engine` has a double of
it. What the engine answers is JSON as its API documents it. Nothing here knows what a deployment is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, Protocol, cast, overload

Json = dict[str, Any]

ANSWER_SECONDS = 30
"""How long an engine may think about one request; more, and it counts as down."""


class JsonStream(Protocol):
    """Objects as the engine sends them; `close` ends it from another thread."""

    def __iter__(self) -> Iterator[Json]: ...

    def close(self) -> None: ...


class EngineClient(Protocol):
    """A connected engine. Every call may raise the SDK's errors, or those of the HTTP libraries below it."""

    def version(self) -> Json: ...

    def info(self) -> Json: ...

    def inspect_image(self, image: str) -> Json: ...

    def pull(self, repository: str, *, stream: Literal[True], decode: Literal[True]) -> Iterator[Json]: ...

    def containers(self, *, all: bool, filters: Json | None = None) -> list[Json]: ...

    def inspect_container(self, container: str) -> Json: ...

    def create_container_from_config(self, config: Json, name: str) -> Json: ...

    def start(self, container: str) -> None: ...

    def stop(self, container: str, timeout: int) -> None: ...

    def remove_container(self, container: str, *, v: bool, force: bool) -> None: ...

    def top(self, container: str) -> Json: ...

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
    ) -> bytes | Iterable[bytes]: ...

    def events(
        self, *, filters: Json, decode: Literal[True], since: int | None = None, until: int | None = None
    ) -> JsonStream: ...


ClientFactory = Callable[[], EngineClient]


def connect(answer_seconds: int = ANSWER_SECONDS) -> EngineClient:
    """The engine that the user's ``docker`` command would talk to: DOCKER_HOST, else the current context.

    Raises:
        docker.errors.DockerException: nothing answers there.
    """
    import docker
    from docker.context import ContextAPI

    context = None if os.environ.get("DOCKER_HOST") else ContextAPI.get_current_context()
    if context is None or not context.Host:
        return cast("EngineClient", docker.from_env(timeout=answer_seconds).api)
    client = docker.DockerClient(base_url=context.Host, tls=context.TLSConfig or False, timeout=answer_seconds)
    return cast("EngineClient", client.api)
