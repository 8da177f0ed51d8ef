"""Templates over the API of a studio that has no ComfyUI server."""

from __future__ import annotations

from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from tests.servers import RunningStudio
from tests.studio.workflows.test_reading import write
from tests.studio.workflows.test_shipped import IDS, MODELS


def test_the_built_in_comes_first_and_every_template_is_valid(client: Client) -> None:
    listed: list[dict[str, Any]] = client.predict(api_name="/templates")
    assert [each["id"] for each in listed[1:7]] == IDS
    assert listed[0]["builtin"] is True
    for each in listed[:7]:
        assert {"id", "title", "valid", "problems", "inputs", "parameters"} <= set(each)
        assert each["valid"] is True and each["problems"] == []


def test_a_template_tells_what_it_needs_and_that_there_is_no_server(client: Client) -> None:
    told = client.predict("wan22-animate-swap", api_name="/template")
    assert {"reference_image", "driving_video"} <= {each["key"] for each in told["inputs"]}
    wanted = {"seed", "steps", "cfg", "denoise_strength", "frame_rate", "person_index"}
    assert wanted <= {each["key"] for each in told["parameters"]}
    checked = told["validation"]
    assert checked["ready"] is False
    assert [each["sentence"] for each in checked["problems"]] == ["No ComfyUI server is set."]
    assert "under Settings" in checked["problems"][0]["where"]
    assert {each["name"] for each in checked["models"]} == MODELS["wan22-animate-swap"]
    built_in = client.predict(api_name="/templates")[0]["id"]
    assert client.predict(built_in, api_name="/template")["validation"]["ready"] is True


def test_a_wrong_name_names_near_ones(client: Client) -> None:
    with pytest.raises(AppError, match="scail2-swap"):
        client.predict("scail-swap", api_name="/template")


def test_models_are_told_without_a_server(client: Client) -> None:
    told = client.predict(api_name="/comfyui_models")
    assert (told["server"], told["models"], told["problem"]["sentence"]) == (False, {}, "No ComfyUI server is set.")


def test_a_template_that_is_dropped_in_shows_broken_or_not(client: Client, server: RunningStudio) -> None:
    own = server.data / "workflows"
    try:
        write(own)
        (own / "torn.manifest.yaml").write_text("id: torn\n")
        listed = {each["id"]: each for each in client.predict(api_name="/templates")}
        assert listed["larger"]["valid"] and listed["larger"]["own"]
        assert not listed["torn"]["valid"] and listed["torn"]["problems"]
        assert set(IDS) < set(listed)
    finally:
        for path in own.glob("*"):
            path.unlink()
