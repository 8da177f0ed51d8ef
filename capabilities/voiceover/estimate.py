"""Counts of a script for the line under it, fast enough for every pause in typing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from capabilities.voiceover.cast import VoiceResolver
from capabilities.voiceover.pace import JOIN, SpeechRateStats
from capabilities.voiceover.sayable.places import UnsayablePlace
from capabilities.voiceover.script.coverage import plain_words
from capabilities.voiceover.script.language_detection import detect
from capabilities.voiceover.script.parse import ParagraphBreak, Pause, SceneBreak, Script, parse
from capabilities.voiceover.script.sentences import sentences
from capabilities.voiceover.spec import LONGEST_SCRIPT
from media.text.reading.markup import hide_markup
from media.text.reading.reader import ReadingOptions, read
from studio.errors import GreenroomError
from studio.settings import VoiceoverSettings
from studio.verification.audio_check import LETTERS_PER_SECOND
from studio.voices.resolver import ResolvedVoice

_MOST_SHOWN = 50
_EXACT_CHARACTERS = 30_000
"""Up to here, half an hour of speech, chunks are counted; a longer script's are told from its beginning."""

HowRead = Callable[[ResolvedVoice | None, str], ReadingOptions]

TOO_LONG = f"A script has at most {LONGEST_SCRIPT:,} characters, some thirty hours of speech: part it into several."


@dataclass(frozen=True)
class ScriptEstimate:
    """A script in numbers.

    Args:
        characters: of the text as written; words: parts between spaces.
        chunks: segments that engines will speak, estimated for long scripts.
        speakers, possible_speakers: as capabilities.voiceover.script.parse finds them.
        narrated: whether the narrator speaks something.
        seconds_of_speech: with pauses.
        seconds_to_render: None while this engine has not been measured on this machine.
        low, high: the range of nearly all of the `runs` before.
        engine: id of the engine that would speak it, "" while that is unknown.
        unsayable: what the engine that was chosen, or would be chosen first, cannot speak. If `engine` is another one, that one
            can speak all of it; if they are `replaced`, they are spoken in Latin letters or left out.
        spoken: sentences whose spoken text differs, as written and as spoken; of a long script the first ones.
        problem: a sentence on what is wrong with the script so far, "" if nothing is.
    """

    characters: int
    words: int
    chunks: int = 0
    speakers: tuple[str, ...] = ()
    possible_speakers: tuple[str, ...] = ()
    narrated: bool = False
    chapters: int = 0
    language: str = ""
    seconds_of_speech: float = 0.0
    seconds_to_render: float | None = None
    low: float = 0.0
    high: float = 0.0
    runs: int = 0
    engine: str = ""
    unsayable: tuple[UnsayablePlace, ...] = ()
    replaced: bool = False
    problem: str = ""
    spoken: tuple[tuple[str, str], ...] = ()


def estimate(
    script: str,
    voice: str,
    engine: str,
    cast: tuple[tuple[str, ...], tuple[str, ...]],
    resolver: VoiceResolver,
    paces: SpeechRateStats,
    settings: VoiceoverSettings,
    how: HowRead,
) -> ScriptEstimate:
    """Count a script. Never raises for what is written in it.

    Args:
        cast: labels that are speakers, and labels that are just text, whatever they look like.
        how: how the narrator's lines would be read, from the casting of the voice, None where none can be, and the language.
    """
    plain = ScriptEstimate(len(script.strip()), len(script.split()))
    if not plain.words:
        return plain
    if len(script) > LONGEST_SCRIPT:
        return replace(plain, problem=TOO_LONG)
    try:
        parsed = parse(hide_markup(script).text, *cast)
    except GreenroomError as error:
        return replace(plain, problem=str(error))
    language = detect(script)
    problem, casting = "", None
    try:
        casting = resolver.cast(voice, engine, language)
    except GreenroomError as error:
        problem = str(error)
    told = replace(plain, language=language, engine=casting.engine_cls.card.id if casting else "", problem=problem)
    return _timed(_counted(told, parsed, how(casting, language), settings), parsed, paces)


def _counted(told: ScriptEstimate, parsed: Script, how: ReadingOptions, settings: VoiceoverSettings) -> ScriptEstimate:
    """The same with what its lines amount to; `seconds_of_speech` holds those of the pauses alone."""
    chunks, differing = _chunks(parsed, _spoken(parsed), how, settings.longest_chunk)
    return replace(
        told,
        chunks=chunks,
        speakers=parsed.speakers,
        possible_speakers=parsed.possible_speakers,
        narrated=any(not line.speaker for line in parsed.lines),
        chapters=len(parsed.chapters),
        seconds_of_speech=_pauses(parsed, settings),
        spoken=differing,
    )


def _spoken(script: Script) -> int:
    return sum(len(line.text) for line in script.lines)


def _timed(counted: ScriptEstimate, script: Script, paces: SpeechRateStats) -> ScriptEstimate:
    """The same with the seconds that its characters take, as far as its engine has been measured on this machine.

    Args:
        counted: `seconds_of_speech` holds those of the pauses alone.
    """
    spoken = _spoken(script)
    pace, join = paces.of(counted.engine), paces.of(JOIN)
    speech = spoken * pace.speech if pace else spoken / LETTERS_PER_SECOND
    joining = spoken * join.work if join else 0.0
    spread = paces.spread(counted.engine, spoken)
    return replace(
        counted,
        seconds_of_speech=speech + counted.seconds_of_speech,
        seconds_to_render=spoken * (pace.work + join.work) if pace and join else None,
        low=spread.low + joining if spread else 0.0,
        high=spread.high + joining if spread else 0.0,
        runs=spread.runs if spread else 0,
    )


def _chunks(script: Script, characters: int, how: ReadingOptions, longest: int) -> tuple[int, tuple[tuple[str, str], ...]]:
    """How many sentences there are, and those that are said otherwise than they are written."""
    counted = seen = 0
    differing: list[tuple[str, str]] = []
    for line in script.lines:
        found = sentences(read(line.text, how), how.language, longest)
        counted += len(found)
        seen += len(line.text)
        for one in found:
            if len(differing) < _MOST_SHOWN and plain_words(one.text) != plain_words(one.written):
                differing.append((one.written, one.text))
        if seen >= _EXACT_CHARACTERS:
            break
    return round(counted * characters / seen) if seen else 0, tuple(differing)


def _pauses(script: Script, settings: VoiceoverSettings) -> float:
    written = sum(item.seconds for item in script.items if isinstance(item, Pause))
    paragraphs = sum(isinstance(item, ParagraphBreak) for item in script.items)
    scenes = sum(isinstance(item, SceneBreak) for item in script.items)
    chapters = len(script.chapters) * settings.chapter_pause
    return written + paragraphs * settings.paragraph_pause + scenes * settings.scene_pause + chapters
