"""Read documents written as files of other programs: one module per format behind a small registry.

Importing the room costs nothing; a format's library is loaded when the format is written.
"""

from docstation.export.registry import FORMATS, Format, write, write_tables
from docstation.export.request import ExportInput, ExportOptions

__all__ = ["FORMATS", "ExportInput", "ExportOptions", "Format", "write", "write_tables"]
