"""What every engine is proven with: one fixed input for each kind of work, from what ships with the studio."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from engines.contract import Engine, EngineKind, SpeechTraits
from media.video.images import read_image
from media.video.write import VideoWriter
from studio.services import Services
from studio.settings import HOME
from studio.voices.builtin import read_samples
from studio.voices.model import Voice

SENTENCE = "The house stood on a hill and was empty, and the road to the station was long and cold."
PROMPT = "A small sailing boat on a calm sea at sunset, seen from the shore."
SAMPLES = HOME / "assets" / "voices"
PORTRAIT = HOME / "assets" / "portraits" / "astronaut.png"
OTHER_PORTRAIT = HOME / "assets" / "portraits" / "mona-lisa.jpg"
CLIP_SIDE, CLIP_FRAMES, CLIP_RATE = 256, 25, 25
LIP_SYNC_SECONDS = 3.0


@dataclass(frozen=True)
class Work:
    """One job of an engine.

    Args:
        kind, spec: as they are submitted; a round's seed is put into the spec.
        unit: what its time is set beside ("of speech").
        rounds: how often it runs; the last one counts, when all is loaded and compiled.
    """

    kind: str
    spec: dict[str, Any]
    unit: str
    rounds: int = 2


def sample() -> Voice:
    """The first voice that ships: what is cloned, and whose words are written down again."""
    return read_samples(SAMPLES)[0]


def work_of(studio: Services, engine: type[Engine], folder: Path) -> Work | None:
    """The engine's work, None for kinds that only serve others and are proven with them."""
    card = engine.card
    if card.capability is EngineKind.SPEECH:
        said = {"script": SENTENCE, "engine": card.id, "language": "en", "check": "off"}
        return Work("voiceover", {**said, **_voice(studio, engine)}, "of speech")
    if card.capability is EngineKind.TRANSCRIPTION:
        return Work("transcription", {"audio": str(sample().master), "engine": card.id, "language": "en"}, "of speech", 1)
    if card.capability is EngineKind.FACES and hasattr(engine, "lip_sync"):
        spec: dict[str, Any] = {
            "face": str(PORTRAIT),
            "audio": str(sample().master),
            "engine": card.id,
            "seconds": LIP_SYNC_SECONDS,
        }
        return Work("lip_sync", spec, "of video")
    if card.capability is EngineKind.FACES:
        faces = {"portrait": str(OTHER_PORTRAIT), "driving_video": str(portrait_clip(folder))}
        return Work("animate_portrait", {**faces, "engine": card.id}, "of video")
    if card.capability is EngineKind.UPSCALING:
        return Work("upscale", {"video": str(portrait_clip(folder)), "engine": card.id}, "of video")
    if card.capability is EngineKind.SWAP:
        faces = {"reference_image": str(OTHER_PORTRAIT), "driving_video": str(portrait_clip(folder))}
        return Work("character_swap", {"template": card.id, **faces}, "of video", 1)
    if card.capability is EngineKind.VIDEO:
        return Work("text_to_video", _clip(engine), "of video", 1)
    return None


def _voice(studio: Services, engine: type[Engine]) -> dict[str, str]:
    """A cloning engine speaks in the first sample voice: its likeness can be measured."""
    if engine.card.traits_of(SpeechTraits).clones:
        return {"voice": sample().name}
    english = (voice for voice in engine.preset_voices(studio.site) if voice.language.lower().startswith("en"))
    return {"voice": f"{engine.card.id}/{next(english).id}"}


def _clip(engine: type[Engine]) -> dict[str, Any]:
    able: Any = engine
    rules = able.clip_rules(engine.Options())
    shot: dict[str, Any] = {"prompt": PROMPT, "frames": rules.frames_for(rules.fewest_frames * 5)}
    if rules.start_image == "required":
        shot["image"] = str(PORTRAIT)
    return {"shots": [shot], "engine": engine.card.id, "narration": False}


def portrait_clip(folder: Path) -> Path:
    """A second of a face that the camera moves past; made once."""
    path = folder / "portrait.mp4"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    picture = read_image(PORTRAIT)
    side = min(picture.shape[:2]) - CLIP_FRAMES
    rows = np.linspace(0, side - 1, CLIP_SIDE).astype(int)
    with VideoWriter(path, (CLIP_SIDE, CLIP_SIDE), Fraction(CLIP_RATE), 90) as writer:
        for number in range(CLIP_FRAMES):
            writer.write(np.ascontiguousarray(picture[rows + number // 2][:, rows + number]))
    return path
