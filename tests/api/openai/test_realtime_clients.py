"""Programs made for the Realtime API against /v1/realtime, each in an environment of its own and with its address alone changed.

They are looked for in $REALTIME_CLIENTS, and a test of one that is not there is skipped. To install them into a folder:

    cp tests/api/openai/clients/package*.json "$REALTIME_CLIENTS" && npm ci --prefix "$REALTIME_CLIENTS"
    python -m venv "$REALTIME_CLIENTS/python"
    "$REALTIME_CLIENTS/python/bin/pip" install -r tests/api/openai/clients/requirements.txt
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from media.audio.decode import decode_audio
from media.audio.resample import resample
from tests.repository.sources import ROOT
from tests.servers import RunningStudio, running_studio
from tests.studio.language.chat_server import ChatServer, chat_server, says

pytestmark = pytest.mark.slow
TIDE = "The tide comes in twice a day. Then it goes out again, as far as the lighthouse."
STORY = "It was a long way to the harbour, and nobody had ever walked it twice on one day. " * 8
PROGRAMS = Path(__file__).parent / "clients"


def clients() -> Path:
    """Where they are installed; the test is skipped where that is nowhere."""
    folder = os.environ.get("REALTIME_CLIENTS")
    if not folder:
        pytest.skip("REALTIME_CLIENTS names no folder in which these clients are installed.")
    return Path(folder)


def node(package: str) -> str:
    """Node.js; the test is skipped where it or the package is not there."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node.js is not installed.")
    if not (clients() / "node_modules" / package).is_dir():
        pytest.skip(f"{package} is not installed in {clients()}.")
    return found


def python(package: str) -> str:
    """The Python of the clients; the test is skipped where it or the package is not there."""
    found = clients() / "python" / "bin" / "python"
    if not found.exists() or not list(found.parents[1].glob(f"lib/*/site-packages/{package}")):
        pytest.skip(f"{package} is not installed in {clients()}.")
    return str(found)


@pytest.fixture(scope="module")
def mind() -> Iterator[ChatServer]:
    with chat_server() as server:
        server.behaviour = says(TIDE)
        yield server


@pytest.fixture(scope="module")
def studio(mind: ChatServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with running_studio(tmp_path_factory.mktemp("clients") / "data", GREENROOM_LANGUAGE__URL=mind.url) as running:
        yield running


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded reader and two and a half seconds of silence, 16-bit at 24 kHz."""
    sound = resample(decode_audio(ROOT / "assets" / "voices" / "LJ001-0002.wav").mono(), 24_000).samples[:, 0]
    path = tmp_path_factory.mktemp("speech") / "speech.pcm"
    path.write_bytes((np.concatenate([sound, np.zeros(60_000)]) * 32_767).astype("<i2").tobytes())
    return path


def run(command: list[str], **environment: str) -> dict[str, Any]:
    """What a client prints at its end."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, env=os.environ | environment, check=False)
    lines = done.stdout.strip().splitlines()
    assert lines, done.stderr[-2_000:]
    told: dict[str, Any] = json.loads(lines[-1])
    assert done.returncode == 0, (told, done.stderr[-2_000:])
    return told


CALL = says('{"call": "tide", "arguments": {"place": "Oban"}}')


def expect(mind: ChatServer, *answers: Any) -> None:
    """What the model writes next."""
    mind.queued.clear()
    mind.queued.extend(answers)


def test_agents_for_node(studio: RunningStudio, mind: ChatServer, speech: Path) -> None:
    """A written turn, a function, an interruption and a spoken turn, without an error; the history is in order."""
    program = node("@openai/agents")
    expect(mind, says(TIDE), CALL, says("At noon."), says(STORY, pause=0.02), says("Indeed."))
    url = f"ws://127.0.0.1:{studio.port}/v1/realtime?model=greenroom"
    told = run([program, str(PROGRAMS / "agents.cjs"), url, str(speech)], NODE_PATH=str(clients() / "node_modules"))
    assert not told["errors"] and told["called"] == ["Oban"] and told["interrupted"] >= 1
    assert told["written"] > 24_000 * 2 * 3, "three seconds of sound"
    said = [(item["role"], item["text"]) for item in told["history"] if item["type"] == "message"]
    assert said[:5] == [
        ("user", "When is high water?"), ("assistant", TIDE), ("user", "And in Oban?"), ("assistant", "At noon."),
        ("user", "Tell me a long story."),
    ]  # fmt: skip
    assert STORY.startswith(said[5][1]) and len(said[5][1]) < len(STORY) / 2, "what was cut off was not heard"
    assert any(role == "user" and text for role, text in said[6:]) and told["usage"]["inputTokens"] >= 44


def test_livekit(studio: RunningStudio, mind: ChatServer, speech: Path) -> None:
    """The chat it sets, a function, truncation where it stopped, and a spoken turn whose words come once."""
    program = python("livekit/plugins/openai")
    expect(mind, says(TIDE), CALL, says("At noon."), says(STORY, pause=0.02), says("Indeed."))
    told = run([program, str(PROGRAMS / "livekit_client.py"), f"http://127.0.0.1:{studio.port}/v1", str(speech)])
    words, milliseconds = told["first"]
    assert not told["errors"] and words.strip() == TIDE and milliseconds > 3_000
    assert told["called"] == "Oban" and told["second"][0].strip() == "At noon."
    assert STORY.startswith(told["cut"][0].strip()) and len(told["cut"][0]) < len(STORY) / 2
    heard = [text for role, text in told["history"] if role == "user"][2:]
    assert heard[0] == told["heard"] and heard[0]
    assert "You know the sea." in mind.questions[-1]["messages"][0]["content"]


def test_pipecat(studio: RunningStudio, mind: ChatServer, speech: Path) -> None:
    """A function in the first answer, and a spoken turn that is answered."""
    program = python("pipecat")
    expect(mind, CALL, says("At noon."), says("Indeed."))
    told = run([program, str(PROGRAMS / "pipecat_client.py"), f"ws://127.0.0.1:{studio.port}/v1/realtime", str(speech)])
    assert not told["errors"] and told["called"] == ["Oban"] and told["first"].strip() == "At noon."
    assert told["sound"] > 24_000 and told["heard"][0] and told["words"].split()[:3] == ["At", "noon.", "Indeed."]
