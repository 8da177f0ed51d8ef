"""Hits and false alarms of the review of takes: planted faults in real speech.

    python -m bench.engines.take_checks [--dictation]

Speech is the sample voice's clips with their known texts, Hibari on plain sentences, and three voices of Kokoro on the same
where its model is here. Faults are a word left out, a word said twice, three seconds of silence, and another voice: for Hibari
itself played lower, for Kokoro the next of the three. Whisper base listens where it is here (./launch.sh models), PocketSphinx's
dictation on request: it takes longer than all the rest. The figures are in docs/reference/take-checks.md.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.engines.intelligibility import SENTENCES
from engines.catalog import Catalog
from engines.contract import Engine, EngineOptions, EnginePaths, SpeakingVoice, SpeechRequest
from engines.transcription.pocketsphinx.engine import Pocketsphinx
from engines.verification.reading_follower.engine import ReadingFollower
from engines.verification.voice_encoder.engine import VoiceEncoder
from media.audio.audio import Audio, concatenate, silence
from media.audio.decode import decode_audio
from media.audio.voice_similarity import is_dissimilar
from studio.verification.audio_check import check_take
from studio.verification.review import review
from studio.verification.text_normalisation import comparable_words
from studio.verification.verifiers import SHORTEST_TO_COMPARE, likeness_band
from tests.engines.hearts import Hearts

ASSETS = Path(__file__).resolve().parents[2] / "assets"
CLIPS = {
    "LJ001-0001": "Printing, in the only sense with which we are at present concerned, differs from most if not from all the "
    "arts and crafts represented in the Exhibition",
    "LJ001-0003": "For although the Chinese took impressions from wood blocks engraved in relief for centuries before the "
    "woodcutters of the Netherlands, by a similar process",
    "LJ001-0005": "the invention of movable metal letters in the middle of the fifteenth century may justly be considered as "
    "the invention of the art of printing.",
}
VOICE, STRANGER = "heart", "deep"
KOKORO_VOICES = ("af_heart", "am_michael", "bf_emma")
COLUMNS = ("takes", "sound", "follower", "likeness", "Whisper", "any", "pitch", "dictation")
KINDS = ("clean", "dropped", "repeated", "silence", "stranger")
SMALL_WORDS = 4
"""Words shorter than this are left out by speakers too; the planted ones are longer."""


@dataclass(frozen=True)
class Take:
    """A take of `text` with one fault, or none; `reference` is the voice it should have."""

    kind: str
    source: str
    text: str
    audio: Audio
    reference: Audio


class _Quiet:
    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


class Workshop:
    """Makes takes and reviews them; by Whisper base, by Kokoro's voices and by dictation on request only."""

    def __init__(
        self, cache: Path, *, dictation: bool = False, whisper: Engine | None = None, kokoro: Engine | None = None
    ) -> None:
        site = EnginePaths(ASSETS, cache)
        self._whisper, self._kokoro = whisper, kokoro
        self._speaker = Hearts(site, Hearts.Options(), _Quiet())
        self.follower = ReadingFollower(site, EngineOptions(), _Quiet())
        self.dictation = Pocketsphinx(site, Pocketsphinx.Options(), _Quiet())
        self.voices = VoiceEncoder(site, EngineOptions(), _Quiet())
        self._known: dict[int, tuple[Audio, Any]] = {}
        self._dictates = dictation
        for engine in (self._speaker, self.follower, self.voices, *((self.dictation,) if dictation else ())):
            engine.load()

    def speak(self, text: str, voice: str) -> Audio:
        speaker: Any = self._kokoro if voice in KOKORO_VOICES else self._speaker
        return speaker.synthesize(SpeechRequest(text, SpeakingVoice(preset=voice))).audio  # type: ignore[no-any-return]

    def spoken_takes(
        self, sentences: tuple[str, ...], chance: random.Random, voice: str = VOICE, stranger: str = STRANGER
    ) -> Iterator[Take]:
        for number, text in enumerate(sentences):
            words = text.split()
            at = chance.choice([index for index, word in enumerate(words) if len(word) >= SMALL_WORDS])
            reference = self.speak(SENTENCES[(number + 17) % len(SENTENCES)], voice)
            clean = self.speak(text, voice)
            middle = clean.duration / 2
            yield Take("clean", voice, text, clean, reference)
            yield Take("dropped", voice, text, self.speak(" ".join(words[:at] + words[at + 1 :]), voice), reference)
            yield Take("repeated", voice, text, self.speak(" ".join([*words[: at + 1], *words[at:]]), voice), reference)
            yield Take("silence", voice, text, _with_silence(clean, middle), reference)
            yield Take("stranger", f"{stranger} for {voice}", text, self.speak(text, stranger), reference)

    def kokoro_takes(self, sentences: tuple[str, ...], chance: random.Random) -> Iterator[Take]:
        """The sentences in the three voices by turns; the next one is the stranger."""
        count = len(KOKORO_VOICES)
        for number, voice in enumerate(KOKORO_VOICES):
            yield from self.spoken_takes(sentences[number::count], chance, voice, KOKORO_VOICES[(number + 1) % count])

    def human_takes(self, per_clip: int, chance: random.Random, clips: tuple[str, ...] = tuple(CLIPS)) -> Iterator[Take]:
        for name in clips:
            text = CLIPS[name]
            audio = decode_audio(ASSETS / "voices" / f"{name}.wav")
            reference = decode_audio(ASSETS / "voices" / ("LJ001-0005.wav" if name != "LJ001-0005" else "LJ001-0001.wav"))
            yield Take("clean", "human", text, audio, reference)
            yield Take("silence", "human", text, _with_silence(audio, audio.duration / 2), reference)
            yield Take("stranger", f"{STRANGER} for human", text, self.speak(text, STRANGER), reference)
            marks = [one for one in self.follower.align(audio, text).words if len(one.text) >= SMALL_WORDS]
            for mark in chance.sample(marks, per_clip):
                before, after = audio.slice(0, mark.start), audio.slice(mark.end, audio.duration)
                yield Take("dropped", "human", text, concatenate([before, after]), reference)
                again = concatenate([audio.slice(0, mark.end), audio.slice(mark.start, audio.duration)])
                yield Take("repeated", "human", text, again, reference)

    def found(self, take: Take) -> dict[str, bool]:
        """Which check finds something wrong with a take."""
        words = " ".join(comparable_words(take.text, contracted=True))
        followed = review(take.text, self.follower.align(take.audio, words).text, self.follower.card.id, "", "en")
        return {
            "sound": not check_take(take.audio, take.text).passed,
            "follower": bool(followed.problems),
            "dictation": self._dictates and self._misheard(self.dictation, take),
            "Whisper": self._whisper is not None and self._misheard(self._whisper, take, size="base"),
            "likeness": self._other_voice(take),
            "pitch": bool(is_dissimilar(take.audio, take.reference)),
        }

    def _other_voice(self, take: Take) -> bool:
        """Whether the take's likeness to its reference is below the floor at which takes are marked."""
        if take.audio.duration < SHORTEST_TO_COMPARE:
            return False
        if id(take.reference) not in self._known:
            self._known[id(take.reference)] = take.reference, self.voices.embed(take.reference)
        known = self._known[id(take.reference)][1]
        return float(self.voices.embed(take.audio) @ known) < likeness_band(self.voices.card.id, None).flag

    def _misheard(self, listener: Any, take: Take, **options: object) -> bool:
        heard = listener.transcribe(take.audio, "en").text
        return bool(review(take.text, heard, listener.card.id, "", "en", options=options).problems)


