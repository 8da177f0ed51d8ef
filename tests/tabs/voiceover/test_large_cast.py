"""A cast of any size: speakers beyond the pickers have drawn rows, and a job gets the voice of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from capabilities.registry import all_capabilities
from capabilities.voiceover.capability import Voiceover
from studio.services import Services
from studio.settings import load_settings
from tabs.voiceover.cast_pickers import PICKERS, CastPickers

NAMES = [f"Guest {number}" for number in range(1, 76)]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Services]:
    made = Services.open(load_settings(data={"folder": tmp_path / "data"}), all_capabilities)
    yield made
    made.close()


def press(**data: str) -> Any:
    event = gr.EventData(None, data)
    event._data = data
    return event


def test_every_speaker_of_a_large_cast_has_a_row_and_the_voice_that_was_chosen(studio: Services) -> None:
    with gr.Blocks():
        cast = CastPickers(studio, studio.capability(Voiceover), "secret")
        rows = cast.more
        rows.wire()
    wishes = {"Guest 70": "espeak/gmw/en-GB-scotland"}
    shown = cast.for_script(NAMES, [], "auto", "en", wishes, narrated=False)
    assert all(f">{name}</label>" in shown[rows.rows] for name in NAMES[PICKERS:])
    assert f">{NAMES[0]}<" not in shown[rows.rows] and "espeak/gmw/" in shown[rows.voices]
    assert shown[rows.chosen]["Guest 70"] == wishes["Guest 70"] and len(set(shown[rows.chosen].values())) > 3

    held: dict[Any, Any] = {cast.speakers: NAMES, rows.chosen: shown[rows.chosen], cast.wishes: wishes}
    held |= {picker: shown[picker]["value"] for picker in cast.pickers}
    held |= rows._choose(held, press(act="cast", speaker="Guest 75", voice="hibari/heart"))
    speakers = cast.spec(held)["speakers"]
    assert list(speakers) == NAMES
    assert speakers["Guest 70"] == wishes["Guest 70"] and speakers["Guest 75"] == "hibari/heart"
    assert held[cast.wishes]["Guest 75"] == cast.wished(held)["Guest 75"] == "hibari/heart"

    held |= rows._choose(held, press(act="cast", speaker="Guest 74", voice="/text"))
    assert cast.spec(held)["just_text"] == ["Guest 74"] and "Guest 74" not in cast.spec(held)["speakers"]
    few = cast.for_script(NAMES[:3], [], "auto", "en", {}, narrated=False)
    assert few[rows.chosen] == {} and "<select" not in few[rows.rows] and "<option" not in few[rows.voices]
