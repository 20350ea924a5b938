"""Samples the text of one line: prose, business documents, table cells, codes and random strings."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

from wordfreq import top_n_list, word_frequency

from training.alphabet import (
    LATIN_DIACRITICS,
    RUSSIAN,
    SIGNS,
    is_known,
    normalise,
    only_twins,
    script_of,
    to_cyrillic_twins,
    to_latin_twins,
)
from training.vocabulary import (
    ABBREVIATIONS,
    CITIES,
    COMPANIES,
    FIELDS,
    FORMS,
    HEADINGS,
    LAW,
    MONTHS,
    MONTHS_EN,
    NAMES,
    PATRONYMICS,
    RECEIPT_ITEMS,
    RECEIPT_RU,
    STREETS,
    SURNAMES,
)


class LineSampler:
    """Draws the text of lines with a fixed random generator."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.rng = rng
        self._prose = {lang: (folder / f"{lang}.txt").read_text("utf-8").splitlines() for lang in ("ru", "en")}
        self._words: dict[str, tuple[list[str], list[float]]] = {}
        for lang, count in (
            ("ru", 90_000),
            ("en", 30_000),
            ("uk", 20_000),
            ("de", 8_000),
            ("fr", 8_000),
            ("es", 8_000),
        ):
            words = [word for word in top_n_list(lang, count) if is_known(word) and not word.isdigit()]
            # The square root flattens the law of Zipf: rare words come often enough to be learnt letter by letter.
            self._words[lang] = (words, list(accumulate(word_frequency(word, lang) ** 0.5 for word in words)))
        self._kinds: list[tuple[float, Callable[[], str]]] = [
            (13, lambda: self.prose("ru")),
            (13, lambda: self.sentence("ru")),
            (3, lambda: self.prose("en")),
            (4, lambda: self.sentence("en")),
            (1.5, lambda: self.sentence("uk")),
            (1.2, lambda: self.sentence(self.rng.choice(["de", "fr", "es"]))),
            (5, self.mixed),
            (5, self.law),
            (4, self.requisites),
            (4, self.field),
            (3, self.heading),
            (3, self.address),
            (2, self.person),
            (5, self.cell),
            (6, self.number_cell),
            (4, self.numbers),
            (3, self.code),
            (4, self.random_string),
            (3, self.receipt),
            (2, self.receipt_ru),
            (2, self.contact),
            (2, self.list_item),
            (3, self.contents),
        ]
        self._weights = list(accumulate(weight for weight, _ in self._kinds))

    def __call__(self, longest: int = 60) -> str:
        """Draws a line of at most ``longest`` characters, all of them in the alphabet."""
        while True:
            _, kind = self.rng.choices(self._kinds, cum_weights=self._weights)[0]
            text = normalise(self.settle_twins(self.cut(normalise(kind()), longest)))
            if text and is_known(text):
                return self.case(text)

    def case(self, text: str) -> str:
        """Now and then writes a line in capitals."""
        if self.rng.random() < 0.06:
            capitals = text.upper()
            return capitals if is_known(capitals) and len(capitals) == len(text) else text
        return text

    def cut(self, text: str, longest: int) -> str:
        """Takes a part of the text that fits a random length, mostly at word boundaries."""
        length = int(min(longest, self.rng.triangular(6, longest * 1.25, longest * 0.55)))
        if len(text) <= length:
            return text
        start = 0
        if self.rng.random() < 0.6:
            start = self.rng.randrange(0, len(text) - length + 1)
            space = text.find(" ", start)
            start = space + 1 if 0 <= space < len(text) - 4 else start
        end = min(len(text), start + length)
        if end < len(text) and " " in text[start + 3 : end] and self.rng.random() < 0.9:
            end = text.rindex(" ", start, end)
        hyphen = "-" if end < len(text) and text[end - 1].isalpha() and text[end].isalpha() else ""
        return text[start:end] + hyphen

    def settle_twins(self, text: str) -> str:
        """Gives tokens that could be of either script the script of the rest of the line, codes above all."""
        scripts = [script_of(char) for token in text.split() if not only_twins(token) for char in token]
        cyrillic, latin = scripts.count("cyrillic"), scripts.count("latin")
        tokens = []
        for token in text.split(" "):
            if not only_twins(token) or not any(char.isdigit() for char in token):
                tokens.append(token)
            elif cyrillic > latin:
                tokens.append(to_cyrillic_twins(token))
            else:
                tokens.append(to_latin_twins(token))
        return " ".join(tokens)

    def word(self, lang: str) -> str:
        """Draws a word of a language."""
        words, weights = self._words[lang]
        return self.rng.choices(words, cum_weights=weights)[0]

    def sentence(self, lang: str) -> str:
        """Strings words together with the punctuation of running text."""
        rng = self.rng
        out: list[str] = []
        capital = rng.random() < 0.7
        for _ in range(rng.randint(1, 14)):
            word = self.word(lang)
            if lang == "ru" and "е" in word and rng.random() < 0.01:
                word = word.replace("е", "ё", 1)
            if capital or rng.random() < 0.06:
                word = word.capitalize()
            elif rng.random() < 0.03:
                word = word.upper() if len(word) < 9 else word
            capital = False
            draw = rng.random()
            if draw < 0.09:
                word += ","
            elif draw < 0.13:
                word += "."
                capital = True
            elif draw < 0.17:
                word += rng.choice([";", ":", "!", "?", " –", " —", " -", "..."])
            elif draw < 0.21:
                word = rng.choice(["«{}»", "({})", '"{}"', "„{}“", "“{}”", "[{}]", "‘{}’", "({}),", "«{}»,"]).format(
                    word
                )
            elif draw < 0.235:
                word += "-" + self.word(lang)
            elif draw < 0.25:
                word += "/" + self.word(lang)
            elif draw < 0.29:
                word = f"{word} {self.number()}"
            out.append(word)
        return " ".join(out)

    def prose(self, lang: str) -> str:
        """Takes a passage of a manual."""
        return self.rng.choice(self._prose[lang])

    def mixed(self) -> str:
        """Puts Latin names and abbreviations into Russian text."""
        rng = self.rng
        parts = [self.sentence("ru") if rng.random() < 0.5 else self.word("ru") for _ in range(rng.randint(1, 3))]
        for _ in range(rng.randint(1, 2)):
            latin = self.word("en")
            latin = rng.choice(
                [
                    latin,
                    latin.capitalize(),
                    latin.upper(),
                    f"«{latin.capitalize()}»",
                    f"({latin})",
                    f"{latin.capitalize()} {rng.randint(1, 2030)}",
                    f"{latin}-{self.word('ru')}",
                ]
            )
            parts.insert(rng.randint(0, len(parts)), latin)
        if rng.random() < 0.4:
            parts.append(rng.choice(ABBREVIATIONS))
        return " ".join(parts)

    def number(self) -> str:
        """Writes a number the way Russian or English documents do."""
        rng = self.rng
        value = int(10 ** rng.uniform(0, 8))
        draw = rng.random()
        if draw < 0.25:
            return str(value)
        if draw < 0.5:
            return f"{value:,}".replace(",", " ") + rng.choice(["", f",{rng.randint(0, 99):02d}"])
        if draw < 0.62:
            return f"{value},{rng.randint(0, 99):02d}"
        if draw < 0.74:
            return f"{value:,}.{rng.randint(0, 99):02d}"
        if draw < 0.84:
            return f"{value % 1000}.{rng.randint(0, 999)}"
        if draw < 0.92:
            return f"{value % 101}{rng.choice(['', ',5', ',25', '.0'])}{rng.choice(['%', ' %'])}"
        return f"{value % 10000}-{rng.randint(0, 99):02d}"

    def money(self) -> str:
        """Writes a sum with its currency."""
        sign = self.rng.choice(
            [" руб.", " руб", " ₽", " р.", " рублей", " рублей 00 копеек", " тыс. руб.", " €", " USD", " EUR"]
        )
        if self.rng.random() < 0.15:
            return self.rng.choice("$€£") + self.number()
        return self.number() + sign

    def date(self) -> str:
        """Writes a date, sometimes with the time."""
        rng = self.rng
        day, month, year = rng.randint(1, 31), rng.randint(1, 12), rng.randint(1950, 2030)
        draw = rng.random()
        if draw < 0.45:
            text = f"{day:02d}.{month:02d}.{year}"
        elif draw < 0.65:
            text = f"{day} {MONTHS[month - 1]} {year} {rng.choice(['г.', 'года', 'г', ''])}"
        elif draw < 0.75:
            text = f"«{day:02d}» {MONTHS[month - 1]} {year} г."
        elif draw < 0.85:
            text = rng.choice(
                [
                    f"{day:02d}/{month:02d}/{year}",
                    f"{year}-{month:02d}-{day:02d}",
                    f"{day:02d}.{month:02d}.{year % 100:02d}",
                ]
            )
        else:
            text = f"{MONTHS_EN[month - 1][: rng.choice([3, 9])]} {day}, {year}"
        if rng.random() < 0.2:
            text += f" {rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}" + rng.choice(
                ["", f":{rng.randint(0, 59):02d}"]
            )
        return text

    def digits(self, count: int) -> str:
        """Draws a run of digits, half of the time with long runs of one digit as in account numbers."""
        if self.rng.random() < 0.5:
            out = ""
            while len(out) < count:
                out += self.rng.choice("0000123456789") * self.rng.choice([1, 1, 1, 2, 3, 5])
            return out[:count]
        return "".join(self.rng.choice(string.digits) for _ in range(count))

    def requisites(self) -> str:
        """Writes bank and tax details."""
        rng = self.rng
        account = rng.choice(["40702810", "30101810", "40817810", "40802810"]) + self.digits(12)
        parts = [
            f"ИНН {self.digits(rng.choice([10, 12]))}",
            f"КПП {self.digits(9)}",
            f"БИК 04{self.digits(7)}",
            f"ОГРН {self.digits(13)}",
            f"р/с {account}",
            f"к/с {account}",
            f"Сч. № {account}",
            account,
            f"ОКПО {self.digits(8)}",
            f"ИНН/КПП {self.digits(10)}/{self.digits(9)}",
            f"расч. счёт {account}",
            f"в {rng.choice(FORMS)} «{rng.choice(COMPANIES)}»",
            f"СНИЛС {self.digits(3)}-{self.digits(3)}-{self.digits(3)} {self.digits(2)}",
            f"КБК {self.digits(20)}",
            f"ОКТМО {self.digits(8)}",
            f"IBAN DE{self.digits(20)}",
            f"SWIFT {self.latin_code(8)}",
        ]
        return rng.choice([", ", " ", "; ", ": "]).join(rng.sample(parts, rng.randint(1, 3)))

    def latin_code(self, count: int) -> str:
        """Draws Latin capitals."""
        return "".join(self.rng.choice(string.ascii_uppercase) for _ in range(count))

    def field(self) -> str:
        """Writes a labelled field of a form."""
        rng = self.rng
        value = rng.choice(
            [
                self.money,
                self.date,
                self.number,
                self.person,
                self.company,
                self.code,
                lambda: "",
                lambda: "",
                lambda: "_" * rng.randint(3, 20),
                lambda: rng.choice(ABBREVIATIONS),
                self.cell,
            ]
        )()
        return f"{rng.choice(FIELDS)}{rng.choice([':', ':', '', ' -', ' –'])} {value}"

    def company(self) -> str:
        """Names a company."""
        name = self.rng.choice(COMPANIES) if self.rng.random() < 0.5 else self.word("ru").capitalize()
        quoted = self.rng.choice(["«{}»", "«{}»", "«{}»", "{}", '"{}"']).format(name)
        return f"{self.rng.choice(FORMS)} {quoted}"

    def heading(self) -> str:
        """Writes a heading in capitals or with a number."""
        rng = self.rng
        draw = rng.random()
        if draw < 0.4:
            tails = ["", f" № {rng.randint(1, 9999)}", f" от {self.date()}", f" {rng.randint(1, 20)}."]
            return rng.choice(HEADINGS) + rng.choice(tails)
        words = " ".join(self.word("ru") for _ in range(rng.randint(1, 5)))
        if draw < 0.7:
            return f"{self.section()} {words.upper()}"
        return f"{self.section()} {words.capitalize()}"

    def section(self) -> str:
        """Writes a section number."""
        return ".".join(str(self.rng.randint(1, 19)) for _ in range(self.rng.randint(1, 4))) + self.rng.choice(
            ["", ".", ")"]
        )

    def address(self) -> str:
        """Writes a postal address."""
        rng = self.rng
        parts = [
            f"{rng.randint(100, 690)}{rng.randint(0, 999):03d}",
            rng.choice(["", "РФ", "Россия", f"{self.word('ru').capitalize()} обл."]),
            f"{rng.choice(['г. ', 'г.', 'город '])}{rng.choice(CITIES)}",
            f"{rng.choice(['ул. ', 'ул.', 'пр-т ', 'пер. ', 'ш. ', 'наб. '])}{rng.choice(STREETS)}",
            f"д. {rng.randint(1, 200)}{rng.choice(['', '', 'А', 'Б', '/2', ' стр. 1', ', корп. 3'])}",
            rng.choice(["", f"кв. {rng.randint(1, 400)}", f"оф. {rng.randint(1, 900)}", f"помещ. {rng.choice('IVX')}"]),
        ]
        start = rng.randint(0, 3)
        return ", ".join(part for part in parts[start:] if part)

    def person(self) -> str:
        """Writes the name of a person."""
        rng = self.rng
        surname = rng.choice(SURNAMES) + rng.choice(["", "", "а", "у"])
        initials = f"{rng.choice('АБВГДЕЖИКЛМНОПРСТФЭЮЯ')}.{rng.choice(['', ' '])}{rng.choice('АБВГДЕИКЛМНОПРСФЭЮЯ')}."
        return rng.choice(
            [
                f"{surname} {initials}",
                f"{initials} {surname}",
                f"{surname} {rng.choice(NAMES)} {rng.choice(PATRONYMICS)}",
                f"/ {surname} {initials} /",
                f"({surname} {initials})",
            ]
        )

    def cell(self) -> str:
        """Writes a table cell: one or two words or a sign."""
        rng = self.rng
        draw = rng.random()
        if draw < 0.5:
            word = self.word(rng.choice(["ru", "ru", "ru", "en"]))
            return rng.choice(
                [word, word.capitalize(), word.upper(), word + ".", f"{word} {self.word('ru')}", word + ","]
            )
        if draw < 0.7:
            return rng.choice(ABBREVIATIONS + FIELDS)
        if draw < 0.8:
            return rng.choice(
                [
                    "шт",
                    "шт.",
                    "кг",
                    "м",
                    "л",
                    "да",
                    "нет",
                    "Да",
                    "Нет",
                    "x",
                    "X",
                    "№",
                    "№ п/п",
                    "А",
                    "Б",
                    "В",
                    "I",
                    "II",
                    "III",
                    "IV",
                    "V",
                    "VI",
                    "VII",
                    "IX",
                    "X",
                    "XI",
                    "–",
                    "—",
                    "-",
                    "+",
                    "*",
                    "✓",
                    "■",
                    "□",
                    "•",
                    "→",
                    "±",
                    "≤",
                    "≥",
                    "%",
                    "°C",
                    "Ω",
                    "н/д",
                ]
            )
        if draw < 0.9:
            return rng.choice(
                [
                    f"({rng.randint(1, 20)})",
                    f"{rng.randint(1, 99)}.",
                    f"{rng.randint(1, 99)})",
                    f"[{rng.randint(1, 99)}]",
                    f"{rng.choice('абвгдежз')})",
                    f"стр. {rng.randint(1, 99)}",
                    f"{rng.randint(1, 99)} шт.",
                    f"№ {rng.randint(1, 999)}",
                ]
            )
        return self.company() if rng.random() < 0.4 else self.date()

    def number_cell(self) -> str:
        """Writes a table cell that holds a number."""
        rng = self.rng
        return rng.choice(
            [
                self.number,
                self.number,
                self.money,
                self.date,
                lambda: str(rng.randint(0, 9)),
                lambda: str(rng.randint(10, 999)),
                lambda: f"{rng.choice(['–', '-', '+', '±', '≈', '≤', '<', '>'])}{self.number()}",
                lambda: f"{rng.randint(0, 99)},{rng.randint(0, 9)}",
                lambda: f"{rng.randint(0, 9)}×{rng.randint(1, 99)}",
                lambda: f"{self.number()} {rng.choice(['кг', 'м²', 'м³', 'мм', 'шт.', 'кВт', '°C', 'm', 'kg', 'µm'])}",
                lambda: f"({self.number()})",
                lambda: f"{rng.randint(1, 12)}/{rng.randint(1, 99)}",
                lambda: self.digits(rng.randint(4, 20)),
            ]
        )()

    def numbers(self) -> str:
        """Writes a row of numbers."""
        return " ".join(self.number_cell() for _ in range(self.rng.randint(2, 6)))

    def code(self) -> str:
        """Writes an article code or a document number."""
        rng = self.rng
        alphabet = rng.choice(
            ["АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЭЮЯ", string.ascii_uppercase, string.ascii_uppercase + string.digits]
        )
        pieces = [
            rng.choice(
                [
                    self.digits(rng.randint(1, 6)),
                    "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 4))),
                    str(rng.randint(1, 99)),
                ]
            )
            for _ in range(rng.randint(2, 4))
        ]
        code = rng.choice(["-", "-", "/", ".", "", "_", " "]).join(pieces)
        return rng.choice(
            ["{}", "№ {}", "арт. {}", "ГОСТ {}", "ГОСТ Р {}", "№{}-ФЗ", "ТУ {}", "Art. {}", "S/N {}", "{};", "({})"]
        ).format(code)

    def random_string(self) -> str:
        """Strings characters together with no meaning, so that nothing can be guessed from the language."""
        rng = self.rng
        lower = RUSSIAN.lower()
        pools = [
            lower,
            RUSSIAN,
            RUSSIAN.upper(),
            string.ascii_letters,
            string.ascii_uppercase,
            string.ascii_lowercase,
            string.digits,
            string.digits + ".,-/ ",
            string.punctuation,
            SIGNS,
            string.ascii_letters + string.digits,
            string.ascii_letters + LATIN_DIACRITICS,
            RUSSIAN + string.digits + string.punctuation,
        ]
        tokens = []
        for _ in range(rng.randint(1, 5)):
            pool = rng.choice(pools)
            token = "".join(rng.choice(pool) for _ in range(rng.randint(1, 9)))
            if not only_twins(token):
                tokens.append(token)
        return " ".join(tokens)

    def receipt(self) -> str:
        """Writes a line of a Latin till receipt or invoice."""
        rng = self.rng
        item = (
            rng.choice(RECEIPT_ITEMS)
            if rng.random() < 0.6
            else " ".join(self.word("en").upper() for _ in range(rng.randint(1, 3)))
        )
        tail = rng.choice(
            [
                "",
                "",
                f" {rng.uniform(0, 500):.2f}",
                f": RM{rng.uniform(0, 90):.2f}",
                f" x{rng.randint(1, 9)} @ {rng.uniform(0, 50):.2f}",
                f" : {self.digits(rng.randint(4, 10))}",
                f" ${rng.uniform(0, 900):.2f} SR",
                f" {self.code()}",
                f" ({self.latin_code(2)}{self.digits(6)}-{self.latin_code(1)})",
            ]
        )
        return item + tail

    def receipt_ru(self) -> str:
        """Writes a line of a Russian till receipt."""
        rng = self.rng
        return rng.choice(RECEIPT_RU) + rng.choice(
            [
                f" ={rng.uniform(0, 5000):.2f}",
                f" {rng.randint(1, 5)} X {rng.uniform(0, 500):.2f}",
                "",
                f" {self.digits(10)}",
                f" ≡{rng.uniform(0, 5000):.2f}".replace("≡", "="),
                f" *{rng.uniform(0, 500):.2f}",
            ]
        )

    def contact(self) -> str:
        """Writes an email address, a web address or a telephone number."""
        rng = self.rng
        name, host = self.word("en"), self.word("en")
        zone = rng.choice(["ru", "com", "org", "net", "su", "io", "gov.ru"])
        phone = f"{self.digits(3)}{rng.choice(['-', ' '])}{self.digits(2)}{rng.choice(['-', ' '])}{self.digits(2)}"
        return rng.choice(
            [
                f"{name}@{host}.{zone}",
                f"{name}.{self.word('en')}@{host}.{zone}",
                f"e-mail: {name}{rng.randint(1, 99)}@mail.{zone}",
                f"www.{host}.{zone}",
                f"https://{host}.{zone}/{name}/{rng.randint(1, 9999)}",
                f"http://www.{host}-{name}.{zone}/?id={self.digits(5)}",
                f"+7 ({self.digits(3)}) {phone}",
                f"8 ({self.digits(3)}) {phone}",
                f"тел.: {phone}",
                f"тел./факс: ({self.digits(3)}) {phone}",
                f"8-800-{phone}",
                f"URL: {host}.{zone}",
                f"C:\\{name}\\{host}.txt",
                f"/usr/{name}/{host}",
                f"{name}_{host}(x, {rng.randint(0, 9)})",
                f"def {name}({host}=None):",
                f'{{{name}: "{host}"}}',
            ]
        )

    def list_item(self) -> str:
        """Writes an item of a list."""
        mark = self.rng.choice(["•", "-", "–", "—", "·", "■", "▪", "●", "*", "1)", "а)", "2.", "3.1.", "(i)", "→", "✓"])
        return f"{mark} {self.sentence('ru')}"

    def contents(self) -> str:
        """Writes a line of a table of contents, or a book reference."""
        rng = self.rng
        if rng.random() < 0.5:
            title = " ".join(self.word("ru") for _ in range(rng.randint(1, 3))).capitalize()
            return f"{self.section()} {title} {'.' * rng.randint(3, 25)}{rng.choice(['', ' '])}{rng.randint(1, 400)}"
        source = f"{self.word('ru').capitalize()}. – {rng.randint(1950, 2025)}. – № {rng.randint(1, 12)}"
        return f"{self.person()} {self.sentence('ru')} // {source}. – С. {rng.randint(1, 99)}–{rng.randint(100, 300)}."

    def law(self) -> str:
        """Fills a phrase of laws and contracts."""
        rng = self.rng
        text = rng.choice(LAW)
        for _ in range(12):
            text = text.replace("{w}", self.word("ru"), 1).replace("{W}", self.word("ru").capitalize(), 1)
            text = (
                text.replace("{n}", str(rng.randint(1, 600)), 1)
                .replace("{k}", str(rng.randint(1, 20)), 1)
                .replace("{d}", self.date(), 1)
            )
        return text.replace("{m}", self.number())
