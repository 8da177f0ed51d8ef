"""The engine, voice and options of each line's speaker, resolved once for each speaker and its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from capabilities.common.seed import derived_seed
from capabilities.voiceover.roles.anchor_texts import anchor_text
from capabilities.voiceover.roles.speaker import Anchor, Speaker, is_made_up
from capabilities.voiceover.script.language_detection import detect, is_sure
from capabilities.voiceover.script.parse import Line, Script, Span
from capabilities.voiceover.spec import VoiceoverSpec
from engines.catalog import Catalog
from engines.contract import EngineOptions, EnginePaths, SpeechTraits
from engines.speech.former import FORMER_ENGINES, former_voice, present_options
from studio.errors import GreenroomError, InvalidInput
from studio.validation import validated
from studio.voices.resolver import AUTO, ResolvedVoice, resolve_voice
from studio.voices.voices import Voices

SURE_CHARACTERS = 200
"""A detected language that the chosen voice does not speak is believed, and refused, from this length of text on."""


@dataclass(frozen=True)
class VoiceResolver:
    """The services that resolve roles; the same for every job. `sound_path` returns the path of a rendered piece by its key."""

    catalog: Catalog
    site: EnginePaths
    voices: Voices
    sound_path: Callable[[str], Path]
    default_engine: Callable[[], str] = lambda: AUTO

    def cast(self, voice: str, engine: str, language: str) -> ResolvedVoice:
        return resolve_voice(
            voice,
            engine,
            voices=self.voices,
            catalog=self.catalog,
            site=self.site,
            language=language,
            default_engine=self.default_engine(),
        )

    def language_for(self, spec: VoiceoverSpec, script: Script) -> str:
        """Return the language of a spec that says "auto": the text's, or the voice's if the text is too short to decide."""
        if spec.language != AUTO:
            return spec.language
        text = "\n".join(line.text for line in script.lines) or "\n".join(script.chapters)
        language = detect(text)
        if "/" not in spec.voice and spec.engine in (AUTO, *FORMER_ENGINES):
            return "en" if former_voice(spec.voice, spec.engine) else language
        if former_voice(spec.voice, spec.engine):
            return "en"
        engine_id = spec.engine if spec.engine not in (AUTO, *FORMER_ENGINES) else spec.voice.split("/", 1)[0]
        card = self.catalog.get(engine_id).card
        known = card.languages
        sure = len(text) >= SURE_CHARACTERS and is_sure(text)
        if not known or language in known or (sure and len(known) > 1):
            return language
        if not sure:
            return known[0]
        raise InvalidInput("script.language-not-spoken", language=language, engine=card.title)


class Cast:
    """The roles of one script, for a spec with a known language; each role is cached.

    A generated voice is kept constant by one anchor for each speaker: the narrator, and each speaker with such a voice.
    """

    def __init__(self, spec: VoiceoverSpec, resolver: VoiceResolver, script: Script) -> None:
        self._spec = spec
        self._resolver = resolver
        self._voices = {name.casefold(): voice for name, voice in spec.speakers.items()}
        self._roles: dict[tuple[str, tuple[tuple[str, str], ...], str], Speaker] = {}
        self._first_lines: dict[str, Line] = {}
        for line in script.lines:
            self._first_lines.setdefault(line.speaker.casefold(), line)
        self._any_line = next(iter(script.lines), Line("", script.chapters[0] if script.chapters else "", Span(0, 0, 1)))
        casting = resolver.cast(spec.voice, spec.engine or AUTO, spec.language)
        self._narrator_options = _present(spec.options, casting, spec.engine)
        options = validated(casting.engine_cls.Options, self._narrator_options, "option")
        self._narrator_voice = casting
        self.narrator = self._held(Speaker(casting, options, spec.language), "")

    @property
    def site(self) -> EnginePaths:
        """The paths for the engines of this cast."""
        return self._resolver.site

    def role(self, line: Line) -> Speaker:
        """Return the speaker of a line.

        Raises:
            GreenroomError: an invalid voice or setting; the reason names the line.
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
        own = bool(voice) or language != self._spec.language
        casting = self._resolver.cast(voice, self._engine_of(voice), language) if own else self._narrator_voice
        return self._held(Speaker(casting, self._options(casting, settings), language, line.style), line.speaker if voice else "")

    def _held(self, role: Speaker, owner: str) -> Speaker:
        """Return the role with its owner's anchor if its voice is invented.

        The words in parentheses at the owner's first line describe the voice, if its engine takes a description.
        """
        casting = role.casting
        if not is_made_up(casting):
            return role
        first = self._first_lines.get(owner.casefold())
        known = casting.engine_cls.Options.model_fields
        options = self._options(casting, {name: value for name, value in first.settings if name in known} if first else {})
        speaks = {language.split("-")[0].lower() for language in casting.engine_cls.card.languages}
        language = self._spec.language if self._spec.language.split("-")[0].lower() in speaks else role.language
        bare = Speaker(casting, options, language, first.style if first else "")
        name = f"{owner.casefold()}/{bare.voice_name}"
        identity = f"voice-{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
        planned = derived_seed(self._spec.seed or 0, name, self._spec.takes.get(identity, 0))
        text = anchor_text(language, (first or self._any_line).text)
        anchor = Anchor(identity, owner, text, self._spec.picks.get(identity, planned), bare)
        return role.held_by(anchor, self._resolver.sound_path(anchor.key))

    def _engine_of(self, voice: str) -> str:
        """A speaker's voice may live on another engine than the narrator's: only where the job's own fits is it insisted on."""
        own = self._narrator_voice.engine_cls
        if "/" in voice or not voice:
            return AUTO
        presets = (preset.id for preset in own.preset_voices(self._resolver.site))
        return own.card.id if own.card.traits_of(SpeechTraits).clones or voice in presets else AUTO

    def _options(self, casting: ResolvedVoice, settings: Mapping[str, str]) -> EngineOptions:
        model = casting.engine_cls.Options
        own = casting.engine_cls is self._narrator_voice.engine_cls
        base: dict[str, Any] = dict(self._narrator_options) if own else {}
        settings = _present(settings, casting)
        if unknown := sorted(set(settings) - set(model.model_fields)):
            allowed = ", ".join(["voice", "language", *sorted(model.model_fields)])
            raise InvalidInput("script.setting-unknown", engine=casting.engine_cls.card.title, setting=unknown[0], known=allowed)
        return validated(model, {**base, **settings}, "option")


def replaced_voices(speakers: Iterable[Speaker]) -> dict[str, str]:
    """Return the requested voices whose engines were removed, each with its replacement."""
    return {one.casting.instead_of: one.voice_name for one in speakers if one.casting.instead_of}


def _present(options: Mapping[str, Any], casting: ResolvedVoice, engine: str = AUTO) -> dict[str, Any]:
    """The options as they are, or what the engine takes of them that speaks for one that is gone."""
    if casting.instead_of or engine in FORMER_ENGINES:
        return present_options(options, casting.engine_cls.card.id)
    return dict(options)
