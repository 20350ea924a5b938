"""Excel workbooks: a sheet for each table, cells merged as on the page, numbers and dates as values.

`write` is the format's writer, `write_tables` that of tables alone. Whether a text is a number is asked of
`docstation.export.values`; here is only how sheets are laid out and saved.
"""

from docstation.export.sheets.workbook import write, write_tables

__all__ = ["write", "write_tables"]
