"""``docstation chat``: questions about pages, answered by the model that serves, with the places answers rest on."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from docstation.cli.common import common_options, current, json_option
from docstation.cli.console import JsonValue, product, say, show_json
from docstation.cli.speech import Argument, Command, Option
from docstation.document.conversation import Attachment, Message, State
from docstation.document.conversation_codec import message_to_json
from docstation.errors import ExitCode, Interrupted, NoEngine, UsageError
from docstation.messages import N_, translate

if TYPE_CHECKING:
    from docstation.client import ChatTold, Client

STOPPED = N_("(stopped; what came is kept)")
BROKEN = N_("(the answer broke off: {problem})")
CITED = N_("page {page}: {quote}")
NO_TERMINAL = N_("Nobody can be asked here: give the question with -m.")
READING = N_("{name}: reading…")
PROMPT = "> "


@click.command(
    "chat",
    cls=Command,
    help=N_(
        "Ask about FILES, or go on with a conversation. Files are read by the service first; answers come from the "
        "model that serves and name the places that they rest on. Ctrl-C stops an answer and keeps what came; Ctrl-D "
        "ends. Conversations are kept by the service."
    ),
    examples=(
        ("docstation chat contract.pdf", N_("asks and answers until Ctrl-D")),
        ("docstation chat scan.jpg -m 'What is the total?'", N_("one question, the answer on the standard output")),
        ("docstation chat report.pdf --page 3 -m 'What does the table say?' --json", N_("answer, places and state")),
        ("docstation chat --conversation 5f2c1d35a8b00a1b2c3d4e5f", N_("goes on with a conversation")),
    ),
)
@click.argument("files", cls=Argument, nargs=-1, type=click.Path(), help=N_("What to ask about."))
@click.option("-m", "--message", cls=Option, metavar="TEXT", help=N_("The question; without it you are asked."))
@click.option(
    "-p", "--page", cls=Option, type=click.IntRange(1, 1_000_000), metavar="N", help=N_("The page to look at itself.")
)
@click.option("--conversation", cls=Option, metavar="ID", help=N_("Go on with this conversation."))
@json_option
@common_options
def command(
    *, files: tuple[str, ...], message: str | None, page: int | None, conversation: str | None, as_json: bool
) -> int:
    """Ask; the exit code."""
    if message is None and not sys.stdin.isatty():
        raise UsageError(NO_TERMINAL)
    client = _service()
    attachments = tuple(_attachment(client, Path(name), page) for name in files)
    id = conversation or client.begin_conversation().id
    if message is not None:
        return _once(client, id, message, attachments, as_json)
    return _talk(client, id, attachments)


def _service() -> Client:
    from docstation.bootstrap.service import ensure_service

    call = current()
    return ensure_service(call.settings().settings, call.config)


def _attachment(client: Client, path: Path, page: int | None) -> Attachment:
    """The file as a document of the service, read to its end: pages that were read before are not read again."""
    import hashlib

    say(translate(READING, name=path.name))
    if not path.is_file():
        from docstation.errors import NotFound

        raise NotFound(name=str(path))
    with path.open("rb") as file:
        key = f"chat-{hashlib.file_digest(file, 'sha256').hexdigest()[:40]}"
    made = client.submit(path, idempotency_key=key)
    for _event in client.follow(made.id):
        pass
    job = client.job(made.id)
    if job.error is not None:
        raise job.error
    # A single page, or the one that is named, is looked at itself; a long document is spoken of by what was read.
    return Attachment(made.id, page or (1 if job.page_count == 1 else 0))


def _once(client: Client, id: str, text: str, attachments: Sequence[Attachment], as_json: bool) -> int:
    answer = _answered(client.ask(id, text, attachments), quiet=as_json)
    code = ExitCode.OK if answer.state is State.WHOLE else ExitCode.PARTIAL
    if as_json:
        shown: dict[str, JsonValue] = {"conversation": id, **message_to_json(answer), "exit_code": int(code)}
        show_json(shown)
    else:
        _end(answer)
    if answer.state is State.STOPPED:
        raise Interrupted
    return code


def _talk(client: Client, id: str, attachments: Sequence[Attachment]) -> int:
    while True:
        try:
            text = input(PROMPT).strip()
        except EOFError:
            say("")
            return ExitCode.OK
        if not text:
            continue
        try:
            _end(_answered(client.ask(id, text, attachments)))
        except NoEngine as error:
            from docstation.cli.console import say_error

            say_error(error)
        # What was attached once is spoken of from then on.
        attachments = ()


def _answered(told: Generator[ChatTold], *, quiet: bool = False) -> Message:
    """The answer; its pieces are written as they come. Ctrl-C stops it."""
    from docstation.client import ChatBegun, ChatEnded

    said: list[str] = []
    question: Message | None = None
    with closing(told):
        try:
            for one in told:
                if isinstance(one, ChatBegun):
                    question = one.question
                elif isinstance(one, ChatEnded):
                    return one.answer
                else:
                    said.append(one.text)
                    if not quiet:
                        product().write(one.text.encode(errors="replace"))
                        product().flush()
        except KeyboardInterrupt:
            pass
    if question is None:
        raise Interrupted
    return Message("", question.role, "".join(said), question.created, State.STOPPED)


def _end(answer: Message) -> None:
    """A line break after the answer, and what there is to say of it."""
    product().write(b"\n")
    product().flush()
    if answer.state is State.STOPPED:
        say(translate(STOPPED))
    if answer.state is State.BROKEN:
        say(translate(BROKEN, problem=answer.problem))
    for one in answer.citations:
        say("  " + translate(CITED, page=one.page, quote=f"«{one.quote}»" if one.quote else one.block))
