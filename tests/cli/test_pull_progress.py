import subprocess
import sys

import pytest
from models.hub_server import REPOSITORY
from pull_station import IMAGE, station_with_hub

from docstation.bootstrap.pull_results import PullTold
from docstation.cli.pull_progress import EVERY, Lines, Live, Pace, size_words


@pytest.fixture
def server(home, tmp_path, monkeypatch):
    with station_with_hub(home, tmp_path, monkeypatch) as made:
        yield made


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def at(done: int, subject: str = REPOSITORY) -> PullTold:
    return PullTold("weights", subject, 1, 3, done, 6_000_000_000)


def test_piped_a_line_is_written_now_and_then(capfd):
    clock = Clock()
    lines = Lines(clock)
    for second in range(25):
        lines.told(at(second * 50_000_000))
        clock.now += 1
    lines.told(PullTold("image", IMAGE, 0, 4, 0, 0))
    told = capfd.readouterr().err.splitlines()
    assert len(told) == 4
    assert told[0] == f"{REPOSITORY}: 1 of 3 files, 0.0 kB of 6.00 GB"
    assert told[1] == f"{REPOSITORY}: 1 of 3 files, 500.0 MB of 6.00 GB, 50.0 MB/s, 110 s left"
    assert told[3].startswith(f"{IMAGE}: 0 of 4 layers")
    assert EVERY == 10


def test_the_speed_is_that_of_the_last_seconds():
    clock = Clock()
    pace = Pace(clock)
    for second in range(60):
        pace.note(second * 1000 if second < 30 else 30_000)
        clock.now += 1
    assert (pace.speed, pace.rest_words(60_000)) == (0, "")
    pace.note(0)
    clock.now += 2
    pace.note(4000)
    assert pace.speed == 2000


def test_on_a_terminal_a_bar_shows_it(capfd, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    clock = Clock()
    bar = Live(clock)
    bar.told(at(0))
    clock.now += 10
    bar.told(at(1_500_000_000))
    bar.told(at(0, "other/repository"))
    bar.close()
    shown = capfd.readouterr().err
    assert "other/repository: 1 of 3 files" in shown


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0.0 kB"), (812, "0.8 kB"), (12_340_000, "12.3 MB"), (6 * 10**9, "6.00 GB")]
)
def test_sizes_are_in_powers_of_ten(count, words):
    assert size_words(count) == words


def test_quiet_says_nothing_but_errors(run, server):
    outcome = run("pull", "small", "-q")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_the_help_loads_nothing_heavy():
    script = "import sys; from docstation.cli import pull; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"huggingface_hub", "docker", "pydantic", "rich", "httpx2"} & set(done.stdout.split())
