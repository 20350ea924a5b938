"""What plans are made of in tests: the shipped catalogue, the promised budget, drawn entries and cards."""

from hypothesis import strategies as st

from docstation.messages import translate
from docstation.models.architecture import shipped_figures
from docstation.models.catalogue import load_catalogue
from docstation.models.checkpoint import Checkpoint
from docstation.models.devices import REFERENCE, Device
from docstation.models.entry import ModelEntry
from docstation.models.planning import plan
from docstation.models.savings import COSTS

GIB, GB = 2**30, 10**9
BUDGET = 12 * GB
FIGURES = shipped_figures()
CATALOGUE = load_catalogue().entries
SERVED = [entry for entry in CATALOGUE.values() if entry.engine == "vllm"]


def checkpoint(entry):
    return Checkpoint(FIGURES[entry.figures], source=entry.figures)


def planned(entry, budget=BUDGET, device=REFERENCE, **more):
    return plan(entry, budget, device, checkpoint=checkpoint(entry), **more)


def line(found, item):
    return next(one.bytes for one in found.bill if one.item is item)


def said(found):
    return translate(found.reason, **dict(found.reason_fields))


entries = st.builds(
    ModelEntry,
    name=st.just("one"),
    figures=st.sampled_from(sorted(FIGURES)),
    quantisation=st.sampled_from(["none", "fp8", "awq-4bit"]),
    context=st.integers(512, 40_000),
    max_pixels=st.integers(65_536, 20_000_000),
    max_sequences=st.integers(1, 64),
    batch_tokens=st.integers(512, 40_000),
    kv_cache_type=st.sampled_from(["auto", "fp8"]),
    eager=st.booleans(),
    image=st.sampled_from(["vllm/vllm-openai:v0.32.0", "vllm/vllm-openai:v0.12.0", "vllm/vllm-openai:latest"]),
)


@st.composite
def devices(draw):
    board = draw(st.integers(4 * GIB, 48 * GIB))
    reserved = draw(st.integers(0, GIB))
    free = draw(st.integers(0, board - reserved))
    return Device("some card", board, reserved, free)


budgets = st.integers(GB, 40 * GB)
fixed_keys = st.frozensets(st.sampled_from(sorted(COSTS)))
