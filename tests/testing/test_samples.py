from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image

from docstation.document.model import Category
from docstation.testing import samples

COMMITTED = Path(__file__).parents[2] / "samples"


def test_the_committed_scan_is_what_the_code_draws():
    data, page = samples.russian_scan()
    drawn = np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=int)
    committed = np.asarray(Image.open(COMMITTED / samples.RUSSIAN).convert("L"), dtype=int)
    # Codecs may differ by a shade between builds; the picture may not.
    assert drawn.shape == committed.shape
    assert np.abs(drawn - committed).mean() < 2
    assert page.blocks[0].text.startswith("ДОГОВОР ПОСТАВКИ")
    assert any(block.category is Category.TABLE for block in page.blocks)
    assert (COMMITTED / samples.RUSSIAN).stat().st_size < 400_000


def test_the_report_has_one_page_of_text_and_one_picture():
    data, pages = samples.english_report()
    for content in (data, (COMMITTED / samples.ENGLISH).read_bytes()):
        pdf = pypdfium2.PdfDocument(content)
        texts = [pdf[index].get_textpage().get_text_bounded() for index in range(len(pdf))]
        pdf.close()
        assert "Paper Archives" in texts[0]
        assert texts[1:] == [""]
    assert len(pages) == 2


def test_the_command_writes_both_files(tmp_path):
    assert samples.main([str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [samples.RUSSIAN, samples.ENGLISH]
    assert samples.main([]) == 2
