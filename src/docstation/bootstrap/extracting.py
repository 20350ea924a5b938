"""Extraction put together: which schema is meant, which model is asked, and one document after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docstation.bootstrap.engines import ASK_SECONDS, Endpoint, endpoint
from docstation.document.model import Document
from docstation.errors import NoEngine, NotFound, UsageError
from docstation.extraction.ask import Asker
from docstation.extraction.forms import schema_of
from docstation.extraction.presets import preset
from docstation.extraction.result import Extraction
from docstation.extraction.schema import Schema
from docstation.inference.failures import AskFailed
from docstation.intake.limits import Limits
from docstation.messages.marking import N_

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from docstation.inference.served import ServedModel

    Pixels = npt.NDArray[np.uint8]

Picture = Callable[[int], "Pixels | None"]
"""A page's picture by the page's number, height x width x 3, RGB."""

HOW = N_("Give --preset NAME, --schema FILE or --fields 'number, date date, total money'; --presets lists the presets.")
ONE_WAY = N_("Say what to extract, in one way.")
PICTURE_DPI = 150.0
SWITCH_SECONDS = 60.0
"""That a page waits for the end of a switch; longer, and rules read it."""
READERS_ALONE = frozenset({"dots-ocr"})
"""Profiles of models that read pages and were never taught to fill in a schema: they are asked only on demand."""


class By(StrEnum):
    """Who is to extract.

    AUTO: the model that serves, rules where none does. MODEL: the model, or nobody. RULES: rules alone.
    """

    AUTO = "auto"
    MODEL = "model"
    RULES = "rules"


def wanted_schema(schema: str | None, preset_name: str | None, fields: str | None) -> Schema:
    """The schema that exactly one of the three names: a file or JSON text, a preset, one line of fields.

    Raises:
        UsageError: none or several are given, or it is not understood.
        InputError: the file is not there or cannot be read.
    """
    if schema and not (preset_name or fields) and not schema.lstrip().startswith("{"):
        path = Path(schema).expanduser()
        if not path.is_file():
            raise NotFound(name=schema)
        return schema_of(path)
    return named_schema(schema, preset_name, fields)


def named_schema(schema: str | Mapping[str, Any] | None, preset_name: str | None, fields: str | None) -> Schema:
    """As `wanted_schema`, for those who may not name files of this machine.

    Raises:
        UsageError: none or several are given, or it is not understood.
    """
    given = [one for one in (schema, preset_name, fields) if one]
    if len(given) != 1:
        raise UsageError(ONE_WAY, remedy=HOW)
    if preset_name:
        return preset(preset_name)
    return schema_of(fields or schema or "")


@contextmanager
def asking(
    by: By,
    picture: Picture,
    *,
    where: Callable[[], Endpoint] = endpoint,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Asker | None]:
    """The model to ask until the block ends; None where rules are to extract.

    Args:
        by: who is to extract.
        picture: of each page that is asked about.
        where: tells where the model is asked.
        cancelled: whether the asker gave up.

    Raises:
        NoEngine: a model is to be asked and none serves that answers questions.
        AskFailed: nobody tells what serves, where a model is to be asked.
    """
    model = None if by is By.RULES else _model(by, at := where())
    if model is None:
        yield None
        return
    from docstation.extraction.model import ModelAsker
    from docstation.inference.completions import Client

    with closing(Client(at.base_url, at.key, patience=SWITCH_SECONDS, cancelled=cancelled)) as client:
        yield ModelAsker(model, client, picture)


def _model(by: By, at: Endpoint) -> ServedModel | None:
    from docstation.inference.served import active

    try:
        model = active(at.base_url, at.key, timeout=ASK_SECONDS)
    except (NoEngine, AskFailed):
        if by is By.MODEL:
            raise
        return None
    return None if by is By.AUTO and model.profile.name in READERS_ALONE else model


@contextmanager
def pictures_of(path: Path, password: str | None, limits: Limits) -> Iterator[Picture]:
    """Pictures of the pages of a file that was read, opened when the first is asked for."""
    from contextlib import ExitStack

    from docstation.document.geometry import POINTS_PER_INCH
    from docstation.intake.opening import PageSource, fitting_scale, open_document

    with ExitStack() as stack:
        opened: list[PageSource] = []

        def picture(number: int) -> Pixels:
            if not opened:
                opened.append(
                    stack.enter_context(open_document(path, name=path.name, password=password, limits=limits))
                )
            page = opened[0].raw(number)
            return opened[0].render(
                number, fitting_scale(page.width, page.height, PICTURE_DPI / POINTS_PER_INCH, limits)
            )

        yield picture


def extract_document(
    document: Document,
    schema: Schema,
    by: By,
    picture: Picture,
    told: Callable[[int, int], None] = lambda _done, _all: None,
) -> Extraction:
    """The schema's values from one document, with the model that serves or by rules.

    Args:
        document: as it was read.
        schema: what is wanted.
        by: who is to extract.
        picture: of each page that a model is asked about.
        told: is called as a model answers, with how many pages are done and how many there are.

    Raises:
        DocStationError: what `asking` and asking itself raise.
    """
    from docstation.extraction.extract import extract

    with asking(by, picture) as asker:
        return extract(document, schema, asker, told=told)
