"""What the documents say is so: their commands, flags, tables, links and examples are held against the program."""

from __future__ import annotations

import contextlib
import re
import runpy
import shlex
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from docstation.cli.common import Call
from docstation.cli.formats import READ, READ_BY_OFFICE
from docstation.cli.progress import summary
from docstation.cli.root import COMMANDS, root
from docstation.cli.tally import FileResult, PageResult
from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Document, Page, PageStatus, Source, TextLayer
from docstation.document.table import Table
from docstation.errors import ExitCode
from docstation.evaluation.peers import PEERS
from docstation.evaluation.scoring import Metric
from docstation.export import FORMATS
from docstation.messages import use
from docstation.settings import state_folder
from docstation.settings.keys import keys, variable
from docstation.settings.sources import OTHER_VARIABLES

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.ru.md")
OURS = (*READMES, "docs/cli.md", "docs/errors.md", "docs/evaluation.md", "docs/settings.md")
EVERYWHERE = tuple(
    str(path.relative_to(ROOT))
    for folder in (".", "docs", "bench", "training")
    for path in (ROOT / folder).glob("*.md")
)


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    """The fenced blocks of a document in one language."""
    return re.findall(rf"```{language}\n(.*?)```", text(name), re.DOTALL)


def prose(name: str) -> str:
    """A document without its fenced blocks."""
    return re.sub(r"```.*?```", "", text(name), flags=re.DOTALL)


def first_column(name: str, *, after: str) -> list[str]:
    """The first cells of the table whose head begins with one of the words `after` parted by a bar."""
    table = re.search(rf"^\| (?:{after}) \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text(name), re.MULTILINE)
    assert table, (name, after)
    return [line.split("|")[1].strip().strip("`") for line in table[1].splitlines()]


def without_comments(code: str) -> list[str]:
    return [re.sub(r"\s+# .*", "", line) for line in code.splitlines()]


def commands(group: click.Group) -> Iterator[click.Command]:
    """All commands below `group`, itself among them."""
    yield group
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from commands(found)
        elif found is not None:
            yield found


def check(line: str) -> None:
    """Parse a command line as the program would; click.UsageError where it would refuse."""
    words = shlex.split(line)[1:]
    command: click.Command = root
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, *words = words
        found = command.get_command(click.Context(command), name)
        assert found is not None, f"{line}: there is no command {name}"
        command = found
    with contextlib.suppress(click.exceptions.Exit, click.exceptions.NoArgsIsHelpError):
        command.make_context("docstation", words, obj=Call())


def examples(name: str) -> list[str]:
    """Command lines of the fenced blocks, each without the shell's signs around it."""
    found = [*re.findall(r"docstation [^|>)#\n]+", "\n".join(blocks(name, "sh")))]
    return [line.strip() for line in found]


@pytest.mark.parametrize("name", [*READMES, "docs/evaluation.md"])
def test_every_command_line_that_is_shown_is_understood(name):
    lines = examples(name)
    assert lines
    for line in lines:
        check(line)


@pytest.mark.parametrize("name", OURS)
def test_every_command_named_in_passing_exists(name):
    for line in re.findall(r"`docstation ([^`…]+)`", prose(name)):
        with contextlib.suppress(click.MissingParameter):
            check(f"docstation {line}")


@pytest.mark.parametrize("name", OURS)
def test_every_flag_named_in_passing_exists(name):
    known = {flag for command in commands(root) for option in command.params for flag in option.opts}
    known |= {flag for command in commands(root) for option in command.params for flag in option.secondary_opts}
    named = {flag for code in re.findall(r"`([^`\n]+)`", prose(name)) for flag in re.findall(r"--[a-z-]+", code)}
    assert named - known - {"--help"} == set()


@pytest.mark.parametrize("name", READMES)
def test_a_readme_shows_every_command(name):
    shown = {line.split()[1] for line in examples(name)}
    assert shown == set(COMMANDS)


@pytest.mark.parametrize("name", OURS)
def test_every_variable_named_exists(name):
    known = {variable(key) for key in keys()} | OTHER_VARIABLES
    assert set(re.findall(r"DOCSTATION_[A-Z]+(?:_[A-Z]+)*(?![A-Z_<])", text(name))) <= known


@pytest.mark.parametrize("name", READMES)
def test_every_make_target_named_exists(name):
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)", text(name), re.MULTILINE))
    assert {"run", "test"} <= {first or second for first, second in named} <= targets


@pytest.mark.parametrize("name", EVERYWHERE)
def test_every_link_leads_to_a_file(name):
    for label, link in re.findall(r"\[([^\]]*)\]\(([^)\s]+)\)", prose(name)):
        assert label == link or not label.startswith("docs/")
        if not re.match(r"[a-z]+:", link):
            assert (ROOT / name).parent.joinpath(link.partition("#")[0]).exists(), link


@pytest.mark.parametrize(
    ("name", "after"), [("README.md", "exit code"), ("README.ru.md", "код завершения"), ("docs/errors.md", "code")]
)
def test_exit_codes_are_those_of_the_program(name, after):
    assert [int(code) for code in first_column(name, after=after)] == [int(code) for code in ExitCode]


