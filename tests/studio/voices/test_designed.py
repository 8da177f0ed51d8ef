"""A designed take becomes a saved voice: its sound, its words, and where it comes from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from media.audio.decode import decode_audio
from studio.errors import InvalidInput
from studio.settings import VoiceSettings
from studio.voices.designed import CONSENT, add_designed, is_designed
from studio.voices.model import VoiceTooShort
from studio.voices.voices import Voices

ASSETS = Path(__file__).resolve().parents[3] / "assets" / "voices"


@pytest.fixture
def voices(tmp_path: Path) -> Voices:
    return Voices(tmp_path / "voices", tmp_path, VoiceSettings())


@pytest.fixture
def take(tmp_path: Path) -> Path:
    """A take as the segment store keeps it: 32-bit float at 48 kHz would be the engine's; any rate is kept as it is."""
    clip = decode_audio(ASSETS / "LJ001-0001.wav")
    soundfile.write(tmp_path / "take.wav", clip.samples, clip.rate, subtype="FLOAT")
    return tmp_path / "take.wav"


def test_its_words_are_the_transcript_and_its_origin_is_told(voices: Voices, take: Path) -> None:
    voice = add_designed(voices, "Grandfather", take, "Printing, in the only sense.", "en")
    assert (voice.transcript, voice.transcript_status, voice.language) == ("Printing, in the only sense.", "given", "en")
    assert voice.tags == ("designed",) and voice.consent == CONSENT
    assert np.abs(decode_audio(voice.master).samples - decode_audio(take).samples).max() < 1e-4
    assert voices.resolve("Grandfather") == voice


def test_a_taken_name_and_a_short_take_are_refused(voices: Voices, take: Path, tmp_path: Path) -> None:
    add_designed(voices, "Grandfather", take, "Printing.")
    with pytest.raises(InvalidInput, match="already"):
        add_designed(voices, "Grandfather", take, "Printing.")
    clip = decode_audio(take).slice(0, 1)
    soundfile.write(tmp_path / "short.wav", clip.samples, clip.rate, subtype="FLOAT")
    with pytest.raises(VoiceTooShort):
        add_designed(voices, "Child", tmp_path / "short.wav", "Printing.")


def test_only_designed_voices_are_offered() -> None:
    assert is_designed("voxcpm2/design") and not is_designed("kokoro/af_heart") and not is_designed("Linda (sample)")
