"""What the service loads before anybody asks it for anything: nothing that reads pages or makes exports."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"numpy", "cv2", "onnxruntime", "pypdfium2", "PIL", "lxml", "docx", "openpyxl", "reportlab", "docling_core"}


def test_what_reads_pages_is_left_to_the_workers():
    code = "import sys, docstation.service.documents, docstation.service.serving; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)
