"""``docstation formats``: what can be read and what can be written."""

from __future__ import annotations

import click

from docstation.cli.common import common_options, json_option
from docstation.cli.console import JsonValue, show, show_json
from docstation.cli.speech import Command
from docstation.export import FORMATS
from docstation.messages import N_, translate

READ = ("PDF", "PNG", "JPEG", "WebP", "BMP", "GIF", "TIFF", "HEIC", "AVIF")
READ_BY_OFFICE = ("DOCX", "PPTX", "XLSX", "ODT", "ODS", "ODP")

MEANINGS = {
    "md": N_("Markdown: headings, lists, tables, pictures in a folder beside it"),
    "html": N_("HTML: each block with its box on the page"),
    "json": N_("everything that was read: pages, blocks, boxes, words, confidence"),
    "docx": N_("Word document with headings, lists and tables"),
    "xlsx": N_("workbook: a sheet for each table, numbers and dates typed"),
    "csv": N_("a file for each table"),
    "pdf": N_("the original pages with a text layer to search and copy"),
    "txt": N_("plain text"),
    "docling": N_("DoclingDocument JSON for docling and what builds on it"),
}


@click.command(
    "formats",
    cls=Command,
    help=N_("Show which kinds of files are read, and in which formats results are written."),
    examples=(("docstation formats --json", N_("the same for a program")),),
)
@json_option
@common_options
def command(as_json: bool) -> None:
    """Print the formats."""
    if as_json:
        written: dict[str, JsonValue] = {
            name: {"suffix": made.suffix, "media_type": made.media_type} for name, made in FORMATS.items()
        }
        show_json({"read": [*READ], "read_with_libreoffice": [*READ_BY_OFFICE], "written": written})
        return
    show(translate(N_("Read: {kinds}, ZIP archives of them, folders."), kinds=", ".join(READ)))
    show(translate(N_("Read when LibreOffice is installed: {kinds}."), kinds=", ".join(READ_BY_OFFICE)))
    show(translate(N_("Written:")))
    for name, made in FORMATS.items():
        show(f"  {name:<8} {made.suffix:<14} {translate(MEANINGS.get(name, ''))}".rstrip())
