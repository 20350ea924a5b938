"""Opens the ONNX models of the embedded engine: files of the rapidocr wheel and our own, one thread each.

One thread, because pages run in parallel processes; no memory arena, because page sizes differ and an arena would keep
the largest page's tensors for ever.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from docstation.errors import MissingDependency

OWN = Path(__file__).parent / "data"
DETECTION = "PP-OCRv6_det_small.onnx"
LATIN = "PP-OCRv6_rec_small.onnx"
UPSIDE_DOWN = "ch_ppocr_mobile_v2.0_cls_mobile.onnx"
CYRILLIC = "cyrillic_rec.onnx"


def model_file(name: str) -> Path:
    """Where the model `name` lies: our data folder, else the wheel that ships it.

    Raises:
        MissingDependency: when it is in neither.
    """
    own = OWN / name
    if own.is_file():
        return own
    wheel = importlib.util.find_spec("rapidocr")
    if wheel is not None and wheel.origin is not None:
        file = Path(wheel.origin).parent / "models" / name
        if file.is_file():
            return file
    raise MissingDependency(name=name, command="pip install rapidocr==3.10.0")


def open_model(file: Path) -> Any:
    """An onnxruntime session on one CPU thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
