"""Russian business papers drawn from a seed: the door to `docstation.testing.forms`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from itertools import cycle, islice

from docstation.testing.drawn import Drawn
from docstation.testing.forms import act, invoice, payment, torg12, upd
from docstation.testing.forms.paper import Paper
from docstation.testing.gridding import Ruling
from docstation.testing.sheet import A4, A4_LANDSCAPE, Sheet
from docstation.testing.typefaces import Family


class Kind(StrEnum):
    """The papers: счёт, акт, УПД, ТОРГ-12, платёжное поручение."""

    INVOICE = "invoice"
    ACT = "act"
    UPD = "upd"
    TORG12 = "torg12"
    PAYMENT = "payment"


_FORMS: Mapping[Kind, Callable[[Sheet, Paper], Mapping[str, str]]] = {
    Kind.INVOICE: invoice.draw,
    Kind.ACT: act.draw,
    Kind.UPD: upd.draw,
    Kind.TORG12: torg12.draw,
    Kind.PAYMENT: payment.draw,
}
_WIDE = frozenset({Kind.UPD, Kind.TORG12})


def draw(kind: Kind, seed: int, *, ruling: Ruling | None = None, family: Family | None = None) -> Drawn:
    """Draw a paper; the same arguments always give the same bytes.

    Args:
        kind: which paper.
        seed: chooses companies, goods, sums, typeface and ruling.
        ruling: of the list of goods in invoices and acts, instead of the seed's choice; the forms that the state
            prescribes are always ruled.
        family: typeface instead of the seed's choice.
    """
    paper = Paper.of(seed, services=kind is Kind.ACT, ruling=ruling, family=family)
    sheet = Sheet(A4_LANDSCAPE if kind in _WIDE else A4, f"{kind} {seed}")
    fields = _FORMS[kind](sheet, paper)
    pdf, pages = sheet.finish()
    return Drawn(f"{kind}-{seed}", pdf, pages, fields)


def papers(seed: int, count: int) -> Iterator[Drawn]:
    """`count` papers of all kinds in turn, with seeds from `seed` on."""
    for offset, kind in enumerate(islice(cycle(Kind), count)):
        yield draw(kind, seed + offset)
