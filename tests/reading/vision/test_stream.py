"""The stream parser: every whole block is kept, wherever the answer ends and however it is cut and damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.document.model import Category
from docstation.reading.vision.fields import Note, ParsedBlock
from docstation.reading.vision.stream import StreamParser, parse

OWN = Path(__file__).with_name("answers") / "act.json"


def objects_of(answer: str) -> list[tuple[int, int, dict]]:
    """Start, end and value of each object of a right answer, by the standard library's reader."""
    decoder, at, found = json.JSONDecoder(), answer.index("[") + 1, []
    while (at := answer.find("{", at)) >= 0:
        value, end = decoder.raw_decode(answer, at)
        found.append((at, end, value))
        at = end
    return found


def as_read(block: ParsedBlock) -> tuple:
    return block.start, block.end, list(block.box or ()), str(block.category), block.text


def whole(block: ParsedBlock) -> tuple:
    return block.box, block.category, block.text


def check_every_cut(answer: str) -> int:
    """Cut `answer` behind every character: the objects closed by then, and no other, are read as they are."""
    objects = [(start, end, value["bbox"], value["category"], value.get("text", ""))
               for start, end, value in objects_of(answer)]  # fmt: skip
    parser, arrived = StreamParser(), []
    for end, sign in enumerate(answer, start=1):
        arrived += parser.feed(sign)
        assert [as_read(block) for block in arrived] == [each for each in objects if each[1] <= end]
    for cut in range(len(answer)):
        parser = StreamParser()
        blocks, rest = parser.feed(answer[:cut]), parser.close()
        assert len(blocks) == sum(each[1] <= cut for each in objects)
        assert rest is None or (rest.partial and rest.start >= (blocks[-1].end if blocks else 0))
    return len(objects)


def test_an_answer_cut_anywhere_keeps_all_of_its_whole_blocks():
    assert check_every_cut(OWN.read_text("utf-8")) == 11


@pytest.mark.parametrize("name", ["dots_list", "dots_simple"])
def test_real_answers_cut_anywhere_keep_all_of_their_whole_blocks(corpus, name):
    assert check_every_cut((corpus / "dots-raw" / f"{name}.json").read_text("utf-8")) >= 12


def test_bytes_cut_within_a_letter_keep_all_whole_blocks():
    answer = OWN.read_bytes()
    ends = [len(OWN.read_text("utf-8")[:end].encode()) for _, end, _ in objects_of(OWN.read_text("utf-8"))]
    for cut in range(0, len(answer), 7):
        blocks = [block for block in parse(answer[:cut].decode("utf-8", "replace")) if not block.partial]
        assert len(blocks) == sum(end <= cut for end in ends)


def test_what_the_last_object_said_is_saved():
    answer = OWN.read_text("utf-8")
    last = parse(answer[: answer.index("в полном объёме")])[-1]
    assert last.partial
    assert Note.CUT in last.notes
    assert last.box == (118, 262, 1534, 361)
    assert last.category is Category.TEXT
    assert last.text.endswith('(далее — "Договор"), выпол-\nненные в срок и ')


@pytest.mark.parametrize(("cut", "box", "text"), [
    ('[{"bbox": [1, 2, 3, 4', None, None),
    ('[{"bbox": [1, 2, 3, 4]', (1, 2, 3, 4), ""),
    ('[{"bbox": [1, 2, 3, 4], "category": "Tit', (1, 2, 3, 4), ""),
    ('[{"bbox": [1, 2, 3, 4], "text": "a\\', (1, 2, 3, 4), "a"),
    ('[{"bbox": [1, 2, 3, 4], "text": "a\\u04', (1, 2, 3, 4), "a"),
    ('[{"bbox": [1, 2, 3, 4], "text": "a"', (1, 2, 3, 4), "a"),
    ('[{"bbox": [1, 2, 3], "text": "a', None, "a"),
    ('[{"bbox": [1, 2', None, None),
    ('[{"bbox": [1, 200, 3, 4 и так далее', None, None),
    ('[{"category": "Text", "text": "a", "bbox": [1, 200, 3, 4 и', None, "a"),
    ("[{", None, None),
])  # fmt: skip
def test_a_tail_is_saved_as_far_as_it_is_sure(cut, box, text):
    blocks = parse(cut)
    assert [(block.box, block.text, block.partial) for block in blocks] == ([] if text is None else [(box, text, True)])


