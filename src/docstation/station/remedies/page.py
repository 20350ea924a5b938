"""docs/diagnosis.md, written from the diagnosis table and the words for each cause.

A command for developers: ``python -m docstation.station.remedies.page`` writes it anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from docstation.station.causes import Cause
from docstation.station.diagnosis.rule import SERVING, STARTING, Place, Rule
from docstation.station.diagnosis.rules import RULES
from docstation.station.remedies.before import BEFORE
from docstation.station.remedies.running import RUNNING
from docstation.station.remedies.starting import STARTING as WHILE_STARTING
from docstation.station.remedies.words import Words

INTRODUCTION = """# Why a model failed

When a model cannot be started, or stops answering, the station reads its log and its exit code, and says the cause
with what to do about it. `docstation models logs` shows the log itself. The cause's name, as below, is what JSON, the
journal and metrics show; it never changes with the language.

How the cause is found:

- Only errors count. A line of level INFO proves nothing, whatever words it holds.
- The first line that names a cause counts, not the last: the last one of a failed start only says that the engine did
  not start. What the server got over, because it went further or answered afterwards, does not count.
- A log of several starts is read from the last of them on. Errors after a stop that was asked for do not count.
- Where memory runs out is told apart: while the weights load, while the largest picture is tried, at a request, at
  waking. The functions in the traceback tell, else what the server had reported, else what the station was doing.
- An exit by signal 9 is a lack of main memory only where the kernel or the log says so.
- A cause that is not known is shown with the log's own last errors.

What is seen stands in `this type`, upper and lower case alike; `…` stands for anything in between. Words in capitals
are filled in.
"""

PLACES = {
    frozenset({Place.START}): "before loading",
    frozenset({Place.LOAD}): "while loading",
    frozenset({Place.PROFILE}): "after the weights were loaded",
    frozenset({Place.SERVE}): "while serving",
    frozenset({Place.WAKE}): "when woken",
    frozenset({Place.START, Place.LOAD}): "until the weights are loaded",
    STARTING: "until it serves",
    SERVING: "once it serves",
}

UNSEEN = "This is not read from a log: the station sees it itself."


def page() -> str:
    """The whole text of docs/diagnosis.md."""
    parts = (
        ("Before anything is touched", BEFORE),
        ("While a model starts", WHILE_STARTING),
        ("Once it serves, and the change itself", RUNNING),
    )
    return INTRODUCTION + "".join(f"\n## {head}\n{_causes(words)}" for head, words in parts)


def _causes(words: Mapping[Cause, tuple[Words, ...]]) -> str:
    return "".join(f"\n### {cause}\n\n{_said(said)}\n{_seen(cause)}\n" for cause, said in words.items())


def _said(words: tuple[Words, ...]) -> str:
    """The plain words, then those that say more where more is known."""
    lines = [f"{_shown(words[-1].sentence)}\n\n- What to do: {_shown(words[-1].remedy)}"]
    lines += [f"- Where it is known: {_shown(one.sentence)} What to do: {_shown(one.remedy)}" for one in words[:-1]]
    return "\n".join(lines)


def _shown(message: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: name[1].upper(), message)


def _seen(cause: Cause) -> str:
    rows = [_words(rule) for rule in RULES if rule.cause is cause]
    return "- Seen: " + "; ".join(dict.fromkeys(rows)) + "." if rows else f"- {UNSEEN}"


def _words(rule: Rule) -> str:
    quoted = ", ".join(f"`` {words} ``" if "`" in words else f"`{words}`" for words in _plain(rule.words))
    near = f" near {', '.join(f'`{words}`' for words in rule.near)}" if rule.near else ""
    where = f" ({PLACES[rule.where]})" if rule.where in PLACES else ""
    return quoted + near + where


def _plain(words: tuple[str, ...]) -> list[str]:
    return [one.removeprefix("^") for one in words]


def main() -> None:
    """Write the page."""
    docs = Path(__file__).parents[4] / "docs"
    (docs / "diagnosis.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
