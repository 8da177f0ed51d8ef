"""`python -m bench.engines.voice_vectors`: what the voice encoder makes of each built-in voice, into assets/speaker/.

By these vectors the studio finds the built-in voice nearest to a recording. Needs Kokoro's model (./launch.sh models); to be made
again where a voice, an engine's version or the encoder's changes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from bench.engines.voices import ASSETS, SPOKEN, made, site
from engines.catalog import Catalog
from engines.contract import SpeakingVoice, SpeechRequest
from engines.speech.likeness import ENGINES, FILE
from media.audio.audio import concatenate


def main() -> int:
    """Write the file; prints each voice as it is done."""
    vectors, said = {}, [f"{sentence.capitalize()}." for sentence in SPOKEN[:4]]
    with tempfile.TemporaryDirectory() as name:
        encoder = made("voice-encoder", Path(name))
        for engine_id in ENGINES:
            engine = made(engine_id, Path(name))
            for voice in Catalog().get(engine_id).preset_voices(site(Path(name))):
                if not voice.language.startswith("en"):
                    continue  # a recording is not told its language, and likeness was measured in English
                request = (SpeechRequest(text, SpeakingVoice(voice.id), voice.language) for text in said)
                sounds = [engine.synthesize(one).audio for one in request]  # type: ignore[attr-defined]
                vectors[f"{engine_id}/{voice.id}"] = encoder.embed(concatenate(sounds)).astype(np.float16)  # type: ignore[attr-defined]
                print(engine_id, voice.id, flush=True)
    np.savez(ASSETS / FILE, allow_pickle=False, **vectors)
    return 0


if __name__ == "__main__":
    sys.exit(main())
