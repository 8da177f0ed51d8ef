"""MMS-TTS: one small VITS model per language, from Meta's Massively Multilingual Speech.

Upstream: huggingface.co/facebook/mms-tts (weights CC-BY-NC-4.0), model VITS in transformers (Apache-2.0); Pratap et al., "Scaling
Speech Technology to 1,000+ Languages", 2023. Each language has its own checkpoint; the installed ones are available. There are no
batches: VITS draws its noise for a whole batch, so that a sentence would depend on the others.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from engines.common.weights import find_weights
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
    Unsayable,
    option,
)
from engines.contract.engine import READY
from engines.contract.errors import EngineError
from engines.contract.speech import runs_of
from engines.speech.common.request_checks import primary_tag, refuse_language, refuse_what_no_preset_engine_takes
from engines.speech.common.torch_engine import APACHE, CC_BY_NC, ENVIRONMENT, seed_of, set_seed
from engines.speech.common.transformers_engine import TransformersSpeech, quiet_transformers
from media.messages.message import Message
from media.text.scripts import script_of, scripts_of

RATE = 16_000
CHECKPOINTS = {
    "en": "eng", "de": "deu", "fr": "fra", "es": "spa", "pt": "por", "nl": "nld", "pl": "pol", "ru": "rus", "uk": "ukr",
    "tr": "tur", "ar": "ara", "hi": "hin", "vi": "vie",
}  # fmt: skip
"""MMS's own three letters by language tag."""

FILES = {"model.safetensors": 145_200_000, "config.json": 1_700, "vocab.json": 700, "tokenizer_config.json": 300}
COMMITS = {
    "eng": "c71de0fe7204c83f1c10820a7d696d0b450048ba",
    "vie": "b58928d033932a49aa8e3d6cf11625b25fe928d2",
    "hin": "1d83b223ec78e30b944f7d96bd117eb3d7023303",
}
"""Of the other languages' repositories no commit is known."""

MOST_LOADED = 2


class MmsOptions(EngineOptions):
    """Options of MMS-TTS."""

    speed: float = option(1.0, "Speed", "How fast it speaks; 1 is the model's own pace.", common=True, ge=0.5, le=2.0)
    liveliness: float = option(0.667, "Liveliness", "How much the sound varies from reading to reading.", ge=0.0, le=1.0)
    rhythm: float = option(0.8, "Rhythm", "How much the timing varies from reading to reading.", ge=0.0, le=1.0)


class Mms(TransformersSpeech):
    """Speech engine with one voice per language."""

    card = Card(
        id="mms-tts",
        title="MMS-TTS",
        capability=EngineKind.SPEECH,
        summary="One plain voice for each of 13 languages; small and quick on a CPU. Not for commercial use.",
        version="vits-1",
        code_licence=APACHE,
        weights_licence=CC_BY_NC,
        tier=Tier.LIGHT,
        environment=ENVIRONMENT,
        memory_gib=1.2,  # 36 M parameters for each of two languages, and what the library imports
        first_repo="facebook/mms-tts-eng",
        hub_files=tuple(
            HubFile(f"facebook/mms-tts-{code}", path, size, COMMITS.get(code, "main"))
            for code in CHECKPOINTS.values()
            for path, size in FILES.items()
        ),
        traits=SpeechTraits(sample_rate=RATE),
        languages=tuple(CHECKPOINTS),
        longest_text=600,
        stall_seconds=180,
        reload_seconds=8,
    )
    Options = MmsOptions
    options: MmsOptions

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        found = _found(site)
        if not found:
            readiness = super().readiness(site)
            return Readiness(False, Message.of("readiness.no-language-here"), readiness.step)
        if len(found) == len(CHECKPOINTS):
            return READY
        return Readiness(True, Message.of("readiness.ready-for-languages", languages=list(found)))

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return tuple(PresetVoice(CHECKPOINTS[tag], f"MMS {CHECKPOINTS[tag]}", tag) for tag in _found(site) or CHECKPOINTS)

    @classmethod
    def unsayable(cls, request: SpeechRequest, site: EnginePaths) -> tuple[Unsayable, ...]:
        """Return the letters outside the language's script, which its checkpoint lacks: the Russian one has no Latin letters."""
        own = scripts_of(request.language)
        why = f"{cls.card.title} knows the letters of {request.language} only"
        return runs_of(
            request.text, lambda letter: letter.isalpha() and (script_of(letter) not in own if own else script_of(letter)), why
        )

    def load_model(self) -> None:
        self._loaded: OrderedDict[str, tuple[Any, Any]] = OrderedDict()
        self._language(_found(self.site)[0])

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Synthesise one text.

        Raises:
            EngineError: the text is empty, too long or not in the language's script, the voice is a saved one or an unknown
                preset, or the
            language is not installed.
        """
        self.run.check()
        refuse_what_no_preset_engine_takes(request, self.card)
        refuse_language(request, self.card)
        model, tokenizer = self._language(self._tag(request))
        inputs = tokenizer(" ".join(request.text.split()), return_tensors="pt").to(self.device)
        if inputs["input_ids"].shape[-1] < 2:
            raise EngineError("mms.letters-unknown")
        options = self.options
        model.speaking_rate, model.noise_scale, model.noise_scale_duration = options.speed, options.liveliness, options.rhythm
        set_seed(seed_of(request))
        with self.watching(model.decoder, 1):
            return self.speech(model(**inputs).waveform[0].float().cpu().numpy())

    def _tag(self, request: SpeechRequest) -> str:
        tags = {code: tag for tag, code in CHECKPOINTS.items()}
        preset = request.voice.preset
        if preset and preset not in tags:
            raise EngineError("speech.voice-unknown", voice=preset, known=tags, engine="MMS-TTS")
        tag = tags[preset] if preset else primary_tag(request.language)
        if tag not in _found(self.site):
            raise EngineError("mms.language-missing", language=tag)
        return tag

    def _language(self, tag: str) -> tuple[Any, Any]:
        """Return model and tokenizer of a language; unloads the least recently used one."""
        if tag not in self._loaded:
            library = quiet_transformers()
            folder = find_weights(self.site, f"facebook/mms-tts-{CHECKPOINTS[tag]}", FILES)
            assert folder is not None
            tokenizer = self.part(library.VitsTokenizer, folder)
            if getattr(tokenizer, "is_uroman", False):
                raise EngineError("mms.romaniser-missing", language=tag)
            self._loaded[tag] = self.pretrained(library.VitsModel, folder), tokenizer
            if len(self._loaded) > MOST_LOADED:
                self._loaded.popitem(last=False)
        self._loaded.move_to_end(tag)
        return self._loaded[tag]


def _found(site: EnginePaths) -> list[str]:
    """Return the tags of the installed languages, in the order of the card."""
    return [tag for tag, code in CHECKPOINTS.items() if find_weights(site, f"facebook/mms-tts-{code}", FILES)]
