"""Tables on a page: found by their lines or by the alignment of their words, and filled with the page's words.

Callers need `finder.TableFinder` and `found.FoundTable`; the rest are steps that take data and return data. Nothing
here recognises text: words come with the page's lines.
"""

from docstation.reading.embedded.tables.finder import TableFinder
from docstation.reading.embedded.tables.found import FoundTable, without_tables

__all__ = ["FoundTable", "TableFinder", "without_tables"]
