"""Where the words of a model's blocks stand: their widths, matched with the ink of the page.

A model says what a block holds and where the block is. Evidence, a searchable PDF and corrections want each word's
place; no model is asked for those, and nothing is read again: print tells where words begin and end.
"""

from docstation.reading.vision.places.blocks import with_places

__all__ = ["with_places"]
