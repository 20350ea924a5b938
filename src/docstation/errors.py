"""The one error tree: each class is one cause, with its exit code, HTTP status, sentence and remedy.

    DocStationError                     1  unexpected: a bug
    ├── UsageError                      2  an option, setting or argument is wrong
    │   └── SettingsError               2  an unknown key or a value out of range
    ├── InputError                      3  a file cannot be used
    │   ├── NotFound                    3  no such file, folder or match
    │   ├── UnsupportedFormat           3  content of a kind that is not read
    │   ├── BrokenFile                  3  damaged, truncated or empty
    │   ├── TooLarge                    3  beyond a limit of bytes, pixels, pages or archive members
    │   ├── PageRangeError              3  a page range names no page of the file
    │   ├── PasswordError               9  a password is needed, or the one given is wrong
    │   ├── NoRoom                      3  the disk, or the room for documents, is full
    │   ├── UploadStalled               3  an upload stopped in the middle
    │   ├── AddressRefused              3  an address is none from which documents are fetched
    │   └── FetchFailed                 3  an address gave no document
    ├── NotReady                        3  the result is not there yet
    ├── PartialResult                   4  some pages failed, the others are written
    ├── DeadlinePassed                  4  a request that waits for its result waited too long
    ├── MissingDependency               5  a program, model or library is not installed
    ├── NoEngine                        6  no engine or model can do this
    ├── BudgetExceeded                  7  the memory plan does not fit in the budget
    ├── Locked                          8  another process holds the lock
    │   └── Busy                        8  a switch is under way
    ├── Overloaded                      8  too many such requests wait already
    ├── SwitchFailed                   10  the switch failed, what served before serves again
    ├── WorkerFailed                    1  a child process died, hung or outgrew its memory (becomes a page's status)
    └── Interrupted                   130  stopped by the user

Sentences are English gettext message ids with ``{named}`` fields; only doors translate them (`docstation.messages`).
Exit codes are promises, listed in docs/errors.md.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import ClassVar

from docstation.messages.marking import N_, Word


class ExitCode(IntEnum):
    """What the process answers to its caller; a stable interface."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    INPUT = 3
    PARTIAL = 4
    MISSING = 5
    NO_ENGINE = 6
    BUDGET = 7
    LOCKED = 8
    PASSWORD = 9
    ROLLED_BACK = 10
    INTERRUPTED = 130


