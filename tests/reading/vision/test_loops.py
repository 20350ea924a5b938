"""The loop guard: loops of many kinds are cut soon after they begin, documents that repeat themselves are not."""

from __future__ import annotations

import json
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

import pytest

from docstation.document.geometry import Affine
from docstation.evaluation.rasters import opened
from docstation.inference.asking import Repetition
from docstation.inference.loops import Loop, LoopGuard
from docstation.intake.page import PreparedPage
from docstation.reading.embedded.tables import TableFinder
from docstation.reading.layout import lines_of_words
from docstation.reading.vision.stream import parse

OWN = Path(__file__).with_name("answers") / "act.json"
SIGNS_PER_TOKEN = 4


def same(piece: str) -> Callable[[], Iterator[str]]:
    """A loop that says `piece` again and again."""
    return lambda: (piece for _ in count())


def numbered(piece: Callable[[int], str]) -> Callable[[], Iterator[str]]:
    """A loop that says the piece of 0, 1, 2 and so on."""
    return lambda: (piece(n) for n in count())


def blocks(text: str, category: str = "Text", step: int = 24, jitter: int = 0) -> Callable[[], Iterator[str]]:
    """Blocks with the same text that march down the page."""

    def pieces() -> Iterator[str]:
        chance = random.Random(text + str(jitter))
        for n in count():
            y = 100 + step * n + chance.randint(-jitter, jitter)
            box = [120, y, 120 + chance.randint(400 - jitter, 400), y + 20]
            yield json.dumps({"bbox": box, "category": category, "text": text}, ensure_ascii=False) + ", "

    return pieces


LOOPS = {
    "dots": same("."), "spaced dots": same(". "), "underscores": same("_"), "dashes": same("-"), "spaces": same(" "),
    "escaped line breaks": same("\\n"), "line breaks": same("\n"), "asterisks": same("**"), "zeros": same("0"),
    "no-break spaces": same("&nbsp;"), "ellipses": same("…"), "equals": same("="), "ideographs": same("的"),
    "empty cells": same("<td></td>"), "cells of zeros": same("<td>0</td>"), "cells of dashes": same("<td>—</td>"),
    "cells with attributes": same('<td colspan=\\"2\\"></td>'), "open cells": same("<td>"),
    "empty rows": same("<tr>" + 6 * "<td></td>" + "</tr>"),
    "rows of sums": same("<tr><td>Итого</td><td>12 000,00</td><td>0,00</td></tr>"),
    "long rows": same("<tr>" + 12 * "<td>0,00</td>" + "</tr>"),
    "two rows in turn": same("<tr><td>Да</td><td>1</td></tr><tr><td>Нет</td><td>0</td></tr>"),
    "numbered rows": numbered(lambda n: f"<tr><td>{n + 1}</td><td></td><td>0</td></tr>"),
    "nested tables": same("<table><tr><td>"), "nested divisions": same("<div><span>"),
    "Markdown rows": same("| 0,00 | — | |\\n"), "Markdown rule": same("---|"),
    "one block": same('{"bbox": [100, 200, 300, 220], "category": "Text", "text": "Подпись"}, '),
    "one picture": same('{"bbox": [100, 200, 300, 220], "category": "Picture"}, '),
    "marching blocks": blocks("Подпись"), "marching blocks, uneven": blocks("Подпись", jitter=4),
    "marching short blocks": blocks("1", step=17), "marching list": blocks("- пункт", "List-item", step=31),
    "marching lines": numbered(lambda n: f'{{"bbox": [9, {90 + 21 * n}, 900, {108 + 21 * n}], "category": "Text"}}, '),
    "Qwen's blocks": numbered(lambda n: f'{{"bbox_2d": [10, {10 + 9 * n}, 90, {18 + 9 * n}], "label": "text"}},\n'),
    "a word": same("договор "), "a sentence": same("Стороны несут ответственность в соответствии с законом. "),
    "an English sentence": same("The parties agree that this shall be governed by the law. "),
    "an ideographic sentence": same("本合同自双方签字之日起生效。"), "Japanese": same("ありがとうございます。"),
    "a long sentence": same("В случае просрочки оплаты покупатель уплачивает неустойку в размере 0,1 % от суммы долга "
                            "за каждый день просрочки, но не более десяти процентов от этой суммы. "),
    "two sentences in turn": same("Акт составлен в двух экземплярах. Каждый имеет равную силу. "),
    "LaTeX spaces": same("\\\\quad "), "LaTeX terms": same("x_{1} + "), "a matrix": same("0 & 0 & 0 \\\\\\\\ "),
    "braces": same("}"), "fences": same("```\n"), "counting": numbered(lambda n: f"{n}, "),
    "numbered terms": numbered(lambda n: f"x_{{{n}}} + "), "numbered clauses": numbered(lambda n: f"{n}. Пункт.\\n"),
    "letters of a word": same("ха"), "signs of a form": same("☐ "),
}  # fmt: skip


