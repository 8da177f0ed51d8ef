"""Kokoro in full precision on torch: 54 voices in nine languages. The version without torch is engines.speech.kokoro.

Upstream: github.com/hexgrad/kokoro (code and weights Apache-2.0); StyleTTS 2 with an ISTFTNet decoder. Grapheme-to-phoneme
conversion uses misaki (Apache-2.0) with spaCy's English model (MIT) for English, and eSpeak NG (GPL-3.0-or-later) for other
languages, as a library inside this engine's worker process.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from engines.common.loading import refuse_mismatch
from engines.common.weights import find_file, missing_files, weights_folder
from engines.contract import (
    Card,
    EngineKind,
    EngineOptions,
    EnginePaths,
    HubFile,
    PresetVoice,
    Readiness,
    Speech,
    SpeechRequest,
    SpeechTraits,
    Tier,
    TimedMark,
    Unsayable,
    option,
)
from engines.contract.engine import READY
from engines.contract.errors import EngineError
from engines.contract.speech import foreign_letters
from engines.speech.common.kokoro_times import phoneme_marks, symbol_times
from engines.speech.common.request_checks import primary_tag, refuse_language, refuse_what_no_preset_engine_takes
from engines.speech.common.torch_engine import APACHE, ENVIRONMENT, TorchSpeechEngine, seed_of, set_seed
from engines.speech.kokoro_torch import english_model
from engines.speech.kokoro_torch.voices import NAMES, has_package, preset_voices
from media.messages.message import Message

REPO = "hexgrad/Kokoro-82M"
CONFIG, WEIGHTS = "config.json", "kokoro-v1_0.pth"
COMMIT = "f3ff3571791e39611d31c381e3a41a3af07b4987"
WEIGHTS_SUM = "496dba118d1a58f5f3db2efc88dbdc216e0483fc89fe6e47ee1f2c53f18ad1e4"
RATE = 24_000
TRAINED = "module."
"""Begins the names of what was saved from training on several GPUs."""
ENGLISH = ("a", "b")
"""American and British: what the names of English voices begin with."""
POSITIONS = ".position_ids"
"""A table that versions of transformers keep or compute."""


class KokoroTorchOptions(EngineOptions):
    """Options of Kokoro."""

    speed: float = option(1.0, "Speed", "How fast it speaks; 1 is the voice's own pace.", common=True, ge=0.5, le=2.0)
    english: Literal["auto", "misaki", "espeak"] = option(
        "auto", "English reader",
        "What reads English: misaki, which the voices were trained with, or eSpeak NG. Auto is misaki where its spaCy "
        "model is here.",
    )  # fmt: skip


class KokoroTorch(TorchSpeechEngine):
    """Speech engine with preset voices and phoneme times; runs on the CPU, so that the GPU stays free."""

    card = Card(
        id="kokoro-torch",
        title="Kokoro (torch)",
        capability=EngineKind.SPEECH,
        summary="Kokoro in full precision: 54 voices in up to 9 languages. For English alone the smaller Kokoro does as well.",
        version="0.9.4-3",
        code_licence=APACHE,
        weights_licence=APACHE,
        tier=Tier.LIGHT,
        environment=ENVIRONMENT,
        memory_gib=1.6,  # 82 M parameters in float32; most of it is what the library imports
        hub_files=(
            HubFile(REPO, CONFIG, 2_351, COMMIT),
            HubFile(REPO, WEIGHTS, 327_212_226, COMMIT, sha256=WEIGHTS_SUM),
            *(HubFile(REPO, f"voices/{name}.pt", 523_425, COMMIT) for name in NAMES),
            english_model.FILE,
        ),
        traits=SpeechTraits(sample_rate=RATE),
        languages=("en", "es", "fr", "hi", "it", "ja", "pt", "zh"),
        longest_text=1_000,
        stall_seconds=180,
        reload_seconds=15,
    )
    Options = KokoroTorchOptions
    imports = ("torch", "kokoro")
    options: KokoroTorchOptions

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        missing = missing_files(cls.card, site)
        if any(file != english_model.FILE for file in missing):
            return super().readiness(site)
        return READY if _has_english_model(site) else Readiness(True, Message.of("readiness.ready-read-by-espeak"))

    @classmethod
    def settled(cls, site: EnginePaths, options: EngineOptions) -> EngineOptions:
        """Auto is misaki where its model is here: what it reads sounds different, so it is part of a result's key."""
        assert isinstance(options, KokoroTorchOptions)
        if options.english != "auto":
            return options
        return options.model_copy(update={"english": "misaki" if _has_english_model(site) else "espeak"})

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return preset_voices(site.environments)

    @classmethod
    def unsayable(cls, request: SpeechRequest, site: EnginePaths) -> tuple[Unsayable, ...]:
        return foreign_letters(request.text, (request.language,), cls.card.title)  # one reader for each voice's language

    def load_model(self) -> None:
        from kokoro import KModel

        self._folder = weights_folder(self.site, REPO, (CONFIG, WEIGHTS))
        self._readers: dict[tuple[str, bool], Any] = {}
        self._misaki: bool | None = None
        state = _state(self._folder / WEIGHTS)
        try:
            model = KModel(repo_id=REPO, config=str(self._folder / CONFIG), model=str(self._folder / WEIGHTS))
            _refuse_partial(model, state)
        except (RuntimeError, KeyError, TypeError, ValueError, AssertionError) as error:
            raise EngineError("engine.checkpoint-not-of", engine="Kokoro") from error
        self._model = model.eval().to(self.device)

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Synthesise one text in a preset voice, with the time of every phoneme.

        Raises:
            EngineError: the text is empty, too long or unreadable, or the voice is a saved one or an unknown preset or language.
        """
        self.run.check()
        refuse_what_no_preset_engine_takes(request, self.card)
        refuse_language(request, self.card)
        from engines.speech.kokoro_torch.phonemes import phonemes_of

        name = self._voice(request)
        portions = phonemes_of(request.text.encode("utf-8", "replace").decode("utf-8"), self._reader(name[0]))
        if not any(self._symbols(portion) for portion in portions):
            raise EngineError("kokoro.nothing-to-speak")
        return self._speak(portions, self._style(name), request)

    def _speak(self, portions: list[str], style: Any, request: SpeechRequest) -> Speech:
        from kokoro import KPipeline

        waves: list[np.ndarray] = []
        marks: list[TimedMark] = []
        with self.watching(self._model.decoder, len(portions)):
            for number, portion in enumerate(portions):
                self.run.check()
                set_seed(seed_of(request, number))
                made = KPipeline.infer(self._model, portion, style, self.options.speed)
                wave = made.audio.float().numpy().reshape(-1)
                start = sum(map(len, waves)) / RATE
                marks += _marks(self._symbols(portion), made.pred_dur.tolist(), start, len(wave) / RATE)
                waves.append(wave)
        return Speech(self.audio(np.concatenate(waves)), phonemes=tuple(marks))

    def _voice(self, request: SpeechRequest) -> str:
        voices = self.preset_voices(self.site)
        if request.voice.preset:
            if request.voice.preset not in {voice.id for voice in voices}:
                raise EngineError("kokoro.voice-unknown", voice=request.voice.preset)
            return request.voice.preset
        tag = request.language.replace("_", "-").lower()
        exact = [voice.id for voice in voices if voice.language.lower() == tag]
        alike = [voice.id for voice in voices if primary_tag(voice.language) == primary_tag(tag)]
        if not alike:
            raise EngineError("kokoro.reader-missing", language=tag)
        return (exact or alike)[0]

    def _reader(self, letter: str) -> Any:
        key = letter, letter in ENGLISH and self._misaki_reads()
        if key not in self._readers:
            from engines.speech.kokoro_torch.phonemes import reader_for

            self._readers[key] = reader_for(letter, with_misaki=key[1])
        return self._readers[key]

    def _misaki_reads(self) -> bool:
        """Whether misaki reads English now; where it should and cannot, it is said and eSpeak NG does."""
        if self.options.english == "espeak":
            return False
        if self._misaki is None:
            from engines.speech.kokoro_torch.phonemes import misaki_can_read

            english_model.make_importable(self.site)
            self._misaki = misaki_can_read()
        if not self._misaki:
            self.run.progress(0.0, "spaCy's English model is not here or damaged; eSpeak NG reads English")
        return self._misaki

    def _style(self, name: str) -> Any:
        import torch

        return torch.load(self._folder / "voices" / f"{name}.pt", map_location=self.device, weights_only=True)

    def _symbols(self, portion: str) -> list[str]:
        """Return the model's input for a portion, one symbol for each position."""
        return [symbol for symbol in portion if self._model.vocab.get(symbol) is not None]


