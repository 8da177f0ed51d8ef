"""VibeVoice: expressive long-form speech in a saved voice, English and Chinese.

Upstream: huggingface.co/vibevoice/VibeVoice-1.5B-hf (MIT; the conversion of microsoft/VibeVoice-1.5B for transformers), model in
transformers (Apache-2.0); technical report arXiv:2508.19205. Speech is one diffused latent per 133 ms. There are no batches,
because the noise of a text would depend on the others in its batch.
"""

from __future__ import annotations

from typing import Any

from engines.common.torch_device import half_precision
from engines.common.weights import weights_folder
from engines.contract import (
    Card,
    Device,
    EngineKind,
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
from engines.speech.common.request_checks import refuse_language, refuse_unspeakable
from engines.speech.common.torch_engine import APACHE, ENVIRONMENT, MIT, seed_of, set_seed
from engines.speech.common.transformers_engine import CompilingOptions, TransformersSpeech, copied, quiet_transformers

REPO = "vibevoice/VibeVoice-1.5B-hf"
COMMIT = "edc39f80f5cae656da37baf8faa8f5502bf7081f"
TEMPLATE = "chat_template.jinja"
RATE = 24_000
TOKENS_PER_SECOND = 7.5
POSITIONS = 2_048
"""Of the cache: a clip of a minute, the longest text, and what is spoken of it."""
OWN = "own"


class VibeVoiceOptions(CompilingOptions):
    """Options of VibeVoice."""

    guidance: float = option(1.3, "Guidance", "How closely it keeps to text and voice.", common=True, ge=1.0, le=3.0)
    steps: int = option(10, "Steps", "How often each bit of sound is refined.", common=True, ge=2, le=50)


class VibeVoice(TransformersSpeech):
    """Speech engine; clones without a transcript."""

    card = Card(
        id="vibevoice",
        title="VibeVoice",
        capability=EngineKind.SPEECH,
        summary="Expressive, conversational speech in a saved voice, without a transcript. English and Chinese.",
        version="1.5b-1",
        code_licence=APACHE,
        weights_licence=MIT,
        tier=Tier.MEDIUM,
        device=Device.CUDA,
        environment=ENVIRONMENT,
        memory_gib=8.0,  # 2.7 G parameters in half precision, caches, the CUDA context
        hub_files=(
            HubFile(REPO, "config.json", 3_700, COMMIT),
            HubFile(REPO, "generation_config.json", 400, COMMIT),
            HubFile(REPO, TEMPLATE, 1_500, COMMIT),
            HubFile(REPO, "model.safetensors.index.json", 110_000, COMMIT),
            HubFile(REPO, "model-00001-of-00002.safetensors", 4_980_000_000, COMMIT),
            HubFile(REPO, "model-00002-of-00002.safetensors", 428_000_000, COMMIT),
            HubFile(REPO, "tokenizer.json", 11_420_000, COMMIT),
            HubFile(REPO, "tokenizer_config.json", 5_000, COMMIT),
        ),
        traits=SpeechTraits(sample_rate=RATE, clones=True, made_up=(OWN,)),
        languages=("en", "zh"),
        longest_text=600,
        stall_seconds=600,
        reload_seconds=40,
    )
    Options = VibeVoiceOptions
    options: VibeVoiceOptions

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return (PresetVoice(OWN, "Made up, another with each seed", "en"),)

    def load_model(self) -> None:
        library = quiet_transformers()
        folder = weights_folder(self.site, REPO)
        tokenizer = self.part(library.AutoTokenizer, folder)
        try:
            template = (folder / TEMPLATE).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise EngineError("vibevoice.template-damaged") from error
        features = library.VibeVoiceAcousticTokenizerFeatureExtractor(sampling_rate=RATE)
        self._model: Any = self.pretrained(library.VibeVoiceForConditionalGeneration, folder, half_precision(self.device))
        features.pad_to_multiple_of = self._model.config.audio_config.hop_length
        self._processor: Any = library.VibeVoiceProcessor(features, tokenizer, chat_template=template)

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Synthesise one text.

        Raises:
            EngineError: unsupported text, language or voice; the reason says which.
        """
        self.run.check()
        refuse_unspeakable(request, self.card)
        refuse_language(request, self.card)
        if request.voice.preset not in ("", OWN):
            raise EngineError("speech.voice-unknown", voice=request.voice.preset, known=[], engine="VibeVoice")
        tokens = self._most_tokens(request)
        with self.watching(self._model.model.diffusion_head, tokens * self.options.steps):
            inputs = self._inputs(request).to(self.device, self._model.dtype)

            def generate(further: dict[str, Any]) -> Any:
                set_seed(seed_of(request))
                return self._model.generate(
                    **copied(inputs), max_new_tokens=tokens, do_sample=False, guidance_scale=self.options.guidance,
                    num_diffusion_steps=self.options.steps, **further,
                )  # fmt: skip

            made = self.generated(generate, POSITIONS, self.options.compiled)
        if made[0] is None:
            raise EngineError("speech.no-sound", retryable=True, engine="VibeVoice")
        return self.speech(made[0].float().cpu().numpy())

    def _inputs(self, request: SpeechRequest) -> Any:
        text = " ".join(request.text.encode("utf-8", "replace").decode("utf-8").split())
        content: list[dict[str, str]] = [{"type": "text", "text": text}]
        clip = request.voice.reference
        if clip is not None:
            if not clip.is_file():
                raise EngineError("speech.clip-gone")
            content.append({"type": "audio", "path": str(clip)})
        turns = [{"role": "0", "content": content}]
        return self._processor.apply_chat_template(turns, tokenize=True, return_dict=True, return_tensors="pt")

    def _most_tokens(self, request: SpeechRequest) -> int:
        """Return the limit of new tokens: twice the time of slow speech."""
        return round((2.0 + 0.15 * len(request.text)) * TOKENS_PER_SECOND)
