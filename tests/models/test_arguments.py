import json
import os
import subprocess
from dataclasses import replace

import pytest

from docstation.models.arguments import arguments, environment
from docstation.models.catalogue import load_catalogue
from docstation.models.derived_flags import DERIVED, derived_flag
from docstation.models.entry import ModelEntry
from docstation.models.plan import Item, Line, MemoryPlan, Verdict

ENTRY = ModelEntry(name="dots", checkpoint="rednote-hilab/dots.ocr", arguments=("--seed", "7"))
KV_BYTES = 512 * 2**20
CATALOGUE = load_catalogue()
SERVED = [entry for entry in CATALOGUE.entries.values() if entry.engine == "vllm"]


def plan(entry=ENTRY, verdict=Verdict.FITS):
    bill = (Line(Item.WEIGHTS, 6_000_000_000), Line(Item.KV_CACHE, KV_BYTES), Line(Item.MARGIN, 300_000_000))
    return MemoryPlan(entry, verdict, bill, 12_000_000_000, 16_653_484_032, 0.6917, 18_724)


def value(words, flag):
    return words[words.index(flag) + 1]


def test_words_are_the_model_then_what_the_plan_says_then_the_entrys_own():
    assert arguments(plan(), port=8001) == (
        *("rednote-hilab/dots.ocr", "--served-model-name", "rednote-hilab/dots.ocr"),
        *("--host", "127.0.0.1", "--port", "8001"),
        *("--max-model-len", "8192", "--max-num-seqs", "4", "--max-num-batched-tokens", "8192"),
        *("--gpu-memory-utilization", "0.6917"),
        *("--limit-mm-per-prompt", '{"image":1,"video":0}', "--mm-processor-kwargs", '{"max_pixels":3211264}'),
        "--enable-server-load-tracking",
        *("--seed", "7"),
    )


def test_on_the_cpu_the_kv_cache_is_given_in_bytes():
    words = arguments(plan(), port=8001, device="cpu")
    assert value(words, "--kv-cache-memory-bytes") == str(KV_BYTES)
    assert "--gpu-memory-utilization" not in words


def test_switches_of_the_entry_become_flags():
    entry = replace(ENTRY, eager=True, trust_remote_code=True, kv_cache_type="fp8", served_name="reader")
    words = arguments(plan(entry), port=1)
    assert {"--enforce-eager", "--trust-remote-code"} < set(words)
    assert (value(words, "--kv-cache-dtype"), value(words, "--served-model-name")) == ("fp8", "reader")
    assert not {"--enforce-eager", "--trust-remote-code", "--kv-cache-dtype"} & set(arguments(plan(), port=1))


def test_a_folder_stands_for_the_checkpoint_and_keeps_its_id():
    words = arguments(plan(), port=1, host="0.0.0.0", revision="a" * 40, model="/weights/with space")
    assert words[:3] == ("/weights/with space", "--served-model-name", "rednote-hilab/dots.ocr")
    assert (value(words, "--revision"), value(words, "--host")) == ("a" * 40, "0.0.0.0")


def test_every_name_that_a_request_may_give_is_told_to_the_server_its_id_first():
    qwen = CATALOGUE.entries["qwen3-vl-2b"]
    names = CATALOGUE.names_of(qwen)
    assert names == ("Qwen/Qwen3-VL-2B-Instruct", "qwen3-vl-2b", "qwen3-vl")
    words = arguments(plan(qwen), port=1, names=names)
    assert words[words.index("--served-model-name") + 1 : words.index("--host")] == names


def test_a_folder_of_weights_is_no_name_and_a_checkpoint_beside_another_id_is_one():
    folder = replace(ENTRY, checkpoint="/weights/dots", served_name="reader")
    assert CATALOGUE.names_of(folder) == ("reader", "dots")
    assert CATALOGUE.names_of(replace(ENTRY, served_name="reader")) == ("reader", "dots", "rednote-hilab/dots.ocr")


