"""The vision engine over pages as they are prepared, with a scripted server in the model's place."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from docstation.document.geometry import Affine, Box
from docstation.document.mapping import map_block
from docstation.document.model import Block, Category, Page, PageStatus, TextLayer
from docstation.document.text import Origin, Word
from docstation.inference.completions import Client
from docstation.inference.profiles import profile_for
from docstation.inference.served import active
from docstation.intake.page import Pixels, PreparedPage
from docstation.reading.engine import ReadPage
from docstation.reading.vision.engine import VisionEngine
from docstation.reading.vision.estimate import of_page
from docstation.reading.vision.planner import Planner
from docstation.testing import marked_pages as marked
from docstation.testing.model_server import running
from docstation.testing.model_server_api import Said
from docstation.testing.model_server_script import Trouble

NAME = "rednote-hilab/dots.ocr"
QWEN = "Qwen/Qwen3-VL-4B-Instruct"
RED = (200, 0, 0)

Says = Callable[[Mapping[str, object]], Said]


class Plain:
    """An engine in the embedded one's place: says that it read, in the middle of each place that it is shown."""

    name = "embedded"

    def __init__(self) -> None:
        self.shown: list[tuple[Box, ...]] = []

    def read(self, page: PreparedPage) -> ReadPage:
        self.shown.append(page.unread)
        blocks = tuple(
            map_block(Block(f"p1-b{n}", Category.TEXT, box, f"прочитано {n}"), page.to_page, *page.page_size)
            for n, box in enumerate(page.unread, start=1)
        )
        return ReadPage(Page(page.number, *page.page_size, blocks, engine=self.name), {})


@contextmanager
def engine(
    says: Says, *, name: str = NAME, context: int = 8192, seconds: float = 60.0
) -> Iterator[tuple[VisionEngine, Plain]]:
    plain = Plain()
    with running(name=name, context=context) as server:
        model = active(server.address)
        server.api.says = says
        made = VisionEngine(
            model,
            lambda late: Client(server.address, "", patience=0.0, cancelled=late),
            lambda: plain,
            page_seconds=seconds,
        )
        yield made, plain
        made.close()


def prepared(pixels: Pixels, scale: float, **more: object) -> PreparedPage:
    size = pixels.shape[1] / scale, pixels.shape[0] / scale
    whole = (Box(0, 0, *size),)
    return PreparedPage(1, size, size, pixels, scale, Affine(), unread=whole, **more)  # type: ignore[arg-type]


def marked_page(number: int = 1, **more: object) -> PreparedPage:
    return prepared(marked.drawn(number), marked.DPI / 72, **more)


def texts(page: Page) -> list[str]:
    return [block.text for block in page.blocks]


def wanted(number: int = 1) -> list[str]:
    return [line.text for line in marked.lines_of(number)]


def good(body: Mapping[str, object]) -> Said:
    return Said(marked.answer(body))


def once(first: Said) -> Says:
    """`first`, and then what is right."""
    left = [first]
    return lambda body: left.pop() if left else good(body)


# Words


def drawn_words(line: marked.Line) -> list[tuple[str, Box]]:
    """Words of a line with the width of their print and the height of their paper, points."""
    scale = marked.DPI / 72
    font = ImageFont.truetype(str(marked.FONTS / "DejaVuSans.ttf"), round(11 * scale))
    words, before = [], ""
    for word in line.text.split():
        start, end = (line.box[0] + 4 + font.getlength(text) / scale for text in (before, before + word))
        words.append((word, Box(start, line.box[1], end, line.box[3])))
        before += f"{word} "
    return words


