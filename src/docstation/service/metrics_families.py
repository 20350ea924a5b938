"""Families of metrics from what the service knows at a moment: names, units, helps and labels are said here only.

Labels are words of a fixed list, entries of the catalogue, or templates of routes; never ids, paths or names of files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from docstation import __version__
from docstation.jobs.queue_records import JobState, PageState, Usage
from docstation.service.metrics_engine import Tokens
from docstation.service.metrics_tally import PagesTally, StationTally, Times
from docstation.service.request_log import Requests
from docstation.station.gpu import GpuReading
from docstation.station.status import Serving, Status
from docstation.station.words import Kind, Mode, Outcome

Values = Mapping[Any, float]
"""By the values of the labels: tuples of as many words as there are labels."""


def service_families(requests: Requests) -> Iterator[Metric]:
    """Of the service itself."""
    yield _gauge("build_info", "The version that serves.", {(__version__,): 1.0}, "version")
    told = {(route, method, str(status)): float(count) for (route, method, status), count in dict(requests).items()}
    yield _counter("requests", "Requests to the service that are over.", told, "route", "method", "status")


def station_families(now: Status, tally: StationTally, tokens: Tokens) -> Iterator[Metric]:
    """Of what serves, and how it came to."""
    state = now.state
    modes = {(one.value,): float(state.mode is one) for one in Mode}
    yield _gauge("station_mode", "1 for what the station is about, 0 for the other modes.", modes, "mode")
    under_way = {(): float(state.transaction is not None)}
    yield _gauge("switch_under_way", "Whether a switch is under way.", under_way)
    yield _gauge("failures_in_a_row", "How often what is wanted failed in a row.", {(): float(state.failures)})
    yield from _models(now.serving)
    yield from _memory(now)
    zero = {(kind.value, outcome.value): 0.0 for kind in Kind for outcome in Outcome}
    switches = zero | {names: float(count) for names, count in dict(tally.switches).items()}
    yield _counter("switches", "Switches that ended; of kind restart too.", switches, "kind", "outcome")
    seconds = {(outcome,): times for outcome, times in dict(tally.seconds).items()}
    yield _histogram("switch_seconds", "Seconds from the beginning of a switch to its end.", seconds, "outcome")
    steps = dict(tally.steps)
    yield _histogram("switch_step_seconds", "Seconds of the steps of switches.", steps, "step", "result")
    failures = {(cause,): float(count) for cause, count in dict(tally.failures).items()}
    yield _counter(
        "model_failures", "How often a serving model crashed, hung or outgrew its budget.", failures, "cause"
    )
    read = {names: float(count) for names, count in dict(tokens).items()}
    yield _counter("model_tokens", "Tokens that model servers read (prompt) and made.", read, "model", "kind")


def _models(serving: tuple[Serving, ...]) -> Iterator[Metric]:
    names = {(one.deployment.model, one.deployment.served_name, str(one.deployment.driver)): 1.0 for one in serving}
    yield _gauge("model_info", "What serves; no series for the embedded engine.", names, "model", "id", "driver")
    for name, (text, value) in _OF_MODEL.items():
        yield _gauge(name, text, {(one.deployment.model,): float(value(one)) for one in serving}, "model")


_OF_MODEL: dict[str, tuple[str, Callable[[Serving], int]]] = {
    "model_context_tokens": ("Context length of what serves.", lambda one: one.deployment.context),
    "model_answers": ("Whether its server shows the model and context that were deployed.", lambda one: one.answers),
    "model_planned_bytes": ("GPU memory that it was planned to take.", lambda one: one.deployment.planned_bytes),
    "model_measured_bytes": ("GPU memory that was measured after its start.", lambda one: one.measured_bytes),
}


def _memory(now: Status) -> Iterator[Metric]:
    budget = {(): float(now.budget_bytes)}
    yield _gauge("memory_budget_bytes", "GPU memory that all models together may take.", budget)
    gpu = now.gpu if isinstance(now.gpu, GpuReading) else None
    used = {("used",): float(gpu.used_bytes), ("free",): float(gpu.free_bytes)} if gpu is not None else {}
    yield _gauge("gpu_memory_bytes", "Memory of the card, whoever holds it; no series without a card.", used, "state")


def document_families(usage: Usage, tally: PagesTally, now: float) -> Iterator[Metric]:
    """Of documents, by the database, and of their reading since the start; `now` in seconds of the epoch."""
    jobs = {(state.value,): float(usage.jobs.get(state, 0)) for state in JobState}
    yield _gauge("jobs", "Documents in the database, by the state of their reading.", jobs, "state")
    pages = {(state.value,): float(usage.pages.get(state, 0)) for state in PageState}
    yield _gauge("pages", "Pages in the database, by state.", pages, "state")
    age = max(0.0, now - usage.oldest) if usage.oldest is not None else 0.0
    yield _gauge("oldest_job_seconds", "Age of the oldest document that is not read to its end.", {(): age})
    room = {("kept",): float(usage.bytes), ("limit",): float(usage.limit), ("free",): float(usage.free)}
    yield _gauge("documents_bytes", "Kept by documents, what they may take, and free on their disk.", room, "what")
    read = {(state.value,): float(tally.pages[state]) for state in PageState if state.ended}
    yield _counter("pages_read", "Pages that were read since the start, by how well.", read, "state")
    yield _histogram("page_seconds", "Seconds that a page took in its worker.", {(): tally.seconds})
    ended = {(state.value,): float(tally.jobs[state]) for state in JobState if state.ended}
    yield _counter("jobs_ended", "Documents whose reading ended since the start.", ended, "state")


def process_families(children: float) -> Iterator[Metric]:
    """Of the service's processes; its own is told by prometheus-client."""
    yield _gauge("workers_resident_memory_bytes", "Memory that readers and converters hold.", {(): children})


def _gauge(name: str, text: str, values: Values, *labels: str) -> Metric:
    family = GaugeMetricFamily(f"docstation_{name}", text, labels=labels)
    for names, value in values.items():
        family.add_metric(names, value)
    return family


def _counter(name: str, text: str, values: Values, *labels: str) -> Metric:
    family = CounterMetricFamily(f"docstation_{name}", text, labels=labels)
    for names, value in values.items():
        family.add_metric(names, value)
    return family


def _histogram(name: str, text: str, values: Mapping[Any, Times], *labels: str) -> Metric:
    family = HistogramMetricFamily(f"docstation_{name}", text, labels=labels)
    for names, times in values.items():
        family.add_metric(names, times.buckets(), times.total)
    return family
