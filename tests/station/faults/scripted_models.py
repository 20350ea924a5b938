"""Deployments of the scripted model server as the station starts them, and what is seen of them from outside."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from docstation.station.deployment import Deployment, DriverKind

PROGRAMS = (b"model_server", b"stub_vllm")
"""One of them is in the command line of every server."""
NONE: Mapping[str, str] = {}


def scripted(
    model: str,
    *,
    weights: str,
    port: int,
    driver: DriverKind = "process",
    planned_bytes: int = 0,
    image: str = "",
    digest: str = "",
    variables: Mapping[str, str] = NONE,
    **script: object,
) -> Deployment:
    """A deployment of the scripted server; each keyword of `script` sets the knob of that name.

    Knobs are variables, so that another script is another deployment; `variables` are further ones.
    """
    name = f"scripted/{model}"
    knobs = {f"MODEL_SERVER_{key.upper()}": str(value) for key, value in script.items()}
    return Deployment(
        model=model,
        driver=driver,
        served_name=name,
        context=8192,
        arguments=(weights, "--served-model-name", name, "--max-model-len", "8192"),
        port=port,
        planned_bytes=planned_bytes,
        checkpoint=weights,
        image=image,
        digest=digest,
        environment=tuple(sorted((knobs | dict(variables)).items())),
        canary_prompt="Read the page.",
    )


def shown_on(port: int, *, seconds: float = 2.0) -> str:
    """The id that ``/v1/models`` shows there; empty where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", "/v1/models")
        return str(json.loads(connection.getresponse().read())["data"][0]["id"])
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        return ""
    finally:
        connection.close()


def servers_on(port: int) -> list[int]:
    """Processes that serve for tests and were told to listen there, whoever started them, as the kernel has it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            ours = any(program in word for program in PROGRAMS for word in words)
            if ours and words[-2:-1] == [str(port).encode()]:
                found.append(int(entry.name))
    return found
