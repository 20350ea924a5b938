"""Keeps the catalogues complete: collects the marked sentences of the package, merges and compiles them.

A command for developers, ``python -m docstation.messages.update`` (``--check`` changes nothing and fails when a
sentence is missing). It never guesses a translation from a similar sentence: what is new is empty until it is written.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from docstation.messages import DOMAIN, LANGUAGES, LOCALE

PACKAGE = Path(__file__).parents[1]
_UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
KEYWORDS: dict[str, tuple[int, ...] | None] = {"N_": None, "translate": None, "plural": (1, 2), "NP_": (1, 2)}


@dataclass(frozen=True, slots=True)
class Gap:
    """A sentence that a catalogue does not say."""

    language: str
    message: str


def collect(package: Path = PACKAGE) -> Catalog:
    """All sentences marked in the Python files below `package`."""
    template = Catalog(domain=DOMAIN, fuzzy=False)
    for _file, _line, message, _comments, _context in extract_from_dir(
        package, [("**.py", "python")], keywords=KEYWORDS
    ):
        template.add(message)
    return template


def folder(language: str) -> Path:
    """Where the catalogue of `language` lies."""
    return LOCALE / language / "LC_MESSAGES"


def load(language: str) -> Catalog:
    """The catalogue as it is written now; empty where there is none."""
    source = folder(language) / f"{DOMAIN}.po"
    if not source.exists():
        return Catalog(locale=language, domain=DOMAIN, fuzzy=False)
    with source.open("rb") as stream:
        return read_po(stream, locale=language, domain=DOMAIN)


def merged(language: str, template: Catalog) -> Catalog:
    """The sentences of `template` with the translations that exist; English speaks for itself."""
    known, result = (
        load(language),
        Catalog(locale=language, domain=DOMAIN, fuzzy=False, creation_date=_UNDATED, revision_date=_UNDATED),
    )
    for message in _sentences(template):
        old = known.get(message.id)
        text = message.id if language == "en" else old.string if old is not None else ""
        flags = old.flags - {"python-format", "python-brace-format"} if old is not None else set()
        result.add(message.id, text, flags=flags)
    return result


def gaps(language: str, template: Catalog) -> Iterator[Gap]:
    """Sentences that the catalogue of `language` lacks, leaves empty or marks as doubtful."""
    known = load(language)
    for message in _sentences(template):
        entry = known.get(message.id)
        if entry is None or entry.fuzzy or not _complete(entry, known.num_plurals):
            yield Gap(language, _name(message))


def stale(language: str, template: Catalog) -> list[str]:
    """Sentences of the catalogue that nothing says any more."""
    return [_name(message) for message in _sentences(load(language)) if template.get(message.id) is None]


def _sentences(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _name(message: Message) -> str:
    return str(message.id if isinstance(message.id, str) else message.id[0])


def _complete(message: Message, forms: int) -> bool:
    texts = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return len(texts) == (1 if isinstance(message.id, str) else forms) and all(texts)


def written(catalogue: Catalog) -> bytes:
    """The catalogue as a .po file without dates and line numbers, so that it changes only when a sentence does."""
    stream = io.BytesIO()
    write_po(stream, catalogue, width=120, no_location=True, omit_header=True, sort_output=True, include_previous=False)
    header = (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Language: {catalogue.locale}\\n"\n"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    return header.encode() + stream.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue in gettext's binary form."""
    stream = io.BytesIO()
    write_mo(stream, catalogue)
    return stream.getvalue()


def update() -> None:
    """Write all catalogues anew from the sentences of the package."""
    template = collect()
    for language in LANGUAGES:
        catalogue = merged(language, template)
        folder(language).mkdir(parents=True, exist_ok=True)
        (folder(language) / f"{DOMAIN}.po").write_bytes(written(catalogue))
        (folder(language) / f"{DOMAIN}.mo").write_bytes(compiled(catalogue))


def main() -> int:
    """Update the catalogues, or only check them; 1 when a sentence is missing in a language."""
    if "--check" not in sys.argv[1:]:
        update()
    template = collect()
    missing = [gap for language in LANGUAGES for gap in gaps(language, template)]
    for gap in missing:
        sys.stderr.write(f"{gap.language}: {gap.message}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