def _with_silence(audio: Audio, at: float) -> Audio:
    hole = silence(3.0, audio.rate, audio.channels)
    return concatenate([audio.slice(0, at), hole, audio.slice(at, audio.duration)])


def measure(takes: Iterator[Take], workshop: Workshop) -> dict[str, Any]:
    """Per kind of fault: how many takes there were, and how many each check, and all of them together, spoke up at."""
    table: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for take in takes:
        found = workshop.found(take)
        table[take.kind].update(name for name, spoke in found.items() if spoke)
        table[take.kind]["takes"] += 1
        table[take.kind]["any"] += any(found[name] for name in ("sound", "follower", "likeness", "Whisper"))
    return table


def main(*asked: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        whisper, kokoro = ready("faster-whisper", cache, size="base", device="cpu"), ready("kokoro", cache)
        workshop = Workshop(cache, dictation="--dictation" in asked, whisper=whisper, kokoro=kokoro)
        sentences = SENTENCES[12:36]
        takes = {"Hibari": workshop.spoken_takes(sentences, random.Random(3))}
        if kokoro is not None:
            takes["Kokoro"] = workshop.kokoro_takes(sentences, random.Random(4))
        takes["human"] = workshop.human_takes(8, random.Random(3))
        for title, made in takes.items():
            sys.stdout.write(f"\n{title}\n| fault | {' | '.join(COLUMNS)} |\n{'| --- ' * (len(COLUMNS) + 1)}|\n")
            for kind, row in measure(made, workshop).items():
                sys.stdout.write(f"| {kind} | {' | '.join(str(row[name]) for name in COLUMNS)} |\n")
            sys.stdout.flush()


def ready(engine_id: str, cache: Path, **options: Any) -> Engine | None:
    """The loaded engine, None where its model is not here."""
    root = os.environ.get("MODEL_WEIGHTS") or ASSETS.parent / "data" / "weights"
    site = EnginePaths(ASSETS, cache, (Path(root).absolute(),))
    engine = Catalog().get(engine_id)
    if not (state := engine.readiness(site)).ready:
        sys.stderr.write(f"{engine.card.title}: {state.sentence}\n")
        return None
    made = engine(site, engine.Options(**options), _Quiet())
    made.load()
    return made


if __name__ == "__main__":
    main(*sys.argv[1:])