def signs_to_cut(before: str, loop: Iterator[str], most: int = 8000) -> tuple[int, Loop] | None:
    """How many characters of the loop came until it was cut."""
    guard = LoopGuard()
    assert guard.feed(before) is None
    taken = 0
    for piece in loop:
        for at in range(0, len(piece), SIGNS_PER_TOKEN):
            token = piece[at : at + SIGNS_PER_TOKEN]
            taken += len(token)
            if found := guard.feed(token):
                return taken, found
        if taken > most:
            return None
    return None


def positions(answer: str, times: int = 20) -> list[int]:
    """Places spread over an answer."""
    return [len(answer) * n // times for n in range(times)]


def test_loops_of_every_kind_are_cut_soon_wherever_they_begin():
    answer, taken, missed = OWN.read_text("utf-8"), [], []
    for name, loop in LOOPS.items():
        for at in positions(answer):
            cut = signs_to_cut(answer[:at], loop())
            if cut is None:
                missed.append((name, at))
                continue
            taken.append(cut[0] / SIGNS_PER_TOKEN)
            # What a loop says first may be on the page: no less is kept, and not much more.
            assert at - 100 <= cut[1].keep <= at + 200 + cut[1].period, name
    assert len(LOOPS) >= 30
    assert len(missed) <= 0.01 * len(LOOPS) * 20, missed
    assert statistics.median(taken) <= 200
    assert statistics.quantiles(taken, n=20)[-1] <= 450


def numeric_table(chance: random.Random) -> str:
    """A table of numbers as models write it: zeros, dashes and empty cells, rows alike, numbered rows and columns."""
    columns, rows = chance.randint(2, 16), chance.randint(3, 45)
    empty = chance.choice(["", "0", "—", "0,00", "-", "&nbsp;", "X"])
    share, alike = chance.choice([0.3, 0.6, 0.9]), chance.choice([0.0, 0.3, 0.6])
    repeats = 0

    def cell() -> str:
        if chance.random() < share:
            return empty
        digits = chance.choice([1, 10, 1000, 1_000_000])
        return chance.choice(
            [f"{chance.randint(0, digits)}", f"{chance.randint(0, digits)},{chance.randint(0, 99):02}"]
        )

    lines = [[str(n + 1) for n in range(columns)]] if chance.random() < 0.5 else []
    for number in range(rows):
        if lines and chance.random() < alike and repeats < 5:
            lines.append(lines[-1])
            repeats += 1
            continue
        head = chance.choice([str(number + 1), f"Строка {number + 1}", f"{2000 + number}", cell()])
        lines.append([head, *(cell() for _ in range(columns - 1))])
        repeats = 0
    tag = "".join(f"<tr>{''.join(f'<td>{value}</td>' for value in line)}</tr>" for line in lines)
    return json.dumps({"bbox": [1, 2, 3, 4], "category": "Table", "text": f"<table>{tag}</table>"}, ensure_ascii=False)


def alarm(text: str) -> Loop | None:
    guard, found = LoopGuard(), None
    for at in range(0, len(text), SIGNS_PER_TOKEN):
        found = guard.feed(text[at : at + SIGNS_PER_TOKEN])
    return found


def test_numeric_tables_raise_no_alarm():
    for seed in range(200):
        table = numeric_table(random.Random(seed))
        assert alarm(f"[{OWN.read_text('utf-8')[1:-1]}, {table}]") is None, table


QUIET = {
    "table of contents": "\n".join(f"Глава {n}. О {'разных ' * (n % 5)}вещах {'.' * (90 - 7 * (n % 5))} {3 * n}"
                                   for n in range(1, 60)),
    "blanks of a form": "\n".join(f"{name} {'_' * 100}" for name in ("Фамилия", "Имя", "Отчество", "Подпись") * 3),
    "blank form": "<table>" + 10 * ("<tr>" + 9 * "<td></td>" + "</tr>") + "</table>",
    "numbered blank form": "<table>" + "".join(f"<tr><td>{n}</td><td></td><td></td></tr>" for n in range(1, 36)),
    "numbered columns": "<tr>" + "".join(f"<td>{n}</td>" for n in range(1, 40)) + "</tr>",
    "calendar": "<table>" + "".join(f"<tr><td>{month}</td>" + "".join(f"<td>{day}</td>" for day in range(1, 32))
                                    for month in ("январь", "март", "май", "июль", "август", "октябрь", "декабрь")),
    "years": ", ".join(str(year) for year in range(1950, 2025)),
    "layout of even lines": json.dumps([{"bbox": [100, 100 + 21 * n, 900, 118 + 21 * n], "category": "Text"}
                                        for n in range(10)]),
    "layout of lines": json.dumps([{"bbox": [100, 100 + 21 * n + n % 3, 880 + 7 * n % 40, 118 + 21 * n],
                                    "category": "Text"} for n in range(60)]),
    "answers of a questionnaire": json.dumps([{"bbox": [100 * (n % 4), 50 * n + n % 3, 100 * (n % 4) + 80, 50 * n + 30],
                                               "category": "Text", "text": ("Да", "Нет")[n * n % 7 % 2]}
                                              for n in range(40)], ensure_ascii=False),
    "matrix": r"\\begin{pmatrix}" + r" \\\\ ".join(" & ".join("01"[i == j] for j in range(9)) for i in range(9)),
    "refrain": 5 * "Ой, мороз, мороз, не морозь меня, не морозь меня, моего коня.\n",
    "Markdown rule": "|" + 30 * " --- |" + "\n|" + 30 * " 0 |" + "\n|" + 30 * " 1 |",
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_documents_that_repeat_themselves_raise_no_alarm(name):
    assert alarm(QUIET[name]) is None


def test_real_answers_raise_no_alarm(corpus):
    for path in sorted((corpus / "dots-raw").glob("*.json")):
        assert alarm(path.read_text("utf-8")) is None
    assert alarm(OWN.read_text("utf-8")) is None


def test_real_texts_raise_no_alarm(corpus):
    texts = [path.read_text("utf-8") for path in sorted(corpus.rglob("*")) if path.suffix in (".txt", ".csv", ".jsonl")]
    assert sum(map(len, texts)) > 20_000
    for text in texts:
        assert alarm(text) is None


def test_real_tables_raise_no_alarm(corpus):
    finder, seen = TableFinder(), 0
    for path in sorted([*(corpus / "russian").rglob("*.pdf"), *(corpus / "olmocr-bench").rglob("*.pdf")]):
        with opened(path) as source:
            for number in range(1, min(source.page_count, 12) + 1):
                raw = source.raw(number)
                size, lines = (raw.width, raw.height), lines_of_words(raw.layer.words)
                page = PreparedPage(number, size, size, None, 1.0, Affine(), words=raw.layer.words,
                                    images=raw.drawing.images, rulings=raw.drawing.rulings)  # fmt: skip
                for found in finder.find(page, lines) if lines else ():
                    seen += 1
                    assert alarm(json.dumps({"text": found.table.to_html()}, ensure_ascii=False)) is None
                assert alarm("\n".join(line.text for line in lines)) is None
    assert seen >= 25


def test_a_loop_within_one_long_piece_is_found_where_it_begins():
    loop = LoopGuard().feed("Акт № 17. " + 400 * "Подпись. ")
    assert loop is not None
    assert loop.period == len("Подпись. ")
    assert loop.start <= len("Акт № 17. ") < loop.keep
    assert loop.count >= 40


@pytest.mark.parametrize("name", ["marching blocks", "one block", "empty rows", "a sentence"])
def test_what_is_kept_of_a_loop_holds_all_blocks_before_it(name):
    answer = OWN.read_text("utf-8")[:-1] + ', {"bbox": [1, 2, 3, 4], "category": "Text", "text": "'
    if "block" in name:
        answer = OWN.read_text("utf-8")[:-1] + ", "
    text = answer + "".join(islice(LOOPS[name](), 100))
    loop = LoopGuard().feed(text)
    assert loop is not None
    before = [block for block in parse(OWN.read_text("utf-8")) if not block.partial]
    kept = parse(text[: loop.keep])
    assert kept[: len(before)] == before
    assert len(kept) <= len(before) + 2


def test_once_found_a_loop_stays_found():
    guard = LoopGuard()
    loop = guard.feed(1000 * ".")
    assert loop is not None
    assert guard.feed("Дальше всё хорошо.") == loop


def test_pieces_of_any_size_give_the_same_loop():
    text = OWN.read_text("utf-8") + "".join(islice(LOOPS["marching blocks"](), 40))
    found = set()
    for size in (1, 3, 64, 100, 1000, len(text)):
        guard = LoopGuard()
        loops = [guard.feed(text[at : at + size]) for at in range(0, len(text), size)]
        found.add(loops[-1])
    assert len(found) == 1
    assert None not in found


def test_a_stream_of_a_million_characters_costs_little():
    answer = "".join(numeric_table(random.Random(seed)) for seed in range(1000, 1400))[:1_000_000]
    guard, began = LoopGuard(), time.process_time()
    for sign in answer:
        assert guard.feed(sign) is None
    assert time.process_time() - began < 20


def test_the_servers_own_detection_leaves_documents_alone():
    """By vLLM's rule: the last `size` tokens `min_count` times, for any size; tokens are taken as pieces of words."""
    for text in [*QUIET.values(), *(numeric_table(random.Random(seed)) for seed in range(40))]:
        tokens = re.findall(r"\w{1,4}|\s+|[^\w\s]{1,2}", text)
        assert not any(server_stops(tokens[:end]) for end in range(0, len(tokens) + 1, 8))
    assert server_stops(["<td", "></", "td", ">"] * 80)


def server_stops(tokens: list[str]) -> bool:
    rule = Repetition()
    for size in range(rule.min_pattern_size, rule.max_pattern_size + 1):
        last, count = tokens[len(tokens) - size :], rule.min_count
        if size * count <= len(tokens) and tokens[len(tokens) - size * count :] == last * count:
            return True
    return False
