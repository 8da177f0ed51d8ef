"""Samples of voices: a saved voice's own clip, or a line spoken by a preset voice, rendered once and stored."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from engines.catalog import Catalog
from engines.contract import Engine, EnginePaths, PresetVoice, SpeechTraits, Tier
from media.text.phonetics.respelling import respelled
from studio.artifacts.segments import SegmentStore
from studio.errors import EngineNotReady, GreenroomError, InvalidInput
from studio.pronunciations import Pronunciation, PronunciationList
from studio.pronunciations.model import checked
from studio.pronunciations.reading import request_for
from studio.pronunciations.sayings import sayings_for
from studio.voices.presets.former import present_voice
from studio.voices.resolver import AUTO, ResolvedVoice, resolve_voice
from studio.voices.voices import Voices
from studio.workers.engine_service import readiness_of
from studio.workers.pool import WorkerPool

LINES = {
    "cs": "Dobrý den. Takhle zní můj hlas.",
    "da": "Goddag. Sådan lyder min stemme.",
    "de": "Guten Tag. So klingt meine Stimme.",
    "en": "Hello. This is how my voice sounds.",
    "es": "Hola. Así suena mi voz.",
    "fi": "Hei. Tältä ääneni kuulostaa.",
    "fr": "Bonjour. Voici comment sonne ma voix.",
    "it": "Buongiorno. Ecco come suona la mia voce.",
    "nl": "Goedendag. Zo klinkt mijn stem.",
    "pl": "Dzień dobry. Tak brzmi mój głos.",
    "pt": "Olá. É assim que soa a minha voz.",
    "ru": "Здравствуйте. Так звучит мой голос.",
    "sv": "Hej. Så här låter min röst.",
    "uk": "Добрий день. Так звучить мій голос.",
}
COUNTING = "1, 2, 3, 4, 5."
"""For the other languages: every engine reads numbers in its own."""


@dataclass(frozen=True)
class VoicePreviews:
    """Returns a sound file for any voice, by the name that a script would use for it.

    Only engines of the light tier speak a line for this: a heavy model is not loaded for a list. `_speaking` is held while a line
    is rendered, so twenty clicks use one worker; it is acquired before any lock of the worker pool, and nothing that holds one of
    those calls this.
    """

    catalog: Catalog
    site: EnginePaths
    voices: Voices
    pronunciations: PronunciationList
    workers: WorkerPool
    segments: SegmentStore
    _speaking: threading.Lock = field(default_factory=threading.Lock)

    def clip(self, voice: str) -> Path:
        """Return the path of a WAV file of this voice: a saved voice's exact name, or "engine/preset".

        Raises:
            InvalidInput, NotFound: no such voice, or one of an engine too large to load for a sample.
            EngineNotReady, WorkerDied: the engine cannot speak now.
        """
        if not voice:
            raise InvalidInput("voice.none-named")
        voice = present_voice(voice, self.catalog, self.site)
        engine_id, slash, _ = voice.partition("/")
        if not slash or engine_id not in {engine.card.id for engine in self.catalog.all()}:
            return self.voices.resolve(voice).master
        language = self._language_of(voice) or "en"
        return self._spoken(LINES.get(_primary(language), COUNTING), voice, language, self.pronunciations.list())

    def word(self, word: str, saying: str, voice: str = "", language: str = "") -> Path:
        """Return the path of a WAV file of a word spoken by an entry of the pronunciation list, saved or not.

        Args:
            voice: as a script names it; "" for the clearest of the language. That also replaces a saved voice whose cloning
                engine is too large to load for a word.
            language: BCP-47; "" for the voice's own.

        Raises:
            GreenroomError: as `clip`; also if the entry is not valid, or the engine cannot use it.
        """
        entry = checked(word, saying, language=language)
        language = entry.language or self._language_of(voice) or "en"
        if entry.ipa and not respelled(entry.ipa, language):
            engine = self._resolved(voice, language).engine_cls
            if not engine.card.traits_of(SpeechTraits).takes_phonemes:
                raise InvalidInput("pronunciation.not-read-by-engine", engine=engine.card.title)
        return self._spoken(entry.word, voice, language, [replace(entry, language="")])

    def presets(self) -> list[tuple[type[Engine], PresetVoice]]:
        """Return every preset voice of every ready engine."""
        return [
            (engine, preset)
            for engine in self.catalog.all()
            if readiness_of(engine, self.site).ready
            for preset in engine.preset_voices(self.site)
        ]

    def _language_of(self, voice: str) -> str:
        """Return the language of a preset voice, "" for any other."""
        engine_id, slash, preset_id = voice.partition("/")
        if not slash or engine_id not in {engine.card.id for engine in self.catalog.all()}:
            return ""
        presets = self.catalog.get(engine_id).preset_voices(self.site)
        return next((preset.language for preset in presets if preset.id == preset_id), "")

    def _resolved(self, voice: str, language: str) -> ResolvedVoice:
        """Return the voice, or the clearest one for a saved voice whose engine is heavy or not ready."""
        known = "/" not in voice and any(one.name == voice for one in self.voices.list())
        try:
            found = self._resolve(voice, language)
        except GreenroomError:
            if not known:
                raise
            return self._resolve("", language)
        return found if found.engine_cls.card.tier is Tier.LIGHT or not known else self._resolve("", language)

    def _resolve(self, voice: str, language: str) -> ResolvedVoice:
        return resolve_voice(voice, AUTO, voices=self.voices, catalog=self.catalog, site=self.site, language=language)

    def _spoken(self, line: str, voice: str, language: str, entries: Sequence[Pronunciation]) -> Path:
        casting = self._resolved(voice, language)
        engine = casting.engine_cls
        sayings = sayings_for(entries, voice, language, engine)
        request = request_for(line, engine, casting.voice, language, sayings)
        made = {"audition": request.text, "phonemes": [asdict(span) for span in request.phonemes], "language": language}
        card = engine.card
        key = self.segments.key({**made, "engine": card.id, "version": card.version, "voice": casting.voice_version})
        with self._speaking:
            found = self.segments.get(key)
            if found is not None:
                return found.path
            if card.tier is not Tier.LIGHT:
                raise EngineNotReady("voice.engine-too-large-for-sample", engine=card.title)
            options: Any = engine.Options()
            with self.workers.lease(engine, options) as speech:
                spoken = speech.synthesize(request)
            return self.segments.put(key, spoken.audio, {}).path


def _primary(language: str) -> str:
    return language.replace("_", "-").split("-")[0].lower()
