"""What may cross the pipe between studio and worker: the methods of each kind of engine, and the types of values."""

from __future__ import annotations

from engines.contract import faces, speech, swap, transcription, upscaling, video
from engines.contract.card import EngineKind
from media.audio.audio import Audio

CALLABLE_METHODS: dict[EngineKind, frozenset[str]] = {
    EngineKind.SPEECH: frozenset({"synthesize", "stream", "synthesize_batch"}),
    EngineKind.TRANSCRIPTION: frozenset({"transcribe"}),
    EngineKind.FACES: frozenset({"animate", "lip_sync", "listen", "look", "measure"}),
    EngineKind.VIDEO: frozenset({"generate"}),
    EngineKind.SWAP: frozenset({"swap", "faces"}),
    EngineKind.UPSCALING: frozenset({"upscale"}),
    EngineKind.VERIFICATION: frozenset({"follow", "embed"}),
}
"""The methods that a worker accepts for each kind: nothing else on an engine can be called from outside."""

WIRE_VALUES: tuple[type, ...] = (
    Audio, *speech.WIRE_VALUES, *transcription.WIRE_VALUES, *faces.WIRE_VALUES, *swap.WIRE_VALUES, *video.WIRE_VALUES,
    *upscaling.WIRE_VALUES,
)  # fmt: skip
"""The types that may cross, beside JSON's own, Path, bytes and numpy arrays."""
