"""The verdict on text layers: sound text of any language passes, what wrong encodings and bad OCR leave does not."""

from __future__ import annotations

import pytest

from docstation.document.geometry import Box
from docstation.document.model import TextLayer
from docstation.document.text import Word
from docstation.intake.layer import judged
from docstation.intake.limits import Limits
from docstation.intake.opening import open_document
from docstation.intake.page import TextLayerReading
from docstation.intake.plausibility import odd_share, plausibility

RUSSIAN = (
    "Настоящий договор вступает в силу с момента его подписания обеими сторонами и действует до полного исполнения "
    "обязательств. Покупатель обязан оплатить товар в течение десяти рабочих дней, поставщик — передать счёт-фактуру."
)
SOUND = {
    "russian": RUSSIAN,
    "ukrainian": "Цей договір набирає чинності з моменту його підписання обома сторонами і діє до повного виконання.",
    "english": "The buyer shall pay for the goods within ten working days, and the seller shall hand over the invoice.",
    "german": "Der Käufer verpflichtet sich, die Rechnung innerhalb von zehn Tagen nach Erhalt der Ware zu bezahlen.",
    "french": "L'acheteur s'engage à régler la facture dans un délai de dix jours après réception des marchandises.",
    "program": "def read(path: str) -> Document: return docstation.read(path, jobs=2) # see FileReader and WorkerPool",
    "capitals": "ОБЩЕСТВО С ОГРАНИЧЕННОЙ ОТВЕТСТВЕННОСТЬЮ «РОМАШКА» ИНН 7701234567 КПП 770101001 ОГРН 1027700132195",
    "figures": "1 234 567,89 12,5 % 05.03.2024 +7 (495) 123-45-67 № 17-А/2 (15) 100,00 -5,0",
}


def layer(text: str, *, invisible: bool = False, unmapped: float = 0.0) -> TextLayerReading:
    words = tuple(Word(word, Box(10 * n, 10, 10 * n + 8, 20)) for n, word in enumerate(text.split()))
    return TextLayerReading(words, invisible, unmapped)


def shifted(text: str) -> str:
    """Cyrillic as a font without a ToUnicode map gives it: the glyph numbers, 0x1D short of ASCII."""
    glyphs = {letter: chr(0x41 + n % 0x3D) for n, letter in enumerate("абвгдежзийклмнопрстуфхцчшщъыьэюя")}
    return "".join(glyphs.get(letter, letter) for letter in text.lower())


@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND)
def test_sound_text_is_believed(text):
    assert judged(layer(text)) is TextLayer.SANE
    assert plausibility(text.split()).unsound_share < 0.2


BROKEN = {
    "cp1251 read as latin-1": RUSSIAN.replace("—", "-").encode("cp1251").decode("latin-1"),
    "koi8-r read as cp1251": RUSSIAN.replace("—", "-").encode("koi8-r").decode("cp1251", "replace"),
    "cp866 read as cp1251": RUSSIAN.replace("—", "-").encode("cp866").decode("cp1251", "replace"),
    "utf-8 read as cp1252": RUSSIAN.encode().decode("cp1252", "replace"),
    "glyph numbers": shifted(RUSSIAN),
    "private use": "".join(chr(0xF000 + ord(letter)) if letter != " " else " " for letter in "Pay within ten days"),
    "swapped bytes": " ".join(f"{word:<2}".encode("utf-16-le").decode("utf-16-be") for word in ["Pure", "Black"]),
    "signs only": '"7+%-',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_what_a_wrong_encoding_leaves_is_broken(text):
    assert judged(layer(text)) is TextLayer.BROKEN


def test_a_layer_with_unmapped_glyphs_is_broken_however_its_other_text_reads():
    assert judged(layer(SOUND["english"], unmapped=0.05)) is TextLayer.BROKEN
    assert judged(layer(SOUND["english"], unmapped=0.01)) is TextLayer.SANE


def test_no_words_are_no_layer():
    assert judged(TextLayerReading()) is TextLayer.ABSENT


SLOPPY = (
    "The n.atives soon hnd reason tO suspect thc viceroy s sinceriTy i'n h1s expressions »f reg:ret at thc ,,proceed "
    "ings of w|hich th ey com.pla ined t &»“«■' For about th1s time thc Dominicnn fr*ars"
)


def test_an_invisible_layer_is_believed_only_where_it_is_clean():
    assert judged(layer(RUSSIAN, invisible=True)) is TextLayer.SANE
    assert judged(layer(SLOPPY, invisible=True)) is TextLayer.BAD_OCR
    assert judged(layer("two words", invisible=True)) is TextLayer.BAD_OCR


def test_traces_of_ocr_are_counted_and_print_has_none():
    assert odd_share(SLOPPY.split()) > 0.15
    for text in (RUSSIAN, SOUND["english"], SOUND["german"], SOUND["capitals"]):
        assert odd_share(text.split()) == 0


REAL = [
    ("russian/laws/ukodeksrf.pdf", 1, TextLayer.BROKEN),
    ("russian/laws/ukodeksrf.pdf", 2, TextLayer.BROKEN),
    ("russian/laws/fstek17.pdf", 1, TextLayer.ABSENT),
    ("russian/laws/fstek17.pdf", 2, TextLayer.BROKEN),
    ("russian/tables/example_with_table9.pdf", 1, TextLayer.BROKEN),
    ("russian/tables/example_with_table9.pdf", 3, TextLayer.BROKEN),
    ("russian/tables/multipage_table.pdf", 1, TextLayer.SANE),
    ("russian/pdf_with_text_layer/cp1251.pdf", 1, TextLayer.SANE),
    ("russian/diploma.pdf", 29, TextLayer.SANE),
    ("gnarly/horribleocr.pdf", 1, TextLayer.BAD_OCR),
    ("gnarly/newspaper.pdf", 1, TextLayer.BAD_OCR),
    ("gnarly/some_ocr1.pdf", 1, TextLayer.BAD_OCR),
    ("gnarly/not_parsing.pdf", 4, TextLayer.SANE),
    ("gnarly/overrun_on_pg8.pdf", 38, TextLayer.SANE),
    ("nasty/cmyk.pdf", 1, TextLayer.BROKEN),
    ("nasty/truetype_font_nomapping.pdf", 1, TextLayer.BROKEN),
    ("nasty/type3_font_nomapping.pdf", 1, TextLayer.BROKEN),
    ("olmocr-bench/pdfs/small_page_size.pdf", 1, TextLayer.SANE),
    ("olmocr-bench/pdfs/math_2503_04086.pdf", 1, TextLayer.SANE),
    ("invoices/QualityHosting.pdf", 1, TextLayer.SANE),
]


@pytest.mark.parametrize(("file", "number", "verdict"), REAL)
def test_real_layers_get_their_verdict(corpus, file, number, verdict):
    with open_document(corpus / file, name=file, limits=Limits()) as source:
        assert judged(source.raw(number).layer) is verdict
