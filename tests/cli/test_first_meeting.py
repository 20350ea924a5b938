"""What a new user meets: help without a fuss, and errors in the words that were typed."""

import json

import pytest

from docstation.cli import checks
from docstation.cli.progress import shortened
from docstation.document.table import Table
from docstation.errors import BrokenFile, NotFound


@pytest.mark.parametrize("arguments", [(), ("config",)])
def test_a_command_that_lacks_its_command_shows_help_and_no_error(run, arguments):
    outcome = run(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("Usage: docstation")
    assert "error:" not in outcome.err
    assert "fix:" not in outcome.err


@pytest.mark.parametrize(
    ("arguments", "flag"),
    [
        (("--format", ""), "--format"),
        (("--lang", ""), "--lang"),
        (("--dpi", "high"), "--dpi"),
        (("--jobs", "-1"), "--jobs"),
    ],
)
def test_an_impossible_value_is_blamed_on_the_flag_as_it_is_typed(run, reader, arguments, flag):
    outcome = run("ocr", "a.pdf", *arguments)
    assert outcome.code == 2
    assert f"(from {flag})" in outcome.err


def test_a_language_flag_is_shown_by_its_name(run):
    shown = json.loads(run("config", "show", "--origin", "--json", "--ui-language", "ru").out)
    assert shown["ui"]["language"] == {"value": "ru", "kind": "flag", "place": "--ui-language"}


@pytest.mark.parametrize("command", ["ocr", "tables"])
def test_what_is_no_number_is_said_in_words(run, reader, command):
    outcome = run("--ui-language", "ru", command, "a.pdf", "-o", "t.csv", "--jobs", "many")
    assert "ошибка: Недопустимое значение reading.jobs: 'many' (источник: --jobs)." in outcome.err
    assert "что делать: Укажите целое число." in outcome.err


def test_numbers_reach_the_reader_as_numbers(run, reader):
    reader.file("a.pdf", "one")
    run("ocr", "a.pdf", "--dpi", "300", "-j", "2")
    _specs, options, _resume = reader.asked[0]
    assert (options.dpi, options.jobs) == (300, 2)


def test_a_refused_wish_points_at_the_help_of_its_command(run):
    assert "fix: See `docstation eval --help`." in run("eval", "generated:one:two").err


def test_help_tells_no_ranges_in_signs(run):
    assert "x>=" not in run("eval", "--help").out + run("clean", "--help").out


def test_tables_are_counted_only_where_something_was_read(run, reader):
    reader.refuse("a.pdf", NotFound(name="a.pdf"))
    assert "tables found" not in run("tables", "a.pdf", "-o", "t.csv").err
    reader.file("a.pdf", "one", table=Table.from_rows([["А", "Б"]]))
    assert "1 table found." in run("tables", "a.pdf", "-o", "t.csv").err


def test_a_bad_file_before_a_good_one_leaves_no_empty_line(run, reader):
    reader.refuse("a.pdf", BrokenFile(name="a.pdf"))
    reader.file("b.pdf", "two")
    assert run("ocr", "a.pdf", "b.pdf").out.startswith("<!-- file: b.pdf -->")


def test_written_files_are_named_once_and_then_by_their_endings():
    assert shortened(["out/a.b.md", "out/a.b.docling.json", "out/a.b-1.csv", "out/a.b-2.csv"]) == [
        "out/a.b.md",
        ".docling.json",
        "out/a.b-1.csv",
        "out/a.b-2.csv",
    ]
    assert shortened(["t.xlsx"]) == ["t.xlsx"]


def test_doctor_looks_at_the_settings_that_were_named(run, tmp_path):
    (tmp_path / "mine.toml").write_text("[reading]\nlanguages = ['xyz']\n")
    outcome = run("doctor", "--config", "mine.toml")
    assert outcome.code == 5
    assert "settings: mine.toml" in outcome.out
    assert "tesseract-ocr-xyz" in outcome.out


def test_doctor_says_how_to_install_all_of_libreoffice(run, monkeypatch):
    monkeypatch.setattr("docstation.intake.office.find_office", lambda: None)
    (check,) = [check for check in json.loads(run("doctor", "--json").out)["checks"] if check["name"] == "libreoffice"]
    assert check["state"] == "optional"
    assert "libreoffice-impress-nogui" in check["advice"]


def test_doctor_claims_no_use_of_a_gpu(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    (look,) = [look for _title, name, look in checks.CHECKS if name == "gpu"]
    assert "not used" in look()[1]
