"""The files in deploy/ are what they say: loopback only, commands and settings that exist, units that systemd takes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from docstation.cli.serve import command
from docstation.models.catalogue import load_catalogue
from docstation.settings.keys import keys, variable
from docstation.settings.sources import OTHER_VARIABLES

DEPLOY = Path(__file__).parents[1] / "deploy"
SERVICES = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in DEPLOY.iterdir() if path.is_file()}
OPTIONS = {word for one in command.params for word in one.opts}


def test_nothing_is_published_beyond_the_loopback():
    assert SERVICES["docstation"]["network_mode"] == "host"
    assert "ports" not in SERVICES["docstation"]
    assert "--host" not in TEXTS["compose.yaml"] + TEXTS["Dockerfile"] + TEXTS["docstation.service"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["engine"]["ports"])


def test_containers_have_no_more_rights_than_they_need():
    for one in SERVICES.values():
        assert one["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in one["security_opt"]
        assert "privileged" not in one
    assert SERVICES["docstation"]["read_only"]
    assert SERVICES["docstation"]["user"] != "0:0"


def test_the_socket_is_marked_wherever_it_is_given_away():
    text = TEXTS["compose.yaml"]
    given = [line for line in text.splitlines() if ("docker.sock:" in line or "group_add" in line)]
    assert len(given) == 2
    assert all(line.endswith("# SOCKET") for line in given)
    assert "root on this machine" in text


def test_folders_have_the_same_path_inside_and_outside():
    folder, _, inside = SERVICES["docstation"]["volumes"][0].partition(":")
    assert folder == inside
    environment = SERVICES["docstation"]["environment"]
    assert all(one.startswith(folder) for one in environment.values())


def test_models_images_variables_and_options_exist():
    known = load_catalogue()
    assert SERVICES["engine"]["image"] == known.entries["dots-ocr"].image
    assert SERVICES["engine"]["command"][0] == known.entries["qwen3-vl-2b"].checkpoint
    variables = {variable(key) for key in keys()} | set(OTHER_VARIABLES)
    for name, text in TEXTS.items():
        assert set(re.findall(r"DOCSTATION_[A-Z_]+", text)) <= variables, name
    for name in ("Dockerfile", "docstation.service"):
        words = re.findall(r"(?<=serve)[^\n]*|(?<=\"serve\")[^\n]*", TEXTS[name])
        used = {word for line in words for word in re.findall(r"--[a-z-]+", line)}
        assert used <= OPTIONS, name


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path):
    unit = tmp_path / "docstation.service"
    own = TEXTS["docstation.service"].replace("%h/docstation/.venv/bin/docstation", sys.executable)
    unit.write_text(own)
    if shutil.which("systemd-analyze"):
        words = ["systemd-analyze", "verify", str(unit)]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
    assert set(re.findall(r"^\[(\w+)\]$", own, re.MULTILINE)) == {"Unit", "Service", "Install"}
