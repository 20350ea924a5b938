"""The report of promises as people and programs read it: Markdown in the active language, or JSON.

Each promise is followed by what was done to look at it and the figures that this showed; nothing else is claimed.
Figures come from outside (servers, drivers, engines): in Markdown they stand in code spans, on one line, cut to a
bearable length.
"""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docstation import __version__
from docstation.cli.checks import Check
from docstation.cli.console import JsonValue
from docstation.export.cleaning import one_line
from docstation.export.markdown.text import escaped, escaped_cell
from docstation.messages import N_, active, translate
from docstation.station.promises import Figure, Finding, Observations, Promise, Said, Verdict
from docstation.station.promises.history import moment
from docstation.station.promises.words import BACK, FIGURES, ON_THE_WAY_BACK, PROMISED, VERDICTS

LONGEST = 300
"""Characters of a figure in Markdown, and of a field within a sentence; the figures in JSON are whole."""
SIGNS = {Verdict.KEPT: "✓", Verdict.BROKEN: "✗", Verdict.NOT_SEEN: "–"}

# Apart from where they are used: extraction does not look into f-strings.
HEADING = N_("DocStation: what was promised and what was seen")
PROMISE, VERDICT, VERDICT_OF = N_("promise"), N_("verdict"), N_("Verdict:")
TO_DO = N_("what to do:")
DONE = N_("What was done and what it showed:")
NOTHING = N_("nothing")
INSTALLED, WHAT, FOUND = N_("What is installed"), N_("what"), N_("found")

_TICKS = re.compile("`+")


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported.

    Attributes:
        seen: what was looked at.
        findings: what is said of it, one for each promise.
        checks: of what is installed.
    """

    seen: Observations
    findings: Sequence[Finding]
    checks: Sequence[Check]

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many promises got each verdict."""
        found = Counter(one.verdict for one in self.findings)
        return {verdict: found[verdict] for verdict in Verdict}

    @property
    def broken(self) -> tuple[Promise, ...]:
        """Promises that are broken."""
        return tuple(one.promise for one in self.findings if one.verdict is Verdict.BROKEN)


def said(one: Said) -> str:
    """A sentence in the active language, on one line, its fields cut to a bearable length."""
    return one_line(translate(one.message, **{name: _short(value) for name, value in one.fields}))


def verdict_line(one: Finding) -> str:
    """``✗ The API shows …: broken. The server …`` for the terminal."""
    why = " ".join(said(reason) for reason in one.reasons) if one.verdict is not Verdict.KEPT else ""
    return (
        f"{SIGNS[one.verdict]} {translate(PROMISED[one.promise])} [{translate(VERDICTS[one.verdict])}] {why}".rstrip()
    )


def counted(report: Report) -> str:
    """``kept: 7, broken: 1, could not be looked at: 3``."""
    return ", ".join(f"{translate(VERDICTS[verdict])}: {count}" for verdict, count in report.counts.items())


# JSON.


def as_json(report: Report, exit_code: int) -> dict[str, JsonValue]:
    """The report for programs; keys and verdicts never change with the language."""
    return {
        "docstation": __version__,
        "at": moment(report.seen.at),
        "language": active(),
        "exit_code": exit_code,
        "about": {key: value for key, _name, value in _about(report) if key not in {"at", "docstation"}},
        "counts": {verdict.value: count for verdict, count in report.counts.items()},
        "promises": [_finding_json(one) for one in report.findings],
        "checks": [check_json(one) for one in report.checks],
    }


def check_json(check: Check) -> dict[str, JsonValue]:
    """A check of what is installed, for programs."""
    return {
        "name": check.name,
        "title": translate(check.title),
        "state": check.state,
        "found": check.found,
        "advice": check.advice,
    }


def _finding_json(one: Finding) -> dict[str, JsonValue]:
    return {
        "promise": one.promise.value,
        "promised": translate(PROMISED[one.promise]),
        "verdict": one.verdict.value,
        "reasons": [said(reason) for reason in one.reasons],
        "remedies": [said(remedy) for remedy in one.remedies],
        "looks": [
            {"done": said(look.done), "seen": {figure.key: _plain(figure) for figure in look.seen}}
            for look in one.looks
        ],
    }


