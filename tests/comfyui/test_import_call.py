"""A template of one's own over the API: out of an exported workflow, at a server that knows its nodes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError

from tests.comfyui.graphs import picture
from tests.comfyui.servers import StandInServer
from tests.servers import running_studio


@pytest.mark.slow
def test_a_workflow_becomes_a_template_and_goes_again(stand_in: StandInServer, tmp_path: Path) -> None:
    export = tmp_path / "inverted.json"
    export.write_text(json.dumps(picture("x.png")))
    with running_studio(tmp_path / "data", GREENROOM_COMFYUI__URL=stand_in.url) as studio:
        client = studio.client()
        with pytest.raises(AppError, match="It can be asked for"):
            client.predict(handle_file(export), "Inverted", ["nonsense"], "other", api_name="/import_template")
        made = client.predict(handle_file(export), "Inverted picture", [], "other", api_name="/import_template")
        assert made["id"] == "inverted-picture" and made["valid"] and made["inputs"], made
        assert "inverted-picture" in {each["id"] for each in client.predict(api_name="/templates")}
        with pytest.raises(AppError, match="already"):
            client.predict(handle_file(export), "Inverted picture", [], "other", api_name="/import_template")
        assert client.predict("inverted-picture", api_name="/delete_template")["id"] == "inverted-picture"
        assert "inverted-picture" not in {each["id"] for each in client.predict(api_name="/templates")}
        with pytest.raises(AppError, match="ships with the studio"):
            client.predict("scail2-swap", api_name="/delete_template")
