"""One speaker's role, and the anchor that keeps a generated voice constant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from engines.contract import EngineOptions, PhonemeSpan, SpeechTraits
from studio.artifacts.segments import SegmentStore
from studio.voices.resolver import ResolvedVoice

TAKE_FORMAT = 1
"""Part of every key: raised when what is stored with a segment changes its meaning."""


@dataclass(frozen=True)
class Speaker:
    """One speaker's role: the voice, validated options, the language and a style.

    Args:
        anchor: what the voice is cloned from, None for voices that are constant without one.
    """

    casting: ResolvedVoice
    options: EngineOptions
    language: str
    style: str = ""
    anchor: Anchor | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that determines a segment's sound but the text and the seed."""
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

    def sound_of(self, text: str, phonemes: Iterable[PhonemeSpan] = ()) -> str:
        """Hash of everything but the seed that makes a text sound as it does."""
        sounds = "".join(f"/{span.start}-{span.end}={span.ipa}" for span in phonemes)
        return sha256(f"{TAKE_FORMAT}/{self.fingerprint}/{text}{sounds}".encode("utf-8", "surrogatepass")).hexdigest()

    def held_by(self, anchor: Anchor, sound: Path) -> Speaker:
        """Return the same role, cloned from an anchor whose sound is at a path."""
        voice = replace(self.casting.voice, reference=sound, transcript=anchor.text)
        version = f"{self.casting.voice_version}/anchor:{anchor.key}"
        return replace(self, casting=replace(self.casting, voice=voice, voice_version=version), anchor=anchor)


@dataclass(frozen=True)
class Anchor:
    """One sentence in a generated voice; everything that a speaker says in a job is cloned from it.

    An engine with such voices generates another one for each seed, and every sentence has its own seed. Generating once and
    cloning the result is the method of these models' authors (VoxCPM's prompt cache, Qwen3-TTS's "voice design then clone").

    Args:
        id: identifies it for the page, and in a spec's `takes` and `picks`.
        speaker: its speaker, "" for the narrator.
        role: the preset with the speaker's own options, without an anchor.
    """

    id: str
    speaker: str
    text: str
    seed: int
    role: Speaker

    @cached_property
    def key(self) -> str:
        """The key of its sound in the segment store."""
        return key_of(self.role.sound_of(self.text), self.seed)


def is_made_up(casting: ResolvedVoice) -> bool:
    """Return whether this voice differs with each seed, and its engine can clone what it has spoken once."""
    traits = casting.engine_cls.card.traits_of(SpeechTraits)
    return traits.clones and casting.voice.preset in traits.made_up and casting.voice.reference is None


def key_of(sound: str, seed: int) -> str:
    """Return the key of a take in the segment store."""
    return SegmentStore.key({"sound": sound, "seed": seed})
