"""docs/how-to/api.md is so: its commands are run as they stand, but for the port and the folder."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import httpx
import pytest

from api.command_line.__main__ import main
from tests.repository.sources import ROOT
from tests.servers import RunningStudio

TEXT = (ROOT / "docs" / "how-to" / "api.md").read_text("utf-8")
SAMPLE = ROOT / "assets" / "voices" / "LJ001-0001.wav"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the document names, as the working folder."""
    shutil.copy(SAMPLE, tmp_path / "clip.wav")
    (tmp_path / "script.txt").write_text("One line of a script.")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_curl_does_what_is_told(server: RunningStudio, here: Path) -> None:
    joined = TEXT.replace("\\\n", " ")
    commands = re.findall(r"^(curl .*)$", joined, re.MULTILINE) + re.findall(r"`(curl [^`]*)`", joined)
    assert len(commands) >= 4
    for command in commands:
        words = shlex.split(command.replace("http://127.0.0.1:7860", server.url))
        done = subprocess.run(words, cwd=here, capture_output=True, text=True, timeout=120)
        answer = json.loads(done.stdout)
        assert done.returncode == 0 and "code" not in answer, (command, answer)


def test_the_terminal_does_what_is_told(server: RunningStudio, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"^\./launch\.sh call ?([^#\n]*)", TEXT, re.MULTILINE)
    assert len(commands) >= 5
    for command in commands:
        assert main(["--data", str(server.data), *shlex.split(command)]) == 0, (command, capsys.readouterr().err)
    assert len(list((here / "made").iterdir())) == 2
    main(["--data", str(server.data), "delete_voice", "voice=Ada"])


def test_the_document_is_whole(server: RunningStudio) -> None:
    document = httpx.get(f"{server.url}/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1") and len(document["paths"]) > 50
    texts = json.dumps(document)
    named = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', texts))
    assert named and named <= document["components"]["schemas"].keys()
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            assert told["summary"] and told["operationId"] and "200" in told["responses"], (method, path)
            for status, answer in told["responses"].items():
                assert int(status) < 400 or "application/problem+json" in answer["content"], (path, status)


def test_codes_of_the_door_are_told() -> None:
    codes = set(tomllib.loads((ROOT / "api" / "messages" / "en" / "request.toml").read_text("utf-8"))) - {"refused"}
    (told,) = re.findall(r"codes that\s+begin with `request\.`: (.*?\d)\.", TEXT, re.DOTALL)
    assert set(re.findall(r"`([a-z-]+)`", told)) == codes
