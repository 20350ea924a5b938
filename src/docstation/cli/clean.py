"""``docstation clean``: pages kept for --resume and old reports are deleted."""

from __future__ import annotations

import click

from docstation.cli.common import common_options, json_option
from docstation.cli.console import say, show_json
from docstation.cli.failures import REPORTS
from docstation.cli.speech import Command, Option
from docstation.messages import N_, plural
from docstation.settings import state_folder


@click.command(
    "clean",
    cls=Command,
    help=N_("Delete the pages that interrupted runs left for --resume, and old reports. Runs that go on are spared."),
    examples=(
        ("docstation clean", N_("everything kept")),
        ("docstation clean --days 7", N_("only what was not touched for a week")),
    ),
)
@click.option(
    "--days",
    cls=Option,
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="N",
    help=N_("Spare what was touched within so many days [0]."),
)
@json_option
@common_options
def command(days: float, as_json: bool) -> None:
    """Delete kept pages and reports."""
    from docstation.jobs.store import drop_old_runs

    runs = drop_old_runs(state_folder() / "runs", days=days)
    reports = _drop_reports(days)
    if as_json:
        show_json({"runs": runs, "reports": reports})
        return
    say(plural("Deleted {count} kept run.", "Deleted {count} kept runs.", runs))
    say(plural("Deleted {count} report.", "Deleted {count} reports.", reports))


def _drop_reports(days: float) -> int:
    import time

    limit = time.time() - days * 86_400
    old = [path for path in (state_folder() / REPORTS).glob("*.txt") if path.stat().st_mtime <= limit]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
