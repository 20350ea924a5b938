"""A runner that is killed in a pass with the reserve model, at a moment that a test names.

``python killed_reserve.py FOLDER STATION ADDRESS MOMENT COUNT``: like `killed_runner`; the station is of paper. It ends
by itself once every job has ended and the pass is over.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from killed_runner import deadly
from reserve_world import PaperStation

from docstation.bootstrap.reader import PRELOAD, WORKER
from docstation.jobs import reserve_rows as rows
from docstation.jobs import runner_seat
from docstation.jobs.database import Database
from docstation.jobs.queue import JobQueue
from docstation.jobs.queue_claims import Claims
from docstation.jobs.queue_files import DocumentFolder
from docstation.jobs.queue_work import Ledger
from docstation.jobs.runner import JobRunner, RunnerSettings
from docstation.jobs.runner_reserve import ReservePasses

PLACES: dict[str, object] = {
    "hand_over": sys.modules["docstation.jobs.queue_claims"],
    "begin": rows,
    "enter": rows,
    "take_up": rows,
    "leave": rows,
    "end": rows,
    "to": PaperStation,
    "choose": PaperStation,
    "_enter": ReservePasses,
    "_read": ReservePasses,
    "_end": ReservePasses,
    "adopt": DocumentFolder,
    "keep_better": runner_seat,
    "page_done": Ledger,
    "recover": Ledger,
    "_page": Claims,
}


def main(folder: Path, file: Path, address: str, moment: str, count: int) -> None:
    if moment:
        when, _, name = moment.partition(" ")
        place = PLACES[name]
        setattr(place, name, deadly(getattr(place, name), before=when == "before", count=count))
    database = Database(folder)
    queue = JobQueue(database, folder / "documents")
    switch = PaperStation(file, address)
    with JobRunner(queue, RunnerSettings(2, WORKER, PRELOAD, look_seconds=0.05, switch=switch)):
        for job in queue.jobs():
            for _ in queue.watch(job.id):
                pass
        ticks = threading.Event()
        while _is_under_way(database):
            ticks.wait(0.02)
    database.close()


def _is_under_way(database: Database) -> bool:
    with database.reading() as connection:
        return rows.pass_now(connection) is not None


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5]))
