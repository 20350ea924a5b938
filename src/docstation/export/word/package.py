"""The Word file as a whole: what it says of itself, and bytes that depend on nothing but the document."""

from __future__ import annotations

import tempfile
import zipfile
from datetime import datetime
from typing import IO

from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE

from docstation.export.cleaning import one_line
from docstation.export.saving import IN_MEMORY
from docstation.export.word.elements import named

_WRITTEN = datetime(1980, 1, 1)
"""Stands for the time of writing, so that the same document makes the same file; the earliest that ZIP can say."""
_MAX_TITLE = 255
"""Characters that a property holds."""
_UNIX = 3
_MODE = 0o644 << 16


def describe(document: WordDocument, title: str, language: str) -> None:
    """Set the file's properties in place of the template's."""
    properties = document.core_properties
    properties.title = one_line(title)[:_MAX_TITLE]
    properties.language = language[:_MAX_TITLE]
    properties.author = properties.last_modified_by = properties.comments = ""
    properties.created = properties.modified = _WRITTEN
    relations = document.part.package.rels
    for name in [name for name, relation in relations.items() if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del relations[name]
    # As Word of today shows files; older modes are announced in its title bar.
    for setting in document.settings.element.iter(named("compatSetting")):
        if setting.get(named("name")) == "compatibilityMode":
            setting.set(named("val"), "15")


def save(document: WordDocument, target: IO[bytes]) -> None:
    """Write the file; its parts' times are fixed."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as draft:
        document.save(draft)
        with zipfile.ZipFile(draft) as made, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as fixed:
            for part in made.infolist():
                entry = zipfile.ZipInfo(part.filename, _WRITTEN.timetuple()[:6])
                entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, _UNIX, _MODE
                fixed.writestr(entry, made.read(part))
