"""What can go wrong when a served model is asked; each class is one thing that the caller may do about it.

    AskFailed        the root: no answer
    ├── Refused      the request itself is at fault: change it
    ├── EngineFailed the engine or the connection broke: ask again, or ask another
    ├── Overdue      no answer in time: ask again with less, or leave it
    └── Unavailable  nothing serves for longer than one was willing to wait

A question that its asker gave up is `docstation.errors.Interrupted`.
"""

from __future__ import annotations

from typing import Literal

from docstation.errors import DocStationError, ExitCode
from docstation.messages.marking import N_

RefusalKind = Literal["context", "image", "model", "key", "other"]
"""``context``: too long for the window. ``image``: the picture cannot be used. ``model``: another one serves. ``key``:
it is missing or does not suffice."""

Phase = Literal["connect", "first", "between", "total"]


class AskFailed(DocStationError):
    """A served model gave no usable answer."""

    exit_code = ExitCode.NO_ENGINE
    http_status = 502
    code = "model-failed"
    sentence = N_("The model server gave no answer: {problem}.")
    remedy = N_("See `docstation models status` and `docstation models logs`.")


class Refused(AskFailed):
    """The server refused the request; sending it again as it is will not help."""

    code = "model-refused"
    sentence = N_("The model server refused the request ({status}): {problem}")

    @property
    def status(self) -> int:
        """Of HTTP."""
        status = self.fields.get("status", 0)
        return status if isinstance(status, int) else 0

    @property
    def kind(self) -> RefusalKind:
        """What is wrong with it, as far as status and words tell."""
        words = str(self.fields.get("problem", "")).lower()
        if self.status in (401, 403):
            return "key"
        if self.status in (404, 409):
            return "model"
        if any(part in words for part in ("context length", "max_model_len", "max_tokens", "encoder cache")):
            return "context"
        return "image" if self.status == 413 or "image" in words or "processor" in words else "other"


class EngineFailed(AskFailed):
    """The engine or the connection to it broke before the answer was whole."""

    code = "model-broke"


class Overdue(AskFailed):
    """No answer, or no further piece of it, in time; the request was withdrawn."""

    http_status = 504
    code = "model-overdue"
    sentence = N_("The model server did not answer in time ({seconds:g} s).")

    @property
    def phase(self) -> Phase:
        """What was waited for: the connection, the first piece, the next piece, the end."""
        phase = self.fields.get("phase")
        return phase if phase in ("connect", "first", "between") else "total"


class Unavailable(AskFailed):
    """Nothing serves the model, for longer than the asker was willing to wait."""

    http_status = 503
    code = "model-unavailable"
    sentence = N_("No model serves now: {problem}.")


def one_line(text: str, length: int = 300) -> str:
    """The beginning of a text from a server, printable, on one line, without the full stop that sentences add."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text[: 4 * length])
    return " ".join(plain.split())[:length].rstrip(" .")
