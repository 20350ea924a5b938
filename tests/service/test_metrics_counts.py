"""What is counted from the station's records, from the queue's news and from model servers' own figures."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from run_samples import text_pdf
from test_documents_api_serving import serving

from docstation.jobs.database import Database
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_records import JobOrder, JobState, PageState
from docstation.service.metrics_engine import TokenTally
from docstation.service.metrics_tally import PagesTally, StationTally, Times
from docstation.station.causes import Cause
from docstation.station.deployment import Deployment, Lineup
from docstation.station.gpu import Absence, NoReading
from docstation.station.journal import Record
from docstation.station.records import event_to_json
from docstation.station.status import Serving, Status
from docstation.station.words import Ended, FellIll, Kind, Outcome, State, Step, StepFailed, Transaction

DOTS = Deployment("dots-ocr", "process", "rednote-hilab/dots.ocr", 8192, port=1)


def test_buckets_count_up_to_their_bound():
    times = Times((0.1, 1.0))
    for seconds in (0.1, 0.5, 1.0, 99.0):
        times.see(seconds)
    assert times.buckets() == [("0.1", 1.0), ("1.0", 3.0), ("+Inf", 4.0)]
    assert times.total == 100.6


def test_a_switch_that_was_rolled_back_is_counted_with_its_failed_step():
    tally = StationTally()
    failed = StepFailed(5.0, "1a", Step.LOAD, Cause.LOAD_TIMEOUT)
    now = Transaction("1a", Kind.SWITCH, Lineup((DOTS,)), Lineup(), Step.LOAD, began=2.0, cause=Cause.LOAD_TIMEOUT)
    tally.hear(Record(1, 5.0, "event", "1a", "load", "stop", 3.0, event_to_json(failed)), State(), ())
    ended = Ended(now, Outcome.ROLLED_BACK)
    tally.hear(
        Record(2, 12.0, "event", "1a", "canary", "ready", 1.0, {"event": "StepDone", "step": "canary"}),
        State(),
        (ended,),
    )
    tally.hear(Record(3, 13.0, "event", body=event_to_json(FellIll(13.0, "dots-ocr", Cause.EXITED))), State(), ())
    tally.hear(Record(4, 13.0, "note", body={"note": "measured"}), State(), ())
    assert tally.switches == Counter({("switch", "rolled-back"): 1})
    assert tally.seconds["rolled-back"].total == 10.0
    assert {names: times.total for names, times in tally.steps.items()} == {
        ("load", "failed"): 3.0,
        ("canary", "done"): 1.0,
    }
    assert tally.failures == Counter({Cause.EXITED.value: 1})


def test_pages_are_counted_once_each_also_of_documents_that_are_deleted_at_once(tmp_path: Path):
    with serving(tmp_path) as served:
        tally = PagesTally(served.queue)
        end = tally.begin()
        id = served.upload(text_pdf(tmp_path / "a.pdf", 3))
        served.wait(id)
        served.client.delete(f"/documents/{id}")
        assert tally.pages == Counter({PageState.OK: 3})
        assert tally.jobs == Counter({JobState.DONE: 1})
        assert tally.seconds.buckets()[-1] == ("+Inf", 3.0)
        end()
        served.wait(served.upload(text_pdf(tmp_path / "b.pdf", 1)))
        assert tally.pages == Counter({PageState.OK: 3})


def test_what_happened_before_the_start_is_not_counted(tmp_path: Path):
    database = Database(tmp_path)
    now = 1000.0
    queue = JobQueue(database, tmp_path / "documents", now=lambda: now)
    first = queue.submit(JobOrder(text_pdf(tmp_path / "a.pdf", 1), "a.pdf"))
    queue.cancel(first.id)
    now = 2000.0
    tally = PagesTally(queue)
    tally.begin()
    queue.submit(JobOrder(text_pdf(tmp_path / "b.pdf", 1), "b.pdf"))
    second = queue.submit(JobOrder(text_pdf(tmp_path / "c.pdf", 1), "c.pdf"))
    queue.cancel(second.id)
    queue.cancel(first.id)
    assert tally.jobs == Counter({JobState.CANCELLED: 1})
    database.close()


class Figures(BaseHTTPRequestHandler):
    """A model server's ``/metrics``."""

    prompt, made = 0, 0

    def do_GET(self) -> None:
        page = (
            "# TYPE vllm:prompt_tokens counter\n"
            f'vllm:prompt_tokens_total{{engine="0",model_name="a b"}} {float(self.prompt)}\n'
            f'vllm:generation_tokens_total{{engine="0"}} {self.made}\nvllm:generation_tokens_total{{engine="1"}} 1e+1\n'
            'vllm:generation_tokens_created{engine="0"} 1.7e+09\n'
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def figures():
    class Own(Figures):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Own.port = server.server_port
    yield Own
    server.shutdown()
    server.server_close()


def serves(port: int, since: float) -> Status:
    one = Deployment("dots-ocr", "process", "rednote-hilab/dots.ocr", 8192, port=port)
    state = State(serving=Lineup((one,)), since=since)
    return Status(state, (Serving(one),), None, NoReading(Absence.NO_GPU), 1, ())


def test_tokens_go_on_over_restarts_of_the_server(figures):
    tally = TokenTally(began=100.0)
    figures.prompt, figures.made = 1000, 90
    assert tally.look(serves(figures.port, since=50.0))["dots-ocr", "prompt"] == 0, "it served before we began"
    figures.prompt = 1500
    assert tally.look(serves(figures.port, since=50.0))["dots-ocr", "prompt"] == 500
    figures.prompt = 20
    assert tally.look(serves(figures.port, since=200.0)) == {("dots-ocr", "prompt"): 520, ("dots-ocr", "generation"): 0}


def test_all_tokens_of_a_server_that_we_started_count(figures):
    figures.prompt, figures.made = 7, 5
    assert TokenTally(began=100.0).look(serves(figures.port, since=150.0)) == {
        ("dots-ocr", "prompt"): 7,
        ("dots-ocr", "generation"): 15,
    }


def test_a_server_that_does_not_tell_leaves_counts_as_they_are(figures):
    tally = TokenTally(began=100.0)
    figures.prompt = 7
    tally.look(serves(figures.port, since=150.0))
    assert tally.look(serves(1, since=150.0))["dots-ocr", "prompt"] == 7


def test_what_writes_the_page_is_not_loaded_before_somebody_asks_for_it():
    code = "import sys, docstation.service.metrics; sys.exit('prometheus_client' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
