"""The scripts in the checkout's folder: what their arguments mean, and that any Python can start them."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docstation.cli.models import scripts

ROOT = Path(__file__).parents[2]
NAMES = ("model_switcher", "single_model_manager", "restore_working_dots_ocr")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments with which the command was called."""
    seen: list[str] = []

    def main(arguments: list[str]) -> int:
        seen.extend(arguments)
        return 0

    monkeypatch.setattr(scripts, "main", main)
    return seen


@pytest.mark.parametrize(
    ("script", "given", "meant"),
    [
        ("model_switcher", "", "models status"),
        ("model_switcher", "status --json", "models status --json"),
        ("model_switcher", "qwen3-vl", "models switch qwen3-vl"),
        ("model_switcher", "embedded --dry-run", "models switch embedded --dry-run"),
        ("model_switcher", "--dry-run dots-ocr", "models switch --dry-run dots-ocr"),
        ("model_switcher", "--help", "models --help"),
        ("single_model_manager", "", "serve"),
        ("single_model_manager", "run --idle", "serve --idle"),
        ("single_model_manager", "--model qwen3-vl", "serve --model qwen3-vl"),
        ("single_model_manager", "status", "models status"),
        ("restore_working_dots_ocr", "", "models restore"),
        ("restore_working_dots_ocr", "--shipped", "models restore --shipped"),
    ],
)
def test_arguments_mean_those_of_the_command(asked: list[str], script: str, given: str, meant: str) -> None:
    assert getattr(scripts, script)(given.split()) == 0
    assert asked == meant.split()


def call(*words: str | Path) -> tuple[int, str, str]:
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_a_python_that_has_docstation_runs_them(home: Path) -> None:
    code, out, _ = call(sys.executable, ROOT / "model_switcher.py")
    assert (code, out.split()[:2]) == (0, ["model", "none."])
    code, out, _ = call(sys.executable, ROOT / "single_model_manager.py", "run", "--help")
    assert (code, "docstation serve" in out) == (0, True)
    code, out, _ = call(sys.executable, ROOT / "restore_working_dots_ocr.py", "--help")
    assert (code, "docstation models restore --shipped" in out) == (0, True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the scripts and nothing else."""
    for name in NAMES:
        shutil.copy(ROOT / f"{name}.py", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_another_python_hands_over_to_the_one_of_the_checkout(checkout: Path, name: str) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    # Without its site-packages this interpreter has no DocStation.
    code, out, _ = call(sys.executable, "-S", checkout / f"{name}.py", "status", "--json")
    assert (code, out) == (0, f"{checkout / name}.py status --json\n")


@pytest.mark.parametrize("name", NAMES)
def test_where_nothing_is_set_up_they_say_how(checkout: Path, name: str) -> None:
    code, _, err = call(sys.executable, "-S", checkout / f"{name}.py")
    assert code == 5
    assert f"say `make run` in {checkout} first" in err
    assert f"сначала выполните `make run` в {checkout}" in err


def test_an_environment_that_was_left_half_made_does_not_hand_over_to_itself(checkout: Path) -> None:
    code, _, err = call(sys.executable, "-m", "venv", "--without-pip", checkout / ".venv")
    assert code == 0, err
    code, _, err = call(checkout / ".venv" / "bin" / "python", checkout / "model_switcher.py")
    assert (code, "make run" in err) == (5, True)


@pytest.mark.parametrize("name", NAMES)
def test_pythons_too_old_for_docstation_can_read_them(name: str) -> None:
    ast.parse((ROOT / f"{name}.py").read_text(encoding="utf-8"), feature_version=(3, 7))
