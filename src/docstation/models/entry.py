"""One model of the catalogue, checked and complete: what it is, and how it is to be served.

An entry says what is wanted; the memory plan says what that costs, and `docstation.models.arguments` turns both into
the argument vector of ``vllm serve``. Revisions and image digests are not written here: they are recorded when they
are pulled (`docstation.models.pins`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Interval, Len

Engine = Literal["vllm", "remote", "embedded"]
KvCacheType = Literal["auto", "fp8"]
Quantisation = Literal["none", "fp8", "awq-4bit"]


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A named configuration of a model; several of one checkpoint may stand side by side.

    Attributes:
        name: Key in the catalogue, what people type.
        title: What people read.
        engine: What serves it: vllm starts one, remote asks a server that somebody else runs, embedded is built in.
        checkpoint: Repository of the weights, or a folder; empty for the embedded engine.
        licence: Licence of the weights, its SPDX name where it has one; empty where it is not known.
        served_name: Model id that the API shows; empty means the checkpoint's own.
        image: Container image and tag of vLLM.
        profile: Dialect that the model speaks: prompts, pixel grid, coordinates.
        context: Context length in tokens, image and answer together.
        max_pixels: Largest picture that the server accepts, in pixels; larger ones are reduced before they are sent.
        max_sequences: Requests answered at once.
        batch_tokens: Tokens in one step of the engine; at least the image tokens of the largest picture.
        kv_cache_type: Number type of the KV cache; auto means the model's own.
        quantisation: How the checkpoint's weights are stored, for the weights arithmetic; vLLM sees it by itself.
        eager: Whether CUDA graphs are left out: less memory and a quicker start, slower answers.
        trust_remote_code: Whether the checkpoint's own Python files may be run.
        figures: Name of the shipped figures of its architecture; used where its config.json is not at hand.
        canary_prompt: What is asked of the canary page, in the form the model was made for.
        endpoint: Address of a remote server, up to and without /v1.
        key_variable: Environment variable that holds the remote server's key; the key itself is never written.
        arguments: Further arguments of vllm serve, each word by itself.
        environment: Further environment variables of the server.
    """

    name: str
    title: str = ""
    engine: Engine = "vllm"
    checkpoint: str = ""
    licence: str = ""
    served_name: str = ""
    image: str = "vllm/vllm-openai:v0.32.0"
    profile: str = ""
    context: Annotated[int, Interval(ge=512, le=1_048_576)] = 8192
    max_pixels: Annotated[int, Interval(ge=65_536, le=67_108_864)] = 3_211_264
    max_sequences: Annotated[int, Interval(ge=1, le=256)] = 4
    batch_tokens: Annotated[int, Interval(ge=512, le=262_144)] = 8192
    kv_cache_type: KvCacheType = "auto"
    quantisation: Quantisation = "none"
    eager: bool = False
    trust_remote_code: bool = False
    figures: str = ""
    canary_prompt: Annotated[str, Len(1)] = "Read all the text in this picture."
    endpoint: str = ""
    key_variable: str = ""
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def model_id(self) -> str:
        """The id that ``/v1/models`` shows for it."""
        return self.served_name or self.checkpoint or self.name


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for the best of several entries: the memory plan picks the first candidate that fits.

    Attributes:
        name: Key in the catalogue.
        title: What people read.
        candidates: Names of entries, the most wanted first.
    """

    name: str
    title: str = ""
    candidates: Annotated[tuple[str, ...], Len(1)] = ()
