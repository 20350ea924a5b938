"""The scripted model server whose engine dies of the first request of one kind, with the words of a real log.

    python dying_model_server.py serve MODEL ...

``DYING_AT`` is the path of the request, ``DYING_WORDS`` is what is printed then. A question is answered as by vLLM
whose engine died (trouble "dead"); at any other request it is gone at once.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress

from docstation.testing import model_server
from docstation.testing.model_server_api import Api
from docstation.testing.model_server_http import Exchange, Request

QUESTION = "/v1/chat/completions"


class DyingApi(Api):
    """Answers until it dies."""

    async def handle(self, request: Request, exchange: Exchange) -> None:
        if request.path == os.environ["DYING_AT"]:
            print(os.environ["DYING_WORDS"], flush=True)
            if request.path != QUESTION:
                self.die(1)
            self.script = self.script.changed({"trouble": "dead"})
            asyncio.get_running_loop().call_later(self.script.dead_seconds, self.die, 0)
        await super().handle(request, exchange)


if __name__ == "__main__":
    model_server.Api = DyingApi
    with suppress(KeyboardInterrupt):
        asyncio.run(model_server.Server(*model_server.understand(sys.argv[1:])).run())
