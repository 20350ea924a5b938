"""Invented companies, people, goods and services; any likeness to real ones is chance.

Everything follows from the random generator handed in, so a seed always gives the same paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from docstation.testing import requisites
from docstation.testing.requisites import REGIONS

_STEMS = ("Альтаир", "Северный ветер", "ПромТехСнаб", "Вектор-М", "Ясная поляна", "Меридиан", "Уралкомплект", "Гранит",
          "Бережок", "Эльбрус Трейд", "Щит и мачта", "ЮгЭнергоСервис", "Новый формат", "Объединённые склады",
          "Фирма «Ёлка»", "АльфаСтрой XXI", "Чайный двор", "Сибирский лён", "ЦентрКабель", "Технохимия")  # fmt: skip
_FORMS = (
    ("ООО", "Общество с ограниченной ответственностью"),
    ("АО", "Акционерное общество"),
    ("ЗАО", "Закрытое акционерное общество"),
    ("ПАО", "Публичное акционерное общество"),
)
_BANKS = ("БАНК «ПРИВОЛЖСКИЙ» (АО)", "ПАО «РЕЧНОЙ КРЕДИТ»", "АО «ЮЖНЫЙ РАСЧЁТНЫЙ БАНК»", "ФИЛИАЛ № 7 ПАО БАНК «ОПОРА»",
          "АКБ «СОДЕЙСТВИЕ» (ПАО)", "КБ «ТОРГОВЫЙ ДОМ» (ООО)")  # fmt: skip
_STREETS = ("ул. Ленина", "пр-кт Мира", "ул. Большая Садовая", "наб. реки Фонтанки", "ш. Энтузиастов", "пер. Щучий",
            "ул. Академика Королёва", "б-р Юности", "ул. 8 Марта", "пл. Победы")  # fmt: skip
_SURNAMES = ("Иванов", "Кузнецов", "Соловьёв", "Щербаков", "Фёдоров", "Юдин", "Цветаев", "Журавлёв", "Хохлов", "Эйхман",
             "Объедков", "Зайцев", "Тихомиров")  # fmt: skip
_INITIALS = "АБВГДЕИКЛМНОПРСТФЮЯ"

GOODS = (
    ("Бумага офисная А4, 80 г/м², 500 л., белизна 146 %", "пач", "778"),
    ("Кабель ВВГнг(А)-LS 3×2,5 (бухта 100 м)", "м", "006"),
    ("Саморез кровельный 4,8×35 мм, RAL 8017", "тыс. шт", "798"),
    ("Картридж Brother TN-2375, чёрный", "шт", "796"),
    ("Краска ВД-АК-111 фасадная «Ясень», 14 кг", "шт", "796"),
    ("Подшипник 6205-2RS (180205)", "шт", "796"),
    ("Мука пшеничная хлебопекарная в/с, мешок 50 кг", "кг", "166"),
    ("Чай чёрный байховый крупнолистовой", "кг", "166"),
    ("Насос циркуляционный GRS 25/6-180", "компл", "839"),
    ("Труба стальная э/с 57×3,5 ГОСТ 10704-91", "т", "168"),
    ("Светильник LED 36 Вт, 4000 К, IP40", "шт", "796"),
    ("Перчатки х/б с ПВХ-покрытием, 5 нитей", "пар", "715"),
    ("Щебень гранитный фр. 5–20 мм", "м³", "113"),
    ("Датчик давления ДМ5007-1,6 МПа", "шт", "796"),
    ("Стул «ИЗО» чёрный, ткань C-11", "шт", "796"),
    ("Масло моторное 5W-40, API SN/CF, 4 л", "кан", "738"),
)
SERVICES = (
    ("Техническое обслуживание серверного оборудования за октябрь", "усл", "876"),
    ("Разработка проектной документации, стадия «П»", "усл", "876"),
    ("Аренда нежилого помещения № 14, 86,4 м²", "мес", "362"),
    ("Уборка территории и вывоз снега", "рейс", "761"),
    ("Консультационные услуги по договору", "ч", "356"),
    ("Перевозка груза автомобилем 10 т, Москва – Тула", "рейс", "761"),
    ("Размещение рекламы в журнале «Эксперт-Юг»", "усл", "876"),
    ("Поверка манометров и датчиков, выезд на объект", "шт", "796"),
)
COUNTRIES = (("156", "Китай"), ("643", "Россия"), ("792", "Турция"), ("112", "Беларусь"), ("276", "Германия"))


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank with its code and its account at the central bank."""

    name: str
    city: str
    bik: str
    account: str


