"""A configuration resolved to the last word: what the journal keeps, a driver starts, and a rollback brings back.

It needs neither the catalogue nor the plan that it came from, so that the last known good can be started again after
both have changed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

DriverKind = Literal["container", "process", "remote", "embedded"]

NAMES = "--served-model-name"
"""The argument of ``vllm serve`` that the ids follow."""
SEQUENCES = "--max-num-seqs"
"""The argument before the number of requests that are answered together."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One model server as it is started.

    Attributes:
        model: name of the catalogue's entry.
        driver: what starts it.
        served_name: id that ``/v1/models`` must show.
        context: ``max_model_len`` that it must show, in tokens.
        arguments: of ``vllm serve``, the model first.
        port: on 127.0.0.1.
        planned_bytes: GPU memory by the plan, margin included; 0 where none is used.
        checkpoint: repository or folder of the weights.
        revision: commit of the weights, empty while none is recorded.
        image: container image and tag.
        digest: of the image, empty while none is recorded.
        environment: further variables, as pairs sorted by name; secrets are named, never written.
        endpoint: address of a remote server.
        key_variable: environment variable that holds the remote server's key.
        canary_prompt: what is asked of the canary page.
        fingerprint: key of the memory figures learnt at its starts.
    """

    model: str
    driver: DriverKind
    served_name: str
    context: int
    arguments: tuple[str, ...] = ()
    port: int = 0
    planned_bytes: int = 0
    checkpoint: str = ""
    revision: str = ""
    image: str = ""
    digest: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    endpoint: str = ""
    key_variable: str = ""
    canary_prompt: str = ""
    fingerprint: str = ""

    @property
    def address(self) -> str:
        """Where it answers, without ``/v1``."""
        return self.endpoint or f"http://127.0.0.1:{self.port}"

    @property
    def names(self) -> tuple[str, ...]:
        """Every model id that its server answers to; the first is `served_name`."""
        if NAMES not in self.arguments:
            return (self.served_name,)
        words = self.arguments[self.arguments.index(NAMES) + 1 :]
        end = next((place for place, word in enumerate(words) if word.startswith("--")), len(words))
        return words[:end]

    @property
    def sequences(self) -> int:
        """Requests that its server answers together; 0 where that is not known."""
        after = self.arguments[self.arguments.index(SEQUENCES) + 1 :] if SEQUENCES in self.arguments else ()
        return int(after[0]) if after and after[0].isdecimal() else 0

    @property
    def instance(self) -> str:
        """Name of its container or process."""
        return f"docstation-{self.model}"

    @property
    def spec(self) -> str:
        """Hash of everything that makes it what it is; two deployments of one spec are interchangeable."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Lineup:
    """What serves together: one deployment, or several where the plan shows that they fit in the budget at once."""

    members: tuple[Deployment, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the catalogue's entries."""
        return tuple(member.model for member in self.members)

    @property
    def planned_bytes(self) -> int:
        """GPU memory of all members by their plans."""
        return sum(member.planned_bytes for member in self.members)

    def __bool__(self) -> bool:
        return bool(self.members)


NOTHING = Lineup()
