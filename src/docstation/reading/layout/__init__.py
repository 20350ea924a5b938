"""Layout: words and lines of one page → blocks in reading order, from geometry and wording alone."""

from docstation.reading.layout.lines import lines_of_words
from docstation.reading.layout.page import FoundTable, lay_out

__all__ = ["FoundTable", "lay_out", "lines_of_words"]
