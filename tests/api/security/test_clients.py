"""Every kind of client through the door: Gradio's, OpenAI's, MCP, curl."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import soundfile
from gradio_client import Client, handle_file
from gradio_client.exceptions import AuthenticationError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from api.operations.registry import OPERATIONS
from tests.conftest import ROOT_PATH, TOKEN
from tests.repository.sources import ROOT
from tests.servers import RunningStudio

SHOWN = {"Authorization": f"Bearer {TOKEN}"}
SAMPLE = ROOT / "assets" / "voices" / "LJ001-0001.wav"


def test_gradio_s_client_works_with_the_header_and_not_without(guarded: RunningStudio, tmp_path: Path) -> None:
    with pytest.raises(AuthenticationError):
        Client(guarded.url, verbose=False)
    client = guarded.client(TOKEN)
    audio, _, job = client.predict("Behind the door.", api_name="/voiceover")
    assert job["state"] == "done" and soundfile.info(audio["path"] if isinstance(audio, dict) else audio).duration > 0.5
    saved = client.predict("Linda", handle_file(str(SAMPLE)), api_name="/save_voice")
    assert saved["name"] == "Linda"
    client.predict("Linda", api_name="/delete_voice")


def test_openai_s_client_works_with_the_token_as_its_key(guarded: RunningStudio) -> None:
    assert openai.OpenAI(base_url=f"{guarded.url}/v1", api_key=TOKEN).models.list().data
    with pytest.raises(openai.AuthenticationError, match="not the studio's token"):
        openai.OpenAI(base_url=f"{guarded.url}/v1", api_key="sk-something-else", max_retries=0).models.list()


# Tools of language models


def with_tools(studio: RunningStudio, work: Callable[[ClientSession, httpx.AsyncClient], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with (
            httpx.AsyncClient(headers=SHOWN, timeout=60) as web,
            streamable_http_client(f"{studio.url}/gradio_api/mcp/", http_client=web) as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            return await work(session, web)

    return asyncio.run(run())


def test_a_language_model_makes_a_narration_and_fetches_it(guarded: RunningStudio, tmp_path: Path) -> None:
    async def narrate(session: ClientSession, web: httpx.AsyncClient) -> None:
        made = await session.call_tool("voiceover", {"script": "A model asked for this.", "format": "flac"})
        assert not made.isError
        audio, subtitles, job = (part.text for part in made.content)
        assert json.loads(job)["state"] == "done"
        assert audio.startswith(f"{guarded.url}{ROOT_PATH}/media/outputs/")
        (tmp_path / "made.flac").write_bytes((await web.get(audio)).raise_for_status().content)
        assert "-->" in (await web.get(subtitles)).raise_for_status().text
        async with httpx.AsyncClient() as stranger:
            assert (await stranger.get(audio)).status_code == 401

    with_tools(guarded, narrate)
    assert soundfile.info(tmp_path / "made.flac").duration > 0.5


def test_tools_are_told_apart(guarded: RunningStudio) -> None:
    async def listed(session: ClientSession, web: httpx.AsyncClient) -> Any:
        return (await session.list_tools()).tools

    tools = {tool.name: tool for tool in with_tools(guarded, listed)}
    assert set(tools) == {name for name, one in OPERATIONS.items() if one.tool}
    assert len({tool.description for tool in tools.values()}) == len(tools)
    for tool in tools.values():
        assert tool.description and len(tool.description) > 25 and not tool.description.startswith("Args")
        assert tool.annotations is not None and tool.annotations.title
        said = [tool.description, *(field.get("description", "") for field in tool.inputSchema["properties"].values())]
        assert not [name for text in said for name in OPERATIONS if f"/{name}" in text], "calls are named as tools"
        for name, field in tool.inputSchema["properties"].items():
            assert field.get("description"), f"{tool.name}.{name} says nothing"
    assert tools["voiceover"].inputSchema["required"] == ["script"]
    assert tools["transcribe"].inputSchema["properties"]["audio"]["type"] == "string"
    assert tools["delete_voice"].annotations.destructiveHint and tools["voices"].annotations.readOnlyHint


def test_a_tool_says_what_is_wrong(guarded: RunningStudio) -> None:
    sound = base64.b64encode(SAMPLE.read_bytes()).decode()
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("voiceover", {"script": ""}, "script"),
        ("voiceover", {"script": "a", "colour": "red"}, "colour"),
        ("jobs", {"limit": "many"}, "limit"),
        ("transcribe", {"audio": "http://169.254.169.254/latest"}, "fetches nothing"),
        ("transcribe", {"audio": "file:///etc/passwd"}, "not an uploaded file"),
        ("transcribe", {"audio": "/etc/passwd"}, "not an uploaded file"),
        ("transcribe", {"audio": "data:audio/wav;base64,%%%"}, "base64"),
        ("save_voice", {"name": "../../x", "audio": f"data:audio/wav;base64,{sound}"}, "slash"),
        ("no_such_tool", {}, "There are: voiceover"),
    ]

    async def wrong(session: ClientSession, web: httpx.AsyncClient) -> None:
        for name, arguments, said in calls:
            answer = await session.call_tool(name, arguments)
            assert answer.isError and said in answer.content[0].text, (name, answer.content[0].text)
        saved = await session.call_tool("save_voice", {"name": "By a model", "audio": f"data:audio/wav;base64,{sound}"})
        assert not saved.isError, saved.content[0].text
        await session.call_tool("delete_voice", {"voice": "By a model"})

    with_tools(guarded, wrong)


def test_no_tools_without_the_token(guarded: RunningStudio) -> None:
    hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accepts = {"Accept": "application/json, text/event-stream"}
    for path in ("/gradio_api/mcp/", "/gradio_api/mcp", f"{ROOT_PATH}/gradio_api/mcp/"):
        assert httpx.post(f"{guarded.url}{path}", json=hello, headers=accepts).status_code == 401
    assert "voiceover" in httpx.post(f"{guarded.url}/gradio_api/mcp", json=hello, headers=accepts | SHOWN).text


def test_a_tool_takes_a_file_of_more_than_four_megabytes(guarded: RunningStudio) -> None:
    """The limit of the SDK is four; what counts is the setting for uploads."""
    content = SAMPLE.read_bytes() + bytes(4 << 20)
    address = "data:audio/wav;base64," + base64.b64encode(content).decode()

    async def judge(session: ClientSession, web: httpx.AsyncClient) -> Any:
        return await session.call_tool("judge_voice", {"audio": address})

    result = with_tools(guarded, judge)
    assert not result.isError, result.content
