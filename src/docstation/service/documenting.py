"""docs/openapi.json, written from the application itself.

A command for developers, ``python -m docstation.service.documenting``; a test compares what it wrote.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docstation.intake.limits import Limits
from docstation.service import keys_api, metrics, station_api
from docstation.service.app import HealthSeen, build
from docstation.service.documents import routes
from docstation.service.making import Making
from docstation.service.uploads import DocumentsSettings

SHIPPED = Path(__file__).parents[3] / "docs" / "openapi.json"


def openapi() -> dict[str, Any]:
    """The description of all routes."""
    # Routes look at what they work on when they are asked, and nobody asks them here.
    nothing: Any = None
    own = (station_api.router(nothing, nothing, nothing), keys_api.router(nothing), metrics.router(nothing))
    documents = routes(nothing, DocumentsSettings(), Making(Limits()), workers=1)
    app = build([*own, *documents], lambda: HealthSeen("embedded"))
    return app.openapi()


def written() -> str:
    """The file's text."""
    return json.dumps(openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    SHIPPED.write_text(written(), encoding="utf-8")