@pytest.mark.parametrize("turns", [0, 90])
def test_words_of_a_model_stand_where_their_ink_is(turns: int) -> None:
    page = marked_page()
    back = Affine.quarter_turns(turns, *page.size)
    shown = back.box(Box(0, 0, *page.size))
    page = replace(page, to_page=back, page_size=(shown.width, shown.height))
    with engine(good) as (made, _):
        read = made.read(page).page
    for block, line in zip(read.blocks, marked.lines_of(1), strict=True):
        words = [word for one in block.lines for word in one.words]
        truth = drawn_words(line)
        assert [word.text for word in words] == [text for text, _ in truth]
        for word, (_, box) in zip(words, truth, strict=True):
            place = back.inverse().box(word.box)
            assert box.y0 < place.center[1] < box.y1
            assert abs(place.x0 - box.x0) < 2
            assert abs(place.x1 - box.x1) < 2
            assert word.origin is Origin.ENGINE


# Boxes


def spots(picture: Pixels) -> list[tuple[int, int, int, int]]:
    """Boxes of the red marks of a picture, by their centres' rows."""
    import cv2

    red = ((picture[:, :, 0].astype(int) - picture[:, :, 1]) > 100).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(red)
    return sorted(((x, y, x + w, y + h) for x, y, w, h, _ in map(tuple, stats[1:])), key=lambda one: (one[1], one[0]))


def pointing(thousand: bool) -> Says:
    def says(body: Mapping[str, object]) -> Said:
        picture = marked.picture_of(body)
        high, wide = picture.shape[:2]
        x, y = (1000 / wide, 1000 / high) if thousand else (1.0, 1.0)
        blocks = [
            {"bbox": [x0 * x, y0 * y, x1 * x, y1 * y], "category": "Text", "text": f"метка {n}"}
            for n, (x0, y0, x1, y1) in enumerate(spots(picture))
        ]
        return Said(json.dumps(blocks, ensure_ascii=False))

    return says


@pytest.mark.parametrize("name", [NAME, QWEN])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    width=st.integers(500, 1900),
    height=st.integers(500, 1900),
    scale=st.sampled_from([1.0, 100 / 72, 200 / 72]),
    turns=st.sampled_from([0, 90, 180, 270]),
    places=st.lists(st.tuples(st.floats(0.05, 0.8), st.floats(0.05, 0.8)), min_size=1, max_size=3),
)
def test_boxes_come_back_to_where_the_marks_are(
    name: str, width: int, height: int, scale: float, turns: int, places: list[tuple[float, float]]
) -> None:
    pixels: npt.NDArray[np.uint8] = np.full((height, width, 3), 255, np.uint8)
    drawn = []
    for share_x, share_y in places:
        x, y = round(share_x * width), round(share_y * height)
        box = (x, y, x + 60, y + 40)
        if all(
            box[2] + 9 < one[0] or one[2] + 9 < box[0] or box[3] + 9 < one[1] or one[3] + 9 < box[1] for one in drawn
        ):
            drawn.append(box)
            pixels[y : y + 40, x : x + 60] = RED
    page = prepared(pixels, scale)
    # The page as shown lies on its side or head: what was read goes back there.
    shown = page.size if turns % 180 == 0 else (page.size[1], page.size[0])
    back = Affine.quarter_turns(turns, *shown).inverse()
    page = replace(page, page_size=shown, to_page=back, rotation=turns)
    with engine(pointing(name == QWEN), name=name) as (made, _):
        read = made.read(page).page
    there = Affine.quarter_turns(turns, *shown)
    found = sorted((there.box(block.box) for block in read.blocks), key=lambda one: (one.y0, one.x0))
    assert len(found) == len(drawn)
    sent = max(1.0, (width * height / 3_000_000) ** 0.5)
    for box, (x0, y0, x1, y1) in zip(found, sorted(drawn, key=lambda one: (one[1], one[0])), strict=True):
        for value, mark in zip((box.x0, box.y0, box.x1, box.y1), (x0, y0, x1, y1), strict=True):
            # One pixel of the picture that the model saw.
            assert abs(value * scale - mark) <= 1.0 + sent


# Whole pages


