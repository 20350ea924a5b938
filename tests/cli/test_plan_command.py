import json
import runpy
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from docstation.models.learned import LearnedFile, Measured
from docstation.models.pins import Pins
from docstation.station.gpu import Absence, Attribution, GpuProcess, GpuReading, NoReading

GIB, GB = 2**30, 10**9
SCRIPT = Path(__file__).parents[2] / "vllm_memory_manager.py"

READING = GpuReading(
    name="NVIDIA GeForce RTX 5070 Ti",
    uuid="GPU-0",
    driver="580.95.05",
    cuda="13.0",
    capability=(12, 0),
    board_bytes=16303 * 2**20,
    reserved_bytes=421 * 2**20,
    reserved_estimated=False,
    used_bytes=GIB,
    free_bytes=15882 * 2**20 - GIB,
    ours_bytes=None,
    others_bytes=None,
    attribution=Attribution.NOT_ASKED,
    processes=(GpuProcess(77, GIB), GpuProcess(78, None)),
)


@pytest.fixture(autouse=True)
def no_card_and_no_weights(monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", "nowhere")
    answer(monkeypatch, NoReading(Absence.NO_LIBRARY))


def answer(monkeypatch, reading):
    monkeypatch.setattr("docstation.station.nvml.NvmlGpu.read", lambda _gpu, _ours=None: reading)


@pytest.fixture
def card(monkeypatch):
    answer(monkeypatch, READING)


def figures(out):
    """Numbers in GiB and GB by the line's name."""
    found = {}
    for line in out.splitlines():
        words = line.split()
        numbers = [word for word in words if word.replace(".", "", 1).isdigit() and "." in word]
        if line.startswith("  ") and len(numbers) >= 2:
            found[line[2:].split("  ")[0]] = [float(number) for number in numbers[:2]]
    return found


def test_without_a_card_the_reference_card_is_planned_for_and_said(run):
    outcome = run("plan", "dots-ocr")
    assert (outcome.code, outcome.err) == (0, "")
    assert "No NVIDIA driver is installed" in outcome.out
    assert "Planned for the reference card, RTX 5070 Ti." in outcome.out
    assert "It fits. Requests at once: 4, each of up to 8192 tokens." in outcome.out


def test_the_lines_of_the_bill_sum_up(run):
    table = figures(run("plan", "dots-ocr").out)
    total = table.pop("total")
    assert set(table) == {"weights", "KV cache", "work memory", "CUDA graphs", "outside vLLM's share", "margin"}
    assert sum(gib for gib, _gb in table.values()) == pytest.approx(total[0], abs=0.03)
    assert total[1] <= 12.0
    for gib, gb in [*table.values(), total]:
        assert gib * GIB / GB == pytest.approx(gb, abs=0.011)


def test_the_command_line_is_one_line_that_a_shell_takes_apart(run):
    outcome = run("plan", "dots-ocr")
    words = shlex.split(outcome.out.splitlines()[-1])
    assert words[:3] == ["vllm", "serve", "rednote-hilab/dots.ocr"]
    assert words[words.index("--gpu-memory-utilization") + 1] == "0.688"
    assert json.loads(words[words.index("--mm-processor-kwargs") + 1]) == {"max_pixels": 3_211_264}


def test_the_default_models_are_those_of_the_settings(run, monkeypatch):
    monkeypatch.setenv("DOCSTATION_STATION_MODELS", "qwen3-vl-2b")
    assert "(qwen3-vl-2b)" in run("plan").out


def test_json_has_the_same_plan(run):
    outcome = run("plan", "qwen3-vl-4b", "--json")
    shown = json.loads(outcome.out)
    (one,) = shown["plans"]
    assert (outcome.code, shown["exit_code"], outcome.err) == (0, 0, "")
    assert (one["verdict"], one["fits"], one["budget_bytes"]) == ("fits-with-changes", True, 12 * GB)
    assert sum(line["bytes"] for line in one["bill"]) == one["total_bytes"] == shown["total_bytes"] <= 12 * GB
    assert one["changes"] == [
        {"key": "max_sequences", "before": "2", "after": "1", "cost": "fewer requests are answered at once"}
    ]
    assert one["arguments"][0] == "Qwen/Qwen3-VL-4B-Instruct"
    assert shown["device"]["reference"] is True
    assert shown["device"]["cuda_bytes"] == 15882 * 2**20


def test_an_alias_is_the_best_that_fits_and_the_others_are_explained(run):
    outcome = run("plan", "qwen3-vl")
    assert "qwen3-vl-8b-fp8 passed over: One request of 8192 tokens needs" in outcome.out
    assert "(qwen3-vl-8b-awq)" in outcome.out
    refused = json.loads(run("plan", "qwen3-vl", "--json").out)["refused"]
    assert [one["model"] for one in refused] == ["qwen3-vl-8b-fp8"]


def test_what_does_not_fit_is_refused_with_its_bill_and_code_7(run):
    outcome = run("plan", "qwen3-vl-8b-fp8")
    assert outcome.code == 7
    assert figures(outcome.out)["total"][1] > 12
    assert "12.0 GB are allowed" in outcome.out
    assert "vllm serve" not in outcome.out
    assert "qwen3-vl-8b-fp8 does not fit in the memory budget." in outcome.err
    shown = json.loads(run("plan", "qwen3-vl-8b-fp8", "--json").out)
    assert (shown["exit_code"], shown["plans"][0]["arguments"], shown["plans"][0]["fits"]) == (7, [], False)


@pytest.mark.parametrize(("budget", "share"), [("12 GB", "0.688"), ("12 GiB", "0.741"), ("8 ГБ", "0.448")])
def test_the_budget_is_read_strictly(run, budget, share):
    assert f"--gpu-memory-utilization {share}" in run("plan", "dots-ocr", "--budget", budget).out


def test_a_budget_that_is_none_is_a_usage_error(run):
    outcome = run("plan", "--budget", "much")
    assert outcome.code == 2
    assert "--budget" in outcome.err


@pytest.mark.parametrize(
    ("gpu", "shown"),
    [
        ("24", "card: 24 GiB, 23.59 GiB for CUDA"),
        ("12 GiB", "card: 12 GiB, 11.59 GiB for CUDA"),
        ("rtx 5090", "card: RTX 5090, 31.40 GiB for CUDA"),
        ("cpu", "card: none, vLLM computes on the processor"),
    ],
)
def test_other_cards_can_be_planned_for(run, gpu, shown):
    outcome = run("plan", "dots-ocr", "--gpu", gpu)
    assert outcome.code == 0
    assert shown in outcome.out
    assert "reference" not in outcome.out


@pytest.mark.parametrize("gpu", ["Voodoo 2", "0", "-3", "1e9", "99999", "0.5", "12 XB"])
def test_an_unknown_card_is_a_usage_error_with_the_known_ones(run, gpu):
    outcome = run("plan", "dots-ocr", f"--gpu={gpu}")
    assert outcome.code == 2
    assert "RTX 5070 Ti" in outcome.err


def test_an_unknown_model_is_a_usage_error(run):
    outcome = run("plan", "dots-orc")
    assert outcome.code == 2
    assert "dots-ocr" in outcome.err


@pytest.mark.usefixtures("card")
def test_the_card_of_the_machine_is_planned_for(run):
    outcome = run("plan", "dots-ocr")
    assert "card: NVIDIA GeForce RTX 5070 Ti, 15.51 GiB for CUDA, 14.51 GiB free for us" in outcome.out
    assert "reference" not in outcome.out


def test_a_full_card_is_told_from_a_small_budget(run, monkeypatch):
    answer(monkeypatch, replace(READING, free_bytes=3 * GIB, used_bytes=12 * GIB))
    outcome = run("plan", "dots-ocr")
    assert outcome.code == 7
    assert "3.2 GB of the card are free, other programs hold the rest" in outcome.out


@pytest.mark.usefixtures("card")
def test_the_card_is_shown_as_it_is(run):
    outcome = run("plan", "--card", "dots-ocr")
    assert "NVIDIA GeForce RTX 5070 Ti, driver 580.95.05, CUDA 13.0" in outcome.out
    assert "15.92 GiB on the board, 0.41 kept by the driver, 1.00 in use, 14.51 free" in outcome.out
    assert "pid 77: 1.00 GiB" in outcome.out
    assert "pid 78: ? GiB" in outcome.out
    assert "serving: nothing" in outcome.out
    shown = json.loads(run("plan", "--card", "--json").out)
    assert (shown["card"]["used_bytes"], shown["serving"]) == (GIB, [])


def test_several_models_are_planned_together(run):
    outcome = run("plan", "dots-ocr", "qwen3-vl-2b", "--budget", "15 GB")
    assert outcome.code == 0
    assert "--port 8001" in outcome.out
    assert "--port 8002" in outcome.out
    assert "of 15.00 GB" in outcome.out.splitlines()[-1]
    assert run("plan", "dots-ocr", "qwen3-vl-2b").code == 7


def test_explained_every_line_says_how_it_was_found(run):
    out = run("plan", "dots-ocr", "--explain").out
    assert "1,777,088,000 + 1,262,091,264 parameters; 5.66 GiB by arithmetic, shape from dots-ocr" in out
    assert "28,672 bytes a token" in out
    assert "at once 2 pictures of 4,096 image tokens" in out
    assert "vLLM gets 0.688 of the 15.51 GiB" in out


def test_figures_of_earlier_starts_are_used_and_said(run, home):
    key = json.loads(run("plan", "dots-ocr", "--json").out)["plans"][0]["fingerprint"]
    LearnedFile(home / "station").record(Measured(key, "dots_ocr", 6 * GIB, 3 * GIB, 2 * GIB, 0, 90_000, 1.0))
    outcome = run("plan", "dots-ocr", "--explain")
    assert figures(outcome.out)["weights"][0] == 6.0
    assert "measured at an earlier start with the same settings" in outcome.out
    assert "times 1.50" in run("plan", "dots-mocr", "--explain").out


def test_a_recorded_revision_is_part_of_the_command_line(run, home):
    Pins(home / "station").record("weights", "rednote-hilab/dots.ocr", "c" * 40)
    assert f"--revision {'c' * 40}" in run("plan", "dots-ocr").out


def test_the_embedded_engine_needs_no_card(run):
    outcome = run("plan", "embedded")
    assert outcome.code == 0
    assert "It takes no memory of the card." in outcome.out


@pytest.mark.usefixtures("card")
def test_the_script_shows_the_card_and_the_plan_and_takes_the_same_options(capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        return ended.value.code, capfd.readouterr().out

    code, out = call("--ui-language", "en")
    assert code == 0
    assert "driver 580.95.05" in out
    assert "(dots-ocr)" in out
    code, out = call("plan", "qwen3-vl-8b-fp8", "--json")
    assert (code, json.loads(out)["exit_code"]) == (7, 7)
