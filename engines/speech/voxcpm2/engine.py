"""VoxCPM2: designs a voice from a description, clones one, or continues a clip. 48 kHz, streaming.

Upstream: github.com/OpenBMB/VoxCPM (code and weights Apache-2.0); technical report arXiv:2509.24650. Its denoiser (a further
download) and its own retries are off: the studio checks and repeats takes for all engines alike.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from engines.common.compiling import obstacle_to_compiling
from engines.common.weights import weights_folder
from engines.contract import (
    Card,
    Device,
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
from engines.speech.common.request_checks import refuse_language, refuse_missing_reference, refuse_unspeakable
from engines.speech.common.torch_engine import APACHE, ENVIRONMENT, TorchSpeechEngine, seed_of, set_seed
from media.audio.audio import Audio
from media.errors import GreenroomError

REPO = "openbmb/VoxCPM2"
COMMIT = "bffb3df5a29440629464e5e839f4d214c8714c3d"
FILES = (
    ("config.json", 4_336, "405f0dcd92f7feba6011ed4eac5c8d4f74cba9712f07fd5cfa3063bbdd95402c"),
    ("model.safetensors", 4_580_080_592, "f7f964cfa9da23653baec6e6f7750719977ad944ed9f95fe52fe3a620506891d"),
    ("audiovae.pth", 376_951_122, "94b5d51e107e0507d4acc976cfdadb64edd6fd06d1f751dadbf2fd1594274bf1"),
    ("tokenizer.json", 3_676_772, "f8984687e4a92a3503d521396d454b7d68e9fdaab2a0288eb3536c7c1aa4bc20"),
    ("tokenizer_config.json", 5_059, "e78a3ebb48a0b9437efd1823b6b726c823da89e49dd8bcc90c02419d9baa772b"),
)
RATE = 48_000
DESIGN = "design"
LONGEST_SECONDS = 120.0
Mode = Literal["auto", "design", "clone", "continuation"]

log = logging.getLogger(__name__)


class VoxCPM2Options(EngineOptions):
    """Options of VoxCPM2."""

    mode: Mode = option(
        "auto", "Mode",
        "Design makes up a voice, clone takes a saved one; continuation goes on after its clip as well, closest to voice and "
        "manner, and needs its transcript. Auto designs or clones.",
        common=True,
    )  # fmt: skip
    style: str = option(
        "", "Style", "Voice or manner in words, such as: a calm old man, whispering. Not for Continuation.",
        common=True, hidden_with={"mode": ["continuation"]}, max_length=300,
    )  # fmt: skip
    guidance: float = option(2.0, "Guidance", "How closely it keeps to text and voice.", ge=1.0, le=5.0)
    steps: int = option(10, "Steps", "How often each bit of sound is refined.", ge=4, le=50)
    normalise: bool = option(
        False, "Spell out numbers", "Let the engine write out numbers and signs; the studio does so already."
    )


class VoxCPM2(TorchSpeechEngine):
    """Speech engine with voice design, cloning and streaming."""

    card = Card(
        id="voxcpm2",
        title="VoxCPM2",
        capability=EngineKind.SPEECH,
        summary="Designs a voice from a description or clones one, without a transcript, at 48 kHz in 30 languages.",
        version="2.0.3-2",
        code_licence=APACHE,
        weights_licence=APACHE,
        tier=Tier.MEDIUM,
        device=Device.CUDA,
        environment=ENVIRONMENT,
        memory_gib=9.5,  # 2.3 G parameters in bfloat16, caches for 8,192 positions, the float32 build-up while loading
        hub_files=tuple(HubFile(REPO, path, size, COMMIT, sha256=checksum) for path, size, checksum in FILES),
        traits=SpeechTraits(sample_rate=RATE, clones=True, streams=True, takes_style=True, made_up=(DESIGN,)),
        languages=(
            "en", "zh", "ar", "my", "da", "nl", "fi", "fr", "de", "el", "he", "hi", "id", "it", "ja", "km", "ko", "lo", "ms",
            "no", "pl", "pt", "ru", "es", "sw", "sv", "tl", "th", "tr", "vi",
        ),
        longest_text=400,
        stall_seconds=300,
        reload_seconds=40,
    )  # fmt: skip
    Options = VoxCPM2Options
    imports = ("torch", "transformers", "voxcpm.model.voxcpm2")
    options: VoxCPM2Options

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return (PresetVoice(DESIGN, "Designed by its description", "en"),)

    def load_model(self) -> None:
        from engines.speech.voxcpm2.model import load

        self._voices: dict[tuple[str, float, str], Any] = {}
        self._normaliser: Any = None
        folder = weights_folder(self.site, REPO, [path for path, *_ in FILES])
        obstacle = obstacle_to_compiling(self.device)
        self._model: Any = load(folder, self.device, compiled=not obstacle)
        if obstacle:
            return
        self.run.progress(0.8, "Compiling VoxCPM2 for this GPU, which takes minutes the first time")
        try:
            self._try_out()
        except GreenroomError:
            raise
        except Exception:
            log.exception("VoxCPM2 could not be compiled; it runs plain, which is slower.")
            self.run.progress(0.9, "Compiling failed; VoxCPM2 runs plain, which is slower (the doctor says why)")
            self._model = None
            self._model = load(folder, self.device)

    def _try_out(self) -> None:
        """Synthesise a word, because torch.compile fails at the first call if anything is missing."""
        with self.watching(self._model.feat_decoder):
            for _ in self._model._generate_with_prompt_cache(target_text="One.", prompt_cache=None, max_len=8):
                return

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Synthesise one text.

        Raises:
            EngineError: a text, language, voice or style that the mode does not support; the reason says which.
        """
        with self._generating(request, streaming=False) as parts:
            return self.speech(next(parts)[0].squeeze(0).cpu().numpy())

    def stream(self, request: SpeechRequest) -> Iterator[Audio]:
        """Yield the sound in chunks of a fraction of a second as they are generated; closing the iterator cancels."""
        with self._generating(request, streaming=True) as parts:
            for wave, _, _ in parts:
                yield self.audio(wave.squeeze(0).cpu().numpy())

    @contextmanager
    def _generating(self, request: SpeechRequest, *, streaming: bool) -> Iterator[Any]:
        """Yield from the model's own generator of chunks, which is always closed at the end."""
        self.run.check()
        mode = self._mode(request)
        text = self._text(request, mode)
        with self.watching(self._model.feat_decoder):
            prompt = self._prompt(request, mode)
            set_seed(seed_of(request))
            parts = self._model._generate_with_prompt_cache(
                target_text=text, prompt_cache=prompt, inference_timesteps=self.options.steps, cfg_value=self.options.guidance,
                max_len=self._most_patches(), retry_badcase=False, streaming=streaming,
            )  # fmt: skip
            try:
                yield parts
            finally:
                parts.close()

    def _mode(self, request: SpeechRequest) -> str:
        refuse_unspeakable(request, self.card)
        refuse_language(request, self.card)
        voice = request.voice
        mode: str = self.options.mode
        if voice.preset not in ("", DESIGN):
            raise EngineError("voxcpm.voice-unknown", voice=voice.preset)
        made_up = voice.preset == DESIGN  # it is designed once; with that as the reference it is cloned, in the mode asked for
        if mode == "auto" or made_up:
            mode = DESIGN if voice.reference is None else "clone" if mode in ("auto", DESIGN) else mode
        if mode == DESIGN:
            if voice.reference is not None:
                raise EngineError("voxcpm.no-saved-voice-in-design")
        else:
            refuse_missing_reference(request, self.card)
        if mode == "continuation":
            self._refuse_for_continuation(request)
        return mode

    def _refuse_for_continuation(self, request: SpeechRequest) -> None:
        if not request.voice.transcript.strip():
            raise EngineError("voxcpm.transcript-needed")
        if self._style(request) and request.voice.preset != DESIGN:
            raise EngineError("voxcpm.no-style-in-continuation")

    def _style(self, request: SpeechRequest) -> str:
        """Return the line's style, or else the job's, without brackets, which would end the description early."""
        return " ".join((request.voice.style or self.options.style).translate({ord("("): " ", ord(")"): " "}).split())

    def _text(self, request: SpeechRequest, mode: str) -> str:
        # Lone surrogates are no characters; the tokenizer does not survive them.
        text = " ".join(request.text.encode("utf-8", "replace").decode("utf-8").split())
        if self.options.normalise:
            if self._normaliser is None:
                from voxcpm.utils.text_normalize import TextNormalizer

                self._normaliser = TextNormalizer()
            text = self._normaliser.normalize(text)
        style = self._style(request)
        return f"({style}){text}" if style and mode != "continuation" else text

    def _prompt(self, request: SpeechRequest, mode: str) -> Any:
        """Return the encoded clip, None for a designed voice. The last one is cached, because a narration uses the same
        throughout.
        """
        clip = request.voice.reference
        if mode == DESIGN or clip is None:
            return None
        if not clip.is_file():
            raise EngineError("speech.clip-gone")
        said = request.voice.transcript.strip() if mode == "continuation" else ""
        key = (str(clip), clip.stat().st_mtime, said)
        if key not in self._voices:
            asked = {"reference_wav_path": str(clip)}  # with a prompt as well it is upstream's closest way of cloning
            if said:
                asked |= {"prompt_wav_path": str(clip), "prompt_text": said}
            self._voices = {key: self._model.build_prompt_cache(**asked)}
        return self._voices[key]

    def _most_patches(self) -> int:
        """Return the limit of new patches, two minutes; up to there the library allows six patches per token of the text."""
        return int(LONGEST_SECONDS * self._model._encode_sample_rate / (self._model.patch_size * self._model.chunk_size))