A = '{"bbox": [1, 2, 30, 40], "category": "Text", "text": "Один"}'
B = '{"bbox": [5, 60, 70, 80], "category": "Title", "text": "# Два"}'
BOTH = [((1, 2, 30, 40), Category.TEXT, "Один"), ((5, 60, 70, 80), Category.TITLE, "# Два")]


def with_first(*changes: tuple[str, str]) -> str:
    """The answer of both objects with parts of the first one exchanged."""
    first = A
    for old, new in changes:
        assert old in first
        first = first.replace(old, new)
    return f"[{first}, {B}]"


@pytest.mark.parametrize("answer", [
    with_first(),
    f"```json\n[{A},\n {B}]\n```",
    f"Here is the layout (an array of {{objects}}, it's JSON):\n[{A}, {B}]\nI hope that [this] helps {{you}}.",
    f"Here it is: {{ \"Don't [{A}, {B}]",
    f'{{"layout": [{A}, {B}]}}',
    f'{{"type": "page", "content": [{A}, {B}], "language": "ru"}}',
    f"[[{A}], [{B}]]",
    f"{A}\n{B}",
    f"[{A} {B}]",
    f"[{A}{B}]",
    f"[{A},, {B},]",
    f"[{A[:-1]}, {B}]",
    f"[{A[:-1]} {B}]",
    f"[{A}}}, {B}}}]",
    f"[{A[:-2]}}}, {B}]",
    f"[{A[:-2]}, {B}]",
    f'[{A[:-1]}, "children": [{B}]}}]',
    with_first(('"Text",', '"Text"')),
    with_first(("],", "]")),
    with_first(("40]", "40")),
    with_first(("40],", "40")),
    with_first(("40]", "40]]")),
    with_first(('Text",', "Text,")),
    with_first(('"text":', '"text"')),
    with_first(('"bbox":', '"bbox"')),
    with_first(('"', "'")),
    with_first(('"bbox"', "bbox"), ('"text"', "text")),
    with_first(("[1, 2, 30, 40]", '"1, 2, 30, 40"')),
    with_first(("[1, 2, 30, 40]", "[[1, 2], [30, 2], [30, 40], [1, 40]]")),
    with_first(("[1, 2, 30, 40]", "[30, 40, 1, 2]")),
    with_first(("bbox", "bbox_2d"), ("category", "label"), ('"text"', '"text_content"')),
    with_first(("}", ', "score": null, "children": []}')),
    with_first(('"text"', '"id": 7, "rotated": false, "text"')),
])  # fmt: skip
def test_damaged_answers_keep_every_block(answer):
    assert [whole(block) for block in parse(answer)] == BOTH
    parser, arrived = StreamParser(), []
    for sign in answer:
        arrived += parser.feed(sign)
    rest = parser.close()
    assert [*arrived, *([rest] if rest else [])] == parse(answer)


@pytest.mark.parametrize(("raw", "text"), [
    ('труба 5" стальная', 'труба 5" стальная'),
    ('он сказал "да", потом "нет"', 'он сказал "да", потом "нет"'),
    ('"Заря"', '"Заря"'),
    ('ООО "Заря", "Восход"', 'ООО "Заря", "Восход"'),
    ("строка\nстрока\tещё", "строка\nстрока\tещё"),
    (r"\alpha + \frac{a}{b} \theta \beta \nu", r"\alpha + \frac{a}{b} \theta \beta \nu"),
    (r"\\alpha + \\frac{a}{b} \\theta\nu = 1", "\\alpha + \\frac{a}{b} \\theta\nu = 1"),
    (r"\(x\) 5\% \_ \u0416\u00e9", r"\(x\) 5\% \_ Жé"),
    (r"\ud83d\ude00 \ud83d", "😀 \ufffd"),
    ("<td colspan=\\\"2\\\">{a}</td>", '<td colspan="2">{a}</td>'),
])  # fmt: skip
def test_strings_are_read_as_they_were_meant(raw, text):
    answer = f'[{{"bbox": [1, 2, 3, 4], "category": "Text", "text": "{raw}"}}, {B}]'
    assert [block.text for block in parse(answer)] == [text, "# Два"]