def test_a_page_that_is_answered_whole_is_asked_for_once() -> None:
    with engine(good) as (made, plain):
        read = made.read(marked_page())
    assert texts(read.page) == wanted()
    assert (read.page.status, read.page.reason, read.page.engine) == (PageStatus.OK, "", NAME)
    (attempt,) = read.page.attempts
    assert (attempt.step, attempt.end, attempt.blocks, attempt.covered) == ("planned", "stop", 5, 1.0)
    assert [block.id for block in read.page.blocks] == [f"p1-b{n}" for n in range(1, 6)]
    assert plain.shown == []


@pytest.mark.parametrize("share", [0.45, 0.6, 0.8])
def test_what_a_cut_answer_left_out_is_asked_for_by_itself(share: float) -> None:
    whole = marked.layout(marked.seen(marked.drawn(1)))
    with engine(once(Said(whole[: int(share * len(whole))], finish="length"))) as (made, plain):
        page = made.read(marked_page()).page
    assert texts(page) == wanted()
    assert (page.status, page.reason) == (PageStatus.REPAIRED, "model-length")
    assert [one.step for one in page.attempts] == ["planned", "fill"]
    assert plain.shown == []


def test_what_the_model_passes_over_again_is_read_without_it() -> None:
    def blind(body: Mapping[str, object]) -> Said:
        lines = marked.seen(marked.picture_of(body))
        return Said(marked.layout([one for one in lines if one.line.place != 2]))

    with engine(blind) as (made, plain):
        page = made.read(marked_page()).page
    assert texts(page)[2].startswith("прочитано")
    assert texts(page)[:2] + texts(page)[3:] == wanted()[:2] + wanted()[3:]
    assert page.reason == "model-missed-ink"
    assert len(plain.shown) == 1


@pytest.mark.parametrize("rubbish", ["и так далее " * 3000, "!" * 400, '[{"bbox": [1, 2, 3, 4]}]', "слово " * 90])
def test_rubbish_about_a_gap_does_not_get_into_the_page(rubbish: str) -> None:
    first = marked.layout(marked.seen(marked.drawn(1))[:3])
    answers = [Said(first)]
    with engine(lambda body: answers.pop() if answers else Said(rubbish)) as (made, plain):
        page = made.read(marked_page()).page
    assert texts(page)[:3] == wanted()[:3]
    assert all(text.startswith("прочитано") for text in texts(page)[3:])
    assert len(page.blocks) > 3
    assert len(plain.shown) == 1


def test_a_model_that_only_rambles_leaves_the_page_to_the_embedded_engine() -> None:
    with engine(lambda body: Said("Я не вижу здесь документа, простите.")) as (made, plain):
        page = made.read(marked_page()).page
    assert (page.status, page.reason, page.engine) == (PageStatus.FALLBACK, "model-garbled", "embedded")
    assert [one.step for one in page.attempts] == ["planned", "warmer", "smaller", "halves", "embedded"]
    assert plain.shown == [marked_page().unread]


def test_a_server_that_errs_once_is_asked_again() -> None:
    with engine(once(Said("", Trouble.ERROR))) as (made, _):
        page = made.read(marked_page()).page
    assert texts(page) == wanted()
    assert [(one.step, one.end) for one in page.attempts] == [("planned", "broken"), ("again", "stop")]
    assert "EngineCore" in page.attempts[0].problem


def test_time_that_is_up_leaves_the_page_to_the_embedded_engine() -> None:
    with engine(lambda body: Said("[" * 400, piece_seconds=20.0), seconds=8.0) as (made, plain):
        began = time.monotonic()
        page = made.read(marked_page()).page
        assert time.monotonic() - began < 8.0
    assert (page.status, page.reason) == (PageStatus.FALLBACK, "model-overdue")
    assert len(plain.shown) == 1