def _plain(figure: Figure) -> JsonValue:
    return one_line(figure.value) if isinstance(figure.value, str) else figure.value


# Markdown.


def as_markdown(report: Report) -> str:
    """The report for people."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# {translate(HEADING)}"
    yield ""
    for _key, name, value in _about(report):
        yield f"- {translate(name)}: {_code(value)}"
    yield ""
    yield f"**{escaped(counted(report))}**"
    yield ""
    yield f"| | {translate(PROMISE)} | {translate(VERDICT)} |"
    yield "|---|---|---|"
    for number, one in enumerate(report.findings, 1):
        promised = escaped_cell(translate(PROMISED[one.promise]))
        yield f"| {number} | {promised} | {SIGNS[one.verdict]} {translate(VERDICTS[one.verdict])} |"
    for number, one in enumerate(report.findings, 1):
        yield ""
        yield from _section(number, one)
    yield ""
    yield from _installed(report.checks)


def _section(number: int, one: Finding) -> Iterator[str]:
    yield f"## {number}. {escaped(translate(PROMISED[one.promise]))}"
    yield ""
    yield f"{translate(VERDICT_OF)} **{translate(VERDICTS[one.verdict])}**"
    for reason in one.reasons:
        yield f"- {escaped(said(reason))}"
    for remedy in one.remedies:
        yield f"- {translate(TO_DO)} {escaped(said(remedy))}"
    yield ""
    yield translate(DONE)
    yield ""
    for look in one.looks:
        yield f"- {escaped(said(look.done))}"
        for figure in look.seen:
            yield f"  - {figure_name(figure.key)}: {_value(figure)}"
        if not look.seen:
            yield f"  - {translate(NOTHING)}"
    if not one.looks:
        yield f"- {translate(NOTHING)}"


def _installed(checks: Sequence[Check]) -> Iterator[str]:
    yield f"## {translate(INSTALLED)}"
    yield ""
    yield f"| | {translate(WHAT)} | {translate(FOUND)} |"
    yield "|---|---|---|"
    for check in checks:
        sign = {"ok": "✓", "missing": "✗", "optional": "–"}[check.state]
        yield f"| {sign} | {escaped_cell(translate(check.title))} | {escaped_cell(one_line(check.found))} |"


def _about(report: Report) -> Iterator[tuple[str, str, str]]:
    """Key, message id of the name, and value of what the report is about."""
    seen = report.seen
    found = {check.name: one_line(check.found) for check in report.checks}
    yield "at", N_("looked at"), moment(seen.at)
    yield "docstation", N_("version of DocStation"), __version__
    yield "python", N_("Python"), f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    yield "kernel", N_("kernel"), seen.host.kernel
    yield "folder", N_("state folder"), seen.folder
    yield "starts_by", N_("what starts vLLM"), seen.kind
    for key, name in (("gpu", N_("GPU")), ("docker", N_("Docker")), ("vllm", N_("vLLM command"))):
        if key in found:
            yield key, name, found[key]


def figure_name(key: str) -> str:
    """The name of a figure in the active language; the key itself where it has none."""
    if key.startswith(BACK):
        return translate(ON_THE_WAY_BACK, name=figure_name(key.removeprefix(BACK)))
    return translate(FIGURES[key]) if key in FIGURES else key


def _value(figure: Figure) -> str:
    """The raw value, with the amount in GB beside bytes."""
    value = figure.value
    if isinstance(value, bool):
        return translate(N_("yes") if value else N_("no"))
    if isinstance(value, int) and figure.key.endswith("_bytes"):
        return f"{_code(str(value))} ({value / 10**9:.2f} GB, {value / 2**30:.2f} GiB)"
    return _code(str(value))


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _code(text: str) -> str:
    """`text` as a code span that nothing within can end."""
    line = _short(text)
    longest = max((len(run) for run in _TICKS.findall(line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if line[:1] == "`" or line[-1:] == "`" else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line else "-"