@pytest.mark.parametrize(("name", "category", "known"), [
    ("Section-header", Category.SECTION_HEADER, True), ("section_header", Category.SECTION_HEADER, True),
    ("figure", Category.PICTURE, True), ("page number", Category.PAGE_FOOTER, True),
    ("Tabel", Category.TABLE, False), ("Paragraphs", Category.TEXT, False), ("кот", Category.TEXT, False),
    ("", Category.TEXT, False),
])  # fmt: skip
def test_categories_take_the_nearest_of_the_eleven(name, category, known):
    (block,) = parse(f'[{{"bbox": [1, 2, 3, 4], "category": "{name}", "text": "x"}}]')
    assert block.category is category
    assert (Note.UNKNOWN_CATEGORY not in block.notes) is known


@pytest.mark.parametrize("box", ["[1, 2, 3]", "[1, 2, 3, 4, 5]", "[]", "null", "[1, 2, 1e999, 4]", '"none"'])
def test_a_block_without_four_numbers_keeps_its_text(box):
    (block,) = parse(f'[{{"bbox": {box}, "category": "Text", "text": "x"}}]')
    assert (block.box, block.text) == (None, "x")
    assert Note.NO_BOX in block.notes


def test_the_end_of_the_outer_array_is_told():
    parser = StreamParser()
    parser.feed(f"[{A}")
    assert not parser.ended
    parser.feed("]")
    assert parser.ended


@pytest.mark.slow
def test_long_and_hostile_streams_are_read_to_their_end_sign_by_sign():
    answer = OWN.read_text("utf-8")
    answer = (answer[:-1] + ", ") * (1_000_000 // len(answer))
    for hostile in (answer, '[{"text": "' + '"' * 200_000, "{" * 200_000, '[{"text": "' + "\\" * 200_000):
        parser, found = StreamParser(), 0
        for sign in hostile:
            found += len(parser.feed(sign))
        parser.close()
        assert found == len(StreamParser().feed(hostile))


TEXTS = st.text(st.sampled_from("абвxyz012 \n\"'\\{}[],:`$#*|<>/-\u2028é😀"), max_size=30)
BLOCKS = st.fixed_dictionaries(
    {"bbox": st.lists(st.integers(0, 3000), min_size=4, max_size=4), "category": st.sampled_from(list(Category))},
    optional={"text": TEXTS},
)


@given(st.lists(BLOCKS, max_size=5), st.booleans(), st.none() | st.integers(0, 2), st.data())
def test_right_json_is_read_as_json_reads_it_in_any_pieces(blocks, ascii_only, indent, data):
    answer = json.dumps(blocks, ensure_ascii=ascii_only, indent=indent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=6)))
    parser, arrived = StreamParser(), []
    for start, end in zip([0, *cuts], [*cuts, len(answer)], strict=True):
        arrived += parser.feed(answer[start:end])
    assert parser.close() is None
    assert parser.ended
    expected = []
    for block in blocks:
        (x0, y0, x1, y1), text = block["bbox"], block.get("text", "")
        box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        expected.append((box, block["category"], text))
    assert [whole(block) for block in arrived] == expected


@given(st.text(st.sampled_from("{}[]\"',:\\ \n1aя`bboxtextcategory"), max_size=200), st.data())
def test_rubbish_never_fails_and_is_read_alike_in_any_pieces(answer, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=6)))
    parser, arrived = StreamParser(), []
    for start, end in zip([0, *cuts], [*cuts, len(answer)], strict=True):
        arrived += parser.feed(answer[start:end])
    rest = parser.close()
    assert [*arrived, *([rest] if rest else [])] == parse(answer)
