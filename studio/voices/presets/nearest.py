"""The built-in voice nearest to a recording, by similarity. Nothing is cloned, and the recording is not kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engines.catalog import Catalog
from engines.contract import EngineKind, EnginePaths
from engines.speech.likeness import ENGINES, nearest_voices
from engines.verification.voice_encoder.engine import VoiceEncoder
from media.audio.decode import decode_audio
from studio.errors import InvalidInput
from studio.workers.engine_service import readiness_of
from studio.workers.pool import WorkerPool

LONGEST_SECONDS = 30.0
"""Of a recording, this much from its beginning is listened to."""


@dataclass(frozen=True)
class NearVoice:
    """A built-in voice that is ready.

    Args:
        name: "engine/preset". likeness: similarity to the recording, 1 for the same sound; two clips of one person have 0.8 and
            more.
    """

    name: str
    title: str
    engine: str
    likeness: float


def nearest_to(clip: Path, catalog: Catalog, site: EnginePaths, workers: WorkerPool) -> list[NearVoice]:
    """Return the three voices that sound most like a recording of one person, the nearest first.

    Raises:
        MediaError: the recording cannot be decoded. EngineError: it has less than half a second of speech.
        InvalidInput: the studio's own list of voices is damaged. WorkerDied: the worker was ended.
    """
    sound = decode_audio(clip).slice(0.0, LONGEST_SECONDS)
    with workers.lease(VoiceEncoder, VoiceEncoder.Options()) as encoder:
        vector = encoder.embed(sound)
    speaking = {one.card.id: one for one in catalog.of(EngineKind.SPEECH) if one.card.id in ENGINES}
    ready = [engine_id for engine_id, one in speaking.items() if readiness_of(one, site).ready]
    try:
        found = nearest_voices(vector, site.assets, ready)
    except (OSError, ValueError) as error:
        raise InvalidInput("voice.vectors-damaged") from error
    titles = {f"{engine_id}/{voice.id}": voice.title for engine_id in ready for voice in speaking[engine_id].preset_voices(site)}
    return [
        NearVoice(one.name, titles[one.name], speaking[one.name.partition("/")[0]].card.title, round(one.likeness, 3))
        for one in found
        if one.name in titles
    ]
