"""``docstation pull``: weights and images of models, fetched ahead of a switch, held, checked and mended."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from docstation.cli.common import common_options, current, json_option
from docstation.cli.console import say, say_error, show, show_json
from docstation.cli.models.names import ModelName
from docstation.cli.speech import Argument, Command, Option
from docstation.errors import DocStationError, ExitCode, Interrupted, PartialResult, UsageError
from docstation.messages import N_, explain, translate

if TYPE_CHECKING:
    from docstation.bootstrap.parts import Parts
    from docstation.bootstrap.pull_choice import Chosen
    from docstation.bootstrap.pull_results import PullOrder

KEPT = N_("Interrupted; what was loaded is kept.")
GO_ON = N_("The same command goes on where this one ended.")
NOT_TOGETHER = N_("{one} and {other} do not go together.")


@click.command(
    "pull",
    cls=Command,
    help=N_(
        "Fetch the weights and the container image of MODEL, so that a switch finds them here. Of an alias the memory "
        "plan picks the candidate; without MODEL, those of the settings. What was fetched whole is recorded and held "
        "from then on; a pull that was broken off goes on where it was. Terms of a model are accepted at the hub; its "
        "token is taken from the variable HF_TOKEN or from `hf auth login`."
    ),
    examples=(
        ("docstation pull dots-ocr", N_("weights and image, or what is missing of them")),
        ("docstation pull qwen3-vl --dry-run", N_("what would be fetched, how much, and where to")),
        ("docstation pull dots-ocr --upgrade", N_("the newest revision in place of the recorded one")),
        ("docstation pull dots-ocr --verify --deep", N_("compares every byte that is here with its hash")),
    ),
)
@click.argument(
    "names",
    cls=Argument,
    nargs=-1,
    type=ModelName(),
    metavar="[MODEL]...",
    help=N_("Models by name, alias or checkpoint."),
)
@click.option(
    "--all", "every", cls=Option, is_flag=True, help=N_("All candidates that fit; without MODEL, of the catalogue.")
)
@click.option(
    "--upgrade", cls=Option, is_flag=True, help=N_("Take the newest revision and image, and hold them from now on.")
)
@click.option("--weights-only", cls=Option, is_flag=True, help=N_("No image."))
@click.option("--image-only", cls=Option, is_flag=True, help=N_("No weights."))
@click.option("--dry-run", cls=Option, is_flag=True, help=N_("Fetch nothing; tell what would be fetched."))
@click.option(
    "--verify", cls=Option, is_flag=True, help=N_("Fetch nothing; check the weights that are here. 5: damaged.")
)
@click.option("--deep", cls=Option, is_flag=True, help=N_("Check files by their content, and not by their size alone."))
@json_option
@click.option("-q", "--quiet", cls=Option, is_flag=True, help=N_("Say nothing but errors."))
@common_options
def command(
    *,
    names: tuple[str, ...],
    every: bool,
    upgrade: bool,
    weights_only: bool,
    image_only: bool,
    dry_run: bool,
    verify: bool,
    deep: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Fetch or check; the exit code."""
    from docstation.bootstrap.parts import Parts
    from docstation.bootstrap.pull_choice import choose
    from docstation.bootstrap.pull_results import PullOrder

    _refuse_together(
        {
            "--weights-only": weights_only,
            "--image-only": image_only,
            "--upgrade": upgrade,
            "--dry-run": dry_run,
            "--verify": verify,
            "--deep": deep,
        }
    )
    call = current()
    parts = Parts(call.settings().settings.station, call.config)
    order = PullOrder(not image_only, not weights_only, upgrade, deep, dry_run)
    chosen = choose(parts, names, every=every)
    if not quiet:
        _say_choice(chosen)
    try:
        if verify:
            return _verify(parts, chosen, deep=deep, as_json=as_json, quiet=quiet)
        return _pull(parts, chosen, order, as_json=as_json, quiet=quiet)
    except KeyboardInterrupt:
        raise Interrupted(KEPT, remedy=GO_ON) from None


NEVER_TOGETHER = (
    ("--weights-only", "--image-only"),
    ("--verify", "--image-only"),
    ("--verify", "--upgrade"),
    ("--verify", "--dry-run"),
    ("--image-only", "--deep"),
)


def _refuse_together(given: dict[str, bool]) -> None:
    for one, other in NEVER_TOGETHER:
        if given[one] and given[other]:
            raise UsageError(NOT_TOGETHER, one=one, other=other)


def _pull(parts: Parts, chosen: Chosen, order: PullOrder, *, as_json: bool, quiet: bool) -> int:
    from docstation.bootstrap.pulling import pull
    from docstation.cli.pull_progress import view
    from docstation.cli.pull_report import pulled_json, pulled_lines

    with closing(view(quiet=quiet)) as shown:
        found = pull(parts, chosen, order, shown.told)
    if as_json:
        show_json(pulled_json(chosen, found))
    elif not quiet:
        for line in pulled_lines(chosen, found, dry=order.dry):
            show(line)
    for error in found.errors:
        _say_failure(error)
    return int(found.code)


def _verify(parts: Parts, chosen: Chosen, *, deep: bool, as_json: bool, quiet: bool) -> int:
    from docstation.bootstrap.pulling import verify
    from docstation.cli.pull_progress import view
    from docstation.cli.pull_report import damage_error, verified_json, verified_lines

    with closing(view(quiet=quiet)) as shown:
        found = verify(parts, chosen, shown.told, deep=deep)
    errors = [error for one in found if (error := damage_error(one)) is not None]
    code = _code(errors, len(found))
    if as_json:
        show_json(verified_json(found, code))
    elif not quiet:
        for one in found:
            for line in verified_lines(one, deep=deep):
                show(line)
    for error in errors:
        _say_failure(error)
    return int(code)


def _code(errors: list[DocStationError], count: int) -> ExitCode:
    if not errors:
        return ExitCode.OK
    return errors[0].exit_code if len(errors) == count else PartialResult.exit_code


def _say_choice(chosen: Chosen) -> None:
    """Which candidates are left out, and which models are fetched though they do not fit here."""
    for name, reason in chosen.passed:
        say(translate(N_("{model} passed over: {reason}"), model=name, reason=explain(reason)[0]))
    for name, reason in chosen.misfits:
        say(translate(N_("{model} does not fit here: {reason}"), model=name, reason=explain(reason)[0]))


def _say_failure(error: DocStationError) -> None:
    from docstation.cli.pull_report import detail_line

    say_error(error)
    if detail := detail_line(error):
        say(f"  {detail}")
