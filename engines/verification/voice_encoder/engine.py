"""Built-in speaker similarity: whether two sounds have the same speaker. No download, no torch."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.contract import Card, Engine, EngineKind, EngineOptions, EnginePaths, Licence, Readiness, RunContext, Tier
from engines.contract.engine import READY
from engines.contract.errors import EngineError
from media.audio.audio import Audio
from media.messages.message import Message

WEIGHTS = Path("speaker", "voice_encoder.npz")
SHORTEST_SECONDS, LONGEST_SECONDS = 0.5, 30.0
LEVEL = 10 ** (-20 / 20)
LONGEST_PAUSE = 0.18

APACHE = Licence("Apache-2.0", "https://github.com/resemble-ai/Resemblyzer/blob/master/LICENSE")


class VoiceEncoder(Engine):
    """Verification engine with the method `embed` (see engines.contract.SpeakerEmbedding)."""

    card = Card(
        id="voice-encoder",
        title="Voice likeness",
        capability=EngineKind.VERIFICATION,
        summary="Measures how like a take's voice is to its reference. In the box, on the CPU.",
        version="1",
        code_licence=Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0"),
        weights_licence=APACHE,
        tier=Tier.LIGHT,
        memory_gib=0.15,
        reload_seconds=1.0,
    )

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        super().__init__(site, options, run)
        self._network: Any = None

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        if not (site.assets / WEIGHTS).is_file():
            return Readiness(False, Message.of("readiness.encoder-missing"), Message.of("step.restore-encoder"))
        return READY

    def load(self) -> None:
        """Load the weights.

        Raises:
            EngineError: the file of weights is damaged.
        """
        from engines.verification.voice_encoder.network import VoiceNetwork

        try:
            with np.load(self.site.assets / WEIGHTS, allow_pickle=False) as weights:
                self._network = VoiceNetwork(weights)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise EngineError("speaker.encoder-damaged") from error

    def embed(self, audio: Audio) -> NDArray[np.float32]:
        """Return a vector [256] of length 1 for the speaker of a sound; of a long one the first half minute is used.

        Raises:
            EngineError: less than half a second of it is speech.
        """
        from engines.verification.voice_encoder.network import windows_of

        self.run.check()
        speech = spoken(audio.slice(0, LONGEST_SECONDS))
        if speech.duration < SHORTEST_SECONDS:
            raise EngineError("speaker.sound-too-short")
        mean = self._network.embed(windows_of(speech.samples[:, 0])).mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)


def spoken(audio: Audio) -> Audio:
    """Return mono at 16 kHz with shortened pauses at -20 dBFS, because the network depends on the level."""
    from engines.verification.voice_encoder.network import RATE
    from media.audio.inspection import inspect
    from media.audio.resample import resample

    heard = resample(audio.mono(), RATE)
    found = inspect(heard)
    if found.is_empty:
        return Audio(np.zeros((0, 1), np.float32), RATE)
    kept = np.ones(heard.frames, bool)
    for run in found.silence_runs:
        cut = slice(round((run.start + LONGEST_PAUSE / 2) * RATE), round((run.end - LONGEST_PAUSE / 2) * RATE))
        kept[cut] = False
    kept[: round(max(0.0, found.leading_silence - LONGEST_PAUSE / 2) * RATE)] = False
    kept[heard.frames - round(max(0.0, found.trailing_silence - LONGEST_PAUSE / 2) * RATE) :] = False
    samples = heard.samples[kept]
    rms = float(np.sqrt(np.square(samples, dtype=np.float64).mean())) if samples.size else 0.0
    return Audio(samples * np.float32(LEVEL / max(rms, 1e-9)), RATE)
