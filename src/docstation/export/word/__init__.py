"""Word files (DOCX): body, styles, numbering, tables and pictures. `write` is the format's writer."""

from docstation.export.word.body import write

__all__ = ["write"]
