"""Refusals of many kinds in a pseudo-language: no sentence bypasses the catalogue, from the file that is none to the voice that
is not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from engines.catalog import Catalog
from engines.contract import SpeechRequest
from engines.speech.common.request_checks import refuse_what_no_preset_engine_takes
from engines.speech.hibari.engine import Hibari
from engines.worker.error_messages import as_greenroom_error
from engines.worker.wire import pack
from media.audio.audio import Audio
from media.audio.decode import decode_audio
from media.audio.encode import write_audio
from media.errors import GreenroomError
from media.messages.message import Message
from media.video.images import read_image
from media.video.read import probe_video
from studio.settings import load_settings
from studio.settings_file import read_settings_file
from studio.validation import validated
from studio.voices.archive import unpack
from studio.voices.names import valid_name
from tests.media.messages.pseudo import is_pseudo, speaking_pseudo

SOUND = Audio(np.zeros((1600, 1), np.float32), 16_000)


class Fields(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tempo: float = 1.0


def _library_failed() -> None:
    raise as_greenroom_error(ValueError("the tensor has the wrong shape"), "Wan")


def refusals(folder: Path) -> dict[str, Callable[[], object]]:
    text, empty = folder / "text.wav", folder / "empty.wav"
    text.write_text("hello", "utf-8")
    empty.touch()
    settings = folder / "settings.yaml"
    settings.write_text("server: [1, 2]\n? [a]\n: b\n", "utf-8")
    return {
        "no file": lambda: decode_audio(folder / "gone.wav"),
        "empty file": lambda: decode_audio(empty),
        "no sound": lambda: decode_audio(text),
        "no picture": lambda: read_image(text),
        "no video": lambda: probe_video(text),
        "no format": lambda: write_audio(folder / "a.xyz", SOUND, "xyz"),
        "unknown field": lambda: validated(Fields, {"temp": 2}, "option"),
        "wrong value": lambda: validated(Fields, {"tempo": "quick"}),
        "no setting": lambda: load_settings(nonsense=1),
        "wrong setting": lambda: load_settings(server={"port": "many"}),
        "settings file": lambda: read_settings_file(settings),
        "voice's name": lambda: valid_name("a/b"),
        "no voice file": lambda: unpack(text, folder),
        "no engine": lambda: Catalog().get("flight"),
        "nothing to speak": lambda: refuse_what_no_preset_engine_takes(SpeechRequest(" "), Hibari.card),
        "library": _library_failed,
        "pipe": lambda: pack("call", 1, {1: "number"}),
    }


def test_every_refusal_is_said_out_of_the_catalogue(tmp_path: Path) -> None:
    said = {}
    with speaking_pseudo():
        for what, call in refusals(tmp_path).items():
            try:
                call()
            except GreenroomError as error:
                said[what] = error
        bypassed = [
            what for what, error in said.items() if not is_pseudo(error.reason) or (error.hint and not is_pseudo(error.hint))
        ]
        words = {what: str(error) for what, error in said.items()}
    assert not bypassed, {what: words[what] for what in bypassed}
    assert set(said) == set(refusals(tmp_path))


def test_a_place_and_a_message_within_are_said_out_of_it_too() -> None:
    with speaking_pseudo():
        inner = Message.of("voice.saved-ones", saved=[])
        error = GreenroomError("voice.unknown", voice="Ann", suggestion=inner).within("script.in-line", line=3)
        assert error.reason == "⟪Line 3: ⟪There is no voice “Ann”.⟫⟫" and error.hint == "⟪⟪Save a voice first.⟫⟫"
    assert str(error) == "Line 3: There is no voice “Ann”. Save a voice first."
