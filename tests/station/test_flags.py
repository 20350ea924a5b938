"""Flags that the version of vLLM does not know are told before what serves is touched; the list is its own parser's."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment
from docstation.station.drivers.flags import check_flags, flags_of, version_of_image, version_of_program
from docstation.station.drivers.process import ProcessDriver
from docstation.station.remedies import advise

VERSION = "0.32"
LISTED = """
import json
from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser
actions = make_arg_parser(FlexibleArgumentParser(prog="vllm serve"))._actions
print("\\n" + json.dumps([option for action in actions for option in action.option_strings]))
"""


@pytest.mark.vllm
def test_the_list_is_that_of_vllms_own_parser(vllm_python: Path) -> None:
    quiet = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1"}
    own = {name: os.environ[name] for name in ("PATH", "HOME")}
    run = subprocess.run([vllm_python, "-c", LISTED], env=own | quiet, capture_output=True, text=True, check=True)
    options = json.loads(run.stdout.splitlines()[-1])
    assert version_of_program(vllm_python) == VERSION
    assert flags_of(VERSION) == {one for one in options if one.startswith("--")}


@pytest.mark.parametrize(
    "words",
    [
        ("org/model", "--max-model-len", "8192", "--no-enable-prefix-caching"),
        ("--max_model_len=8192", "--enforce-e"),
        ("--compilation-config.mode", "3", "--hf-overrides.text_config.layers=2"),
        ("-tp", "2", "-O3", "--port", "-1"),
    ],
)
def test_what_vllm_takes_passes(words: tuple[str, ...]) -> None:
    check_flags(words, VERSION)


@pytest.mark.parametrize("word", ["--no-such-flag", "--max-model-length", "--nothing=5", "--No-Such"])
def test_what_it_does_not_know_is_named_with_the_remedy(word: str) -> None:
    with pytest.raises(Fault) as caught:
        check_flags(("org/model", word, "1"), VERSION)
    assert caught.value.cause is Cause.BAD_FLAG
    advice = advise(Cause.BAD_FLAG, caught.value.detail, model="dots-ocr")
    assert advice.sentence.format(**advice.fields) == f"vLLM does not accept {word.partition('=')[0]}."
    assert "dots-ocr" in advice.remedy.format(**advice.fields)


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("vllm/vllm-openai:v0.32.0", "0.32"),
        ("registry:5000/vllm/vllm-openai:0.32.1-cu130", "0.32"),
        ("vllm/vllm-openai:latest", ""),
        ("registry:5000/vllm/vllm-openai", ""),
        ("vllm/vllm-openai:v0.3", "0.3"),
    ],
)
def test_the_version_is_read_from_the_tag(image: str, version: str) -> None:
    assert version_of_image(image) == version


def test_of_other_versions_nothing_is_known_and_everything_passes() -> None:
    for version in ("", "0.31", "99.0"):
        check_flags(("--no-such-flag",), version)


def test_a_process_is_refused_by_the_vllm_that_is_installed_beside_its_program(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "vllm"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "lib" / "python3.11" / "site-packages" / "vllm-0.32.0+cpu.dist-info").mkdir(parents=True)
    driver = ProcessDriver(tmp_path / "servers", program=(str(program), "serve"))
    deployment = Deployment("dots-ocr", "process", "dots", 8192, arguments=("org/model", "--no-such-flag"), port=1)
    with pytest.raises(Fault) as caught:
        driver.prepare(deployment)
    assert caught.value.cause is Cause.BAD_FLAG
