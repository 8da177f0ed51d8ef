"""F5-TTS v1: zero-shot voice cloning from a few seconds of speech and their transcript.

Upstream: github.com/SWivid/F5-TTS (code MIT, weights CC-BY-NC-4.0); Chen et al., "F5-TTS: A Fairytaler that Fakes Fluent and
Faithful Speech with Flow Matching", 2024. This engine uses the library's model and not its front end, which downloads a
recogniser for an empty transcript, trims clips without their transcripts, caches every clip for ever, and can be cancelled only
between sentences.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engines.common.weights import weights_folder
from engines.contract import Card, Device, EngineKind, EngineOptions, HubFile, Speech, SpeechRequest, SpeechTraits, Tier, option
from engines.speech.common.request_checks import refuse_language, refuse_missing_reference, refuse_preset, refuse_unspeakable
from engines.speech.common.splitting import cross_fade, cut
from engines.speech.common.torch_engine import CC_BY_NC, ENVIRONMENT, MIT, TorchSpeechEngine, seed_of
from engines.speech.f5.reference import LONGEST_CLIP, RATE, Reference, prepare

REPO = "SWivid/F5-TTS"
VOCODER = "charactr/vocos-mel-24khz"
CHECKPOINT = "F5TTS_v1_Base/model_1250000.safetensors"
VOCABULARY = "F5TTS_v1_Base/vocab.txt"
ARCHITECTURE = "F5TTS_v1_Base/model.yaml"
"""Optional file, not from upstream: the configuration of a fine-tune of another size."""

COMMIT, VOCODER_COMMIT = "84e5a410d9cead4de2f847e7c9369a6440bdfaca", "0feb3fdd929bcd6649e0e7c5a688cf7dd012ef21"
CHECKPOINT_SUM = "670900fd14e6c458b95da6e9ed317cdb20dbaf7a1c02ac06a05475a9d32b6a38"
VOCODER_SUM = "97ec976ad1fd67a33ab2682d29c0ac7df85234fae875aefcc5fb215681a91b2a"

MOST_FRAMES = 8_000
"""Of all texts in one forward pass together: 85 seconds of sound. Rows of unequal length need a mask, which each layer spreads
out over all pairs of frames for every head."""

MOST_UNEQUAL = 1.25
"""How much longer than the shortest the longest of them may be."""

KEPT_REFERENCES = 8


class F5Options(EngineOptions):
    """Options of F5-TTS."""

    speed: float = option(1.0, "Speed", "How fast it speaks; 1 is as fast as the voice's clip.", common=True, ge=0.3, le=2.0)
    steps: int = option(32, "Steps", "How often each sound is refined; half of it is twice as quick.", common=True, ge=4, le=64)
    guidance: float = option(2.0, "Guidance", "How closely it keeps to text and voice.", ge=0.0, le=6.0)
    sway: float = option(-1.0, "Sway", "Below 0 the first steps are smaller, which makes words clearer.", ge=-1.0, le=1.0)
    cross_fade: float = option(0.15, "Cross-fade", "Blend between the parts of a long text.", unit="s", ge=0.0, le=1.0)


class F5TTS(TorchSpeechEngine):
    """Speech engine that clones with a transcript. Batches several texts in one forward pass."""

    card = Card(
        id="f5-tts",
        title="F5-TTS",
        capability=EngineKind.SPEECH,
        summary="Clones a voice from 3 to 15 seconds and their transcript; natural and quick on a GPU. English and Chinese.",
        version="1.1.22-2",
        code_licence=MIT,
        weights_licence=CC_BY_NC,
        tier=Tier.MEDIUM,
        device=Device.CUDA,
        environment=ENVIRONMENT,
        memory_gib=3.5,  # 337 M parameters in float16, the vocoder, and activations of eight sentences; the CUDA context
        hub_files=(
            HubFile(REPO, CHECKPOINT, 1_348_435_761, COMMIT, sha256=CHECKPOINT_SUM),
            HubFile(REPO, VOCABULARY, 13_800, COMMIT),
            HubFile(VOCODER, "config.yaml", 461, VOCODER_COMMIT),
            HubFile(VOCODER, "pytorch_model.bin", 54_365_991, VOCODER_COMMIT, sha256=VOCODER_SUM),
        ),
        traits=SpeechTraits(sample_rate=RATE, clones=True, needs_transcript=True, longest_clip=LONGEST_CLIP),
        languages=("en", "zh"),
        longest_text=400,
        stall_seconds=300,
        reload_seconds=20,
    )
    Options = F5Options
    imports = ("torch", "torchaudio", "f5_tts.model.cfm", "f5_tts.model.backbones.dit", "f5_tts.model.utils")
    options: F5Options

    def load_model(self) -> None:
        from engines.speech.f5.model import load

        self._references: OrderedDict[tuple[Path, float, str], Reference] = OrderedDict()
        folder = weights_folder(self.site, REPO, (CHECKPOINT, VOCABULARY))
        vocoder = weights_folder(self.site, VOCODER, ("config.yaml", "pytorch_model.bin"))
        architecture = folder / ARCHITECTURE
        self._model: Any = load(folder / CHECKPOINT, folder / VOCABULARY, architecture, vocoder, self.device)

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Synthesise one text in a saved voice.

        Raises:
            EngineError: unsupported text, language or voice; the reason says which.
        """
        return self.synthesize_batch([request])[0]

    def synthesize_batch(self, requests: list[SpeechRequest]) -> list[Speech]:
        """Synthesise several texts in one forward pass, in any mix of voices. Each sounds as it would alone, up to rounding."""
        self.run.check()
        rows = [self._rows(request) for request in requests]
        waves = self._speak([row for group in rows for row in group])
        speeches = []
        for group in rows:
            joined = cross_fade([waves.pop(0) for _ in group], round(self.options.cross_fade * RATE))
            speeches.append(self.speech(joined * group[0].reference.gain))
        return speeches

    def _rows(self, request: SpeechRequest) -> list[Any]:
        from engines.speech.f5.model import Row

        refuse_unspeakable(request, self.card)
        refuse_preset(request, self.card)
        refuse_language(request, self.card)
        refuse_missing_reference(request, self.card)
        reference = self._reference(request)
        speed = self.options.speed
        return [
            Row(reference, piece, reference.frames_for(piece, speed), seed_of(request, number))
            for number, piece in enumerate(cut(request.text, reference.longest_text(speed)))
        ]

    def _reference(self, request: SpeechRequest) -> Reference:
        """Return the prepared clip; the last few are cached, because a narration uses the same one throughout."""
        clip = request.voice.reference
        assert clip is not None
        key = (clip, clip.stat().st_mtime if clip.is_file() else 0.0, request.voice.transcript)
        if key not in self._references:
            self._references[key] = prepare(clip, request.voice.transcript)
        self._references.move_to_end(key)
        while len(self._references) > KEPT_REFERENCES:
            self._references.popitem(last=False)
        return self._references[key]

    def _speak(self, rows: Sequence[Any]) -> list[Any]:
        options = self.options
        groups = _groups(rows)
        waves: dict[int, Any] = {}
        with self.watching(self._model.transformer, options.steps * len(groups)):
            for group in groups:
                made = self._model.speak([rows[place] for place in group], options.steps, options.guidance, options.sway)
                waves.update(zip(group, made, strict=True))
        return [waves[place] for place in range(len(rows))]


def _groups(rows: Sequence[Any]) -> list[list[int]]:
    """Group rows by length, as many as one forward pass may hold; each group is padded to its longest row.

    Rows of similar length are grouped, so that little padding is computed.
    """
    groups: list[list[int]] = []
    for place in sorted(range(len(rows)), key=lambda place: (rows[place].total, place)):
        total, group = rows[place].total, groups[-1] if groups else []
        if group and total * (len(group) + 1) <= MOST_FRAMES and total <= MOST_UNEQUAL * rows[group[0]].total:
            group.append(place)
        else:
            groups.append([place])
    return groups
