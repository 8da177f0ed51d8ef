"""Who says each line of a script, in which voice, with which options: resolved once for each speaker and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from capabilities.voiceover.script.language_detection import detect, is_sure
from capabilities.voiceover.script.parse import Line, Script
from capabilities.voiceover.spec import VoiceoverSpec
from engines.catalog import Catalog
from engines.contract import EngineOptions, EnginePaths, SpeechTraits
from studio.artifacts.segments import SegmentStore
from studio.errors import GreenroomError, InvalidInput
from studio.validation import validated
from studio.voices.resolver import AUTO, ResolvedVoice, resolve_voice
from studio.voices.voices import Voices

SURE_CHARACTERS = 200
"""A detected language that the chosen voice does not speak is believed, and refused, from this length of text on."""


@dataclass(frozen=True)
class Speaker:
    """One speaker's part: the casting, validated options, the language and a style."""

    casting: ResolvedVoice
    options: EngineOptions
    language: str
    style: str = ""

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything but the text and the seed that makes a segment sound as it does."""
        card = self.casting.engine_cls.card
        return SegmentStore.key(
            {
                "engine": card.id,
                "version": card.version,
                "options": self.options.model_dump(mode="json"),
                "voice": self.casting.voice_version,
                "style": self.style if card.traits_of(SpeechTraits).takes_style else "",
                "language": self.language,
            }
        )

    @property
    def engine_id(self) -> str:
        return self.casting.engine_cls.card.id

    @property
    def voice_name(self) -> str:
        """The voice as a spec names it."""
        preset = self.casting.voice.preset
        return f"{self.engine_id}/{preset}" if preset else self.casting.voice_label


@dataclass(frozen=True)
class VoiceResolver:
    """What roles are resolved with; the same for every job."""

    catalog: Catalog
    site: EnginePaths
    voices: Voices
    default_engine: str = AUTO

    def cast(self, voice: str, engine: str, language: str) -> ResolvedVoice:
        return resolve_voice(
            voice,
            engine,
            voices=self.voices,
            catalog=self.catalog,
            site=self.site,
            language=language,
            default_engine=self.default_engine,
        )

    def language_for(self, spec: VoiceoverSpec, script: Script) -> str:
        """The language of a spec that says "auto": the text's, or the voice's where the text is too short to overrule it."""
        if spec.language != AUTO:
            return spec.language
        text = "\n".join(line.text for line in script.lines) or "\n".join(script.chapters)
        language = detect(text)
        if "/" not in spec.voice and spec.engine == AUTO:
            return language
        engine_id = spec.engine if spec.engine != AUTO else spec.voice.split("/", 1)[0]
        card = self.catalog.get(engine_id).card
        known = card.languages
        sure = len(text) >= SURE_CHARACTERS and is_sure(text)
        if not known or language in known or (sure and len(known) > 1):
            return language
        if not sure:
            return known[0]
        raise InvalidInput("script.language-not-spoken", language=language, engine=card.title)


class Cast:
    """The roles of one script. Made for one spec whose language is settled; remembers each role it has resolved."""

    def __init__(self, spec: VoiceoverSpec, resolver: VoiceResolver) -> None:
        self._spec = spec
        self._resolver = resolver
        self._voices = {name.casefold(): voice for name, voice in spec.speakers.items()}
        self._roles: dict[tuple[str, tuple[tuple[str, str], ...], str], Speaker] = {}
        casting = resolver.cast(spec.voice, spec.engine or AUTO, spec.language)
        self.narrator = Speaker(casting, validated(casting.engine_cls.Options, spec.options, "option"), spec.language)

    @property
    def site(self) -> EnginePaths:
        """Where the engines of this cast find things."""
        return self._resolver.site

    def role(self, line: Line) -> Speaker:
        """Who says this line.

        Raises:
            GreenroomError: a voice or a setting that cannot be; the reason names the line.
        """
        key = (line.speaker, line.settings, line.style)
        found = self._roles.get(key)
        if found is None:
            try:
                found = self._roles[key] = self._resolve(line)
            except GreenroomError as error:
                error.within("script.in-line", line=line.span.line)
                raise
        return found

    def _resolve(self, line: Line) -> Speaker:
        settings = dict(line.settings)
        language = settings.pop("language", self._spec.language)
        voice = settings.pop("voice", self._voices.get(line.speaker.casefold(), ""))
        if not voice and language == self._spec.language:
            casting = self.narrator.casting
        else:
            casting = self._resolver.cast(voice, self._engine_of(voice), language)
        return Speaker(casting, self._options(casting, settings), language, line.style)

    def _engine_of(self, voice: str) -> str:
        """A speaker's voice may live on another engine than the narrator's: only where the job's own fits is it insisted on."""
        own = self.narrator.casting.engine_cls
        if "/" in voice or not voice:
            return AUTO
        presets = (preset.id for preset in own.preset_voices(self._resolver.site))
        return own.card.id if own.card.traits_of(SpeechTraits).clones or voice in presets else AUTO

    def _options(self, casting: ResolvedVoice, settings: Mapping[str, str]) -> EngineOptions:
        model = casting.engine_cls.Options
        own = casting.engine_cls is self.narrator.casting.engine_cls
        base: dict[str, Any] = dict(self._spec.options) if own else {}
        if unknown := sorted(set(settings) - set(model.model_fields)):
            allowed = ", ".join(["voice", "language", *sorted(model.model_fields)])
            raise InvalidInput("script.setting-unknown", engine=casting.engine_cls.card.title, setting=unknown[0], known=allowed)
        return validated(model, {**base, **settings}, "option")
