"""Voices that an engine has invented from a description, saved like any other, so that every sentence can be spoken in them."""

from __future__ import annotations

from pathlib import Path

from engines.speech.voxcpm2.engine import DESIGN
from studio.licences import UNKNOWN, LicenceTerms
from studio.voices.model import Voice
from studio.voices.voices import Voices

TAG = "designed"
CONSENT = "Made up by a speech engine from a description; it is no person's voice."


def is_designed(voice: str) -> bool:
    """Return whether a sentence in this voice ("engine/preset") has a voice of its own: an engine's preset "design" is
    invented anew for each sentence."""
    return voice.endswith(f"/{DESIGN}")


def add_designed(voices: Voices, name: str, take: Path, text: str, language: str = "", terms: LicenceTerms = UNKNOWN) -> Voice:
    """Save the voice of a finished take, with its words as the transcript.

    Args:
        take: the take's sound. text: its exact words. terms: licences of the engine and the voice that spoke it.

    Raises:
        InvalidInput: the name is not valid, or is taken already.
        VoiceTooShort, VoiceTooLong, VoiceRefused: the take is not good enough for a voice; design one with a longer sentence.
        MediaError: the take no longer exists.
    """
    return voices.add(name, take, transcript=text, tags=(TAG,), consent=CONSENT, language=language, terms=terms)
