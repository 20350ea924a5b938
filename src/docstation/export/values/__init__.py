"""What the cells of tables are worth: numbers and dates behind printed text, as the document's readers write them.

Pure; knows nothing of the files that are made of it.
"""

from docstation.export.values.conventions import Conventions
from docstation.export.values.document_values import document_conventions, number_cells, table_values
from docstation.export.values.number_shapes import figure_of
from docstation.export.values.typed_values import TypedValue

__all__ = ["Conventions", "TypedValue", "document_conventions", "figure_of", "number_cells", "table_values"]
