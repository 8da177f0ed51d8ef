"""One entry of the pronunciation list."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import blake2s
from typing import Any

from media.text.phonetics.ipa import between_slashes, foreign_to_ipa, has_vowel
from studio.errors import InvalidInput
from studio.normal_forms import normalised

LONGEST_WORD = 100
LONGEST_SAYING = 200
_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)


class SayingScope(StrEnum):
    """Scopes of entries. Narrower ones take precedence."""

    EVERYWHERE = "everywhere"
    VOICE = "voice"
    PROJECT = "project"


@dataclass(frozen=True)
class Pronunciation:
    """The pronunciation of a word.

    Args:
        word: as it is written in scripts. In lower case it matches any case, otherwise itself and capitals.
        saying: a respelling ("Win"), or IPA between slashes ("/nwɪn/").
        scope: where it applies; `of`: the voice as a script names it, or the project's id; "" everywhere.
        language: BCP-47 primary tag of the texts, "" for all.
        voice_id: of a saved voice, so that the entry follows a renamed one.
    """

    word: str
    saying: str
    scope: SayingScope = SayingScope.EVERYWHERE
    of: str = ""
    language: str = ""
    voice_id: str = ""

    @property
    def id(self) -> str:
        """Equal for the same word, scope and language, so that a new pronunciation replaces the entry."""
        place = (self.word, self.scope.value, self.voice_id or self.of, self.language)
        return blake2s("\n".join(place).encode("utf-8", "replace"), digest_size=8).hexdigest()

    @property
    def ipa(self) -> str:
        """The pronunciation in IPA, "" for a respelling."""
        return between_slashes(self.saying)

    def as_dict(self) -> dict[str, Any]:
        return {"id": self.id, "ipa": self.ipa, **asdict(self)}


def checked(word: str, saying: str, scope: str = "", of: str = "", language: str = "", voice_id: str = "") -> Pronunciation:
    """Return a validated entry.

    Raises:
        InvalidInput: with the reason.
    """
    word, saying = _plain(word), _plain(saying)
    if not any(map(str.isalnum, word)):
        raise InvalidInput("pronunciation.word-missing")
    if len(word) > LONGEST_WORD or len(saying) > LONGEST_SAYING:
        raise InvalidInput("pronunciation.too-long", word=word[:40], longest_word=LONGEST_WORD, longest_saying=LONGEST_SAYING)
    if not any(map(str.isalnum, saying)):
        raise InvalidInput("pronunciation.saying-missing", word=word)
    language = language.strip().replace("_", "-").lower()
    if language and not _TAG.fullmatch(language):
        raise InvalidInput("pronunciation.language-unknown", language=language[:20])
    return Pronunciation(word, _checked_ipa(word, saying), _scope(scope, of), of.strip(), language.split("-")[0], voice_id)


def _checked_ipa(word: str, saying: str) -> str:
    if saying[0] not in "/[⟨":
        return saying
    inner = saying[1:-1].strip() if saying[-1] in "/]⟩" else ""
    if not inner or not between_slashes(saying):
        raise InvalidInput("pronunciation.slash-missing", word=word)
    if wrong := foreign_to_ipa(inner):
        raise InvalidInput("pronunciation.not-ipa", word=word, character=wrong)
    if not has_vowel(inner):
        raise InvalidInput("pronunciation.no-vowel", word=word)
    return f"/{inner}/"


def _scope(scope: str, of: str) -> SayingScope:
    if not scope:
        return SayingScope.VOICE if of.strip() else SayingScope.EVERYWHERE
    try:
        found = SayingScope(scope.strip().lower())
    except ValueError:
        raise InvalidInput("pronunciation.scope-unknown", scope=scope[:20], known=[one.value for one in SayingScope]) from None
    if (found is SayingScope.EVERYWHERE) is not (not of.strip()):
        raise InvalidInput("pronunciation.scope-of", scope=found.value)
    return found


def _plain(text: str) -> str:
    """One line in its composed form, without control and direction characters."""
    seen = [one for one in text if one.isspace() or unicodedata.category(one) not in ("Cc", "Cf", "Cs")]
    return " ".join(normalised("NFC", "".join(seen)).split())
