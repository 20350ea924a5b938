"""``docstation serve``: the service in the foreground, or in the background with --detach."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from typing import TYPE_CHECKING

import click

from docstation.cli.common import WholeNumber, common_options, current, json_option
from docstation.cli.console import say, show, show_json
from docstation.cli.models.names import ModelName
from docstation.cli.speech import Command, Option
from docstation.errors import NoEngine, UsageError
from docstation.messages import N_, translate

if TYPE_CHECKING:
    from docstation.settings import Settings

PATIENCE = 30.0
"""Seconds in which a service in the background has to answer."""
READY = N_("DocStation serves at {address}")


@click.command(
    "serve",
    cls=Command,
    help=N_(
        "Serve the OpenAI interface of the active model, the station and the documents at one address. "
        "It owns the models and watches them; what serves goes on when it ends."
    ),
    examples=(
        ("docstation serve", N_("until Ctrl-C, at 127.0.0.1:8000")),
        ("docstation serve --detach", N_("in the background")),
        ("curl localhost:8000/v1/models", N_("the active model and its context")),
    ),
)
@click.option("--host", cls=Option, help=N_("Address to listen on; one that others can reach needs keys."))
@click.option("--port", cls=Option, type=WholeNumber(), help=N_("Port to listen on."))
@click.option(
    "--log-format",
    cls=Option,
    type=click.Choice(["text", "json"]),
    help=N_("How the log is written: text, or one JSON object a line."),
)
@click.option("--detach", cls=Option, is_flag=True, help=N_("Serve in the background; returns when it answers."))
@click.option("--idle", cls=Option, is_flag=True, help=N_("Start no model by itself."))
@click.option(
    "--model",
    "models",
    cls=Option,
    multiple=True,
    type=ModelName(),
    metavar="MODEL",
    help=N_("Start this one instead of those of the settings; may be given several times."),
)
@json_option
@common_options
def command(
    *,
    host: str | None,
    port: int | str | None,
    log_format: str | None,
    detach: bool,
    idle: bool,
    models: tuple[str, ...],
    as_json: bool,
) -> int:
    """Serve; the exit code."""
    if idle and models:
        raise UsageError(N_("--idle and --model do not go together."), remedy=N_("Give one of them."))
    from docstation.bootstrap.station import refuse_if_owned

    flags = {"service.host": host, "service.port": port, "service.log_format": log_format}
    settings = current().settings(flags).settings
    own = settings.service
    _check_address(settings)
    address = f"http://{own.host}:{own.port}"
    if detach:
        pid = _detached(settings, idle=idle, models=models)
        if as_json:
            show_json({"address": address, "pid": pid})
        else:
            show(translate(READY, address=address))
        return 0
    refuse_if_owned()
    return _serve(settings, address, () if idle else models or settings.station.models)


def _serve(settings: Settings, address: str, models: Sequence[str]) -> int:
    import gc

    # What is loaded now stays: to look through it for garbage meanwhile took a seventh of the start.
    gc.disable()
    import uvicorn

    from docstation.bootstrap.reserve import StationSwitch
    from docstation.bootstrap.station import service_log, status
    from docstation.service import keys_api, metrics
    from docstation.service.app import build
    from docstation.service.documents import documents
    from docstation.service.logs import logging_to
    from docstation.service.request_log import Requests
    from docstation.service.serving import serving
    from docstation.service.station_api import router

    call, requests = current(), Requests()
    with (
        logging_to(service_log(), settings.service.log_format) as log,
        serving(settings, call.config) as made,
        documents(settings, StationSwitch(made.parts, made.desk)) as (queue, routes),
        metrics.measuring(
            made.desk, made.link, queue, requests, lambda patience: status(call.config, patience=patience)
        ) as sources,
    ):
        made.parts.reread_by(lambda: call.settings().settings.station)
        own = (router(made.parts, made.desk, made.history), keys_api.router(made.keys), metrics.router(sources))
        routers = [*own, *routes]
        app = build(routers, made.health, requests=requests, log_name=log)
        gc.freeze()
        gc.enable()
        if models:
            made.begin(models)
        say(translate(READY, address=address))
        # It ends in order at Ctrl-C and SIGTERM, and then passes the signal on.
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.run(
                app,
                uds=str(made.socket),
                log_config=None,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=5,
            )
    return 0


def _check_address(settings: Settings) -> None:
    """Refuse an address that others can reach while nobody is asked for a key."""
    host = settings.service.host
    try:
        local = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local and not _has_keys(settings):
        remedy = N_("Make a key with `docstation keys add NAME`, or listen on 127.0.0.1.")
        raise UsageError(N_("Everybody could reach {host}, and no key is asked for."), host=host, remedy=remedy)


def _has_keys(settings: Settings) -> bool:
    from docstation.jobs.database import Database
    from docstation.jobs.keys import KeyStore
    from docstation.settings import state_folder

    with contextlib.closing(Database(state_folder(), settings.service.database or None)) as database:
        return bool(KeyStore(database).digests())


def _detached(settings: Settings, *, idle: bool, models: Sequence[str]) -> int:
    """Start the service in the background and wait until it answers; its process id.

    Raises:
        NoEngine: it ended, or did not answer in time; its log is named.
    """
    from docstation.bootstrap.port_holder import taken
    from docstation.bootstrap.station import service_log

    own, log = settings.service, service_log()
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-m", "docstation", "serve", "--host", own.host, "--port", str(own.port)]
    words += ["--log-format", own.log_format]
    words += ["--idle"] if idle else [word for name in models for word in ("--model", name)]
    words += ["--config", current().config] if current().config else []
    with log.open("ab") as stream:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True, env={**os.environ}
        )
    last = time.monotonic() + PATIENCE
    while time.monotonic() < last and process.poll() is None:
        if _answers(own.host, own.port):
            return process.pid
        time.sleep(0.05)
    if process.poll() is None:
        process.terminate()
    if process.poll() == UsageError.exit_code and (refusal := taken(own.host, own.port)):
        raise refusal
    raise NoEngine(N_("The service did not come up."), remedy=N_("See its log: {log}"), log=str(log))


def _answers(host: str, port: int) -> bool:
    connection = HTTPConnection(host, port, timeout=1)
    try:
        # It needs no key; where only the gateway is there it is an error without a status.
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status in {200, 503} and b'"status"' in answer.read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
