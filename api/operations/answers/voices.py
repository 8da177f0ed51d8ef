"""Voices as calls give them."""

from __future__ import annotations

from pydantic import Field

from api.operations.operation import Answer


class ClipFindingAnswer(Answer):
    """Something about a clip that is worth knowing."""

    severity: str


class LicenceAnswer(Answer):
    """The terms of something that went into a voice or a result."""

    name: str
    licence: str
    commercial_use: bool | None = None


class VoiceAnswer(Answer):
    """A saved voice."""

    id: str
    name: str
    transcript: str
    transcript_status: str
    language: str
    tags: list[str]
    notes: str
    consent: str = Field(description="Who agreed to its use, how and when.")
    created: float
    version: int
    sound: str = Field(description="The hash of its recording.")
    duration: float
    rate: int
    channels: int
    findings: list[ClipFindingAnswer]
    licences: list[LicenceAnswer]
    built_in: bool
    damage: str


class ListedVoice(Answer):
    """A voice that can speak: a saved one with all that is known of it, or a preset of an engine."""

    id: str
    name: str = Field(description="What `voiceover` takes as its voice.")
    preset: bool = Field(description="Whether it belongs to an engine.")
    language: str = ""
    title: str = ""
    gender: str = ""
    engine: str = ""


class NearVoiceAnswer(Answer):
    """A built-in voice, and how like a recording it sounds."""

    name: str = Field(description="What `voiceover` takes as its voice.")
    title: str
    engine: str
    likeness: float = Field(description="1 for the same sound; two clips of one person have 0.8 and more.")


class ClipVerdict(Answer):
    """What a clip would be worth as a voice."""

    ok: bool
    duration: float
    findings: list[ClipFindingAnswer]
    best_part: list[float] | None = Field(description="Start and end in seconds, of a clip that is too long.")
