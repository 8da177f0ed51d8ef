"""Resolves the requested voice and engine to an engine that is able to speak and a voice that it accepts.

Runs before a job is queued. A saved voice is found by its exact name only; if an engine cannot clone, that is an error, and no
other voice is substituted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from engines.catalog import Catalog
from engines.contract import Engine, EngineKind, EnginePaths, PresetVoice, SpeakingVoice, SpeechTraits
from engines.speech.defaults import by_cloning_order, default_speech
from engines.speech.former import FORMER_ENGINES, former_voice, nearest
from media.messages.message import Message
from studio.errors import EngineNotReady, InvalidInput, NotFound
from studio.licences import UNKNOWN, LicenceTerms
from studio.voices.model import Voice
from studio.voices.names import composed, did_you_mean, near_matches, saved_voices, visible
from studio.voices.presets.by_language import for_language, primary_tag
from studio.voices.voices import Voices
from studio.workers.engine_service import readiness_of

AUTO = "auto"
EngineClass = type[Engine]


@dataclass(frozen=True)
class ResolvedVoice:
    """The engine, the voice as the engine accepts it, and what a segment's hash and a file's name need of it.

    Args:
        voice_label: the preset's id or the saved voice's name, for file names and recipes; "" if the engine chooses its own.
        voice_version: changes with everything that makes the same words sound different, except the engine and its options.
        voice_licence: what is known of the voice's consent or origin, "" for presets.
        voice_terms: licences of what made a saved voice's clip, if the studio made it.
        instead_of: the requested voice, "engine/preset", if its engine was removed and this is its replacement.
    """

    engine_cls: EngineClass
    voice: SpeakingVoice
    voice_label: str
    voice_version: str
    voice_licence: str = ""
    voice_terms: LicenceTerms = UNKNOWN
    instead_of: str = ""


def resolve_voice(
    voice: str,
    engine: str = AUTO,
    *,
    voices: Voices,
    catalog: Catalog,
    site: EnginePaths,
    language: str = "en",
    default_engine: str = AUTO,
) -> ResolvedVoice:
    """Resolve a voice and an engine as the page and the API name them.

    Args:
        voice: "" for the default of the language, "engine/preset", a preset's id if the engine is named, or the exact name of a
            saved voice. A voice of a removed engine is replaced by the nearest one.
        engine: an engine's id, or "auto" (or "").
        language: BCP-47 tag of the text.
        default_engine: the setting engines.default_speech.

    Raises:
        NotFound: no such engine, preset or saved voice; similar names are given.
        InvalidInput: the engine is of another kind, does not speak the language, or cannot use that voice.
        EngineNotReady: with the engine's next step.
    """
    return _VoiceResolution(voices, catalog, site, language, default_engine).resolve(composed(voice), composed(engine))


@dataclass(frozen=True)
class _VoiceResolution:
    voices: Voices
    catalog: Catalog
    site: EnginePaths
    language: str
    default_engine: str

    def resolve(self, voice: str, engine: str) -> ResolvedVoice:
        former = former_voice(voice, engine)
        if former is not None:
            return self._former(*former, engine)
        engine = AUTO if engine in FORMER_ENGINES else engine
        named = None if engine in ("", AUTO) else self._speech_engine(engine)
        if not voice:
            return self._default_voice(named)
        own = () if named is None else named.preset_voices(self.site)
        preset = next((preset for preset in own if preset.id == voice), None)
        if named is not None and preset is not None:
            return self._named_preset(named, preset)
        engine_id, slash, preset_id = voice.partition("/")
        if slash and engine_id in {one.card.id for one in self.catalog.all()}:
            return self._preset(engine_id, preset_id, named)
        return self._saved(self._find_saved(voice, named), named)

    # Engines

    def _speech_engine(self, engine_id: str) -> EngineClass:
        engine = self.catalog.get(engine_id)
        if engine.card.capability is not EngineKind.SPEECH:
            speaking = ", ".join(one.card.id for one in self._speaking())
            raise InvalidInput("voice.engine-does-not-speak", engine=engine.card.title, speaking=speaking)
        return engine

    def _speaking(self) -> list[EngineClass]:
        return self.catalog.of(EngineKind.SPEECH)

    def _ready(self, engine: EngineClass) -> EngineClass:
        readiness = readiness_of(engine, self.site)
        if not readiness.ready:
            raise EngineNotReady("engine.not-ready", engine=engine.card.title, why=readiness.why, next_step=readiness.step)
        return engine

    def _is_ready(self, engine: EngineClass) -> bool:
        return readiness_of(engine, self.site).ready

    def _speaks(self, engine: EngineClass) -> bool:
        return not engine.card.languages or primary_tag(self.language) in map(primary_tag, engine.card.languages)

    def _refuse_language(self, engine: EngineClass) -> None:
        if not self._speaks(engine):
            able = [one.card.id for one in self._speaking() if self._speaks(one)]
            raise InvalidInput(
                "voice.language-not-spoken", engine=engine.card.title, language=visible(self.language, 20), able=able
            )

    # Presets

    def _default_voice(self, named: EngineClass | None) -> ResolvedVoice:
        engine, chosen = (named, "") if named is not None else self._default()
        self._refuse_language(engine)
        presets = self._ready(engine).preset_voices(self.site)
        if not presets:
            raise InvalidInput("voice.engine-has-none", engine=engine.card.title, suggestion=self._saved_hint())
        wanted = (preset for preset in presets if preset.id == chosen)
        preset = next(wanted, None) or for_language(presets, self.language)
        if preset is None:  # the engine knows which of its voices serves a tag that none of them bears
            return ResolvedVoice(engine, SpeakingVoice(), "", f"default:{self.language}")
        return self._cast_preset(engine, preset)

    def _default(self) -> tuple[EngineClass, str]:
        """Return the engine of the settings if it speaks the language, else the clearest ready one and its clearest voice."""
        if self.default_engine not in ("", AUTO, *FORMER_ENGINES):
            wished = self._speech_engine(self.default_engine)
            if self._speaks(wished):
                return wished, ""
        ready = [engine.card.id for engine in self._speaking() if self._is_ready(engine)]
        engine_id, preset = default_speech(self.language, ready)
        return self._speech_engine(engine_id), preset

    def _preset(self, engine_id: str, preset_id: str, named: EngineClass | None) -> ResolvedVoice:
        engine = self._speech_engine(engine_id)
        if named is not None and named is not engine:
            raise InvalidInput(
                "voice.of-another-engine",
                prefix=engine_id,
                voice=visible(preset_id),
                engine=engine.card.title,
                wanted=named.card.title,
            )
        presets = self._ready(engine).preset_voices(self.site)
        for preset in presets:
            if preset.id == preset_id:
                return self._cast_preset(engine, preset)
        some = Message.of("voice.presets", presets=[preset.id for preset in presets[:8]])
        near = [f"{engine_id}/{name}" for name in near_matches(preset_id, [preset.id for preset in presets])]
        near = [*self._elsewhere(preset_id, engine), *near]
        raise NotFound(
            "voice.preset-unknown", engine=engine.card.title, voice=visible(preset_id), suggestion=did_you_mean(near, some)
        )

    def _elsewhere(self, preset_id: str, besides: EngineClass) -> list[str]:
        """Return voices of exactly that name of other engines."""
        others = (one for one in self._speaking() if one is not besides)
        return [f"{one.card.id}/{preset_id}" for one in others for own in one.preset_voices(self.site) if own.id == preset_id]

    def _named_preset(self, engine: EngineClass, preset: PresetVoice) -> ResolvedVoice:
        """Return a bare preset id, unless a saved voice has the same name, which would be ambiguous."""
        if any(voice.name == preset.id for voice in self.voices.list()):
            raise InvalidInput("voice.ambiguous", voice=preset.id, engine=engine.card.title, prefix=engine.card.id)
        return self._cast_preset(self._ready(engine), preset)

    @staticmethod
    def _cast_preset(engine: EngineClass, preset: PresetVoice) -> ResolvedVoice:
        return ResolvedVoice(engine, SpeakingVoice(preset=preset.id), preset.id, f"preset:{preset.id}")

    def _former(self, engine_id: str, preset_id: str, named: str) -> ResolvedVoice:
        """Return the replacement for a voice of a removed engine."""
        former = FORMER_ENGINES[engine_id]
        if preset_id not in former.voices:
            known = Message.of("voice.presets", presets=[name for name in former.voices if name])
            raise NotFound("voice.preset-unknown", engine=former.title, voice=visible(preset_id), suggestion=known)
        ready = [engine.card.id for engine in self._speaking() if self._is_ready(engine)]
        found = nearest(engine_id, preset_id, ready)
        engine, preset = found or default_speech("en", ready)
        if named not in ("", AUTO, engine_id) and named != engine:
            raise InvalidInput(
                "voice.of-another-engine",
                prefix=engine_id, voice=visible(preset_id), engine=former.title, wanted=self._speech_engine(named).card.title,
            )  # fmt: skip
        return replace(self._preset(engine, preset, None), instead_of=f"{engine_id}/{preset_id}" if preset_id else engine_id)

    # Saved voices

    def _find_saved(self, name: str, named: EngineClass | None) -> Voice:
        try:
            return self.voices.resolve(name)
        except NotFound:
            saved = [voice.name for voice in self.voices.list()]
            engines = [named] if named is not None else self._speaking()
            presets = [f"{one.card.id}/{preset.id}" for one in engines for preset in one.preset_voices(self.site)]
            near = _near(name, saved, presets)
            raise NotFound("voice.unknown", voice=visible(name), suggestion=did_you_mean(near, self._saved_hint())) from None

    def _saved(self, voice: Voice, named: EngineClass | None) -> ResolvedVoice:
        engine = self._cloning(voice, named)
        if engine.card.traits_of(SpeechTraits).needs_transcript and not voice.known_transcript:
            raise InvalidInput("voice.transcript-needed", engine=engine.card.title, voice=visible(voice.name))
        speaking = SpeakingVoice(reference=voice.master, transcript=voice.known_transcript)
        return ResolvedVoice(engine, speaking, voice.name, f"saved:{voice.fingerprint}", voice.consent, voice.terms)

    def _cloning(self, voice: Voice, named: EngineClass | None) -> EngineClass:
        able = [engine for engine in self._speaking() if engine.card.traits_of(SpeechTraits).clones]
        if named is not None:
            if not named.card.traits_of(SpeechTraits).clones:
                raise InvalidInput(
                    "voice.engine-does-not-clone",
                    engine=named.card.title, voice=visible(voice.name), suggestion=self._who_clones(able),
                )  # fmt: skip
            self._refuse_language(named)
            return self._ready(named)
        fit = sorted(
            (engine for engine in able if self._is_ready(engine) and self._speaks(engine)),
            key=lambda engine: by_cloning_order(engine.card.id),
        )
        if not voice.known_transcript:
            fit = [engine for engine in fit if not engine.card.traits_of(SpeechTraits).needs_transcript] or fit
        if not fit:
            language = visible(self.language, 20) if any(map(self._is_ready, able)) else ""
            raise InvalidInput(
                "voice.no-engine-clones", voice=visible(voice.name), language=language, suggestion=self._who_clones(able)
            )
        return next((engine for engine in fit if engine.card.id == self.default_engine), fit[0])

    def _who_clones(self, able: list[EngineClass]) -> Message:
        if not able:
            own = next(
                (f"{one.card.id}/{one.preset_voices(self.site)[0].id}" for one in self._speaking() if self._has_voice(one)), ""
            )
            return Message.of("voice.none-clones", own=own)
        ready = [f"{engine.card.title} ({engine.card.id})" for engine in able if self._is_ready(engine)]
        if ready:
            return Message.of("voice.these-clone", ready=ready)
        first = min(able, key=lambda engine: sum(file.size_bytes for file in engine.card.hub_files) or math.inf)
        found = readiness_of(first, self.site)
        others = [engine.card.title for engine in able if engine is not first]
        return Message.of("voice.cloning-not-ready", engine=first.card.title, why=found.why, next_step=found.step, others=others)

    def _has_voice(self, engine: EngineClass) -> bool:
        return self._is_ready(engine) and bool(engine.preset_voices(self.site))

    def _saved_hint(self) -> Message:
        return saved_voices(voice.name for voice in self.voices.list())


def _near(name: str, saved: Iterable[str], presets: Iterable[str]) -> list[str]:
    """Return similar names among saved voices first, then among presets, whose ids may be given with or without their engine."""
    listed = list(presets)
    by_bare: dict[str, list[str]] = {}
    for preset in listed:
        by_bare.setdefault(preset.split("/", 1)[1], []).append(preset)
    bare = [full for found in near_matches(name, by_bare) for full in by_bare[found]]
    return [*near_matches(name, saved), *bare][:4]