def test_a_window_without_room_for_a_page_is_told_and_the_page_is_read() -> None:
    with engine(good, context=300) as (made, plain):
        page = made.read(marked_page()).page
    assert (page.status, page.reason) == (PageStatus.FALLBACK, "model-refused")
    assert "300" in page.attempts[0].problem
    assert len(plain.shown) == 1


def many_gaps() -> Pixels:
    """A page with fifty labels all over it."""
    import cv2

    pixels = np.full((1400, 1000, 3), 255, np.uint8)
    for place in range(50):
        at = 60 + 180 * (place % 5), 60 + 130 * (place // 5)
        cv2.putText(pixels, "label 12", at, cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 0, 0), 2)
    return pixels


def test_a_page_with_too_many_gaps_is_asked_for_anew_and_then_left_to_the_embedded_engine() -> None:
    pixels = many_gaps()
    asked: list[int] = []

    def says(body: Mapping[str, object]) -> Said:
        asked.append(1)
        return Said(json.dumps([{"bbox": [10, 10, 90, 20], "category": "Text", "text": "label"}]))

    with engine(says) as (made, plain):
        page = made.read(prepared(pixels, 100 / 72)).page
    assert len(asked) < 12
    assert len(plain.shown) == 1
    assert page.status is PageStatus.FALLBACK


def test_many_gaps_beside_much_that_was_read_are_filled_without_the_model() -> None:
    pixels = many_gaps()
    large = [
        {"bbox": [2, 1250, 990, 1390], "category": "Picture"},
        {"bbox": [2, 600, 990, 1240], "category": "Picture"},
    ]
    asked: list[int] = []

    def says(body: Mapping[str, object]) -> Said:
        asked.append(1)
        high, wide = marked.picture_of(body).shape[:2]
        x, y = wide / 1000, high / 1400
        scaled = [{**one, "bbox": [v * f for v, f in zip(one["bbox"], (x, y, x, y), strict=True)]} for one in large]
        return Said(json.dumps(scaled if len(asked) == 1 else []))

    monkey = pytest.MonkeyPatch()
    monkey.setattr("docstation.reading.vision.ladder.MOST_GAPS", 5)
    try:
        with engine(says) as (made, plain):
            page = made.read(prepared(pixels, 100 / 72)).page
    finally:
        monkey.undo()
    assert page.status is PageStatus.REPAIRED
    assert page.attempts[-1].step == "fill"
    assert len(plain.shown) == 1
    assert len(plain.shown[0]) > 5


# Large, dense and turned pages; text layers


@pytest.mark.parametrize(
    ("dpi", "points"), [(300, (595, 842)), (200, (842, 1191)), (300, (842, 1191)), (200, (1191, 1684))]
)
def test_large_pages_fit_the_window_and_every_line_comes_back(dpi: int, points: tuple[int, int]) -> None:
    """A4 at 300 dpi, A3, A2: lines all over the sheet, each said once however the sheet is cut."""
    wide, high = (round(value * dpi / 72) for value in points)
    pixels = np.full((high, wide, 3), 255, np.uint8)
    expected = []
    tops = np.linspace(0.02, 0.85, 6)
    for number, top in enumerate(tops, start=1):
        # Print grows with the sheet; the reader behind the server cannot do with fewer pixels than it was made for.
        scale = 2 if wide > 3000 else 1
        part = marked.drawn(number).repeat(scale, axis=0).repeat(scale, axis=1)
        y = int(top * high)
        pixels[y : y + part.shape[0], 40 : 40 + part.shape[1]] = part[: high - y]
        expected += wanted(number)
    asked: list[Mapping[str, object]] = []

    def says(body: Mapping[str, object]) -> Said:
        asked.append(body)
        return good(body)

    with engine(says) as (made, plain):
        page = made.read(prepared(pixels, dpi / 72)).page
    assert sorted(texts(page)) == sorted(expected)
    assert page.status is PageStatus.OK, page.attempts
    assert plain.shown == []
    for body in asked:
        high_sent, wide_sent = marked.picture_of(body).shape[:2]
        assert wide_sent * high_sent / 28**2 + int(str(body["max_tokens"])) <= 8192


