"""What became of a pull or of a check, in lines for a person and in one document for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from docstation.cli.console import JsonValue, error_json
from docstation.cli.models.wording import plain
from docstation.cli.pull_progress import size_words
from docstation.errors import DocStationError, ExitCode, MissingDependency
from docstation.messages import N_, explain, plural, translate

if TYPE_CHECKING:
    from docstation.bootstrap.pull_choice import Chosen
    from docstation.bootstrap.pull_results import ImagePulled, Pulled, Verified, WeightsPulled
    from docstation.models.hub_cache import Damage

SHORT = 12
"""Digits of a commit or digest that people read."""

WEIGHTS = {
    "fetched": N_("fetched"),
    "here": N_("all here"),
    "planned": N_("to be fetched"),
    "failed": N_("not fetched"),
}
IMAGES = WEIGHTS | {"not-needed": N_("not needed: no container engine starts models here")}
OWN_FOLDER = N_("{folder}: a folder of your own, nothing to fetch")
OTHERWISE = N_("{model}: built in or served elsewhere, nothing to fetch")
DAMAGED = N_("Files of {model} are damaged or incomplete.")
BY_SIZE = N_("`docstation pull {model}` checks them and fetches again what is wrong.")
BY_CONTENT = N_("`docstation pull {model} --deep` checks them and fetches again what is wrong.")


def pulled_lines(chosen: Chosen, found: Pulled, *, dry: bool) -> Iterator[str]:
    """The result of a pull, a line for each repository and image."""
    for entry in chosen.entries:
        if entry.engine != "vllm":
            yield translate(OTHERWISE, model=entry.name)
    for weights in found.weights:
        yield from _weights_lines(weights, dry=dry)
    for image in found.images:
        yield from _image_lines(image)
    if dry:
        yield translate(
            N_("free on the disk of {folder}: {size}"), folder=str(found.hub), size=size_words(found.free_bytes)
        )


def _weights_lines(found: WeightsPulled, *, dry: bool) -> Iterator[str]:
    if found.state == "not-needed":
        yield translate(OWN_FOLDER, folder=found.folder)
        return
    words = [translate(WEIGHTS[found.state])]
    if found.files:
        words += [plural("{count} file", "{count} files", found.files), size_words(found.bytes)]
    yield f"{found.repository}: {', '.join([*words, *_change(found.before, found.revision)])}"
    if dry and found.missing:
        size = size_words(found.missing_bytes)
        yield "  " + translate(N_("to be loaded: {size}, into {folder}"), size=size, folder=found.folder)
        yield from (f"    {size_words(one.size):>10}  {one.path}" for one in found.missing)
    elif found.folder:
        yield f"  {found.folder}"


def _image_lines(found: ImagePulled) -> Iterator[str]:
    change = [] if found.state == "not-needed" else _change(found.before, found.digest)
    yield f"{found.image}: {', '.join([translate(IMAGES[found.state]), *change])}"


def _change(before: str, now: str) -> list[str]:
    """``0123456789ab``, or ``ba9876543210 → 0123456789ab``."""
    if not now:
        return []
    return [f"{_short(before)} → {_short(now)}" if before else _short(now)]


def _short(pin: str) -> str:
    kind, colon, digits = pin.rpartition(":")
    return f"{kind}{colon}{digits[:SHORT]}"


def pulled_json(chosen: Chosen, found: Pulled) -> dict[str, JsonValue]:
    """The result of a pull for programs; all sizes in bytes."""
    return {
        "models": [{"model": one.name, "engine": one.engine, "checkpoint": one.checkpoint} for one in chosen.entries],
        "weights": [_weights_json(one) for one in found.weights],
        "images": [
            {
                "image": one.image,
                "model": one.model,
                "state": one.state,
                "digest": one.digest,
                "before": one.before,
                "error": failure_json(one.error),
            }
            for one in found.images
        ],
        "passed_over": [{"model": name, "reason": explain(why)[0]} for name, why in chosen.passed],
        "misfits": [{"model": name, "reason": explain(why)[0]} for name, why in chosen.misfits],
        "folder": str(found.hub),
        "free_bytes": found.free_bytes,
        "error": failure_json(found.error),
        "exit_code": int(found.code),
    }


def _weights_json(found: WeightsPulled) -> dict[str, JsonValue]:
    return {
        "repository": found.repository,
        "model": found.model,
        "state": found.state,
        "revision": found.revision,
        "before": found.before,
        "files": found.files,
        "bytes": found.bytes,
        "missing_bytes": found.missing_bytes,
        "missing": [{"path": one.path, "bytes": one.size} for one in found.missing],
        "folder": found.folder,
        "error": failure_json(found.error),
    }


def failure_json(error: DocStationError | None) -> JsonValue:
    """An error with its cause and what others said of it; None where there is none."""
    if error is None:
        return None
    known = {name: str(error.fields[name]) for name in ("cause", "detail") if error.fields.get(name)}
    return {**error_json(error), **known}


def detail_line(error: DocStationError) -> str:
    """What the hub or the registry said itself, where the sentence does not say it; else empty."""
    detail = plain(str(error.fields.get("detail", "")))
    return "" if detail in explain(error)[0] else detail


def damage_error(found: Verified) -> DocStationError | None:
    """What is wrong with the weights as an error; None where they are sound."""
    if found.error is not None or not found.damages:
        return found.error
    remedy = BY_CONTENT if any(one.kind == "content" for one in found.damages) else BY_SIZE
    return MissingDependency(DAMAGED, remedy=remedy, model=found.model, cause="weights-corrupt")


def verified_lines(found: Verified, *, deep: bool) -> Iterator[str]:
    """The result of a check."""
    if found.error is not None:
        return
    if found.damages:
        words = plural("{count} file damaged", "{count} files damaged", len(found.damages))
    else:
        words = translate(N_("sound by content") if deep else N_("sound by size"))
    files = plural("{count} file", "{count} files", found.files)
    yield f"{found.repository}: {words}, {files}, {size_words(found.bytes)}, {_short(found.revision)}"
    yield f"  {found.folder}"
    yield from (f"    {one.path}: {_damage_words(one)}" for one in found.damages)


def _damage_words(damage: Damage) -> str:
    if damage.kind == "missing":
        return translate(N_("missing"))
    if damage.kind == "size":
        return translate(N_("{found} bytes in place of {size}"), found=damage.found, size=damage.size)
    return translate(N_("another content than it should have"))


def verified_json(found: Sequence[Verified], code: ExitCode) -> dict[str, JsonValue]:
    """The result of a check for programs; all sizes in bytes."""
    return {
        "weights": [
            {
                "repository": one.repository,
                "model": one.model,
                "revision": one.revision,
                "files": one.files,
                "bytes": one.bytes,
                "folder": one.folder,
                "damages": [
                    {"path": bad.path, "kind": bad.kind, "bytes": bad.size, "found_bytes": bad.found}
                    for bad in one.damages
                ],
                "error": failure_json(damage_error(one)),
            }
            for one in found
        ],
        "exit_code": int(code),
    }
