"""Selection of the entries that apply to a text in a voice, in the form that its engine accepts."""

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
    """Pronunciations in the form that one engine accepts.

    Args:
        letters: respellings that replace their words; words with phonemes are unchanged.
        sounds: IPA of such words.
    """

    letters: Mapping[str, str] = field(default_factory=dict)
    sounds: Mapping[str, str] = field(default_factory=dict)

    def spans(self, text: str) -> tuple[PhonemeSpan, ...]:
        """Return the spans of the engine's text that have phonemes."""
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
    """Return the entries that apply to a voice and a language. Narrower scopes and a given language take precedence.

    Args:
        voice: as a script names it.
        language: BCP-47.
        project: id of the text's project, "" for none.
        more: further words and their pronunciations, which take precedence over the list.
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
    """Return whether a text contains the word."""
    return next(found_words(text, {entry.word: entry.saying}), None) is not None
