"""SpeechT5: English in seven voices, small enough for a CPU.

Upstream: huggingface.co/microsoft/speecht5_tts (MIT), model in transformers (Apache-2.0); Ao et al., "SpeechT5", 2022. A voice is
the x-vector of one utterance of a CMU Arctic speaker, from huggingface.co/datasets/Matthijs/cmu-arctic-xvectors. Saved voices are
not supported, because the network that computes these vectors is not part of the model.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from engines.common.weights import weights_folder
from engines.contract import (
    Card,
    EngineKind,
    EngineOptions,
    EnginePaths,
    HubFile,
    PresetVoice,
    Speech,
    SpeechRequest,
    SpeechTraits,
    Tier,
    option,
)
from engines.contract.errors import EngineError
from engines.speech.common.request_checks import refuse_language, refuse_what_no_preset_engine_takes
from engines.speech.common.torch_engine import APACHE, ENVIRONMENT, MIT, seed_of, set_seed
from engines.speech.common.transformers_engine import TransformersSpeech, quiet_transformers

REPO, VOCODER, SPEAKERS = "microsoft/speecht5_tts", "microsoft/speecht5_hifigan", "datasets/Matthijs/cmu-arctic-xvectors"
COMMIT, VOCODER_COMMIT = "30fcde30f19b87502b8435427b5f5068e401d5f6", "bb6f429406e86a9992357a972c0698b22043307d"
"""No commit of the voices' repository is known."""
WEIGHTS_SUM = "d60d28067349ef66b50d8cd643ae56b6d6b8f27def929bc4ef6fcad907954190"
RATE = 16_000
LONGEST_RATIO = 10.0
"""Spectrogram frames of 16 ms for one letter, about twice what slow speech needs: no text runs away."""

VECTORS = "spkrec-xvect.zip"
UTTERANCE = "spkrec-xvect/cmu_us_{speaker}_arctic-wav-arctic_a0001.npy"
READERS = {
    "slt": ("Slt", "en-US", "female"), "bdl": ("Bdl", "en-US", "male"), "clb": ("Clb", "en-US", "female"),
    "rms": ("Rms", "en-US", "male"), "awb": ("Awb", "en-GB", "male"), "jmk": ("Jmk", "en-CA", "male"),
    "ksp": ("Ksp", "en-IN", "male"),
}  # fmt: skip


class SpeechT5Options(EngineOptions):
    """Options of SpeechT5."""

    ending: float = option(
        0.5, "Ending", "How sure it has to be that the text is over; higher speaks on for longer.", ge=0.1, le=0.9
    )


class SpeechT5(TransformersSpeech):
    """Speech engine with preset voices."""

    card = Card(
        id="speecht5",
        title="SpeechT5",
        capability=EngineKind.SPEECH,
        summary="English in seven plain voices, small enough for a CPU.",
        version="1",
        code_licence=APACHE,
        weights_licence=MIT,
        tier=Tier.LIGHT,
        environment=ENVIRONMENT,
        memory_gib=1.6,  # 158 M parameters in float32, and what the library imports
        hub_files=(
            HubFile(REPO, "pytorch_model.bin", 585_476_837, COMMIT, sha256=WEIGHTS_SUM),
            HubFile(REPO, "config.json", 2_100, COMMIT),
            HubFile(REPO, "spm_char.model", 238_000, COMMIT),
            HubFile(REPO, "tokenizer_config.json", 300, COMMIT),
            HubFile(VOCODER, "pytorch_model.bin", 50_700_000, VOCODER_COMMIT),
            HubFile(VOCODER, "config.json", 640, VOCODER_COMMIT),
            HubFile(SPEAKERS, VECTORS, 17_900_000),
        ),
        traits=SpeechTraits(sample_rate=RATE),
        languages=("en",),
        longest_text=400,
        stall_seconds=180,
        reload_seconds=8,
    )
    Options = SpeechT5Options
    options: SpeechT5Options

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return tuple(PresetVoice(id, title, language, gender) for id, (title, language, gender) in READERS.items())

    def load_model(self) -> None:
        library = quiet_transformers()
        folder = weights_folder(self.site, REPO)
        self._tokenizer: Any = self.part(library.SpeechT5Tokenizer, folder)
        self._model: Any = self.pretrained(library.SpeechT5ForTextToSpeech, folder)
        self._vocoder: Any = self.pretrained(library.SpeechT5HifiGan, weights_folder(self.site, VOCODER))
        self._speakers = _speakers(weights_folder(self.site, SPEAKERS) / VECTORS)

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Synthesise one text in a preset voice.

        Raises:
            EngineError: the text is empty or too long, or the voice is a saved one or an unknown preset, or the language is
                another.
        """
        self.run.check()
        refuse_what_no_preset_engine_takes(request, self.card)
        refuse_language(request, self.card)
        import torch

        speaker = request.voice.preset or next(iter(READERS))
        if speaker not in READERS:
            raise EngineError("speech.voice-unknown", voice=speaker, known=READERS, engine="SpeechT5")
        text = " ".join(request.text.encode("utf-8", "replace").decode("utf-8").split())
        inputs = self._tokenizer(text, return_tensors="pt").to(self.device)
        set_seed(seed_of(request))
        with self.watching(self._model.speecht5.decoder.wrapped_decoder):  # runs once a step
            wave = self._model.generate_speech(
                inputs["input_ids"], torch.from_numpy(self._speakers[speaker])[None].to(self.device),
                vocoder=self._vocoder, threshold=self.options.ending, maxlenratio=LONGEST_RATIO,
            )  # fmt: skip
        return self.speech(wave.float().cpu().numpy())


def _speakers(path: Path) -> dict[str, np.ndarray]:
    """Return the speakers' vectors, normalised to length 1 as in the training."""
    try:
        with zipfile.ZipFile(path) as packed:
            raw = {name: packed.read(UTTERANCE.format(speaker=name)) for name in READERS}
        vectors = {name: np.load(io.BytesIO(data), allow_pickle=False).astype(np.float32).ravel() for name, data in raw.items()}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise EngineError("speecht5.voices-damaged") from error
    return {name: vector / max(float(np.linalg.norm(vector)), 1e-12) for name, vector in vectors.items()}
