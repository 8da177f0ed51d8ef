"""Dockerfile and compose.yaml: nothing they name is missing, nothing runs as root, settings are the studio's."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import Any

import pytest
import yaml

from studio.settings import load_settings
from tests.repository.sources import ROOT

DOCKERFILES = [ROOT / "Dockerfile", ROOT / "packaging" / "comfyui" / "Dockerfile"]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
STUDIO = DOCKERFILES[0].read_text("utf-8")


@pytest.mark.parametrize("path", DOCKERFILES, ids=["studio", "comfyui"])
def test_images_run_without_root_and_say_whether_they_are_well(path: Any) -> None:
    lines = path.read_text("utf-8").splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users and users[-1] == "1000:1000"
    assert any(line.startswith("HEALTHCHECK ") for line in lines)
    pinned = [line.split()[1] for line in lines if line.startswith("FROM ") and "$" not in line]
    assert pinned and not [image for image in pinned if image.partition(":")[2] in ("", "latest")]


def test_what_the_studio_needs_is_in_the_image() -> None:
    """.dockerignore leaves everything out but what it names; every folder with code that app.py imports is named."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    taken = {line[1:] for line in lines if line.startswith("!")}
    assert lines[1] == "*" and not [name for name in taken if not (ROOT / name).exists()]
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    code = {name.partition("/")[0] for name in listed if name.endswith(".py")} - {"tests"}
    assert code | {"assets", "workflows", "packaging", "settings.yaml", "VERSION", "requirements.lock", "launch.sh"} <= taken
    for line in re.findall(r"^COPY --chown=\S+ (.+)$", STUDIO, re.MULTILINE):
        for name in shlex.split(line)[:-1]:
            assert (ROOT / name).exists() and (name == "." or name.partition("/")[0] in taken), name


def test_settings_of_the_containers_are_those_of_the_studio(monkeypatch: pytest.MonkeyPatch) -> None:
    given = dict(COMPOSE["services"]["greenroom"]["environment"])
    given |= dict(re.findall(r"^ENV (GREENROOM_\w+)=(.+)$", STUDIO, re.MULTILINE))
    for name, value in given.items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value))
    settings = load_settings()
    assert str(settings.data_folder) == "/data" and settings.comfyui.url == settings.language.url == ""
    monkeypatch.setenv("GREENROOM_SERVER__ALLOWED_HOSTS", '["spark.local"]')
    monkeypatch.setenv("GREENROOM_COMFYUI__URL", "http://comfyui:8188")
    monkeypatch.setenv("GREENROOM_LANGUAGE__URL", "http://ollama:11434/v1")
    settings = load_settings()
    assert settings.server.allowed_hosts == ("spark.local",) and settings.language.url == "http://ollama:11434/v1"


def test_every_service_has_a_gpu_a_limit_of_memory_and_volumes_that_are_declared() -> None:
    for name, service in COMPOSE["services"].items():
        resources = service["deploy"]["resources"]
        assert resources["limits"]["memory"] and resources["reservations"]["devices"][0]["capabilities"] == ["gpu"], name
        assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(COMPOSE["volumes"]), name
        assert name == "greenroom" or service["profiles"], "what stands beside is asked for"
    assert COMPOSE["services"]["greenroom"]["ports"][0].startswith("${GREENROOM_ADDRESS:-127.0.0.1}:"), "loopback by default"
    for volume in COMPOSE["services"]["greenroom"]["volumes"]:
        place = volume.partition(":")[2]
        assert re.search(rf"install -d -o greenroom [^&]*{re.escape(place)}\b", STUDIO), f"{place} is the user's"
