"""A template of one's own over the API: out of an exported workflow, at a server that knows its nodes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.operations.calling import Operations
from capabilities.registry import all_capabilities
from studio.errors import GreenroomError
from studio.services import Services
from studio.settings import load_settings
from studio.voices.preview import VoicePreviews
from tests.studio.comfyui.graphs import picture
from tests.studio.comfyui.servers import StandInServer


@pytest.fixture
def calls(shared_stand_in: StandInServer, tmp_path: Path) -> Iterator[Operations]:
    studio = Services.open(
        load_settings(data={"folder": tmp_path / "data"}, comfyui={"url": shared_stand_in.url}), all_capabilities
    )
    auditions = VoicePreviews(studio.catalog, studio.site, studio.voices, studio.pronunciations, studio.workers, studio.segments)
    yield Operations(studio, auditions, studio.paths.root / "uploads")
    studio.close()


def test_a_server_is_asked_to_unload_like_an_engine(calls: Operations, stand_in: StandInServer) -> None:
    freed = stand_in.told["freed"]
    report = calls.call("unload", {"engine": "comfyui"})
    assert report.engine_id == "comfyui" and report.returned_gib >= 0 and stand_in.told["freed"] == freed + 1
    with pytest.raises(GreenroomError, match="comfyu"):
        calls.call("unload", {"engine": "comfyu"})


def test_a_workflow_becomes_a_template_and_goes_again(calls: Operations, tmp_path: Path) -> None:
    export = tmp_path / "data" / "uploads" / "inverted.json"
    export.parent.mkdir(exist_ok=True)
    export.write_text(json.dumps(picture("x.png")))
    given = {"workflow": str(export)}
    with pytest.raises(GreenroomError, match="It can be asked for"):
        calls.call("import_template", {**given, "title": "Inverted", "fields": ["nonsense"]})
    with pytest.raises(GreenroomError, match="cannot need -2"):
        calls.call("import_template", {**given, "title": "Inverted", "memory_gib": -2})
    made = calls.call("import_template", {**given, "title": "Inverted picture"}).model_dump()
    assert made["id"] == "inverted-picture" and made["valid"] and made["inputs"], made
    assert (made["memory_gib"], made["tier"]) == (2.0, "light"), "it names no model files"
    assert "inverted-picture" in {each.id for each in calls.call("templates", {})}
    with pytest.raises(GreenroomError, match="already"):
        calls.call("import_template", {**given, "title": "Inverted picture"})
    with pytest.raises(GreenroomError, match="not an uploaded file"):
        calls.call("import_template", {"workflow": str(shutil.copy(export, tmp_path / "elsewhere.json")), "title": "Elsewhere"})
    assert calls.call("delete_template", {"template": "inverted-picture"}).id == "inverted-picture"
    assert "inverted-picture" not in {each.id for each in calls.call("templates", {})}
    with pytest.raises(GreenroomError, match="ships with the studio"):
        calls.call("delete_template", {"template": "scail2-swap"})