class DocStationError(Exception):
    """Root of everything that we raise on purpose.

    Args:
        detail: what happened, a gettext message id with named fields; the class's `sentence` where it is empty.
        **fields: values of the named fields, kept as given.

    Attributes:
        code: a stable slug for JSON and logs.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.UNEXPECTED
    http_status: ClassVar[int] = 500
    code: ClassVar[str] = "unexpected"
    sentence: ClassVar[str] = N_("Something went wrong inside DocStation.")
    remedy: ClassVar[str] = N_("Please report it with the file named below; nothing that was finished is lost.")

    def __init__(self, detail: str = "", /, **fields: object) -> None:
        self.message_id = detail or self.sentence
        self.remedy_id = str(fields.pop("remedy", "")) or self.remedy
        self.fields = fields
        super().__init__(detail, fields)

    def __str__(self) -> str:
        return self.message_id.format_map(_Forgiving(self.fields))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message_id, self.remedy_id, self.fields)


def _rebuild(
    kind: type[DocStationError], message_id: str, remedy_id: str, fields: dict[str, object]
) -> DocStationError:
    return kind(message_id, remedy=remedy_id, **fields)


def to_record(error: DocStationError) -> dict[str, bool | int | float | str | None]:
    """The error as plain values, for another process; fields that are no plain values become their text."""
    fields = {
        f"{'word' if isinstance(one, Word) else 'field'}-{name}": one if isinstance(one, _PLAIN) else str(one)
        for name, one in error.fields.items()
    }
    return {"class": type(error).__name__, "message": error.message_id, "remedy": error.remedy_id, **fields}


def from_record(record: Mapping[str, object]) -> DocStationError:
    """The error again; the root class where its own is not known here."""
    fields = {name.removeprefix("field-"): one for name, one in record.items() if name.startswith("field-")}
    fields |= {name.removeprefix("word-"): Word(one) for name, one in record.items() if name.startswith("word-")}
    kind = next((one for one in _tree(DocStationError) if one.__name__ == record.get("class")), DocStationError)
    return _rebuild(kind, str(record.get("message", "")), str(record.get("remedy", "")), fields)


def _tree(kind: type[DocStationError]) -> Iterator[type[DocStationError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)


_PLAIN = (bool, int, float, str, type(None))


class _Forgiving(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class UsageError(DocStationError):
    """An option, argument or setting is wrong."""

    exit_code = ExitCode.USAGE
    http_status = 400
    code = "usage"
    sentence = N_("The command was not understood.")
    remedy = N_("See `docstation --help`.")


class SettingsError(UsageError):
    """A settings file or variable holds an unknown key or an impossible value."""

    code = "settings"
    sentence = N_("The settings cannot be used.")
    remedy = N_("Correct the key, or see `docstation config show --origin`.")


class InputError(DocStationError):
    """A file cannot be used."""

    exit_code = ExitCode.INPUT
    http_status = 422
    code = "input"
    sentence = N_("The file cannot be used.")
    remedy = N_("Check the file and try again.")


class NotFound(InputError):
    """No such file or folder, or a folder, archive or pattern without a file that can be read."""

    http_status = 404
    code = "not-found"
    sentence = N_("No such file: {name}.")
    remedy = N_("Check the name; a pattern must match at least one file.")


class UnsupportedFormat(InputError):
    """The content is of a kind that is not read."""

    http_status = 415
    code = "unsupported-format"
    sentence = N_("{name} is not a document that can be read.")
    remedy = N_(
        "Give a PDF, PNG, JPEG, WebP, BMP, GIF, TIFF, HEIC, AVIF, DOCX, PPTX, XLSX, ODT, ODS, ODP or a ZIP of them."
    )


class BrokenFile(InputError):
    """The file is damaged, truncated or has no page."""

    code = "broken-file"
    sentence = N_("{name} is damaged or has no page.")
    remedy = N_("Open it in a viewer and save it again, or scan it anew.")


class TooLarge(InputError):
    """A limit of bytes, pixels, pages or archive members is exceeded."""

    http_status = 413
    code = "too-large"
    sentence = N_("{name} is larger than the limit allows.")
    remedy = N_("Split the file, or raise the limit in the settings.")


class PageRangeError(InputError):
    """A page range is not understood or names no page of the file."""

    http_status = 400
    code = "page-range"
    sentence = N_("The page range {pages} names no page of {name}.")
    remedy = N_("Write it like 1-3,7,-2 (-2 is the last page but one).")


class PasswordError(InputError):
    """The file is locked and the password is missing or wrong."""

    exit_code = ExitCode.PASSWORD
    http_status = 401
    code = "password"
    sentence = N_("{name} is protected by a password.")
    remedy = N_("Give it with --password, or in the variable DOCSTATION_PASSWORD.")


class NoRoom(InputError):
    """There is no room: the disk is full, or documents take all that they may."""

    http_status = 507
    code = "no-room"
    sentence = N_("{name} cannot be written: {reason}.")
    remedy = N_("Free some disk space, or choose a folder that you may write to.")


def unwritable(name: str, error: OSError) -> InputError:
    """Why the file or folder of that name cannot be written; `NoRoom` where the disk or a quota is full."""
    kind = NoRoom if error.errno in {errno.ENOSPC, errno.EDQUOT} else InputError
    reason = error.strerror or os.strerror(error.errno or 0)
    return kind(NoRoom.sentence, name=name, reason=reason, remedy=NoRoom.remedy)


class UploadStalled(InputError):
    """The client sent nothing for too long."""

    http_status = 408
    code = "upload-stalled"
    sentence = N_("The upload stopped: nothing came for {seconds} s.")
    remedy = N_("Send it again.")


class AddressRefused(InputError):
    """The address is none from which documents are fetched."""

    http_status = 403
    code = "address-refused"
    sentence = N_("{host} is not an address that everybody can reach.")
    remedy = N_("Give a public http or https address, or upload the file.")


class FetchFailed(InputError):
    """The address gave no document."""

    code = "fetch-failed"
    sentence = N_("{host} gave no document: {problem}.")
    remedy = N_("Check the address, or upload the file.")


class NotReady(DocStationError):
    """What is asked for will be there later, or will not be there as things stand."""

    exit_code = ExitCode.INPUT
    http_status = 409
    code = "not-ready"
    sentence = N_("The document is not there yet: it is {state}.")
    remedy = N_("Follow the document's events, or ask again later.")


class PartialResult(DocStationError):
    """Some pages or files failed; the others are written."""

    exit_code = ExitCode.PARTIAL
    http_status = 207
    code = "partial"
    sentence = N_("Done in part: some pages could not be read.")
    remedy = N_("See the page list; `--resume` tries the missing pages again.")


class DeadlinePassed(DocStationError):
    """A request that waits for its result would have waited too long."""

    exit_code = ExitCode.PARTIAL
    http_status = 504
    code = "deadline"
    sentence = N_("{name} was not read within {seconds} s.")
    remedy = N_("Ask for fewer pages, or send the document to /documents, which does not make you wait.")


class MissingDependency(DocStationError):
    """A program, model file or library is not installed."""

    exit_code = ExitCode.MISSING
    http_status = 501
    code = "missing"
    sentence = N_("{name} is needed for this and is not installed.")
    remedy = N_("Install it with: {command}")


class NoEngine(DocStationError):
    """No engine or model at hand can do this."""

    exit_code = ExitCode.NO_ENGINE
    http_status = 503
    code = "no-engine"
    sentence = N_("No engine or model can do this here.")
    remedy = N_("See `docstation doctor` for what is there.")


class BudgetExceeded(DocStationError):
    """The memory plan does not fit in the budget; nothing was touched."""

    exit_code = ExitCode.BUDGET
    http_status = 507
    code = "budget"
    sentence = N_("{model} does not fit in the memory budget.")
    remedy = N_("See `docstation plan {model}` for what it needs, choose a smaller model, or raise station.budget.")


class Locked(DocStationError):
    """Another process holds the lock of the station."""

    exit_code = ExitCode.LOCKED
    http_status = 423
    code = "locked"
    sentence = N_("Another process holds the station: {holder}.")
    remedy = N_("Wait until it is done, or stop it.")


class Busy(Locked):
    """A switch is under way; the new one was not begun."""

    http_status = 409
    code = "busy"
    sentence = N_("A switch to {model} is under way.")
    remedy = N_("Wait for it with --wait, or cancel it with `docstation models cancel`.")


class Overloaded(DocStationError):
    """Too many such requests wait already."""

    exit_code = ExitCode.LOCKED
    http_status = 503
    code = "overloaded"
    sentence = N_("Too many requests of this kind are waiting.")
    remedy = N_("Ask again in a few seconds.")


class SwitchFailed(DocStationError):
    """A switch failed, and what served before serves again."""

    exit_code = ExitCode.ROLLED_BACK
    http_status = 502
    code = "switch-failed"
    sentence = N_("The switch to {model} failed; {serving} serves.")


class WorkerFailed(DocStationError):
    """A child process died, hung or outgrew its memory while it worked on untrusted input."""

    code = "worker"
    sentence = N_("Reading stopped: the work on this page failed.")


class Interrupted(DocStationError):
    """Stopped by the user; finished pages are kept."""

    exit_code = ExitCode.INTERRUPTED
    http_status = 499
    code = "interrupted"
    sentence = N_("Interrupted; finished pages are kept.")
    remedy = N_("Go on with the same command and --resume.")
