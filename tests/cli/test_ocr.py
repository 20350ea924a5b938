import json
from pathlib import Path

import pytest

from docstation.cli.ocr import resume_command
from docstation.document.table import Table
from docstation.errors import BrokenFile, MissingDependency, PasswordError
from docstation.jobs.events import ReserveTold


def test_one_file_goes_to_stdout_as_markdown_and_nothing_else(run, reader):
    reader.file("a.pdf", "Первая страница", "Second page")
    outcome = run("ocr", "a.pdf")
    assert outcome.code == 0
    assert "Первая страница" in outcome.out
    assert "file:" not in outcome.out
    assert "a.pdf: 2 pages" in outcome.err


def test_several_files_on_stdout_are_named_before_their_text(run, reader):
    reader.file("a.pdf", "one")
    reader.file("b.pdf", "two")
    out = run("ocr", "a.pdf", "b.pdf", "-o", "-").out
    assert out.index("<!-- file: a.pdf -->") < out.index("one") < out.index("<!-- file: b.pdf -->") < out.index("two")


def test_results_go_to_a_folder_in_each_format(run, reader):
    reader.file("scan.pdf", "text")
    outcome = run("ocr", "scan.pdf", "-o", "out", "-f", "md,txt,json")
    assert outcome.code == 0
    assert outcome.out == ""
    assert sorted(path.name for path in Path("out").iterdir()) == ["scan.json", "scan.md", "scan.txt"]


def test_same_names_never_overwrite_one_another(run, reader):
    for name in ("x/a.pdf", "y/a.pdf", "A.png"):
        reader.file(name, name)
    run("ocr", "x", "y", "A.png", "-o", "out")
    texts = {path.name: path.read_text() for path in Path("out").iterdir()}
    assert {name: text.strip() for name, text in texts.items()} == {
        "a.md": "x/a.pdf",
        "a.2.md": "y/a.pdf",
        "A.3.md": "A.png",
    }


def test_a_result_of_an_earlier_run_is_replaced(run, reader):
    reader.file("a.pdf", "new")
    Path("out").mkdir()
    Path("out/a.md").write_text("old and longer")
    run("ocr", "a.pdf", "-o", "out")
    assert Path("out/a.md").read_text().strip() == "new"


def test_failed_pages_make_the_run_partial_and_are_named(run, reader):
    reader.file("a.pdf", "one", "two", failed=[2])
    outcome = run("ocr", "a.pdf")
    assert outcome.code == 4
    assert "a.pdf, page 2: failed (it took too long)" in outcome.err
    assert "one" in outcome.out


def test_a_bad_file_stops_no_other_and_says_what_to_do(run, reader):
    reader.refuse("bad.pdf", BrokenFile(name="bad.pdf"))
    reader.file("a.pdf", "one")
    outcome = run("ocr", "bad.pdf", "a.pdf")
    assert outcome.code == 4
    assert "error: bad.pdf is damaged" in outcome.err
    assert "fix: Open it in a viewer" in outcome.err
    assert "one" in outcome.out


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([BrokenFile(name="a")], 3),
        ([PasswordError(name="a")], 9),
        ([BrokenFile(name="a"), PasswordError(name="b")], 9),
        ([PasswordError(name="a"), MissingDependency(name="LibreOffice", command="apt")], 5),
    ],
)
def test_where_nothing_is_read_the_gravest_cause_is_the_exit_code(run, reader, errors, code):
    for index, error in enumerate(errors):
        reader.refuse(f"{index}.pdf", error)
    assert run("ocr", "*.pdf").code == code


def test_json_is_one_document_with_pages_and_text(run, reader):
    reader.file("a.pdf", "one", "two", failed=[2])
    reader.refuse("b.pdf", PasswordError(name="b.pdf"))
    outcome = run("ocr", "a.pdf", "b.pdf", "--json")
    report = json.loads(outcome.out)
    assert outcome.code == report["exit_code"] == 4
    first, second = report["files"]
    assert [page["status"] for page in first["pages"]] == ["ok", "failed"]
    assert "one" in first["content"]
    assert second["errors"][0]["code"] == "password"
    assert report["totals"]["failed_pages"] == 1


def test_interruption_keeps_results_and_says_how_to_go_on(run, reader):
    reader.file("a.pdf", "one")
    reader.file("b.pdf", "two", "three")
    reader.interrupt_after = 5
    outcome = run("ocr", "a.pdf", "b.pdf", "-o", "out", "--password", "secret")
    assert outcome.code == 130
    assert Path("out/a.md").exists()
    assert "docstation ocr a.pdf b.pdf -o out --password ... --resume" in outcome.err
    assert "secret" not in outcome.err
    assert reader.closed


def test_interrupted_json_tells_what_is_finished(run, reader):
    reader.file("a.pdf", "one", "two")
    reader.interrupt_after = 2
    outcome = run("ocr", "a.pdf", "--json")
    report = json.loads(outcome.out)
    assert report["exit_code"] == 130
    assert report["files"][0]["status"] == "interrupted"
    assert len(report["files"][0]["pages"]) == 1


