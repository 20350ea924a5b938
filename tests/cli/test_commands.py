import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from docstation.cli.completing import ENGINE
from docstation.cli.root import COMMANDS, root
from docstation.errors import DocStationError, ExitCode

DOCS = Path(__file__).parents[2] / "docs"


def loaded_by(code: str) -> set[str]:
    """Modules that a fresh interpreter holds after `code`."""
    script = f"import sys\n{code}\nsys.stderr.write('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


HEAVY = {"numpy", "cv2", "PIL", "onnxruntime", "tesserocr", "pydantic", "rich", "babel", "lxml", "pandas", "docx"}


def test_help_loads_nothing_heavy():
    loaded = loaded_by("from docstation.cli.main import main\nmain(['--help'])")
    assert not loaded & HEAVY
    assert len(loaded) < 320


def test_the_package_loads_nothing_at_all():
    assert not {name for name in loaded_by("import docstation") if name.startswith("docstation.")}


@pytest.mark.parametrize("name", list(COMMANDS))
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_command_explains_itself_with_examples(run, name, language):
    outcome = run("--ui-language", language, name, "--help")
    assert outcome.code == 0
    heading = {"ru": "Примеры:", "en": "Examples:"}[language]
    assert f"{heading}\n  " in outcome.out
    assert bool(re.search("[а-я]", outcome.out)) is (language == "ru")


def test_russian_is_spoken_in_a_russian_locale(run, monkeypatch):
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    monkeypatch.delenv("LANGUAGE")
    outcome = run("orc")
    assert outcome.code == 2
    assert "ошибка: Нет такой команды: 'orc'. Возможно, вы имели в виду 'ocr'?" in outcome.err
    assert "что делать:" in outcome.err


def test_errors_are_json_too_where_json_is_asked_for(run):
    outcome = run("config", "show", "--json", "--config", "nowhere.toml")
    assert outcome.code == 2
    assert json.loads(outcome.out)["error"]["code"] == "settings"


def test_settings_are_shown_with_their_origin(run, monkeypatch):
    Path("docstation.toml").write_text("[reading]\ndpi = 150\n")
    monkeypatch.setenv("DOCSTATION_READING_JOBS", "2")
    shown = json.loads(run("config", "show", "--origin", "--json").out)
    assert shown["reading"]["dpi"]["kind"] == "file"
    assert shown["reading"]["jobs"] == {"value": 2, "kind": "environment", "place": "DOCSTATION_READING_JOBS"}
    lines = run("config", "show", "--origin").out.splitlines()
    assert any(re.match(r"dpi = 150 +# file .*docstation\.toml", line) for line in lines)


def test_shown_settings_can_be_read_back(run):
    import tomllib

    from docstation.settings import load

    text = run("config", "show").out
    assert tomllib.loads(text)["limits"]["worker_bytes"] == "1.4 GB"
    Path("shown.toml").write_text(text)
    assert load(config="shown.toml").settings == load(environ={}).settings


def test_path_and_schema_are_printed(run, home):
    paths = json.loads(run("config", "path", "--json").out)["files"]
    assert paths[1] == {"path": str(home / "docstation.toml"), "exists": False}
    assert json.loads(run("config", "schema").out)["title"] == "docstation.toml"


def test_doctor_finds_the_engine_and_answers_with_its_code(run):
    outcome = run("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(outcome.out)["checks"]}
    assert checks["models"]["state"] == "ok"
    assert checks["languages"]["state"] == "ok"
    missing = any(check["state"] == "missing" for check in checks.values())
    assert outcome.code == (5 if missing else 0)


def test_doctor_says_how_to_install_a_language(run, monkeypatch):
    monkeypatch.setenv("DOCSTATION_READING_LANGUAGES", "rus,xyz")
    outcome = run("doctor")
    assert outcome.code == 5
    assert "apt install tesseract-ocr-xyz" in outcome.out


def test_clean_deletes_kept_runs_and_reports(run, home):
    (home / "runs" / "one").mkdir(parents=True)
    (home / "reports").mkdir()
    (home / "reports" / "r.txt").write_text("x")
    assert json.loads(run("clean", "--json").out) == {"runs": 1, "reports": 1}
    assert list((home / "runs").iterdir()) == []


def test_formats_lists_every_format(run):
    from docstation.export import FORMATS

    assert list(json.loads(run("formats", "--json").out)["written"]) == list(FORMATS)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_program(run, shell):
    outcome = run("completion", shell)
    assert outcome.code == 0
    assert "_DOCSTATION_COMPLETE" in outcome.out


def test_formats_are_completed_after_a_comma():
    program = [sys.executable, "-c", "from docstation.cli.main import main; main()"]
    words = {"COMP_WORDS": "docstation ocr a.pdf --format md,do", "COMP_CWORD": "4"}
    environment = {**os.environ, **words, "_DOCSTATION_COMPLETE": "bash_complete"}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["plain,md,docx", "plain,md,docling"]


def test_a_closed_pipe_is_no_error(tmp_path):
    script = "import sys; from docstation.cli.main import main; sys.exit(main(['config', 'schema']))"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-c", script], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_shell_completes_engines_that_are_always_known():
    assert [item.value for item in ENGINE.shell_complete(None, None, "")] == ["auto", "embedded", "served"]
    assert [item.value for item in ENGINE.shell_complete(None, None, "se")] == ["served"]


def test_eval_refuses_an_unknown_engine_and_an_unknown_corpus(run):
    assert run("eval", "nowhere").code == 3
    outcome = run("eval", "nowhere", "--engine", "psychic")
    assert outcome.code == 2
    assert "embedded" in outcome.err


def all_commands(group: click.Group, prefix: str = "docstation") -> list[str]:
    context = click.Context(group, info_name=prefix)
    names = [prefix]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        below = all_commands(command, f"{prefix} {name}") if isinstance(command, click.Group) else [f"{prefix} {name}"]
        names += below
    return names


def test_the_document_of_the_command_line_is_its_help():
    from docstation.cli.documenting import command_line_page

    assert (DOCS / "cli.md").read_text(encoding="utf-8") == command_line_page()
    for name in all_commands(root):
        assert f"`{name}`" in (DOCS / "cli.md").read_text(encoding="utf-8")


def subclasses(kind: type) -> list[type]:
    return [kind, *(below for one in kind.__subclasses__() for below in subclasses(one))]


def test_the_document_of_errors_lists_every_code_and_class():
    text = (DOCS / "errors.md").read_text(encoding="utf-8")
    for code in ExitCode:
        assert re.search(rf"^\| {int(code)} \|", text, re.MULTILINE), code
    for kind in subclasses(DocStationError):
        if kind.__module__ == "docstation.errors":
            assert f"| `{kind.__name__}` | {int(kind.exit_code)} |" in text, kind
