import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.models.start_log import StartFigures, read_start_log

GIB = 2**30


def gib(count):
    return round(count * GIB)


# The wordings are vLLM's, the numbers those of published logs; prefixes and times are cut.
V0_32_GPU = """
(EngineCore pid=187) INFO [core.py:134] Initializing a V1 LLM engine (v0.32.0) with config: model='m'
(Worker pid=650) INFO [default_loader.py:502] Loading weights took 23.88 seconds
(EngineCore pid=187) INFO [gpu_model_runner.py:5150] Model loading took 21.86 GiB memory and 26.342570 seconds
INFO [gpu_model_runner.py:6166] Encoder cache will be initialized with a budget of 16384 tokens, and profiled with 1 \
image items of the maximum feature size.
INFO [gpu_worker.py:760] Available KV cache memory: 4.76 GiB
INFO [kv_cache_utils.py:2328] GPU KV cache size: 179,647 tokens, Maximum concurrency for 131,072 tokens per request: \
1.37x
INFO [gpu_model_runner.py:6582] Graph capturing finished in 5 secs, took 0.14 GiB
INFO [gpu_worker.py:972] CUDA graph pool memory: 0.14 GiB (actual), 0.2 GiB (estimated), difference: 0.06 GiB (47.1%).
INFO [gpu_worker.py:1013] Free memory on device (23.15/23.56 GiB) on startup. Desired GPU memory utilization is (0.92, \
21.67 GiB). Actual usage is 15.25 GiB for consumed memory (weights + non-torch), 1.66 GiB for peak activation, and \
0.14 GiB for CUDAGraph memory. Replace gpu_memory_utilization config with `--kv-cache-memory=4805904446` (4.48 GiB) to \
fit into requested memory, or `--kv-cache-memory=6390038016` (5.95 GiB) to fully utilize gpu memory. Current kv cache \
memory in use is 4.76 GiB.
INFO [core.py:386] init engine (profile, create kv cache, warmup model) took 17.82 s (compilation: 9.00 s)
"""
V0_11_GPU = """
INFO 09-23 [core.py:77] Initializing a V1 LLM engine (v0.11.0) with config: model='m'
INFO 09-23 [gpu_model_runner.py:2653] Model loading took 14.0811 GiB and 2.195456 seconds
INFO 09-23 [gpu_worker.py:298] Available KV cache memory: 55.15 GiB
INFO 09-23 [kv_cache_utils.py:864] GPU KV cache size: 451,744 tokens
INFO 09-23 [kv_cache_utils.py:868] Maximum concurrency for 4,096 tokens per request: 110.29x
INFO 09-23 [gpu_model_runner.py:3118] Graph capturing finished in 5 secs, took 0.67 GiB
INFO 09-23 [gpu_worker.py:391] Free memory on device (78.66/79.19 GiB) on startup. Desired GPU memory utilization is \
(0.9, 71.27 GiB). Actual usage is 14.08 GiB for weight, 1.97 GiB for peak activation, 0.07 GiB for non-torch memory, \
and 0.67 GiB for CUDAGraph memory. Replace gpu_memory_utilization config with `--kv-cache-memory=58333988249` to fit \
into requested memory, or `--kv-cache-memory=66273897472` to fully utilize gpu memory.
INFO 09-23 [core.py:218] init engine (profile, create kv cache, warmup model) took 17.82 seconds
"""
# The real vLLM 0.32.0 for the CPU, serving a tiny model.
V0_32_CPU = """
(EngineCore pid=597) INFO 11-25 18:42:40 [core.py:134] Initializing a V1 LLM engine (v0.32.0) with config: model='m'
(Worker pid=650) INFO 11-25 18:42:50 [default_loader.py:501] Loading weights took 0.02 seconds
(Worker pid=650) INFO 11-25 18:42:52 [cpu_worker.py:260] Explicitly set (0.06/11.34) GiB for KV cache on node 0.
(EngineCore pid=597) INFO 11-25 18:42:52 [kv_cache_utils.py:2327] CPU KV cache size: 65,536 tokens, Maximum \
concurrency for 8,192 tokens per request: 8.00x
(EngineCore pid=597) INFO 11-25 18:42:52 [core.py:402] init engine (profile, create kv cache, warmup model) took 0.05 s
"""


def lines(text):
    return text.replace("\\\n", "").splitlines()


def test_a_start_of_0_32_on_a_card():
    assert read_start_log(lines(V0_32_GPU)) == StartFigures(
        version="0.32.0",
        loaded_bytes=gib(21.86),
        loading_seconds=26.34257,
        encoder_tokens=16_384,
        encoder_pictures=1,
        activation_bytes=gib(1.66),
        consumed_bytes=gib(15.25),
        kv_bytes=gib(4.76),
        kv_tokens=179_647,
        graph_seconds=5.0,
        graph_bytes=gib(0.14),
        graph_estimate_bytes=gib(0.2),
        free_bytes=gib(23.15),
        total_bytes=gib(23.56),
        utilisation=0.92,
        requested_bytes=gib(21.67),
        init_seconds=17.82,
    )


def test_a_start_of_an_older_version():
    found = read_start_log(lines(V0_11_GPU))
    assert (found.loaded_bytes, found.loading_seconds) == (gib(14.0811), 2.195456)
    assert (found.activation_bytes, found.other_bytes) == (gib(1.97), gib(0.07))
    assert (found.consumed_bytes, found.graph_estimate_bytes) == (None, None)
    assert (found.kv_tokens, found.init_seconds) == (451_744, 17.82)


def test_a_start_on_the_processor():
    found = read_start_log(lines(V0_32_CPU))
    assert found == StartFigures(version="0.32.0", kv_tokens=65_536, init_seconds=0.05)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("Loading model weights took 14.9888 GB", "loaded_bytes", gib(14.9888)),
        ("Model loading took 5.7174 GiB and 28.981453 seconds", "loading_seconds", 28.981453),
        ("Available KV cache memory: -0.54 GiB", "kv_bytes", gib(-0.54)),
        (
            "ValueError: Free memory on device cuda:0 (9.84/12.34 GiB) on startup is less than desired GPU memory "
            "utilization (0.99, 12.22 GiB). Decrease GPU memory utilization",
            "requested_bytes",
            gib(12.22),
        ),
        ("Graph capturing finished in 1 sec, took 0.02 GiB", "graph_seconds", 1.0),
    ],
)
def test_single_lines_of_all_versions(line, name, value):
    assert getattr(read_start_log([line]), name) == value


def test_of_several_starts_the_last_counts():
    both = [*lines(V0_32_GPU), *lines(V0_32_CPU)]
    assert read_start_log(both) == read_start_log(lines(V0_32_CPU))


def test_nothing_is_found_in_nothing():
    assert read_start_log([]) == StartFigures()
    assert read_start_log(["Model loading took a while", "GPU KV cache size: many tokens"]) == StartFigures()


@given(st.lists(st.text(max_size=80) | st.sampled_from(lines(V0_32_GPU)).map(lambda line: line[:90]), max_size=8))
def test_no_log_can_make_it_fail(log):
    read_start_log(log)


@given(st.text("0123456789,.-", max_size=30), st.sampled_from(["Available KV cache memory: {} GiB", "took {} GiB"]))
def test_numbers_that_are_none_are_passed_over(number, line):
    read_start_log([line.format(number), f"Model loading {line.format(number)}", f"GPU KV cache size: {number} tokens"])
