"""Fish Speech S1 by its own package, in its own environment.

Version 0.1.0 of the package needs workarounds, all of them in this module: it lacks the marker file of its root (the
environment's set-up writes it); it calls a torchaudio function that was removed in 2.9, and decodes with libraries that a system
may lack; it waits for ever if its model fails to load; it reads codec configurations from its own folder only; and it ignores
weights that do not match.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from engines.common.compiling import obstacle_to_compiling
from engines.common.loading import refuse_mismatch
from engines.common.torch_device import half_precision
from engines.common.weights import weights_folder
from engines.contract import Card, Device, EngineKind, HubFile, Speech, SpeechRequest, SpeechTraits, Tier
from engines.contract.errors import EngineError, EngineNotReady
from engines.speech.common.request_checks import refuse_missing_reference, refuse_preset, refuse_unspeakable
from engines.speech.common.torch_engine import TorchSpeechEngine
from engines.speech.fish.options import (
    APACHE,
    LANGUAGES,
    LONGEST_TEXT,
    RATE,
    S1_WEIGHTS,
    FishPackageOptions,
    at_card_rate,
    fields_of,
)
from media.audio.audio import Audio

log = logging.getLogger(__name__)

REPO = "fishaudio/openaudio-s1-mini"
COMMIT = "f4b445029346701e082b60bb63fcc2d1bb17a0e2"
FILES = ("config.json", "model.pth", "codec.pth", "special_tokens.json", "tokenizer.tiktoken")
CODEC_FILE = "codec.yaml"
"""A checkpoint with a codec of another size has this file beside its weights."""

KEPT_REFERENCES = 16
START_SECONDS = 600.0
_LOOK_SECONDS = 0.2


class FishSpeech(TorchSpeechEngine):
    """Speech engine (see the module's docstring)."""

    card = Card(
        id="fish-speech",
        title="Fish Speech S1-mini",
        capability=EngineKind.SPEECH,
        summary="Clones a voice in thirteen languages and takes moods in brackets. In an environment of its own.",
        version="0.1.0-2",
        code_licence=APACHE,
        weights_licence=S1_WEIGHTS,
        tier=Tier.MEDIUM,
        device=Device.CUDA,
        environment="fish",
        memory_gib=6.0,
        hub_files=(
            HubFile(REPO, "config.json", 844, COMMIT, gated=True),
            HubFile(REPO, "model.pth", 1_735_000_000, COMMIT, gated=True),
            HubFile(REPO, "codec.pth", 1_871_000_000, COMMIT, gated=True),
            HubFile(REPO, "special_tokens.json", 122_000, COMMIT, gated=True),
            HubFile(REPO, "tokenizer.tiktoken", 2_560_000, COMMIT, gated=True),
        ),
        traits=SpeechTraits(sample_rate=RATE, clones=True, streams=True, needs_transcript=True),
        languages=LANGUAGES,
        longest_text=LONGEST_TEXT,
        stall_seconds=300.0,
        reload_seconds=30.0,
    )
    Options = FishPackageOptions
    imports = ("torch", "torchaudio", "fish_speech.inference_engine")
    options: FishPackageOptions

    _engine: Any = None
    _runs_plain = False

    def load_model(self) -> None:
        """Load the language model in its own thread, as the package requires, and the codec.

        Raises:
            EngineNotReady: weights are missing.
            EngineError: the package could not load them.
        """
        folder = weights_folder(self.site, REPO, FILES)
        _heal_torchaudio()
        try:
            from fish_speech.inference_engine import TTSInferenceEngine
            from fish_speech.models.text2semantic import inference
        except ImportError:
            raise EngineNotReady("fish.environment-not-whole") from None
        precision = half_precision(self.device)
        queue = self._started(inference, folder, precision)
        self.run.progress(0.7, "Loading the codec")
        codec = self._codec(folder)
        self._engine = TTSInferenceEngine(llama_queue=queue, decoder_model=codec, precision=precision, compile=self._compiled())
        self._transcripts: dict[str, str] = {}

    def _compiled(self) -> bool:
        """Return whether to compile: on a DGX Spark a sentence takes 13 seconds compiled and minutes otherwise (fish-speech issue
        1262).
        """
        return not self._runs_plain and self.options.compiled == "auto" and not obstacle_to_compiling(self.device)

    def _codec(self, folder: Path) -> Any:
        """Return the codec, built by the package's own configuration, or by the checkpoint's if it has one."""
        import fish_speech
        import torch
        from hydra.utils import instantiate
        from omegaconf import OmegaConf

        own = folder / CODEC_FILE
        usual = Path(next(iter(fish_speech.__path__))) / "configs" / "modded_dac_vq.yaml"
        codec = instantiate(OmegaConf.load(own if own.is_file() else usual))
        weights = torch.load(folder / "codec.pth", map_location="cpu", weights_only=True, mmap=True)
        weights = weights.get("state_dict", weights)
        if any("generator." in name for name in weights):
            weights = {name.replace("generator.", ""): value for name, value in weights.items() if "generator." in name}
        missing = set(codec.load_state_dict(weights, strict=False, assign=True).missing_keys)
        if missing & {name for name, _ in codec.named_parameters()}:  # tables that are computed may be missing, weights not
            raise EngineError("fish.codec-does-not-fit")
        return codec.eval().to(self.device)

    def _started(self, inference: Any, folder: Path, precision: Any) -> Any:
        """Return the package's queue; its model loads in a thread, whose failure is raised here because the package hides it."""
        ended: list[Any] = []
        failed: list[BaseException] = []
        load = inference.init_model

        def telling(*args: Any, **kwargs: Any) -> Any:
            try:
                made = load(*args, **kwargs)
                refuse_partial(made[0], folder / "model.pth")
                return made
            except BaseException as error:
                failed.append(error)
                raise

        def start() -> None:
            ended.append(inference.launch_thread_safe_queue(str(folder), self.device, precision, compile=self._compiled()))

        inference.init_model = telling
        try:
            threading.Thread(target=start, daemon=True).start()
            waited = 0.0
            while not ended and not failed and waited < START_SECONDS:
                threading.Event().wait(_LOOK_SECONDS)
                waited += _LOOK_SECONDS
                self.run.progress(0.2, "Loading the language model")
        finally:
            inference.init_model = load
        if not ended:
            raise EngineError("fish.checkpoint-not-loaded")
        return ended[0]

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Synthesise one text in a saved voice.

        Raises:
            EngineError: unsupported text or voice, or the model returned nothing.
        """
        parts = list(self._parts(request, streaming=False))
        return Speech(at_card_rate(self.audio(np.concatenate(parts))))

    def stream(self, request: SpeechRequest) -> Iterator[Audio]:
        """Yield the same sound in chunks as the model generates it, one per about 200 bytes of text."""
        for part in self._parts(request, streaming=True):
            yield at_card_rate(self.audio(part))

    def _parts(self, request: SpeechRequest, *, streaming: bool) -> Iterator[np.ndarray]:
        from fish_speech.utils.schema import ServeReferenceAudio, ServeTTSRequest

        self.run.check()
        refuse_unspeakable(request, self.card)
        refuse_preset(request, self.card)
        refuse_missing_reference(request, self.card)
        assert request.voice.reference is not None
        reference = ServeReferenceAudio(audio=request.voice.reference.read_bytes(), text=request.voice.transcript)
        self._forget_another_transcript(reference.audio, reference.text)
        asked = ServeTTSRequest(
            **fields_of(request, self.options), references=[reference], streaming=streaming, use_memory_cache="on"
        )
        wanted = "segment" if streaming else "final"
        for made in self._made(asked):
            self.run.check()
            if made.code == "error":
                raise EngineError("fish.no-sound", retryable=True)
            if made.code == wanted:
                yield np.asarray(made.audio[1], np.float32)

    def _made(self, asked: Any) -> Iterator[Any]:
        """Yield the package's responses. torch.compile fails at the first call if anything is missing; the model is then loaded
        uncompiled.
        """
        spoken = False
        for made in self._engine.inference(asked):
            if made.code == "error" and not spoken and self._compiled():
                log.error("Fish Speech could not be compiled; it runs plain, which is slower.")
                self.run.progress(0.1, "Compiling failed; Fish Speech runs plain, which is slower (the doctor says why)")
                self._load_plain()
                yield from self._engine.inference(asked)
                return
            spoken = spoken or made.code in ("segment", "final")
            yield made

    def _load_plain(self) -> None:
        """Stop the package's thread with its compiled model, and load an uncompiled one."""
        self._runs_plain = True
        self._engine.llama_queue.put(None)
        self._engine = None
        self.load_model()

    def _forget_another_transcript(self, clip: bytes, transcript: str) -> None:
        """Drop the cached clip if its transcript changed: the package's cache key is the clip alone (reference_loader.py)."""
        key = sha256(clip).hexdigest()
        if self._transcripts.get(key, transcript) != transcript or len(self._transcripts) > KEPT_REFERENCES:
            self._engine.ref_by_hash.clear()
            self._transcripts.clear()
        self._transcripts[key] = transcript


def refuse_partial(model: Any, path: Path) -> None:
    """Refuse a checkpoint with missing weights, which the package would leave random (text2semantic/llama.py, strict=False).

    Raises:
        EngineError: the file lacks a weight.
    """
    import torch

    state = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
    names = {name.removeprefix("model.") for name in state.get("state_dict", state)}
    refuse_mismatch("Fish Speech", {name for name, _ in model.named_parameters()} - names, ())


def _heal_torchaudio() -> None:
    """Patch torchaudio: 2.9 removed the list of backends, and decodes with system libraries that many machines lack.

    The package needs "soundfile" in the list, and decoded WAV files.
    """
    import soundfile
    import torch
    import torchaudio

    def load(source: Any, **_: Any) -> tuple[Any, int]:
        samples, rate = soundfile.read(source, dtype="float32", always_2d=True)
        return torch.from_numpy(np.ascontiguousarray(samples.T)), rate

    torchaudio.load = load

    if not hasattr(torchaudio, "list_audio_backends"):
        torchaudio.list_audio_backends = lambda: ["soundfile"]
