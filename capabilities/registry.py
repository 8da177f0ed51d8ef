"""The list of capabilities: one line for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from studio.jobs.capability import Capability
from studio.services import Services

BUILT_IN = (
    "capabilities.voiceover.capability:Voiceover",
    "capabilities.voiceover.batch.capability:VoiceoverBatch",
    "capabilities.audiobook.capability:Audiobook",
    "capabilities.rewriting.capability:RewriteScript",
    "capabilities.lip_sync.capability:LipSync",
    "capabilities.portrait.capability:AnimatePortrait",
    "capabilities.transcription.capability:Transcription",
    "capabilities.transcription.voice_transcript:VoiceTranscript",
    "capabilities.video.capability:TextToVideo",
    "capabilities.video.image_to_video:ImageToVideo",
    "capabilities.upscaling.capability:Upscale",
    "capabilities.character_swap.capability:CharacterSwap",
    "capabilities.director.film.capability:RenderFilm",
    "capabilities.director.book.capability:RenderBook",
    "capabilities.director.timeline.capability:ExportProject",
    "capabilities.director.writing.capability:WriteBoard",
    "capabilities.setup.install_environment:InstallEnvironment",
    "capabilities.setup.download_weights:DownloadWeights",
    "capabilities.setup.first_models:FirstModels",
    "capabilities.setup.set_up_engine:SetUpEngine",
    "capabilities.setup.doctor:Doctor",
)
"""Modules and classes; one that builds on another (`Services.capability`) stands after it."""


def kinds(names: Sequence[str] = BUILT_IN, *, estimated: bool = False) -> tuple[str, ...]:
    """Return the kinds of job that can be submitted; with `estimated` only those that can be estimated."""
    classes = [_class(name) for name in names]
    return tuple(cls.kind for cls in classes if not estimated or cls.estimate is not Capability.estimate)


def all_capabilities(services: Services, names: Sequence[str] = BUILT_IN) -> Iterator[Capability[Any]]:
    """Yield every kind of job, constructed one by one."""
    for name in names:
        yield _class(name)(services)


def _class(name: str) -> Any:
    module, _, cls = name.partition(":")
    return getattr(import_module(module), cls)
