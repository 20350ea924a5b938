"""Office files for the tests of intake; the two kinds that no test package writes are put together by hand."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import docx
import openpyxl

from docstation.intake.sniff import ODT

_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_SPACES = f'xmlns:a="{_DRAWING}" xmlns:r="{_OFFICE}" xmlns:p="{_SLIDES}"'
_TYPE = "application/vnd.openxmlformats-officedocument.presentationml"


def docx_file(path: Path, words: str) -> Path:
    document = docx.Document()
    document.add_paragraph(words)
    document.save(str(path))
    return path


def xlsx_file(path: Path, words: str) -> Path:
    book = openpyxl.Workbook()
    book.active["B2"] = words
    book.save(path)
    return path


def odt(path: Path, words: str, *, locked: bool = False) -> Path:
    """A text of one paragraph in the OpenDocument format; `locked` has a manifest that says so, and is not."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    body = (
        f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:text="{office}:text:1.0" '
        f'office:version="1.2"><office:body><office:text><text:p>{escape(words)}</text:p></office:text></office:body>'
        "</office:document-content>"
    )
    manifest = (
        f'<manifest:manifest xmlns:manifest="{office}:manifest:1.0"><manifest:file-entry manifest:full-path="/" '
        f'manifest:media-type="{ODT}"/><manifest:file-entry manifest:full-path="content.xml" '
        f'manifest:media-type="text/xml">{"<manifest:encryption-data/>" if locked else ""}</manifest:file-entry>'
        "</manifest:manifest>"
    )
    return _packed(path, {"mimetype": ODT, "content.xml": body, "META-INF/manifest.xml": manifest})


def pptx(path: Path, words: str) -> Path:
    """A presentation of one slide with one text box."""
    shape = (
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="t"/><p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>'
        '<a:off x="900000" y="900000"/><a:ext cx="6000000" cy="900000"/></a:xfrm><a:prstGeom prst="rect"/></p:spPr>'
        f"<p:txBody><a:bodyPr/><a:p><a:r><a:rPr/><a:t>{escape(words)}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    tree = (
        '<p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
        f"{shape}</p:spTree></p:cSld>"
    )
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/ppt/presentation.xml" ContentType="{_TYPE}.presentation.main+xml"/>'
        f'<Override PartName="/ppt/slides/slide1.xml" ContentType="{_TYPE}.slide+xml"/></Types>',
        "_rels/.rels": _relation("officeDocument", "ppt/presentation.xml"),
        "ppt/presentation.xml": f'<p:presentation {_SPACES}><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst>'
        '<p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/></p:presentation>',
        "ppt/_rels/presentation.xml.rels": _relation("slide", "slides/slide1.xml"),
        "ppt/slides/slide1.xml": f"<p:sld {_SPACES}>{tree}</p:sld>",
    }
    return _packed(path, parts)


def _relation(kind: str, target: str) -> str:
    return (
        f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        "</Relationships>"
    )


def _packed(path: Path, parts: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return path