@dataclass(frozen=True, slots=True)
class Company:
    """A company with everything that papers ask for."""

    short: str
    full: str
    inn: str
    kpp: str
    ogrn: str
    okpo: str
    address: str
    phone: str
    bank: Bank
    account: str
    director: str
    accountant: str


@dataclass(frozen=True, slots=True)
class Item:
    """One line of goods or services; money in kopecks, quantity in thousandths."""

    name: str
    unit: str
    unit_code: str
    quantity: int
    price: int
    vat_rate: int
    country: tuple[str, str]

    @property
    def net(self) -> int:
        """Sum without tax, kopecks, rounded half up."""
        return (self.quantity * self.price + 500) // 1000

    @property
    def vat(self) -> int:
        """Tax on it, kopecks, rounded half up."""
        return (self.net * self.vat_rate + 50) // 100

    @property
    def gross(self) -> int:
        """Sum with tax."""
        return self.net + self.vat

    @property
    def amount(self) -> str:
        """Quantity as printed: «12» or «0,345»."""
        whole, rest = divmod(self.quantity, 1000)
        return f"{whole},{rest:03d}" if rest else str(whole)


def person(random: Random) -> str:
    """A surname with initials."""
    return f"{random.choice(_SURNAMES)} {random.choice(_INITIALS)}. {random.choice(_INITIALS)}."


def _phone(random: Random) -> str:
    code, first, middle, last = (random.randint(*span) for span in ((300, 499), (200, 999), (10, 99), (10, 99)))
    return f"(8{code}) {first}-{middle}-{last}"


def company(random: Random) -> Company:
    """A company with fitting numbers."""
    region = random.choice(REGIONS)
    form, form_full = random.choice(_FORMS)
    stem = random.choice(_STEMS)
    name = stem if "«" in stem else f"«{stem}»"
    code = requisites.bik(random, region)
    bank = Bank(random.choice(_BANKS), region.city, code, requisites.correspondent_account(random, code))
    post = (region.post + "000000")[: 6 - 3] + f"{random.randint(1, 999):03d}"
    office = random.choice(("", f", оф. {random.randint(2, 999)}", f", помещ. {random.randint(1, 40)}-Н"))
    address = f"{post}, {region.city}, {random.choice(_STREETS)}, д. {random.randint(1, 180)}{office}"
    return Company(
        short=f"{form} {name}",
        full=f"{form_full} {name}",
        inn=requisites.inn(random, region),
        kpp=requisites.kpp(random, region),
        ogrn=requisites.ogrn(random, region),
        okpo=requisites.okpo(random),
        address=address,
        phone=_phone(random),
        bank=bank,
        account=requisites.settlement_account(random, code),
        director=person(random),
        accountant=person(random),
    )


def items(random: Random, count: int, *, services: bool = False, vat_rate: int = 20) -> list[Item]:
    """Different lines of goods or services; quantities and prices are plausible, not real."""
    pool = SERVICES if services else GOODS
    chosen = random.sample(pool, min(count, len(pool)))
    made = []
    for name, unit, code in chosen:
        whole = unit not in ("кг", "т", "м³", "м", "ч")
        quantity = random.randint(1, 120) * 1000 if whole else random.randint(500, 90_000)
        price = random.choice((random.randint(500, 99_999), random.randint(100_000, 4_500_000)))
        made.append(Item(name, unit, code, quantity, price, vat_rate, random.choice(COUNTRIES)))
    return made


def day(random: Random) -> date:
    """A day of the years 2019 to 2026."""
    return date(2019, 1, 9) + timedelta(days=random.randrange(2880))
