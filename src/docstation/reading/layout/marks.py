"""What the wording of a line says about its role: list marks, numbering, captions, section words, furniture forms.

Russian and English. Only text is looked at; whether the place on the page agrees is decided by the callers.
"""

from __future__ import annotations

import re

BULLETS = "•●○◦▪■□◆◊►▶‣∙·*–—\u2212\uf0b7\uf0a7\uf02d\uf0d8✓✔➢➤§"

_BULLET = re.compile(rf"^(?:[{re.escape(BULLETS)}]|-|o)$")
_NUMBER = re.compile(r"^\(?(?:\d{1,3}(?:\.\d{1,3}){0,5}|[IVXivx]{1,5}|[A-Za-zА-Яа-яё])(?:[.)]|\.\))$")
_DEEP_NUMBER = re.compile(r"^\d{1,3}(?:\.\d{1,3}){1,5}\.?$")
_REFERENCE = re.compile(r"^\[\d{1,3}\]\.?$")

_LEADING_BULLET = re.compile(rf"^(?:[{re.escape(BULLETS.replace('*', '').replace('§', ''))}]|[-*])\s+\S")
_LEADING_ITEM = re.compile(
    r"^(?:\d{1,3}[.)]\s+\S|\d{1,3}(?:\.\d{1,3}){1,5}[.)]?\s+\S|\(\d{1,2}\)\s|[а-яёa-z][)]\s*\S|\([а-яa-z]\)\s|"
    r"\(?[ivx]{1,5}\)\s|\[\d{1,3}\]\s*\S)"
)
_TITLE_NUMBER = re.compile(r"^(?:(\d{1,2}(?:\.\d{1,2}){0,5})\.?|([IVX]{1,5})\.|([A-Z])\.)\s+(?=[^\W\d_])")

_CAPTION = re.compile(
    r"^(?:Рис(?:унок|\.)|Таблица|Табл\.|Диаграмма|Схема|График|Фото|Figure|Fig\.|Table|Chart|Exhibit|Scheme|Plate|"
    r"Listing|Листинг|Algorithm|FIGURE|TABLE|РИСУНОК|ТАБЛИЦА)\s*(?:№\s*)?"
    r"(?:[A-ZА-Я]?\.?\d+(?:[.\-]\d+)*|[IVXLC]+\b)\s*(?P<mark>[.:—–\-|]|$|\()?",
)
_CAPTION_WORD = re.compile(r"^(?:Рисунок|Таблица|Figure|Fig\.|Table|Рис\.|Табл\.)", re.IGNORECASE)
_SECTION = re.compile(
    r"^(?:глава|раздел|статья|часть|приложение|параграф|chapter|section|article|part|appendix|annex)\s+"
    r"(?:№\s*)?(?:\d+|[IVXLC]+|[A-ZА-Я])\b",
    re.IGNORECASE,
)
_SECTION_WORD = re.compile(
    r"^(?:содержание|оглавление|введение|заключение|выводы|аннотация|реферат|список (?:использованн|литератур|источник)"
    r"\w*.*|библиографи\w*.*|литература|приложени[ея]|abstract|introduction|conclusions?|references|bibliography|"
    r"acknowledge?ments?|contents|table of contents|discussion|results|methods|summary|background|appendix)[.:]?$",
    re.IGNORECASE,
)
_DEED = re.compile(
    r"^(?:договор|соглашение|акт|сч[её]т(?:-фактура)?|приказ|постановление|распоряжение|заявление|протокол|доверенность|"
    r"контракт|устав|положение|техническое задание|федеральный закон|отч[её]т|справка|накладная|платежное поручение|"
    r"invoice|contract|agreement|report|order)\b",
    re.IGNORECASE,
)


def is_marker(text: str) -> bool:
    """Whether a word alone opens a list item or a numbered heading: a bullet, «1.», «1)», «а)», «1.2.3», «[7]»."""
    return bool(_BULLET.match(text) or _NUMBER.match(text) or _DEEP_NUMBER.match(text) or _REFERENCE.match(text))


def opens_item(text: str) -> bool:
    """Whether a line opens a list item by its wording."""
    return bool(_LEADING_BULLET.match(text) or _LEADING_ITEM.match(text))


def opens_bullet(text: str) -> bool:
    """Whether a line opens with a bullet or a dash (in Russian prose a dash may also continue a sentence)."""
    return bool(_LEADING_BULLET.match(text))


def item_depth(text: str) -> int:
    """How deep the numbering of an item is: 1 for «1.», 3 for «1.2.3», 1 for bullets."""
    match = re.match(r"^\(?(\d{1,3}(?:\.\d{1,3})*)", text)
    return match.group(1).count(".") + 1 if match else 1


def title_depth(text: str) -> int:
    """How deep a heading's numbering is: 2 for «1.2 Методы», 0 without a number."""
    match = _TITLE_NUMBER.match(text)
    if not match:
        return 0
    return match.group(1).count(".") + 1 if match.group(1) else 1


def opens_caption(text: str) -> bool:
    """Whether a line opens the caption of a table or picture («Рис. 1 –», «Table 2:»)."""
    return bool(_CAPTION.match(text))


def is_sure_caption(text: str) -> bool:
    """Whether the number is followed by a mark or by nothing: a sentence that begins «Table 2 shows» is no caption."""
    match = _CAPTION.match(text)
    if match is None:
        return False
    rest = text[match.end() :].lstrip()
    return match.group("mark") is not None or not rest or rest[0].isupper() or rest[0] in "«\"“'"


def caption_is_of_table(text: str) -> bool:
    """Whether a caption speaks of a table."""
    return text.lower().startswith("табл") or text.lower().startswith("table")


def names_section(text: str) -> bool:
    """Whether a line names a part of a document: «Глава 1», «Статья 5», «Введение», "References"."""
    return bool(_SECTION.match(text) or _SECTION_WORD.match(text))


def names_deed(text: str) -> bool:
    """Whether a line opens the name of a business paper: «ДОГОВОР № 5», «Счёт на оплату», "Invoice"."""
    return bool(_DEED.match(text))


def is_capitals(text: str) -> bool:
    """Whether a text of at least four letters is in capitals."""
    letters = [char for char in text if char.isalpha()]
    return len(letters) >= 4 and sum(char.isupper() for char in letters) >= 0.9 * len(letters)