@pytest.mark.parametrize(
    ("after", "known"),
    [
        ("status|состояние", [status.value for status in PageStatus]),
        ("text layer|текстовый слой", [verdict.value for verdict in TextLayer]),
        ("written|записывается", list(FORMATS)),
    ],
)
@pytest.mark.parametrize("name", READMES)
def test_tables_of_a_readme_list_what_there_is(name, after, known):
    assert first_column(name, after=after) == known


@pytest.mark.parametrize("name", READMES)
def test_a_readme_names_every_kind_of_file_that_is_read(name):
    named = {word for cell in first_column(name, after="read|читается") for word in cell.split(", ")}
    assert {*READ, *READ_BY_OFFICE} <= named


def test_measures_and_peers_are_those_of_the_evaluation():
    cells = first_column("docs/evaluation.md", after=r"name \| what")
    assert [name.strip("` ") for cell in cells for name in cell.split(",")] == [metric.value for metric in Metric]
    for peer in PEERS:
        assert f"`{peer}`:" in text("docs/evaluation.md")


def shape(name: str) -> list[int]:
    """Levels of headings, in order."""
    return [len(level) for level in re.findall(r"^(#+) ", prose(name), re.MULTILINE)]


def test_the_readmes_are_twins():
    english, russian = READMES
    assert shape(english) == shape(russian)
    for language in ("sh", "python"):
        pairs = zip(blocks(english, language), blocks(russian, language), strict=True)
        for one, other in pairs:
            assert without_comments(one) == without_comments(other)
    for pattern in (r"\]\((?!README)([^)]+)\)", r"^\|.*\|$", r"^\d\. ", r"^- "):
        counts = [len(re.findall(pattern, prose(name), re.MULTILINE)) for name in READMES]
        assert counts[0] == counts[1], pattern


@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.ru.md", "ru")])
def test_what_make_run_prints_is_shown_as_it_is(name, language):
    formats = re.search(r"ocr samples -o out --format (\S+)", text("Makefile"))
    assert formats
    use(language)
    try:
        for sample, count in (("dogovor-scan.jpg", 1), ("report-mixed.pdf", 2)):
            pages = [PageResult(Page(number, 595, 842), 1.0) for number in range(1, count + 1)]
            stem = Path(sample).stem
            outputs = [f"out/{stem}{FORMATS[form].suffix}" for form in formats[1].split(",")]
            result = FileResult(f"samples/{sample}", count, pages=pages, outputs=outputs, complete=True)
            assert summary(result)[0] in text(name)
    finally:
        use("en")


def test_state_lies_where_the_readme_says(monkeypatch):
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert f"`~/{state_folder({}).relative_to(Path.home())}`" in text("README.md")


def test_the_python_examples_run(tmp_path, monkeypatch, capsys):
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    monkeypatch.chdir(tmp_path)
    for code in blocks("README.md", "python"):
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    printed = capsys.readouterr().out
    assert "Paper Archives and the Cost of Finding Things" in printed
    assert "1 ok sane" in printed
    assert Path("report.md").read_text(encoding="utf-8").startswith("# Paper Archives")


def gpl_packages() -> set[str]:
    """Pinned packages of the default install whose metadata name the GPL or the AGPL, not the LGPL."""
    found = set()
    for name in re.findall(r"^([A-Za-z0-9._-]+)==", text("requirements/runtime.txt"), re.MULTILINE):
        about = metadata.metadata(name)
        licence = [about.get("License-Expression") or "", *(about.get_all("Classifier") or [])]
        if re.search(r"\bA?GPL|Affero|(?<!Lesser )General Public License", " ".join(licence)):
            found.add(name)
    return found


@pytest.mark.parametrize("name", READMES)
def test_no_package_is_under_the_gpl_and_the_piece_in_one_is_named(name):
    assert gpl_packages() == set()
    licences = prose(name).split("\n## ")[-1]
    assert "JBIG-KIT" in licences
    assert "`tesserocr`" in licences


def test_pictures_are_small_and_drawn_from_what_was_read():
    for picture in (ROOT / "docs" / "images").glob("*.png"):
        assert picture.stat().st_size < 300_000
    from PIL import Image

    tool = SimpleNamespace(**runpy.run_path(str(ROOT / "tools" / "draw_overview.py"), run_name="draw_overview"))
    drawn = (
        Block("p1-b1", Category.TITLE, Box(60, 40, 500, 60), "Договор"),
        Block("p1-b2", Category.TABLE, Box(60, 80, 500, 160), table=Table.from_rows([["А", "Б"], ["1", "2"]])),
        Block("p1-b3", Category.TEXT, Box(60, 700, 500, 720), "below what is shown"),
    )
    document = Document(Source("a.png", "0" * 64, "image/png", 1), (Page(1, 595, 842, drawn),))
    made = tool.overview(Image.new("RGB", (595, 842), "white"), document, 1, 200).convert("RGB")
    colours = {colour for _count, colour in made.getcolors(1 << 24)}
    assert {tool.CATEGORIES[Category.TITLE], tool.CATEGORIES[Category.TABLE]} <= colours
    assert tool.CATEGORIES[Category.TEXT] not in colours
