"""One studio and the five ways to make a public call of it: in its process, gradio_client, HTTP, MCP, the command line."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from api.command_line.__main__ import main as command_line
from api.operations.calling import Operations
from api.operations.files import Links
from api.operations.operation import Operation
from api.security.exposure import plan_exposure
from app import build, quieten
from capabilities.registry import all_capabilities
from studio.access import note_running
from studio.errors import GreenroomError
from studio.services import Services
from studio.settings import load_settings
from tests.servers import free_port, wait_until


@dataclass(frozen=True)
class Refusal:
    """What a caller is told."""

    sentence: str


@dataclass(frozen=True)
class OpenStudio:
    """A studio in this process, which also answers at `url`. Files of calls are paths."""

    operations: Operations
    url: str
    data: Path

    @cached_property
    def client(self) -> Client:
        return Client(self.url, verbose=False)

    def upload(self, path: Path) -> str:
        with path.open("rb") as file:
            answer = httpx.post(f"{self.url}/api/v1/uploads", files={"files": (path.name, file)}, timeout=60)
        return str(answer.raise_for_status().json()["files"][0]["file"])

    def uploaded(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.upload(value) if isinstance(value, Path) else value for name, value in arguments.items()}


Way = Callable[[OpenStudio, Operation, Mapping[str, Any]], Any]


def in_process(studio: OpenStudio, operation: Operation, arguments: Mapping[str, Any]) -> Any:
    try:
        answer = studio.operations.call(operation.name, studio.uploaded(arguments), links=Links(studio.url))
    except GreenroomError as error:
        return Refusal(str(error))
    return operation.as_json(answer)


def gradio(studio: OpenStudio, operation: Operation, arguments: Mapping[str, Any]) -> Any:
    given = {name: handle_file(str(value)) if isinstance(value, Path) else value for name, value in arguments.items()}
    try:
        answer = studio.client.predict(**given, api_name=f"/{operation.name}")
    except AppError as error:
        return Refusal(str(error))
    if operation.parts:
        return dict(zip(operation.output.model_fields, answer, strict=True))
    return answer


def http(studio: OpenStudio, operation: Operation, arguments: Mapping[str, Any]) -> Any:
    answer = httpx.post(f"{studio.url}/api/v1/{operation.name}", json=studio.uploaded(arguments), timeout=120)
    if answer.is_success:
        return answer.json()
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["code"] and problem["status"] == answer.status_code and 400 <= answer.status_code < 500, problem
    return Refusal(problem["detail"])


def mcp(studio: OpenStudio, operation: Operation, arguments: Mapping[str, Any]) -> Any:
    async def run() -> Any:
        async with (
            httpx.AsyncClient(timeout=120) as web,
            streamable_http_client(f"{studio.url}/gradio_api/mcp/", http_client=web) as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            return await session.call_tool(operation.name, studio.uploaded(arguments))

    result = asyncio.run(run())
    if result.isError:
        assert result.structuredContent["error"]["code"]
        return Refusal(result.content[0].text)
    found = result.structuredContent["result"]
    return dict(zip(operation.output.model_fields, found, strict=True)) if operation.parts else found


def terminal(studio: OpenStudio, operation: Operation, arguments: Mapping[str, Any]) -> Any:
    words = [f"{name}={_typed(value)}" for name, value in arguments.items()]
    out, said = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(said):
        code = command_line(["--data", str(studio.data), "--json", operation.name, *words])
    if code == 0:
        return json.loads(out.getvalue())
    assert code == 1 and json.loads(out.getvalue())["code"], (code, out.getvalue(), said.getvalue())
    return Refusal(said.getvalue().strip().splitlines()[-1].removeprefix("Greenroom: "))


WAYS: dict[str, Way] = {"in process": in_process, "gradio_client": gradio, "HTTP": http, "MCP": mcp, "command line": terminal}


def ways_of(operation: Operation) -> dict[str, Way]:
    """The ways that a call has: not every one is a tool."""
    return {name: way for name, way in WAYS.items() if name != "MCP" or operation.tool}


def _typed(value: Any) -> str:
    if isinstance(value, Path):
        return f"@{value}"
    return value if isinstance(value, str) else json.dumps(value)


@contextmanager
def open_studio(data: Path, **settings: Any) -> Iterator[OpenStudio]:
    """A studio that answers until the end of the block."""
    port = free_port()
    chosen = load_settings(data={"folder": data}, server={"port": port}, environments={"install_on_gpu": False}, **settings)
    quieten(data)
    services = Services.open(chosen, all_capabilities)
    exposure = plan_exposure(chosen)
    app, operations = build(services, exposure)
    note_running(data, exposure.local)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield OpenStudio(operations, f"http://127.0.0.1:{port}", data)
    finally:
        operations.close()
        server.should_exit = True
        thread.join(20)
        services.close()
