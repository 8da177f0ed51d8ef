"""How a voice sounds: a saved voice's own clip, or a preset voice saying a line, rendered once and kept."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.catalog import Catalog
from engines.contract import Engine, EnginePaths, PresetVoice, SpeechRequest, Tier
from studio.artifacts.segments import SegmentStore
from studio.errors import EngineNotReady, InvalidInput
from studio.voices.resolver import ResolvedVoice, resolve_voice
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
    """Gives a sound file for any voice by the name that a script would use for it.

    Only engines of the light tier speak a line for this: a heavy model is not loaded because someone looks at a list.
    `_speaking` is held while a line is rendered, so a click on each of twenty voices takes one worker; it is taken before
    any lock of the worker host, and nothing that holds one of those calls this.
    """

    catalog: Catalog
    site: EnginePaths
    voices: Voices
    workers: WorkerPool
    segments: SegmentStore
    _speaking: threading.Lock = field(default_factory=threading.Lock)

    def clip(self, voice: str) -> Path:
        """Path of a WAV file of this voice: a saved voice's exact name, or "engine/preset".

        Raises:
            InvalidInput, NotFound: no such voice, or one of an engine too large to load for a sample.
            EngineNotReady, WorkerDied: the engine cannot speak now.
        """
        if not voice:
            raise InvalidInput("voice.none-named")
        engine_id, slash, preset_id = voice.partition("/")
        if not slash or engine_id not in {engine.card.id for engine in self.catalog.all()}:
            return self.voices.resolve(voice).master
        engine = self.catalog.get(engine_id)
        preset = next((one for one in engine.preset_voices(self.site) if one.id == preset_id), None)
        language = preset.language if preset else "en"
        casting = resolve_voice(voice, engine_id, voices=self.voices, catalog=self.catalog, site=self.site, language=language)
        return self._spoken(engine, casting, language)

    def presets(self) -> list[tuple[type[Engine], PresetVoice]]:
        """Every preset voice of every ready engine."""
        return [
            (engine, preset)
            for engine in self.catalog.all()
            if readiness_of(engine, self.site).ready
            for preset in engine.preset_voices(self.site)
        ]

    def _spoken(self, engine: type[Engine], casting: ResolvedVoice, language: str) -> Path:
        card = engine.card
        line = LINES.get(language.replace("_", "-").split("-")[0].lower(), COUNTING)
        key = self.segments.key(
            {"audition": line, "engine": card.id, "version": card.version, "voice": casting.voice.preset, "language": language}
        )
        with self._speaking:
            found = self.segments.get(key)
            if found is not None:
                return found.path
            if card.tier is not Tier.LIGHT:
                raise EngineNotReady("voice.engine-too-large-for-sample", engine=card.title)
            options: Any = engine.Options()
            with self.workers.lease(engine, options) as speech:
                spoken = speech.synthesize(SpeechRequest(text=line, voice=casting.voice, language=language))
            return self.segments.put(key, spoken.audio, {}).path