def test_a_plan_that_does_not_fit_has_no_words():
    with pytest.raises(ValueError, match="dots does not fit"):
        arguments(plan(verdict=Verdict.DOES_NOT_FIT), port=1)


def test_nothing_is_reported_and_the_entrys_own_variables_come_last():
    quiet = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    assert environment(ENTRY, offline=False) == quiet
    own = replace(ENTRY, environment={"VLLM_USE_DEEP_GEMM": "0", "HF_HUB_OFFLINE": "0"})
    assert environment(own, offline=True) == quiet | {"HF_HUB_OFFLINE": "0", "VLLM_USE_DEEP_GEMM": "0"}
    assert environment(ENTRY, offline=True)["HF_HUB_OFFLINE"] == "1"


PARSE = """
import json, sys
from vllm.entrypoints.launchers.cli_args import make_arg_parser, validate_parsed_serve_args
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = make_arg_parser(FlexibleArgumentParser(prog="vllm serve"))
found = []
for words in json.load(sys.stdin):
    args = parser.parse_args(words)
    validate_parsed_serve_args(args)
    found.append({
        "model": args.model_tag, "name": args.served_model_name, "host": args.host, "port": args.port,
        "context": args.max_model_len, "utilisation": args.gpu_memory_utilization, "seqs": args.max_num_seqs,
        "batch": args.max_num_batched_tokens, "kv": args.kv_cache_dtype, "kv_bytes": args.kv_cache_memory_bytes,
        "eager": args.enforce_eager, "code": args.trust_remote_code, "revision": args.revision,
        "pixels": args.mm_processor_kwargs, "format": args.chat_template_content_format,
    })
options = [option for action in parser._actions for option in action.option_strings]
print("\\n" + json.dumps({"found": found, "options": options}))
"""


@pytest.mark.vllm
def test_vllms_own_parser_takes_every_argument_vector_and_knows_every_derived_flag(vllm_python):
    variants = (
        {"entry": {}, "call": {"names": CATALOGUE.names_of}},
        {"entry": {}, "call": {"device": "cpu"}},
        {"entry": {"eager": True, "kv_cache_type": "fp8"}, "call": {"host": "0.0.0.0", "revision": "b" * 40}},
        {"entry": {"served_name": "reader"}, "call": {"model": "/weights/a b", "device": "cpu"}},
    )
    asked = [(replace(entry, **one["entry"]), dict(one["call"])) for entry in SERVED for one in variants]
    for entry, call in asked:
        if "names" in call:
            call.update(names=call["names"](entry))
    vectors = [arguments(plan(entry), port=8001, **call) for entry, call in asked]
    run = subprocess.run(
        [vllm_python, "-c", PARSE],
        input=json.dumps(vectors),
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environment(ENTRY, offline=True)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    answer = json.loads(run.stdout.splitlines()[-1])
    for (entry, call), seen in zip(asked, answer["found"], strict=True):
        cpu = call.get("device") == "cpu"
        assert seen == {
            "model": call.get("model", entry.checkpoint),
            "name": list(call.get("names", [entry.model_id])),
            "host": call.get("host", "127.0.0.1"),
            "port": 8001,
            "context": entry.context,
            "utilisation": seen["utilisation"] if cpu else 0.6917,
            "seqs": entry.max_sequences,
            "batch": entry.batch_tokens,
            "kv": entry.kv_cache_type,
            "kv_bytes": KV_BYTES if cpu else None,
            "eager": entry.eager,
            "code": entry.trust_remote_code,
            "revision": call.get("revision"),
            "pixels": {"max_pixels": entry.max_pixels},
            "format": "string" if entry.profile == "dots-ocr" else "auto",
        }
    options = set(answer["options"])
    assert set(DERIVED) <= options
    taken = {option for option in options if option.startswith("--") and derived_flag(option)}
    assert {option for option in taken if "--" + option.removeprefix("--").removeprefix("no-") not in DERIVED} == set()
