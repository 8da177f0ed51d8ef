"""Words that mean "go on" (backchannels), and words that mean "stop" even if they are short."""

from __future__ import annotations

from collections.abc import Sequence

from capabilities.conversation.session.listening.ghosts import plain_words
from capabilities.conversation.session.phrases import phrases_of, words_of

_GO_ON_AT_MOST = 4
_ECHO_WORDS, _ECHO_SHARE = 3, 0.8


def backchannel(text: str) -> bool:
    """Return whether these words are only backchannels."""
    plain = plain_words(text)
    words = plain.split()
    return 0 < len(words) <= _GO_ON_AT_MOST and plain not in phrases_of("stop") and words_of("backchannel").issuperset(words)


def says_stop(text: str) -> bool:
    """Return whether these few words ask for silence."""
    plain = plain_words(text)
    return plain in phrases_of("stop") or plain.split()[:1] in (["stop"], ["halt"], ["stopp"])


def own_words(text: str, spoken: Sequence[str]) -> bool:
    """Return whether the words are an echo of what the studio has just said: three words or more, nearly all in the same
    order."""
    words = plain_words(text).split()
    said = plain_words(" ".join(spoken)).split()
    if len(words) < _ECHO_WORDS:
        return False
    return _longest_common(words, said) >= _ECHO_SHARE * len(words)


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """Words of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in one:
        before = 0
        for at, said in enumerate(other, 1):
            kept = row[at]
            row[at] = before + 1 if word == said else max(row[at], row[at - 1])
            before = kept
    return row[-1]
