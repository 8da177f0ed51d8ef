"""Counts of a script during typing, and its text that the engine cannot speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from capabilities.voiceover.cast import VoiceResolver
from capabilities.voiceover.choice.engine_choice import EngineChoice
from capabilities.voiceover.estimate import ScriptEstimate, estimate
from capabilities.voiceover.pace import SpeechRateStats
from capabilities.voiceover.plan import reading_options
from capabilities.voiceover.roles.pronunciations import lexicon_for, sayings_of
from capabilities.voiceover.roles.speaker import Speaker
from capabilities.voiceover.script.parse import Script, parse
from capabilities.voiceover.spec import VoiceoverSpec
from media.text.reading.markup import hide_markup
from media.text.reading.reader import ReadingOptions
from studio.errors import GreenroomError, InvalidInput
from studio.pronunciations import PronunciationList
from studio.settings import VoiceoverSettings
from studio.voices.resolver import ResolvedVoice


def script_of(spec: VoiceoverSpec) -> Script:
    """Return the parsed script of a spec.

    Raises:
        InvalidInput: with the wrong line.
    """
    script = hide_markup(spec.script).text if spec.reading else spec.script
    return parse(script, tuple(spec.speakers), spec.just_text)


class ScriptCounter:
    """Counts scripts. Never raises; errors are in `problem`."""

    def __init__(
        self,
        resolver: VoiceResolver,
        choice: EngineChoice,
        paces: SpeechRateStats,
        settings: Callable[[], VoiceoverSettings],
        entries: PronunciationList,
    ) -> None:
        self._resolver, self._choice, self._paces, self._settings = resolver, choice, paces, settings
        self._entries = entries

    def count(self, spec: VoiceoverSpec) -> ScriptEstimate:
        settings = self._settings()
        spec = spec.completed(settings)
        if spec.lexicon is None:
            spec = spec.model_copy(update={"lexicon": lexicon_for(spec.script, self._entries.list())})

        def how(casting: ResolvedVoice | None, language: str) -> ReadingOptions:
            if casting is None:
                return ReadingOptions(language, spec.verse)
            role = Speaker(casting, casting.engine_cls.Options(), language)
            return reading_options(spec, role, sayings_of(spec, role))

        cast = (tuple(spec.speakers), spec.just_text)
        found = estimate(spec.script, spec.voice, spec.engine, cast, self._resolver, self._paces, settings, how)
        if found.problem or not found.engine or spec.script.isascii():
            return found
        return self._tried(found, spec.model_copy(update={"language": found.language}))

    def _tried(self, found: ScriptEstimate, spec: VoiceoverSpec) -> ScriptEstimate:
        """The estimate with what cannot be said, by whom it would then be spoken, or why it would be refused."""
        try:
            tried = self._choice.tried(spec, script_of(spec))
        except GreenroomError as error:
            return replace(found, problem=str(error))
        found = replace(found, unsayable=tried.unsayable, replaced=spec.replace_unsayable, engine=tried.cast.narrator.engine_id)
        try:
            tried.refuse()
        except InvalidInput as error:
            return replace(found, problem=str(error))
        return found
