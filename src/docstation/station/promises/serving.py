"""The promises about what serves: the API shows the model and its context, it is healthy, and it reads a page."""

from __future__ import annotations

from collections.abc import Iterable

from docstation.messages.marking import N_
from docstation.station.probes import ServedModel
from docstation.station.promises.findings import Doubts, Finding, Look, Promise
from docstation.station.promises.seen import CanarySeen, Observations, Reply, Said, ServerAsked
from docstation.station.promises.state import doubts_of_state, journal_look


def identity(seen: Observations) -> Finding:
    """The API shows the active model's id and its context."""
    doubts = sum((_doubts_of_identity(one) for one in seen.asked), doubts_of_state(seen.state))
    asked = [one for one in seen.asked if one.trouble is None]
    return doubts.finding(Promise.IDENTITY, (journal_look(seen), *map(_identity_look, asked)))


def _identity_look(asked: ServerAsked) -> Look:
    promised, shown = asked.deployment, _shown(asked)
    return Look.of(
        Said.of(ASKED, model=promised.model, request=f"GET {promised.address.rstrip('/')}/v1/models"),
        http_status=asked.models.status or None,
        words=asked.models.words or None,
        id=shown.id if shown else None,
        max_model_len=shown.context if shown else None,
        promised_id=promised.served_name,
        promised_max_model_len=promised.context,
    )


ASKED = N_("Asked the server of {model}: {request}")
NO_ANSWER = N_("The server of {model} did not answer: {words}")
REFUSED = N_("The server of {model} answered with HTTP {status}: {words}")
WRONG_ID = N_("The server of {model} shows the model {shown} instead of {promised}.")
WRONG_CONTEXT = N_("The server of {model} shows a context of {shown} tokens instead of {promised}.")


def _shown(asked: ServerAsked) -> ServedModel | None:
    """The promised model's entry, else the first."""
    named = (one for one in asked.shown if one.id == asked.deployment.served_name)
    return next(named, asked.shown[0] if asked.shown else None)


def _doubts_of_identity(asked: ServerAsked) -> Doubts:
    promised, shown = asked.deployment, _shown(asked)
    if asked.trouble is not None:
        return Doubts.that_hide(asked.trouble)
    if asked.models.status != 200:
        return Doubts(broken=(_not_answered(promised.model, asked.models),))
    if shown is None or shown.id != promised.served_name:
        name = shown.id if shown else "-"
        said = Said.of(WRONG_ID, model=promised.model, shown=name, promised=promised.served_name)
        return Doubts(broken=(said,))
    remote = promised.driver == "remote"
    if shown.context is None and remote:
        # Others' servers need not tell their context, and then nobody can say that it is there.
        return Doubts(unseen=(Said.of(CONTEXT_UNTOLD, model=promised.model),))
    # Somebody else's server may have more of it than was asked for.
    told = shown.context or 0
    if told < promised.context or (told > promised.context and not remote):
        said = Said.of(WRONG_CONTEXT, model=promised.model, shown=told or "-", promised=promised.context)
        return Doubts(broken=(said,))
    return Doubts()


CONTEXT_UNTOLD = N_("The server of {model} does not tell its context.")


def _not_answered(model: str, reply: Reply) -> Said:
    words = reply.words or "-"
    return Said.of(REFUSED if reply.status else NO_ANSWER, model=model, status=reply.status, words=words)


def answers(seen: Observations) -> Finding:
    """Health is 200 and a page is read."""
    doubts = sum((_doubts_of_answer(one, sent=seen.canary) for one in seen.asked), doubts_of_state(seen.state))
    looks = [look for one in seen.asked if one.trouble is None for look in _answer_looks(one)]
    return doubts.finding(Promise.ANSWERS, (journal_look(seen), *looks))


def _answer_looks(asked: ServerAsked) -> Iterable[Look]:
    where = asked.deployment.address.rstrip("/")
    if asked.deployment.driver != "remote":
        request = f"GET {where}/health"
        yield Look.of(
            Said.of(ASKED, model=asked.deployment.model, request=request),
            http_status=asked.health.status or None,
            words=asked.health.words or None,
        )
    if asked.canary is not None:
        request = f"POST {where}/v1/chat/completions"
        done = Said.of(N_("Sent the test page to {model}: {request}"), model=asked.deployment.model, request=request)
        yield canary_look(done, asked.canary)


def canary_look(done: Said, canary: CanarySeen) -> Look:
    """What came of a test page."""
    return Look.of(
        done,
        seconds=round(canary.seconds, 2),
        share_of_words=round(canary.share, 3) if canary.share is not None else None,
        words=(canary.trouble.words or None) if canary.trouble else None,
    )


def _doubts_of_answer(asked: ServerAsked, *, sent: bool) -> Doubts:
    if asked.trouble is not None:
        return Doubts.that_hide(asked.trouble)
    doubts = Doubts()
    if asked.deployment.driver != "remote" and asked.health.status != 200:
        doubts += Doubts(broken=(_not_answered(asked.deployment.model, asked.health),))
    if asked.canary is None:
        return doubts + Doubts(unseen=(Said(NOT_SENT if not sent else NOT_ASKED),))
    if asked.canary.trouble is not None:
        return doubts + Doubts.that_break(asked.canary.trouble)
    return doubts


NOT_SENT = N_("No request was sent, as you wished (--no-canary): whether it can answer was not looked at.")
NOT_ASKED = N_("No page was sent, for the server does not tell what it serves.")
