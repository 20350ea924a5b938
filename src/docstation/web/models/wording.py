"""Words about models and changes, in the active language. What comes from outside is made safe for Markdown."""

from __future__ import annotations

import time
from collections.abc import Sequence

from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.station.causes import Cause
from docstation.station.gpu import Absence
from docstation.station.remedies import advise
from docstation.web import words
from docstation.web.models.story import Remark, Story
from docstation.web.texts import plain

GB = 1e9

STEPS = {
    "prepare": N_("check"),
    "drain": N_("open requests"),
    "stop": N_("stop"),
    "reclaim": N_("memory of the card"),
    "start": N_("start"),
    "load": N_("load"),
    "probe": N_("name and context"),
    "canary": N_("test page"),
}
KINDS = {
    "switch": N_("switch to {models}"),
    "restart": N_("restart of {models}"),
    "shrink": N_("restart of {models} with less memory"),
    "stop": N_("stop of everything"),
}
OUTCOMES = {
    "running": (N_("under way"), "orange"),
    "done": (N_("done"), "green"),
    "refused": (N_("refused, nothing was touched"), "red"),
    "rolled-back": (N_("rolled back"), "red"),
    "fell-back": (N_("failed, the embedded engine reads"), "red"),
    "cancelled": (N_("called off"), "gray"),
}
ENDINGS = {
    "done": N_("Done in {time}: {models}."),
    "refused": N_("The switch to {models} was refused. What served before serves on."),
    "rolled-back": N_("The switch to {models} failed and was rolled back: what served before serves again."),
    "fell-back": N_("The switch to {models} failed. Only the embedded engine serves now."),
    "cancelled": N_("The switch to {models} was called off."),
}
STOPPED = N_("Stopped. The embedded engine reads pages; chat and extraction by a model wait for one.")
LEVELS = {
    "fine": N_("within the budget again: {size} of the card"),
    "soft": N_("close to the budget: {size} of the card"),
    "hard": N_("over the budget: {size} of the card"),
}
REMARKS = {
    "Settled": N_("it has served long enough without failure: last known good"),
    "Recovered": N_("a manager took over"),
    "stray-ended": N_("ended a server that the journal does not know: {name}"),
    "measured": N_("measured: {size} of the card"),
    "bug": N_("a bug in DocStation: {error}"),
    "watch-bug": N_("a bug in DocStation: {error}"),
}


def step(one: str) -> str:
    """The name of a step."""
    return translate(STEPS.get(one, one))


def change(kind: str, models: Sequence[str]) -> str:
    """What a change is for, with a capital letter."""
    said = translate(KINDS.get(kind, kind), models=plain(", ".join(models)))
    return said[:1].upper() + said[1:]


def outcome(story: Story) -> str:
    """How it ended, as a badge of Markdown."""
    word, colour = OUTCOMES.get(story.outcome, (story.outcome, "gray"))
    return f":{colour}-badge[{translate(word)}]"


def ending(story: Story) -> str:
    """How it ended, as a sentence."""
    if story.kind == "stop" and story.outcome == "done":
        return translate(STOPPED)
    took = took_seconds((story.ended or story.began) - story.began)
    return translate(ENDINGS[story.outcome], models=plain(", ".join(story.models)), time=took)


def cause(slug: str, detail: str = "", model: str = "") -> tuple[str, str]:
    """Why something failed and what to do about it; the remedy may be empty. Slugs of a newer service are shown."""
    if slug not in set(Cause):
        return plain(f"{slug}: {detail}" if detail else slug), ""
    advice = advise(Cause(slug), detail, model=model)
    sentence, remedy = (translate(one, **advice.fields) for one in (advice.sentence, advice.remedy))
    return prose(sentence), prose(remedy)


def prose(text: str) -> str:
    """A sentence as Markdown: what stands between backticks is code, all the rest is only text."""
    parts = one_line(text).split("`")
    if len(parts) % 2 == 0:
        return plain(one_line(text))
    return "".join(f"`{part}`" if place % 2 and part else plain(part) for place, part in enumerate(parts))


def absence(slug: str) -> tuple[str, str]:
    """Why there is no card, and what to do about it."""
    if slug not in set(Absence):
        return plain(slug), ""
    one = Absence(slug)
    return translate(one.sentence, detail="–"), translate(one.remedy, detail="–")


def remark(one: Remark) -> str:
    """What happened outside of changes."""
    if one.what in {"FellIll", "engine-away"}:
        sentence = cause(one.cause, one.detail, one.model)[0]
        return f"{plain(one.model)}: {sentence}" if one.model else sentence
    known = LEVELS.get(one.detail, "") if one.what == "headroom" else REMARKS.get(one.what, "")
    detail = plain(one_line(one.detail))
    return translate(known or one.what, size=gigabytes(one.bytes), name=detail, error=detail)


def gigabytes(count: float) -> str:
    """``9.54 GB``, in powers of ten as the budget."""
    return translate(N_("{count} GB"), count=words.decimal(count / GB, 2))


def tokens(count: int) -> str:
    """``8 192 tokens``."""
    return translate(N_("{tokens} tokens"), tokens=f"{count:,}".replace(",", "\u202f"))


def took_seconds(seconds: float) -> str:
    """How long, to a tenth of a second where it is short."""
    if seconds >= 10:
        return words.span(seconds)
    return translate(N_("{seconds} s"), seconds=words.decimal(max(seconds, 0.0), 1))


def at(moment: float) -> str:
    """A moment in local time: the time alone where it is of today."""
    then, now = time.localtime(moment), time.localtime()
    same = (then.tm_year, then.tm_yday) == (now.tm_year, now.tm_yday)
    return time.strftime("%H:%M:%S" if same else "%Y-%m-%d %H:%M", then)


def one_line(text: str) -> str:
    """Without line breaks and control characters."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
