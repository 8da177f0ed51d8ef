"""What of the pronunciation list counts for a text in a voice, and how its engine gets it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engines.contract import Engine, PhonemeSpan, SpeechTraits
from media.text.phonetics.ipa import between_slashes
from media.text.phonetics.respelling import respelled
from media.text.reading.pronounced import found_words
from studio.pronunciations.model import Pronunciation, SayingScope

_ORDER = (SayingScope.EVERYWHERE, SayingScope.VOICE, SayingScope.PROJECT)


@dataclass(frozen=True)
class Sayings:
    """Words to what is said for them, as one engine takes it.

    Args:
        letters: respellings, which the reader puts in place of the words; a word that is spoken by its sounds stands for itself.
        sounds: IPA of such words.
    """

    letters: Mapping[str, str] = field(default_factory=dict)
    sounds: Mapping[str, str] = field(default_factory=dict)

    def spans(self, text: str) -> tuple[PhonemeSpan, ...]:
        """The places of a text, as the engine gets it, that are spoken by their sounds."""
        return tuple(PhonemeSpan(start, end, ipa) for start, end, ipa in found_words(text, self.sounds))


NO_SAYINGS = Sayings()


def sayings_for(
    entries: Iterable[Pronunciation],
    voice: str,
    language: str,
    engine: type[Engine],
    more: Mapping[str, str] | None = None,
    project: str = "",
) -> Sayings:
    """The entries that count for a voice and a language. A narrower scope comes first, and a named language before none.

    Args:
        voice: as a script names it. language: BCP-47. project: id of the project that the text is of, "" for none.
        more: further words to sayings; they come before the list.
    """
    primary = language.replace("_", "-").split("-")[0].lower()
    within = {SayingScope.EVERYWHERE: "", SayingScope.VOICE: voice, SayingScope.PROJECT: project}
    fitting = [one for one in entries if one.language in ("", primary) and one.of == within[one.scope]]
    ordered = sorted(fitting, key=lambda one: (_ORDER.index(one.scope), bool(one.language)))
    chosen = {one.word: one.saying for one in ordered} | dict(more or {})
    if not chosen:
        return NO_SAYINGS
    takes_phonemes = engine.card.traits_of(SpeechTraits).takes_phonemes
    letters: dict[str, str] = {}
    sounds: dict[str, str] = {}
    for word, saying in chosen.items():
        ipa = between_slashes(saying)
        letters[word] = saying if not ipa else word if takes_phonemes else respelled(ipa, language) or word
        if ipa and takes_phonemes:
            sounds[word] = ipa
    return Sayings(letters, sounds)


def is_spoken(entry: Pronunciation, text: str) -> bool:
    """Whether a text holds the word."""
    return next(found_words(text, {entry.word: entry.saying}), None) is not None
