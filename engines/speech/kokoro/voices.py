"""The voices of Kokoro v1.0 in English, Spanish, French, Italian and Portuguese, as its makers name them; the English ones in the
order of their own grades (VOICES.md), the best first."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.contract import PresetVoice

FILE = "kokoro/voices.npz"
"""Under the assets: for each voice an array of 510 rows, one for each count of symbols, of 256 numbers in half precision."""

NAMES = (
    "af_heart", "af_bella", "af_nicole", "af_aoede", "af_kore", "af_sarah", "af_alloy", "af_nova", "af_sky", "af_jessica",
    "af_river", "am_fenrir", "am_michael", "am_puck", "am_echo", "am_eric", "am_liam", "am_onyx", "am_santa", "am_adam",
    "bf_emma", "bf_isabella", "bf_alice", "bf_lily", "bm_fable", "bm_george", "bm_lewis", "bm_daniel",
    "ef_dora", "em_alex", "ff_siwis", "if_sara", "im_nicola", "pf_dora", "pm_alex",
)  # fmt: skip

_ACCENTS = {
    "a": ("en-US", "American"), "b": ("en-GB", "British"), "e": ("es", "Spanish"), "f": ("fr-FR", "French"),
    "i": ("it", "Italian"), "p": ("pt-BR", "Brazilian"),
}  # fmt: skip
ENGLISH = "en"
_GENDERS = {"f": "female", "m": "male"}


def _voice(name: str) -> PresetVoice:
    language, accent = _ACCENTS[name[0]]
    gender = _GENDERS[name[1]]
    return PresetVoice(name, f"{name[3:].capitalize()} ({accent}, {gender})", language, gender)


VOICES = tuple(map(_voice, NAMES))
LANGUAGES = tuple(dict.fromkeys(voice.language.partition("-")[0] for voice in VOICES))


@lru_cache(maxsize=4)
def style_rows(assets: Path, name: str) -> NDArray[np.float32]:
    """Return the voice's style vectors for every number of symbols.

    Raises:
        OSError, KeyError, ValueError: the file is missing or damaged.
    """
    with np.load(assets / FILE) as voices:
        rows = voices[name].astype(np.float32)
    if rows.shape != (510, 256):
        raise ValueError(name)
    return rows