def layer(number: int = 1) -> tuple[Word, ...]:
    """The words of a page, in boxes of about their width."""
    points = 72 / marked.DPI
    words = []
    for one in marked.seen(marked.drawn(number)):
        x0, y0, x1, y1 = (value * points for value in one.box)
        letter = (x1 - x0) / len(one.line.text)
        for word in one.line.text.split():
            start = x0 + letter * one.line.text.index(word)
            words.append(Word(word, Box(start, y0, start + letter * len(word), y1)))
    return tuple(words)


def test_a_sane_text_layer_is_not_asked_about() -> None:
    asked: list[object] = []
    with engine(lambda body: asked.append(body) or good(body)) as (made, plain):
        made.read(marked_page(words=layer(), verdict=TextLayer.SANE))
    assert asked == []
    assert len(plain.shown) == 1


def test_a_partial_text_layer_puts_letters_right_and_its_pictures_are_kept() -> None:
    def misread(body: Mapping[str, object]) -> Said:
        return Said(marked.answer(body).replace("о", "о́").replace("001", "007"))

    page = marked_page(words=layer(), verdict=TextLayer.PARTIAL, images=(Box(250, 20, 320, 100),))
    page = replace(page, unread=(Box(20, 170, 300, 225),))
    with engine(misread) as (made, _):
        read = made.read(page)
    written = [block for block in read.page.blocks if block.category is Category.TEXT]
    assert [block.text for block in written] == wanted()
    assert {block.origin for block in written} == {Origin.TEXT_LAYER}
    (picture,) = (block for block in read.page.blocks if block.category is Category.PICTURE)
    assert picture.picture is not None
    assert picture.picture.file in read.pictures


def test_a_dense_page_is_read_in_two_steps() -> None:
    """In a window that holds the page's picture but not its text as well, blocks are found first and then read."""
    page = marked_page()
    size, dpi = (page.pixels.shape[1], page.pixels.shape[0]), 72 * page.scale
    plans = {
        context: Planner(profile_for(NAME), context).page(size, dpi, of_page(page)).kind
        for context in range(600, 2000, 20)
    }
    context = max(context for context, kind in plans.items() if kind == "two-step")
    tasks: list[str] = []

    def says(body: Mapping[str, object]) -> Said:
        tasks.append("layout" if "bbox" in json.dumps(body["messages"]) else "text")
        return good(body)

    with engine(says, context=context) as (made, plain):
        read = made.read(page).page
    assert texts(read) == wanted()
    assert (read.status, [one.step for one in read.attempts]) == (PageStatus.OK, ["planned"])
    assert tasks == ["layout"] + ["text"] * marked.LINES
    assert plain.shown == []


def test_a_page_that_a_model_cannot_write_as_json_is_asked_for_as_html() -> None:
    asked: list[str] = []

    def says(body: Mapping[str, object]) -> Said:
        asked.append("html" if "data-bbox" in json.dumps(body) else "json")
        if asked[-1] == "json":
            return Said("I am sorry, I cannot do that.")
        high, wide = marked.picture_of(body).shape[:2]
        elements = []
        for block in json.loads(marked.answer(body)):
            box = (round(1000 * at / side) for at, side in zip(block["bbox"], (wide, high) * 2, strict=True))
            elements.append(f'<p data-bbox="{" ".join(map(str, box))}">{block["text"]}</p>')
        return Said("".join(elements))

    with engine(says, name=QWEN) as (made, plain):
        page = made.read(marked_page()).page
    assert texts(page) == wanted()
    assert (page.status, asked, plain.shown) == (PageStatus.REPAIRED, ["json", "json", "html"], [])
    assert [one.step for one in page.attempts] == ["planned", "warmer", "html"]
