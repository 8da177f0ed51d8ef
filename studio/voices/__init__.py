"""Saved voices: clips checked and stored as masters, found by exact name, and passed to the engines that can speak in them."""

from __future__ import annotations

from studio.voices.model import (
    ClipFinding,
    ClipReport,
    Severity,
    TranscriptStatus,
    Voice,
    VoiceRefused,
    VoiceTooLong,
    VoiceTooShort,
    Window,
)  # fmt: skip
from studio.voices.voices import Voices

__all__ = [
    "ClipFinding",
    "ClipReport",
    "Severity",
    "TranscriptStatus",
    "Voice",
    "VoiceRefused",
    "VoiceTooLong",
    "VoiceTooShort",
    "Voices",
    "Window",
]
