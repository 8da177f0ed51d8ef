"""WavLM x-vectors: whether two sounds have the same speaker. The weights are a download."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.common.weights import weights_folder, weights_readiness
from engines.contract import (
    Card,
    Device,
    Engine,
    EngineKind,
    EngineOptions,
    EnginePaths,
    HubFile,
    Licence,
    Readiness,
    RunContext,
    Tier,
)
from engines.contract.errors import EngineError
from media.audio.audio import Audio

REPO = "microsoft/wavlm-base-plus-sv"
COMMIT = "feb593a6c23c1cc3d9510425c29b0a14d2b07b1e"
FILES = ("config.json", "preprocessor_config.json", "pytorch_model.bin")
RATE = 16_000
SHORTEST_SECONDS, LONGEST_SECONDS = 0.5, 30.0


class WavlmSpeaker(Engine):
    """Verification engine with the method `embed` (see engines.contract.SpeakerEmbedding).

    The model is trained for speaker verification: S. Chen et al., "WavLM", IEEE JSTSP 2022.
    """

    card = Card(
        id="wavlm-speaker",
        title="WavLM speaker likeness",
        capability=EngineKind.VERIFICATION,
        summary="Measures how like a take's voice is to its reference.",
        version="1",
        code_licence=Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0"),
        weights_licence=Licence("CC-BY-SA-3.0", "https://github.com/microsoft/unilm/blob/master/LICENSE"),
        tier=Tier.LIGHT,
        device=Device.CPU,
        environment="models",
        memory_gib=1.0,
        hub_files=(
            HubFile(REPO, "config.json", 2_240, COMMIT),
            HubFile(REPO, "preprocessor_config.json", 215, COMMIT),
            HubFile(REPO, "pytorch_model.bin", 404_000_000, COMMIT),
        ),
        stall_seconds=120.0,
        reload_seconds=5.0,
    )

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        super().__init__(site, options, run)
        self._model: Any = None
        self._features: Any = None

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        return weights_readiness(cls.card, site)

    def load(self) -> None:
        """Load the model from local files only.

        Raises:
            EngineNotReady: weights are missing.
            EngineError: they belong to another model.
        """
        folder = weights_folder(self.site, REPO, FILES)
        from transformers import Wav2Vec2FeatureExtractor, WavLMForXVector

        try:
            self._features = Wav2Vec2FeatureExtractor.from_pretrained(folder, local_files_only=True)
            model, found = WavLMForXVector.from_pretrained(folder, local_files_only=True, output_loading_info=True)
        except Exception as error:  # the library has many kinds of error for files that are not what they should be
            raise EngineError("speaker.weights-damaged") from error
        missing = [name for name in found["missing_keys"] if not name.startswith("objective.")]  # of training only
        if missing:
            raise EngineError("speaker.weights-not-whole")
        self._model = model.eval()

    def embed(self, audio: Audio) -> NDArray[np.float32]:
        """Return a vector of length 1 for the speaker of a sound; of a long one the first half minute is used.

        Raises:
            EngineError: the sound is shorter than half a second.
        """
        import torch

        from media.audio.resample import resample

        self.run.check()
        if audio.duration < SHORTEST_SECONDS:
            raise EngineError("speaker.sound-too-short")
        samples = resample(audio.slice(0, LONGEST_SECONDS).mono(), RATE).samples[:, 0]
        given = self._features(samples, sampling_rate=RATE, return_tensors="pt")
        with torch.inference_mode():
            vector = self._model(**given).embeddings[0].float().numpy()
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
