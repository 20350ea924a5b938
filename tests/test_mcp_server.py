"""The MCP server as a program, asked by the SDK's own client over its standard streams, before a real service."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError, StdioServerParameters
from run_samples import text_pdf
from service_process import ServiceProcess, service_process

from docstation.errors import NotFound
from docstation.mcp_server import Allowed
from docstation.testing.business import Kind, draw

COMMAND = str(Path(sys.executable).with_name("docstation"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with service_process(tmp_path_factory.mktemp("service"), "--idle") as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with papers, and one beside it that nobody allowed."""
    folder = tmp_path_factory.mktemp("allowed")
    text_pdf(folder / "text.pdf", 3)
    (folder / "act.pdf").write_bytes(draw(Kind.ACT, 1).pdf)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    (secret := folder.parent / "secret").mkdir()
    text_pdf(secret / "secret.pdf", 1)
    (folder / "link.pdf").symlink_to(secret / "secret.pdf")
    return folder


Talk = Callable[[Client], Awaitable[Any]]


@pytest.fixture
def ask(service: ServiceProcess, folder: Path) -> Callable[[Talk], Any]:
    """Runs a talk with the server."""

    def run(talk: Talk) -> Any:
        program = StdioServerParameters(
            command=COMMAND, args=["mcp", "--allow", str(folder)], env=service.environment, cwd=service.home
        )

        async def talked() -> Any:
            async with Client(program) as client:
                return await talk(client)

        return asyncio.run(talked())

    return run


def words(result: Any) -> str:
    """What a tool said; its error as it is."""
    return "\n".join(part.text for part in result.content)


def test_the_tools_are_told_with_what_they_take(ask):
    async def talk(client: Client) -> dict[str, Any]:
        return {tool.name: tool for tool in (await client.list_tools()).tools}

    tools = ask(talk)
    assert set(tools) == {"read_document", "extract", "station_status", "switch_model"}
    assert tools["read_document"].input_schema["required"] == ["source"]
    assert tools["station_status"].annotations.read_only_hint
    assert tools["switch_model"].annotations.destructive_hint
    assert all(tool.description for tool in tools.values())


def test_a_file_is_read_once_and_then_known_by_its_id(ask, service, folder):
    heard: list[float] = []

    async def noted(done: float, _total: float | None, _message: str | None) -> None:
        heard.append(done)

    async def talk(client: Client) -> list[str]:
        path = str(folder / "text.pdf")
        first = await client.call_tool("read_document", {"source": path}, progress_callback=noted)
        assert not first.is_error, words(first)
        id = words(first).split()[1]
        page = await client.call_tool("read_document", {"source": id, "pages": "2", "format": "txt"})
        again = await client.call_tool("read_document", {"source": "text.pdf", "characters": 20, "start": 5})
        boxes = await client.call_tool("read_document", {"source": id, "format": "json", "pages": "-1"})
        resource = await client.read_resource(f"docstation://documents/{id}")
        return [words(first), words(page), words(again), words(boxes), resource.contents[0].text]

    first, page, again, boxes, resource = ask(talk)
    assert " 3 of 3 pages" in first
    assert heard == [1, 2, 3]
    head, _, text = page.partition("\n\n")
    assert " 1 of 3 pages" in head
    assert text.strip()
    assert "characters 5 to 25 of" in again
    assert len(again.split("\n\n", 1)[1]) == 20
    assert [one["number"] for one in json.loads(boxes.split("\n\n", 1)[1])["pages"]] == [3]
    assert resource == first.split("\n\n", 1)[1]
    assert len(service.client.jobs().jobs) == 1


def test_values_come_with_their_places(ask, folder):
    truth = dict(draw(Kind.ACT, 1).fields)

    async def talk(client: Client) -> Any:
        return await client.call_tool("extract", {"source": "act.pdf", "preset": "акт"})

    result = ask(talk)
    assert not result.is_error, words(result)
    found = result.structured_content
    assert found["values"]["seller_inn"] == truth["seller_inn"]
    place = next(one for one in found["fields"] if one["path"] == "seller_inn")["evidence"]
    assert place["page"] == 1
    assert set(place["box"]) == {"x0", "y0", "x1", "y1"}
    assert found["checks"] == []


@pytest.mark.parametrize(
    "source", ["../secret/secret.pdf", "link.pdf", "/etc/passwd", "/nowhere.pdf", "", "~", "\x00", "a" * 4000]
)
def test_no_file_outside_is_read_and_none_is_told_of(source, folder):
    allowed = Allowed.of([str(folder)])
    with pytest.raises(NotFound) as caught:
        allowed.file(source)
    assert caught.value.message_id == "{name} is not in a folder that may be read."


def test_nothing_is_read_by_path_without_a_folder(folder):
    with pytest.raises(NotFound):
        Allowed.of([]).file(str(folder / "act.pdf"))
    with pytest.raises(NotFound):
        Allowed.of([str(folder / "act.pdf")])


def test_refusals_are_told_in_words(ask, folder):
    async def talk(client: Client) -> list[Any]:
        calls = [
            ("read_document", {"source": str(folder.parent / "secret" / "secret.pdf")}),
            ("read_document", {"source": "broken.pdf"}),
            ("read_document", {"source": "act.pdf", "pages": "9"}),
            ("extract", {"source": "act.pdf"}),
            ("switch_model", {"name": "nothing"}),
        ]
        made = [await client.call_tool(name, given) for name, given in calls]
        with pytest.raises(MCPError):
            await client.read_resource("docstation://documents/0650f2c1d35a8b00a1b2c3d4")
        return made

    results = ask(talk)
    assert all(result.is_error for result in results)
    said = [words(result) for result in results]
    assert "may be read" in said[0]
    assert "broken.pdf" in said[1]
    assert all("{" not in one and "Traceback" not in one and len(one) > 40 for one in said), said


def test_the_model_is_switched_and_told(ask, service):
    async def talk(client: Client) -> list[Any]:
        before = await client.call_tool("station_status", {})
        switched = await client.call_tool("switch_model", {"name": "qwen3-vl"})
        after = await client.call_tool("station_status", {})
        return [before, switched, after]

    before, switched, after = ask(talk)
    assert {"dots-ocr", "qwen3-vl-2b"} <= set(before.structured_content["models"]), words(before)
    assert not switched.is_error, words(switched)
    assert switched.structured_content["serving"] == ["qwen3-vl-2b"]
    assert after.structured_content["mode"] == "ready"
    assert after.structured_content["serving"][0]["id"] == "Qwen/Qwen3-VL-2B-Instruct"


def test_the_program_says_nothing_else_on_its_output(service):
    """A stray line there would break the protocol."""
    import subprocess

    done = subprocess.run(
        [COMMAND, "mcp"], env=os.environ | service.environment, input=b"", capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
