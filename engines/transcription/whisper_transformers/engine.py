"""Whisper through transformers: for GPUs that CTranslate2 does not support, mainly those of ARM64 machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from engines.common.devices import torch_device
from engines.common.loading import fill, read_tensors
from engines.common.torch_device import half_precision
from engines.contract import (
    Card,
    Engine,
    EngineKind,
    EngineOptions,
    EnginePaths,
    Licence,
    Readiness,
    RunContext,
    Tier,
    TimedMark,
    TranscribedSegment,
    Transcript,
    TranscriptionTraits,
    option,
)
from engines.contract.errors import EngineError, EngineNotReady
from engines.transcription.common.hallucination import GuardedSegment, filter_hallucinations
from engines.transcription.common.transcript import RATE, WITHOUT_SPACES, model_input, placed, primary, transcript_of
from engines.transcription.common.whisper_weights import (
    APACHE,
    LANGUAGES,
    OPENAI,
    Size,
    all_files,
    chosen_size,
    folder_of,
    readiness_of,
)
from engines.transcription.whisper_transformers.confidence import (
    TEMPERATURES,
    Confidence,
    confidences,
    parted,
    speech_spans,
)
from media.audio.audio import Audio

if TYPE_CHECKING:
    from transformers import AutomaticSpeechRecognitionPipeline

LONGEST_PIECE = 28.0
"""Whisper takes 30 seconds at once; pieces are cut at pauses a little before that."""

SECOND_TEMPERATURE = 0.6
"""Of a stretch that came out as a loop."""

_LONGEST_STRETCH, _PAUSE = 12.0, 0.6


class WhisperTransformersOptions(EngineOptions):
    """Options of the recogniser."""

    size: Size = option(
        "auto",
        "Size",
        "Larger understands more and takes longer. Auto takes the best one that is here.",
        common=True,
        reload=True,
    )
    precision: Literal["auto", "bfloat16", "float16", "float32"] = option(
        "auto",
        "Precision",
        "Auto is bfloat16 on a graphics card, float16 on one without it, and float32 on a processor.",
        reload=True,
    )
    batch_size: int = option(8, "Pieces at once", "More is quicker on a graphics card and takes more memory.", ge=1, le=32)
    beam_size: int = option(1, "Beam size", "How many readings are followed side by side. 1 is quickest.", ge=1, le=10)
    translate: bool = option(False, "Translate into English", "Write English whatever is spoken. Not with the size turbo.")
    vad: bool = option(True, "Skip what is no speech", "Keeps Whisper from making up words in silence and music.")


class WhisperTransformers(Engine):
    """Transcription engine in the shared model environment."""

    card = Card(
        id="whisper-gpu",
        title="Whisper (GPU)",
        capability=EngineKind.TRANSCRIPTION,
        summary="Writes down 100 languages with punctuation and word times, several pieces at once. Made for graphics cards.",
        version="5.23.0-2",
        code_licence=Licence("Apache-2.0", "https://github.com/huggingface/transformers/blob/main/LICENSE"),
        weights_licence=APACHE,
        tier=Tier.MEDIUM,
        device=torch_device(),
        environment="models",
        memory_gib=4.0,
        hub_files=all_files(OPENAI),
        first_repo="openai/whisper-large-v3-turbo",
        languages=LANGUAGES,
        traits=TranscriptionTraits(longest_sound=600.0), reload_seconds=15.0, stall_seconds=900.0,
    )  # fmt: skip
    Options = WhisperTransformersOptions
    imports = ("torch", "transformers")
    options: WhisperTransformersOptions

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        super().__init__(site, options, run)
        self._pipeline: AutomaticSpeechRecognitionPipeline | None = None

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        return readiness_of(site, OPENAI)

    @classmethod
    def settled(cls, site: EnginePaths, options: EngineOptions) -> EngineOptions:
        assert isinstance(options, WhisperTransformersOptions)
        return options.model_copy(update={"size": chosen_size(site, OPENAI, options.size, translate=options.translate)})

    def load(self) -> None:
        """Load the weights of the chosen size from their folder, tensor by tensor, directly to the device.

        Raises:
            EngineNotReady: the size is not installed.
            EngineError: the weights are not Whisper's.
        """
        folder = folder_of(self.site, OPENAI, self.options.size)
        from transformers import AutomaticSpeechRecognitionPipeline, WhisperFeatureExtractor, WhisperTokenizer

        model = self._model(folder)
        try:
            features = WhisperFeatureExtractor.from_pretrained(str(folder), local_files_only=True)
            tokenizer = WhisperTokenizer.from_pretrained(str(folder), local_files_only=True)
        except Exception as error:  # the library has many kinds of error for files that are not what they should be
            raise EngineError("engine.tokenizer-damaged", engine="Whisper") from error
        tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token  # batches want one; Whisper's own is the end
        self._pipeline = AutomaticSpeechRecognitionPipeline(model=model, feature_extractor=features, tokenizer=tokenizer)

    def _model(self, folder: Path) -> Any:
        import torch
        from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

        device = "cuda" if torch.cuda.is_available() else "cpu"
        precision = half_precision(device) if self.options.precision == "auto" else getattr(torch, self.options.precision)
        try:
            config = WhisperConfig.from_pretrained(str(folder), local_files_only=True)
        except (OSError, ValueError) as error:
            raise EngineError("whisper.configuration-damaged") from error
        config._attn_implementation = "eager"  # word times are read from attentions, which other kinds do not give
        with torch.device("meta"):
            model = WhisperForConditionalGeneration(config)
        model = model.to(precision).to_empty(device=device)
        model.tie_weights()
        fill(model, read_tensors(folder / "model.safetensors", device), "Whisper", optional=("proj_out.weight",))
        model.generation_config = GenerationConfig.from_pretrained(str(folder), local_files_only=True)
        return model.eval()

    def transcribe(self, audio: Audio, language: str = "auto") -> Transcript:
        """Transcribe a sound, with word times; doubtful segments have a reason.

        Raises:
            EngineError: Whisper does not support the language.
        """
        self.run.check()
        code = primary(language)
        if code != "auto" and code not in LANGUAGES:
            raise EngineError("whisper.language-unknown", language=language)
        heard = Audio(model_input(audio), RATE)
        pieces = list(self._spoken_pieces(heard))
        if not pieces:
            return Transcript("", "")
        spoken = self._detected(pieces[0][1]) if code == "auto" else code
        found: list[GuardedSegment] = []
        for first in range(0, len(pieces), self.options.batch_size):
            batch = pieces[first : first + self.options.batch_size]
            for (start, piece), answer in zip(batch, self._heard([one for _, one in batch], spoken), strict=True):
                if answer is not None:
                    found += _as_heard(*answer, start, min(heard.duration, start + piece.size / RATE), spoken)
            self.run.progress((first + len(batch)) / len(pieces))

        def again(start: float, end: float) -> list[GuardedSegment]:
            self.run.check()
            part = heard.slice(start, min(end, start + LONGEST_PIECE)).samples[:, 0]
            second = self._listen([part], spoken, SECOND_TEMPERATURE)[0]
            return _as_heard(second, self._sure([part], [second], spoken)[0], start, end, spoken)

        return transcript_of(filter_hallucinations(found, again), "en" if self.options.translate else spoken)

    def _spoken_pieces(self, heard: Audio) -> Iterator[tuple[float, np.ndarray]]:
        """Yield the pieces with speech, each with its start, because Whisper hallucinates words in silence and over music."""
        from media.audio.inspection import inspect

        samples = heard.samples[:, 0]
        if inspect(heard).is_empty:
            return
        spans = speech_spans(samples, RATE) if self.options.vad else [(0, samples.size)]
        for start, piece in parted(samples, spans, RATE, LONGEST_PIECE):
            if not inspect(Audio(piece, RATE)).is_empty:
                yield start, piece

    def _heard(self, pieces: Sequence[np.ndarray], language: str) -> list[tuple[dict[str, Any], Confidence] | None]:
        """Return text and confidence of each piece; None if it contains no speech.

        Uncertain or looping pieces are decoded again at increasing temperatures, as in openai-whisper; if none is certain, the
        last one is used, and remaining doubts are marked.
        """
        answers = self._listen(pieces, language)
        sure = self._sure(pieces, answers, language)
        for temperature in TEMPERATURES:
            again = [at for at, answer in enumerate(answers) if sure[at].wants_another(_text_of(answer))]
            if not again:
                break
            self.run.check()
            second = self._listen([pieces[at] for at in again], language, temperature)
            judged = self._sure([pieces[at] for at in again], second, language)
            for at, answer, confidence in zip(again, second, judged, strict=True):
                answers[at], sure[at] = answer, confidence
        return [None if one.silent else (answer, one) for answer, one in zip(answers, sure, strict=True)]

    def _sure(self, pieces: Sequence[np.ndarray], answers: Sequence[dict[str, Any]], language: str) -> list[Confidence]:
        texts = [_text_of(answer) for answer in answers]
        return confidences(self._loaded(), pieces, texts, language, self._task, RATE)

    @property
    def _task(self) -> str:
        return "translate" if self.options.translate else "transcribe"

    def _listen(self, pieces: Sequence[np.ndarray], language: str, temperature: float = 0.0) -> list[dict[str, Any]]:
        listener = self._loaded()
        chance = {"do_sample": True, "temperature": temperature} if temperature else {"do_sample": False}
        answers = listener(
            [{"raw": piece, "sampling_rate": RATE} for piece in pieces],
            batch_size=len(pieces),
            return_timestamps="word",
            generate_kwargs={
                "language": language,
                "task": self._task,
                "num_beams": 1 if temperature else self.options.beam_size,
                **chance,
            },
        )
        return list(answers)

    def _detected(self, piece: np.ndarray) -> str:
        """Return the language that Whisper detects."""
        listener = self._loaded()
        features = listener.feature_extractor(piece, sampling_rate=RATE, return_tensors="pt").input_features
        model = listener.model
        ids = model.detect_language(input_features=features.to(model.device, model.dtype))
        return str(listener.tokenizer.convert_ids_to_tokens(int(ids[0]))).strip("<|>")

    def _loaded(self) -> AutomaticSpeechRecognitionPipeline:
        if self._pipeline is None:
            raise EngineNotReady("engine.not-loaded", engine="Whisper (GPU)")
        return self._pipeline


def _text_of(answer: dict[str, Any]) -> str:
    return str(answer.get("text", "")).strip()


def _as_heard(answer: dict[str, Any], sure: Confidence, start: float, end: float, language: str) -> list[GuardedSegment]:
    """Return the pipeline's words as segments, split at pauses and ends of sentences, with times of the whole sound."""
    words: list[TimedMark] = []
    reached, judged = start, (sure.log_probability, sure.no_speech)
    for chunk in answer.get("chunks", ()):
        begin, finish = chunk["timestamp"]
        if not chunk["text"].strip():
            continue
        begin = reached - start if begin is None else begin
        words.append(placed(chunk["text"], start + begin, start + (begin if finish is None else finish), reached, end))
        reached = words[-1].end
    if not words:
        text = _text_of(answer)
        whole = placed(text, start, end, 0.0, end)
        return [GuardedSegment(TranscribedSegment(text, whole.start, whole.end), *judged)] if text else []
    between = "" if language in WITHOUT_SPACES else " "
    runs = _stretches(words)
    return [
        GuardedSegment(
            TranscribedSegment(between.join(word.text for word in run), run[0].start, run[-1].end, tuple(run)), *judged
        )
        for run in runs
    ]


def _stretches(words: Sequence[TimedMark]) -> Iterator[list[TimedMark]]:
    run: list[TimedMark] = []
    for word in words:
        if run and (
            word.start - run[-1].end > _PAUSE or word.end - run[0].start > _LONGEST_STRETCH or run[-1].text[-1] in ".?!。？！"
        ):
            yield run
            run = []
        run.append(word)
    if run:
        yield run
