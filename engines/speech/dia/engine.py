"""Dia: English dialogue with laughs and breaths, in two preset voices or in saved ones.

Upstream: huggingface.co/nari-labs/Dia-1.6B-0626 (code and weights Apache-2.0), model in transformers; its codec is DAC
(huggingface.co/descript/dac_44khz, MIT). The model card asks for texts that begin with [S1], last five to twenty seconds with
their clip, alternate speakers and end in a tag; a clip of five to ten seconds and its transcript precede them. Here each text is
one turn of one speaker, preceded by a clip of that length: of the saved voice, or a generated one for a preset.
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
from engines.speech.common.request_checks import refuse_language, refuse_missing_reference, refuse_unspeakable
from engines.speech.common.torch_engine import APACHE, ENVIRONMENT, seed_of, set_seed
from engines.speech.common.transformers_engine import CompilingOptions, TransformersSpeech, copied, quiet_transformers

REPO, CODEC = "nari-labs/Dia-1.6B-0626", "descript/dac_44khz"
FILES = (
    (REPO, "config.json", 1_396, "4f4e9c50e6898fa79d6fe16e9991bebef07a4d3dd6926eee5eb7f7e39c88e04f"),
    (REPO, "generation_config.json", 238, "df7c1f7e4dc1c3e35811b7b2e49abd89d8a8b9599ec732eb6b0d17d678548ac4"),
    (REPO, "model.safetensors.index.json", 30_833, "89664ffd667582a41e71c9aa1a4ba9de8187ec9dcd1e7711d97ec57d6e32dec5"),
    (
        REPO, "model-00001-of-00002.safetensors", 4_993_046_400,
        "9cf8f82d9f87d408f5da9cc0d73a3e9c4d9ca3633a4df3be4d283277b7ff1b1a",
    ),
    (
        REPO, "model-00002-of-00002.safetensors", 1_451_637_544,
        "54bf3a47ac13e28ba6193659d57bc63a46875685b211b071f782c32efc834343",
    ),
    (CODEC, "config.json", 541, "4eb55fb9af1990b8d608184ad29b70e358589719af7ea8d3c06998f7c2264a64"),
    (CODEC, "model.safetensors", 306_507_276, "6128ebff483a41422b0164d079a3773b0d8d82e64c4293d775994cbf8baf913a"),
)  # fmt: skip
"""No commit of these repositories is known; the files are known by their bytes."""

RATE = 44_100
TOKENS_PER_SECOND = 86
LONGEST_CLIP = 10.0
MOST_TOKENS = 3_072
POSITIONS = MOST_TOKENS + 32
"""Of the cache: the codec's channels are delayed by up to 15 tokens."""
SPEAKERS = ("S1", "S2")


class DiaOptions(CompilingOptions):
    """Options of Dia."""

    guidance: float = option(3.0, "Guidance", "How closely it keeps to the text.", common=True, ge=1.0, le=6.0)
    temperature: float = option(1.8, "Temperature", "How freely it speaks; lower is plainer.", common=True, ge=0.5, le=2.5)
    top_p: float = option(0.9, "Top p", "Share of likely sounds to choose from.", ge=0.5, le=1.0)
    top_k: int = option(45, "Top k", "How many sounds to choose from.", ge=5, le=100)