def _has_english_model(site: EnginePaths) -> bool:
    """Looks for its files only."""
    return find_file(site, english_model.FILE) is not None or has_package(site.environments, english_model.PACKAGE)


def _state(path: Any) -> dict[str, Any]:
    """Return the file's tensors by module.

    Raises:
        EngineError: the file is damaged, or holds other modules.
    """
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:
        raise EngineError("engine.weights-damaged", file=path.name) from error
    parts = {"bert", "bert_encoder", "predictor", "text_encoder", "decoder"}
    found = set(state) if isinstance(state, dict) else set()
    refuse_mismatch("Kokoro", parts - found, found - parts)
    return dict(state)


def _refuse_partial(model: Any, state: dict[str, Any]) -> None:
    """Refuse a file with missing or unknown weights, which the library would ignore; each module is loaded once more to compare.

    Its norms have weights that the file lacks: they are 1 and 0 and have no effect (kokoro/istftnet.py, AdaIN1d).

    Raises:
        EngineError: any other weight is missing, or is unknown.
    """
    import torch

    missing, unknown = set(), set()
    for part, tensors in state.items():
        module = getattr(model, part)
        report = module.load_state_dict({name.removeprefix(TRAINED): value for name, value in tensors.items()}, strict=False)
        plain = {
            f"{name}.{own}"
            for name, norm in module.named_modules() if isinstance(norm, torch.nn.InstanceNorm1d)
            for own in ("weight", "bias")
        }  # fmt: skip
        missing |= {f"{part}.{name}" for name in report.missing_keys if name not in plain}
        unknown |= {f"{part}.{name}" for name in report.unexpected_keys if not name.endswith(POSITIONS)}
    refuse_mismatch("Kokoro", missing, unknown)


def _marks(symbols: list[str], durations: list[int], start: float, seconds: float) -> list[TimedMark]:
    """Return the times of the phonemes: each lasts exactly as predicted, between silence at both ends."""
    if len(durations) != len(symbols) + 2:
        return []
    return list(phoneme_marks(symbols, symbol_times(durations, seconds), start))
