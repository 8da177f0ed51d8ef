"""The part of the pronunciation list that is stored with a narration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from capabilities.voiceover.roles.speaker import Speaker
from capabilities.voiceover.spec import LexiconEntry, VoiceoverSpec
from media.text.reading.pronounced import found_words
from studio.pronunciations import Pronunciation
from studio.pronunciations.sayings import Sayings, sayings_for


def sayings_of(spec: VoiceoverSpec, role: Speaker, lexicon: Iterable[LexiconEntry] | None = None) -> Sayings:
    """Return the pronunciations for a role's lines, in the form that its engine accepts.

    Args:
        lexicon: in place of the spec's.
    """
    entries = [one.entry for one in (spec.lexicon or () if lexicon is None else lexicon)]
    return sayings_for(entries, role.voice_name, role.language, role.casting.engine_cls, spec.pronunciations)


def lexicon_for(script: str, entries: Sequence[Pronunciation]) -> tuple[LexiconEntry, ...]:
    """Return the entries whose words occur in a script."""
    if not entries:
        return ()
    held = {word for _, _, word in found_words(script, {one.word: one.word for one in entries})}
    return tuple(LexiconEntry.of(one) for one in entries if one.word in held)
