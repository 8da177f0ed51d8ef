"""The endpoints that mend what there is, over a gradio_client as programs use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests.repository.sources import ROOT
from tests.servers import wait_until

SAMPLE = ROOT / "assets" / "voices" / "LJ001-0001.wav"


def local(path: Any) -> Path:
    return Path(path["path"] if isinstance(path, dict) else path)


def test_a_voice_is_judged_cut_changed_exported_and_imported(client: Client) -> None:
    verdict = client.predict(handle_file(str(SAMPLE)), api_name="/judge_voice")
    assert verdict["ok"] and verdict["duration"] > 5 and isinstance(verdict["findings"], list)
    saved = client.predict("Part", handle_file(str(SAMPLE)), 0.0, 4.0, "printing", api_name="/save_voice_part")
    assert 3.5 < saved["duration"] < 4.5
    changed = client.predict("Part", "Whole", None, ["warm"], "a note", "she agreed", api_name="/update_voice")
    assert (changed["name"], changed["transcript"], changed["tags"]) == ("Whole", "printing", ["warm"])
    assert (changed["notes"], changed["consent"], changed["id"]) == ("a note", "she agreed", saved["id"])
    package = local(client.predict("Whole", api_name="/export_voice"))
    again = client.predict(handle_file(str(package)), api_name="/import_voice")
    assert (again["name"], again["consent"], again["sound"]) == ("Whole (2)", "she agreed", changed["sound"])
    for name in ("Whole", "Whole (2)"):
        client.predict(name, api_name="/delete_voice")
    with pytest.raises(AppError, match="not a voice"):
        client.predict(handle_file(str(SAMPLE)), api_name="/import_voice")
    with pytest.raises(AppError, match="end must lie after start"):
        client.predict("Part", handle_file(str(SAMPLE)), 4.0, 1.0, api_name="/save_voice_part")


def test_a_sentence_is_spoken_again_and_changed(client: Client) -> None:
    _, _, job = client.predict("The first one stays. The second one goes.", "hibari/heart", "hibari", api_name="/voiceover")
    pieces = client.predict(job["id"], api_name="/segments")
    assert [piece["text"] for piece in pieces] == ["The first one stays.", "The second one goes."]
    edited = client.predict(job["id"], pieces[1]["id"], "The second one came.", api_name="/edit_segment")
    wait_until(lambda: client.predict(edited["id"], api_name="/job")["state"] == "done", 60)
    assert [one["text"] for one in client.predict(edited["id"], api_name="/segments")][1] == "The second one came."
    again = client.predict(job["id"], pieces[0]["id"], api_name="/respeak_segment")
    wait_until(lambda: client.predict(again["id"], api_name="/job")["state"] == "done", 60)
    output = Path(client.predict(again["id"], api_name="/job")["outputs"][0]["path"]).name
    recipe = client.predict(output, api_name="/recipe")
    assert recipe["job"] == again["id"] and recipe["spec"]["script"].startswith("The first one stays.")
    with pytest.raises(AppError, match="no piece"):
        client.predict(job["id"], "nonsense", "x", api_name="/edit_segment")
