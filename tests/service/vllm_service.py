"""``docstation serve`` as a process of a test's own, with the real vLLM behind its gateway."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from real_vllm import START_SECONDS, end_servers, station_variables
from running_service import Service, free_port


@contextmanager
def vllm_service(python: Path, home: Path, catalogue: str, *words: str) -> Iterator[Service]:
    """A service that serves its model, until the block ends.

    Args:
        python: the interpreter of vLLM's environment.
        home: the state folder of the service, of its own.
        catalogue: text of models.toml.
        words: of its command line.
    """
    (home / "models.toml").write_text(catalogue)
    ports = free_port(), free_port()
    environment = {
        **os.environ,
        **station_variables(python),
        "DOCSTATION_HOME": str(home),
        "DOCSTATION_UI_LANGUAGE": "en",
        "DOCSTATION_SERVICE_PORT": str(ports[0]),
        "DOCSTATION_STATION_PORT": str(ports[1]),
    }
    made = Service(home, *ports, environment, words)
    try:
        made.start(within=START_SECONDS)
        yield made
    finally:
        made.end()
        end_servers(home)