def test_an_interrupted_stream_still_gives_the_files_that_were_complete(run, reader):
    reader.file("a.pdf", "one")
    reader.file("b.pdf", "two", "three")
    reader.interrupt_after = 5
    outcome = run("ocr", "a.pdf", "b.pdf")
    assert outcome.code == 130
    assert "<!-- file: a.pdf -->" in outcome.out
    assert "one" in outcome.out


def test_resume_command_quotes_names_and_hides_passwords():
    words = ("ocr", "my file.pdf", "--password=x", "--resume")
    assert resume_command(words) == "docstation ocr 'my file.pdf' --password=... --resume"


def test_flags_and_settings_reach_the_reader(run, reader, monkeypatch):
    monkeypatch.setenv("DOCSTATION_READING_DPI", "150")
    monkeypatch.setenv("DOCSTATION_PASSWORD", "p")
    Path("docstation.toml").write_text('[reading]\ndpi = 100\njobs = 3\n[limits]\nfile_bytes = "5 MB"\n')
    reader.file("a.pdf", "one")
    run("ocr", "a.pdf", "--pages", "1-3,-2", "--lang", "eng", "--resume")
    specs, options, resume = reader.asked[0]
    assert (specs, options.dpi, options.jobs, options.languages) == (("a.pdf",), 150, 3, ("eng",))
    assert (options.pages, options.password, options.limits.file_bytes, resume) == ("1-3,-2", "p", 5_000_000, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a.pdf", "-f", "mdd"), "Did you mean md?"),
        (("a.pdf", "-f", "md,txt"), "Name a folder with -o"),
        (("a.pdf", "--dpi", "9"), "Give at least 72"),
        (("a.pdf", "b.pdf", "-f", "csv"), "Several files do not fit"),
        (("a.pdf", "--json", "-f", "xlsx"), "is not text"),
        ((), "Missing argument"),
        (("a.pdf", "--reume"), "--resume"),
    ],
)
def test_impossible_wishes_are_refused_before_anything_is_read(run, reader, arguments, said):
    outcome = run("ocr", *arguments)
    assert outcome.code == 2
    assert said in outcome.err
    assert reader.asked == []


def test_quiet_still_names_failed_pages(run, reader):
    reader.file("a.pdf", "one", "two", failed=[2])
    assert run("ocr", "a.pdf", "-q").err.splitlines() == ["a.pdf, page 2: failed (it took too long), 0.5 s"]


def test_quiet_says_nothing_and_verbose_names_pages(run, reader):
    reader.file("a.pdf", "one")
    assert run("ocr", "a.pdf", "-q").err == ""
    assert "a.pdf, page 1: read, 0.5 s" in run("ocr", "a.pdf", "-v").err


def test_a_bug_ends_with_code_1_and_a_report_without_content(run, reader, monkeypatch, home):
    def broken(*_arguments: object, **_options: object) -> None:
        raise ValueError("secret text of a document")

    monkeypatch.setattr("docstation.cli.ocr.events", broken)
    outcome = run("ocr", "a.pdf")
    assert outcome.code == 1
    (report,) = (home / "reports").iterdir()
    assert str(report) in outcome.err
    assert "ValueError" in report.read_text()
    assert "secret" not in report.read_text() + outcome.err


def test_a_format_that_fails_costs_no_other(run, reader, monkeypatch):
    from docstation.cli import sinks

    real = sinks.write

    def write(item, name, target, options=None):
        if name == "txt":
            raise RuntimeError(name)
        return real(item, name, target, options)

    monkeypatch.setattr("docstation.cli.sinks.write", write)
    reader.file("a.pdf", "one")
    outcome = run("ocr", "a.pdf", "-o", "out", "-f", "txt,md")
    assert outcome.code == 4
    assert [path.name for path in Path("out").iterdir()] == ["a.md"]


def test_tables_as_html_and_json_count(run, reader):
    reader.file("a.pdf", "one", table=Table.from_rows([["Наименование", "Сумма"], ["Бумага", "10"]]))
    outcome = run("tables", "a.pdf", "-o", "t.html", "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["tables"] == 1
    assert "<td>Бумага" in Path("t.html").read_text()


def test_tables_need_a_known_ending(run, reader):
    outcome = run("tables", "a.pdf", "-o", "t.doc")
    assert outcome.code == 2
    assert ".xlsx" in outcome.err


def test_a_reserve_model_is_asked_for_through_the_service_only(run, reader):
    reader.file("a.pdf", "one")
    refused = run("ocr", "a.pdf", "--local", "--reserve", "dots-mocr")
    assert refused.code == 2
    assert "Only the running service can switch to a reserve model" in refused.err
    assert run("ocr", "a.pdf", "--local", "--reserve", "none").code == 0


def test_what_becomes_of_the_reserve_model_is_said_for_each_file(run, reader):
    reader.file("a.pdf", "one")
    reader.answers["a.pdf"].insert(2, ReserveTold("a.pdf", "waits"))
    reader.answers["a.pdf"].insert(3, ReserveTold("a.pdf", "budget"))
    said = run("ocr", "a.pdf").err
    assert "a.pdf: some pages wait for the reserve model\n" in said
    assert "a.pdf: the reserve model was not asked: budget\n" in said
    assert "reserve" not in run("ocr", "a.pdf", "--quiet").err
