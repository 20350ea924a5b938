"""What a container engine says when it refuses, as causes: the one place where errors of the SDK are caught.

Engines of different years word the same refusal differently; what is compared here are the parts that stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from docstation.station.causes import Cause, Fault

if TYPE_CHECKING:
    from docker.errors import APIError

_TELLING = (
    ("port is already allocated", Cause.PORT_TAKEN),
    ("address already in use", Cause.PORT_TAKEN),
    ("failed to bind host port", Cause.PORT_TAKEN),
    ("is already in use by container", Cause.NAME_TAKEN),
    ("unsatisfied condition: cuda", Cause.DRIVER_TOO_OLD),
    ("driver/library version mismatch", Cause.DRIVER_TOO_OLD),
    ("could not select device driver", Cause.GPU_NOT_VISIBLE),
    ("unresolvable cdi devices", Cause.GPU_NOT_VISIBLE),
    ("cdi device injection failed", Cause.GPU_NOT_VISIBLE),
    ("nvidia-container-cli", Cause.GPU_NOT_VISIBLE),
    ("no space left on device", Cause.DISK_FULL),
    ("disk quota exceeded", Cause.DISK_FULL),
    ("no such image", Cause.IMAGE_MISSING),
    ("executable file not found", Cause.PROGRAM_MISSING),
    ("did not receive an exit event", Cause.STOP_TIMEOUT),
    # Another version of the engine took the place of the one that this client agreed with.
    ("supported api version is", Cause.ENGINE_DOWN),
)
# The program is named by its path and is not there; a missing file of any other kind is worded otherwise.
_NO_PROGRAM = re.compile(r'exec: "[^"]*": stat [^:]*: no such file or directory')

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_DETAIL_LENGTH = 600


class Absent(Fault):
    """The container that was asked about is not there."""


@contextmanager
def engine_errors(otherwise: Cause = Cause.UNKNOWN) -> Iterator[None]:
    """Turn what the block raises of the engine's errors into faults; `otherwise` is the cause of a refusal not known.

    Raises:
        Absent: there is no such container.
        Fault: ``ENGINE_DOWN`` or ``ENGINE_DENIED`` when no answer could be had, else by the words of the refusal.
    """
    from docker.errors import APIError, DockerException, ImageNotFound, NotFound
    from requests import RequestException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ImageNotFound as error:
        raise Fault(Cause.IMAGE_MISSING, one_line(_words(error))) from error
    except NotFound as error:
        raise Absent(otherwise, one_line(_words(error))) from error
    except APIError as error:
        raise _refusal(error, otherwise) from error
    except DockerException as error:
        # The plain class means that the first request failed; its children find fault with what was asked.
        raise no_answer(error) if type(error) is DockerException else refusal(str(error), otherwise) from error
    except (RequestException, HTTPError) as error:
        raise no_answer(error) from error


def refusal(words: str, otherwise: Cause) -> Fault:
    """The fault for an engine's `words` of refusal."""
    said = words.lower()
    if _NO_PROGRAM.search(said):
        return Fault(Cause.PROGRAM_MISSING, one_line(words))
    return Fault(next((cause for part, cause in _TELLING if part in said), otherwise), one_line(words))


def no_answer(error: Exception) -> Fault:
    """The fault for a request that got no answer: it was not let in, or nobody is there."""
    words = str(error)
    denied = "PermissionError" in words or "permission denied" in words.lower()
    return Fault(Cause.ENGINE_DENIED if denied else Cause.ENGINE_DOWN, one_line(words))


def one_line(words: str) -> str:
    """Untrusted `words` on one line of bearable length, without control characters."""
    line = " ".join(_CONTROLS.sub(" ", words).split())
    return line if len(line) <= _DETAIL_LENGTH else line[: _DETAIL_LENGTH - 1] + "…"


def _refusal(error: APIError, otherwise: Cause) -> Fault:
    if error.status_code in {401, 403}:
        return Fault(Cause.ENGINE_DENIED, one_line(_words(error)))
    return refusal(_words(error), otherwise)


def _words(error: APIError) -> str:
    return str(error.explanation or error)
