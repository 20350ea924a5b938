"""Whether a version of vLLM knows the flags that a server is to be started with, before anything is touched for it.

The flags of each version that we know stand in a file beside this one, as its own parser lists them; a test holds the
file against that parser. Of other versions nothing is known, and what they do not take they say themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from docstation.station.causes import Cause, Fault

_TAG = re.compile(r":v?(\d+\.\d+)(?:[.\-+]|$)")
_INSTALLED = re.compile(r"vllm-(\d+\.\d+)[.+\-]")


def version_of_image(image: str) -> str:
    """``major.minor`` that the image's tag names, empty where it names none."""
    match = _TAG.search(image.rpartition("/")[2])
    return match[1] if match else ""


def version_of_program(program: Path) -> str:
    """``major.minor`` of the vLLM in the environment that this program belongs to, empty where none is found."""
    for place in (program, program.resolve()):  # the second where a link to it lies in the way
        found = place.parent.parent.glob("lib/python3.*/site-packages/vllm-*.dist-info")
        if version := next((match[1] for path in found if (match := _INSTALLED.match(path.name))), ""):
            return version
    return ""


def check_flags(arguments: Sequence[str], version: str) -> None:
    """Check the words that are flags.

    Args:
        arguments: of ``vllm serve``.
        version: ``major.minor``; one that is not known here passes everything.

    Raises:
        Fault: ``BAD_FLAG``, in the words that vLLM's own parser has for it.
    """
    known = flags_of(version)
    unknown = next((word for word in arguments if word.startswith("--") and known and not _takes(known, word)), "")
    if unknown:
        raise Fault(Cause.BAD_FLAG, f"unrecognized arguments: {unknown.partition('=')[0]}")


@cache
def flags_of(version: str) -> frozenset[str]:
    """The flags that this version takes, as its help shows them; none of a version that is not known here."""
    file = Path(__file__).with_name(f"vllm_flags_{version}.txt")
    return frozenset(file.read_text(encoding="ascii").split()) if version and file.is_file() else frozenset()


def _takes(known: frozenset[str], word: str) -> bool:
    """As vLLM takes them: with underscores, cut short, with ``=value``, with the ``.part`` of a JSON value."""
    flag = word.partition("=")[0].partition(".")[0].replace("_", "-")
    return flag in known or any(one.startswith(flag) for one in known)
