"""Search for the built-in voices that are most similar to a recording. Nothing is cloned.

Similarity is that of the voice encoder's vectors (engines.verification.voice_encoder). The most similar of 28 voices to a speaker
whom none of them imitates has about 0.7, another clip of the same speaker 0.95.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = Path("speaker", "built_in_voices.npz")
"""Under the assets: for each voice as "engine/preset" a vector, float16 [256], made by bench.engines.voice_vectors."""

ENGINES = ("hibari", "kokoro")
"""Whose voices are offered: those that sound like people."""


@dataclass(frozen=True)
class LikeVoice:
    """A built-in voice, as "engine/preset", and its similarity to a recording: 1 is the same sound, strangers have 0.4 to
    0.75.
    """

    name: str
    likeness: float


def nearest_voices(vector: NDArray[np.float32], assets: Path, ready_ids: Collection[str], most: int = 3) -> list[LikeVoice]:
    """Return the most similar voices, the best first.

    Args:
        vector: the voice encoder's embedding of the recording.
        ready_ids: engines that are ready now.

    Raises:
        OSError, ValueError: the file of vectors is missing or damaged.
    """
    with np.load(assets / FILE, allow_pickle=False) as known:
        vectors = {name: known[name].astype(np.float32) for name in known.files if name.partition("/")[0] in ready_ids}
    found = [LikeVoice(name, float(vector @ own / max(float(np.linalg.norm(own)), 1e-9))) for name, own in vectors.items()]
    return sorted(found, key=lambda one: -one.likeness)[:most]
