"""The spec of a narration, and how it is completed before the job is queued."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from capabilities.common.seed import LARGEST_SEED
from media.audio.encode import AUDIO_FORMATS
from media.text.reading.reader import FORMAT as READING_FORMAT
from studio.pronunciations import Pronunciation, SayingScope
from studio.settings import VoiceoverSettings

LONGEST_SCRIPT = 2_000_000
"""Characters: some thirty hours of speech."""


CheckMode = Literal["off", "flag", "repair"]
LoudnessTarget = Literal[-14, -16, -19, -23]
Word = Annotated[str, Field(pattern=r"\S", max_length=100)]
Pause = Annotated[float, Field(ge=0, le=30)]


class LexiconEntry(BaseModel):
    """An entry of the pronunciation list, as studio.pronunciations.model has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    word: Word
    saying: Annotated[str, Field(pattern=r"\S", max_length=200)]
    voice: str = Field("", max_length=200)
    project: str = Field("", max_length=200)
    language: str = Field("", max_length=35)

    @property
    def entry(self) -> Pronunciation:
        scope = SayingScope.PROJECT if self.project else SayingScope.VOICE if self.voice else SayingScope.EVERYWHERE
        return Pronunciation(self.word, self.saying, scope, self.project or self.voice, self.language)

    @classmethod
    def of(cls, entry: Pronunciation) -> LexiconEntry:
        place = {} if entry.scope is SayingScope.EVERYWHERE else {entry.scope.value: entry.of}
        return cls(word=entry.word, saying=entry.saying, language=entry.language, **place)


class VoiceoverSpec(BaseModel):
    """One narration.

    Args:
        script: in the script language of capabilities.voiceover.script.parse.
        voice: the narrator's: "" for the default, "engine/preset", or a saved voice's name.
        engine: an engine's id or "auto".
        options: of that engine; speakers on another engine use that one's defaults.
        format: a key of media.encode.AUDIO_FORMATS.
        language: BCP-47 tag, or "auto" to detect it.
        speakers: name in the script to voice, as `voice`; "" makes the name a speaker in the narrator's voice. Names that are
            missing speak in the narrator's voice where they are speakers.
        just_text: labels of the script that are no speakers and are read aloud.
        replace_unsayable: what an engine cannot say is said in Latin letters, or left out; otherwise it is refused before the
            job is queued, and "auto" takes an engine that can.
        loudness and the pauses (seconds): None takes the setting. `clause_pause` and `comma_pause` are those where a long
            sentence was split at such a mark; a split between two words has none.
        subtitle_line, subtitle_lines, subtitle_speed: columns of a line, lines of a cue, columns a second (a full-width character
            is two); 0 leaves line and speed to the script of the text; None takes the setting.
        seed: None takes one that depends on the voice alone, so that the same script with one sentence changed re-renders one
            sentence; another number gives another reading of everything.
        takes: segment id to how often it was asked for again ("render this one again").
        check: whether each take is listened to ("off", "flag", "repair"); None takes the setting, and leaves voices alone that
            speak by rule.
        check_with: id of the engine that listens, "auto" for the best that is ready; settled before the job is queued.
        picks: segment id to the seed of the take that the person chose for it.
        parent: the output that this one was made from, "" for none.
        verse: every line of the script is one to be heard.
        reading: the format of the reader that puts figures, abbreviations and markup into words before the engine; 0 gives the
            engine the text as it is, as narrations had it before there was a reader. None takes the present one.
        replaced_voices: voices that were asked for and are the studio's no longer, to what speaks for them; filled in before the
            job is queued.
        pronunciations: words, as written, to what is said for them, in letters or in IPA between slashes; they come before
            every rule of the reader, and before `lexicon`.
        lexicon: what counts of the pronunciation list; None takes what the list has for the words of this script now.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    script: str = Field(max_length=LONGEST_SCRIPT)
    voice: str = Field("", max_length=200)
    engine: str = Field("auto", max_length=100)
    options: dict[str, Any] = {}
    format: str = "wav"
    language: str = Field("auto", max_length=35)
    speakers: dict[str, str] = {}
    just_text: tuple[Annotated[str, Field(max_length=200)], ...] = ()
    replace_unsayable: bool = False
    loudness: LoudnessTarget | None = None
    paragraph_pause: Pause | None = None
    sentence_pause: Pause | None = None
    speaker_pause: Pause | None = None
    chapter_pause: Pause | None = None
    scene_pause: Pause | None = None
    clause_pause: Pause | None = None
    comma_pause: Pause | None = None
    speak_chapters: bool | None = None
    subtitle_line: int | None = Field(None, ge=0, le=120)
    subtitle_lines: int | None = Field(None, ge=1, le=4)
    subtitle_speed: float | None = Field(None, ge=0, le=100)
    title: str = Field("", max_length=200)
    seed: int | None = Field(None, ge=0, le=LARGEST_SEED)
    takes: dict[str, int] = {}
    check: CheckMode | None = None
    check_with: str = Field("auto", max_length=100)
    picks: dict[str, Annotated[int, Field(ge=0, le=LARGEST_SEED)]] = {}
    parent: str = Field("", max_length=200)
    verse: bool = False
    reading: int | None = Field(None, ge=0, le=READING_FORMAT)
    replaced_voices: dict[str, str] = {}
    pronunciations: dict[Word, Annotated[str, Field(max_length=200)]] | None = Field(None, max_length=1000)
    lexicon: tuple[LexiconEntry, ...] | None = Field(None, max_length=5000)

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        return known_format(value)

    @field_validator("speakers")
    @classmethod
    def _names(cls, speakers: dict[str, str]) -> dict[str, str]:
        return {" ".join(name.split()): voice.strip() for name, voice in speakers.items() if name.strip()}

    def completed(self, settings: VoiceoverSettings) -> VoiceoverSpec:
        """Return the spec with all defaults of the settings filled in, so that later changes of them have no effect."""
        missing = {name: getattr(settings, name) for name in FROM_SETTINGS if getattr(self, name) is None}
        missing["reading"] = READING_FORMAT if self.reading is None else self.reading
        return self.model_copy(update=missing)


PAUSES = (
    "sentence_pause", "clause_pause", "comma_pause", "paragraph_pause", "speaker_pause", "scene_pause", "chapter_pause",
)  # fmt: skip
SUBTITLES = ("subtitle_line", "subtitle_lines", "subtitle_speed")
FROM_SETTINGS = ("loudness", "speak_chapters", *PAUSES, *SUBTITLES)


def known_format(value: str) -> str:
    """Return a format's key in lower case.

    Raises:
        ValueError: with the known formats.
    """
    key = value.strip().lower().removeprefix(".")
    if key not in AUDIO_FORMATS:
        raise ValueError(f"it should be one of {', '.join(AUDIO_FORMATS)}")
    return key
