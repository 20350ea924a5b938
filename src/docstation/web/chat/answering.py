"""An answer as it comes: heard in a thread, so that Stop takes effect at once even while the model is silent.

Whoever leaves, by Stop, another page or a closed tab, stops the answer; the service keeps what came.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from queue import Empty, SimpleQueue

import streamlit as st

from docstation.client import Client
from docstation.client.chat_calls import ChatEnded, ChatPiece, ChatTold
from docstation.document.conversation import Attachment
from docstation.errors import DocStationError
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web.chat import state
from docstation.web.chat.wording import harmless_pieces

LOOK_SECONDS = 0.1
DRAW_SECONDS = 0.1
"""Between two drawings of an answer: each sends all of it, and a quick model says hundreds of tokens in a second."""

Heard = ChatTold | DocStationError | None
"""What a thread tells; None for its end."""


def answer(client: Client, id: str, asked: state.Asking) -> None:
    """Draw the answer while it comes.

    Args:
        client: of the service.
        id: of the conversation.
        asked: the question.

    Raises:
        DocStationError: there is none.
    """
    own = client.again()
    with st.chat_message("assistant"):
        waiting = st.empty()
        began = time.monotonic()

        def look() -> None:
            """Where nothing has come yet: tell so. Drawing is also where a run hears that it is to end."""
            waiting.caption(translate(N_("The model is thinking… {seconds} s"), seconds=int(time.monotonic() - began)))

        try:
            st.write_stream(harmless_pieces(_pieces(own, lambda: _turn(own, id, asked), look, waiting.empty)))
        finally:
            own.close()


def _turn(client: Client, id: str, asked: state.Asking) -> Generator[ChatTold]:
    if asked.again:
        return client.ask_again(id, asked.again)
    images = [_kept(client, id, one) for one in asked.files]
    return client.ask(id, asked.text, (*asked.attachments, *images), instead=asked.instead)


def _kept(client: Client, id: str, file: state.File) -> Attachment:
    return client.attach_image(id, file.content, file.name)


def _pieces(
    client: Client, begin: Callable[[], Generator[ChatTold]], look: Callable[[], None], came: Callable[[], object]
) -> Iterator[str]:
    heard: SimpleQueue[Heard] = SimpleQueue()
    threading.Thread(target=_listen, args=(begin, heard), name="chat-listener", daemon=True).start()
    try:
        silent = True
        while True:
            try:
                told = heard.get(timeout=LOOK_SECONDS)
            except Empty:
                look() if silent else came()
                continue
            if isinstance(told, ChatPiece):
                if silent:
                    came()
                silent = False
                text, told = _gathered(told.text, heard)
                yield text
            if isinstance(told, DocStationError):
                raise told
            if told is None or isinstance(told, ChatEnded):
                return
    finally:
        client.close()


def _gathered(text: str, heard: SimpleQueue[Heard]) -> tuple[str, Heard]:
    """The text with the pieces that come until it is to be drawn, and the last thing that was told."""
    until = time.monotonic() + DRAW_SECONDS
    told: Heard = ChatPiece(text)
    while isinstance(told, ChatPiece) and (left := until - time.monotonic()) > 0:
        try:
            told = heard.get(timeout=left)
        except Empty:
            break
        if isinstance(told, ChatPiece):
            text += told.text
    return text, told


def _listen(begin: Callable[[], Generator[ChatTold]], heard: SimpleQueue[Heard]) -> None:
    try:
        for told in begin():
            heard.put(told)
    except DocStationError as error:
        heard.put(error)
    else:
        heard.put(None)