class Dia(TransformersSpeech):
    """Speech engine with two presets for the turns of a dialogue; clones with a transcript."""

    card = Card(
        id="dia",
        title="Dia",
        capability=EngineKind.SPEECH,
        summary="Lively English dialogue; (laughs) and (sighs) are acted. Two speakers of its own, or saved voices.",
        version="1.6b-0626-2",
        code_licence=APACHE,
        weights_licence=APACHE,
        tier=Tier.MEDIUM,
        device=Device.CUDA,
        environment=ENVIRONMENT,
        memory_gib=6.0,  # 1.6 G parameters in half precision, the codec, the cache of 3,072 positions, the CUDA context
        hub_files=tuple(HubFile(repo, path, size, sha256=checksum) for repo, path, size, checksum in FILES),
        traits=SpeechTraits(sample_rate=RATE, clones=True, needs_transcript=True, longest_clip=LONGEST_CLIP, made_up=SPEAKERS),
        languages=("en",),
        longest_text=300,
        stall_seconds=600,
        reload_seconds=40,
    )
    Options = DiaOptions
    options: DiaOptions

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return tuple(PresetVoice(name, f"Speaker {name[1]} of a dialogue", "en") for name in SPEAKERS)

    def load_model(self) -> None:
        library = quiet_transformers()
        folder, codec = weights_folder(self.site, REPO), weights_folder(self.site, CODEC)
        decoder = self.pretrained(library.DacModel, codec)
        features = library.DacFeatureExtractor(sampling_rate=RATE, hop_length=512)
        self._processor: Any = library.DiaProcessor(features, library.DiaTokenizer(), decoder)
        self._model: Any = self.pretrained(library.DiaForConditionalGeneration, folder, half_precision(self.device))

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Synthesise one turn.

        Raises:
            EngineError: unsupported text, language or voice; the reason says which.
        """
        import torch

        self.run.check()
        refuse_unspeakable(request, self.card)
        refuse_language(request, self.card)
        inputs, spoken = self._inputs(request)
        options = self.options
        tokens = min(self._most_tokens(request), MOST_TOKENS - spoken)
        given = inputs.to(self.device)

        def generate(further: dict[str, Any]) -> Any:
            set_seed(seed_of(request))
            return self._model.generate(
                **copied(given), max_new_tokens=tokens, do_sample=True, guidance_scale=options.guidance,
                temperature=options.temperature, top_p=options.top_p, top_k=options.top_k,
                stopping_criteria=self.each_step(tokens), **further,
            )  # fmt: skip

        with torch.inference_mode():
            codes = self.generated(generate, POSITIONS, options.compiled)
            waves = self._processor.batch_decode(codes, audio_prompt_len=spoken or None)
        return self.speech(waves[0].float().cpu().numpy())

    def _inputs(self, request: SpeechRequest) -> tuple[Any, int]:
        """Return the model's input, and the length of the clip in it."""
        voice = request.voice
        text = " ".join(request.text.encode("utf-8", "replace").decode("utf-8").split())
        if voice.reference is None:
            speaker = voice.preset or SPEAKERS[0]
            if speaker not in SPEAKERS:
                raise EngineError("speech.voice-unknown", voice=speaker, known=SPEAKERS, engine="Dia")
            return self._processor(text=[tagged(text)], padding=True, return_tensors="pt"), 0
        refuse_missing_reference(request, self.card)
        from media.audio.decode import decode_audio  # brings libav, which the module's importers do without
        from media.audio.resample import resample

        clip = resample(decode_audio(voice.reference).mono(), RATE)
        if clip.duration > LONGEST_CLIP:
            raise EngineError("speech.clip-too-long", engine="Dia", longest=LONGEST_CLIP, seconds=clip.duration)
        said = " ".join(voice.transcript.split())
        inputs = self._processor(
            text=[tagged(f"{said} {text}")], audio=[clip.samples[:, 0]], padding=True, return_tensors="pt", sampling_rate=RATE
        )
        return inputs, int(self._processor.get_audio_prompt_len(inputs["decoder_attention_mask"]))

    def _most_tokens(self, request: SpeechRequest) -> int:
        """Return the limit of new tokens: twice the time of slow speech, and the delays of the codec."""
        return round((2.0 + 0.12 * len(request.text)) * TOKENS_PER_SECOND) + 15


def tagged(text: str) -> str:
    """Return a speaker's words in the format of the training: the first speaker's tag before, the other's after.

    The tag at the end keeps the last sound from being cut.
    """
    return f"[S1] {text} [S2]"
