"""Markdown files: pieces, lists, tables and text that is never taken for markup. `write` is the format's writer."""

from docstation.export.markdown.page import write

__all__ = ["write"]
