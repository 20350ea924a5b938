"""Finding a page's tables: by drawn lines first, then by the alignment of words.

The entry for the engine. A page with a sane text layer needs no pixels; a raster page is searched for lines.
"""

from __future__ import annotations

from collections.abc import Sequence

from docstation.document.text import Line
from docstation.intake.page import PreparedPage
from docstation.reading.embedded.tables import ruled, unruled
from docstation.reading.embedded.tables.choice import is_weak, settled
from docstation.reading.embedded.tables.fill import Placed, placed
from docstation.reading.embedded.tables.found import FoundTable
from docstation.reading.embedded.tables.judge import is_chart
from docstation.reading.embedded.tables.strokes import Strokes, from_rulings


class TableFinder:
    """Finds the tables of prepared pages; keeps nothing of a page, and may be used for any number of them."""

    def find(self, page: PreparedPage, lines: Sequence[Line]) -> tuple[FoundTable, ...]:
        """The tables of `page`, from top to bottom.

        Args:
            page: with rulings or pixels; with neither, only tables of aligned words are found.
            lines: all lines of the page, their words' boxes in points of the upright frame.
        """
        words = placed(lines)
        if not words:
            return ()
        strokes, seen = _strokes(page, words)
        drawn = ruled.ruled_tables(strokes, words, seen)
        charts = [found.box for found in drawn if is_chart(found.table)]
        lattices = [found for found in drawn if found.box not in charts]
        weak = [table for table in lattices if is_weak(table, words)]
        strong = [table for table in lattices if table not in weak]
        taken = {index for table in strong for index in table.words}
        free = [w for w in words if w.index not in taken and not any(box.contains(*w.box.center) for box in charts)]
        boxes = [box.expanded(4) for box in (*(table.box for table in strong), *charts)]
        level = [s for s in strokes.horizontal if not any(box.contains((s.start + s.end) / 2, s.at) for box in boxes)]
        aligned = unruled.unruled_tables(free, level, page.size[0])
        found = [*strong, *settled(weak, aligned)]
        return tuple(sorted(found, key=lambda table: (table.box.y0, table.box.x0)))


def _strokes(page: PreparedPage, words: Sequence[Placed]) -> tuple[Strokes, ruled.Seen | None]:
    """The page's strokes and, for a raster, the look at it where they leave doubt."""
    drawn = from_rulings(page.rulings)
    if page.pixels is None or not page.unread:
        return drawn, None
    from docstation.reading.embedded.tables import raster_lines

    image = raster_lines.line_image(page.pixels, page.scale)
    found = raster_lines.strokes_of(image, [w.box for w in words])

    def seen(upright: bool, start: tuple[float, float], end: tuple[float, float]) -> float:
        return raster_lines.drawn_share(image, start, end, upright=upright)

    return Strokes(drawn.horizontal + found.horizontal, drawn.vertical + found.vertical), seen
