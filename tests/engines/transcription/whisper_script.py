"""Whisper weights that say a fixed text on every machine, for both libraries that run them.

Random weights say whatever rounding makes of them, which another processor's instructions change to nothing at all. Here the
decoder looks at its last token alone and names the one that follows it in a table, with a lead of some fifty logits that no
rounding takes away: attention adds nothing, and the last feed-forward layer turns each token's direction into its successor's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Weight = NDArray[np.float32]

END, START, ENGLISH, WITHOUT_TIMES = "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|notimestamps|>"
TRANSCRIBE, TRANSLATE = "<|transcribe|>", "<|translate|>"
SAID = "these words are fixed."
TRANSLATED = "said in english."
LOOP = "no more"
_BEGIN, _BEGIN_TRANSLATED, _SECOND = "<|0.00|>", "<|0.02|>", "<|1.00|>"


def tokens_of(text: str) -> list[str]:
    """The words of a text as the vocabulary writes them."""
    return [f"Ġ{word}" for word in text.split()]


WORDS = (*tokens_of(SAID), *tokens_of(TRANSLATED), *tokens_of(LOOP))
"""Words that the vocabulary must have as one token each."""


def successors(*, loops: bool = False) -> dict[str, str]:
    """What follows each token: English is heard, one stretch of a second is said, and translated into another text.

    Args:
        loops: the same two words are said for ever instead, as by Whisper when it has lost the thread.
    """
    said = tokens_of(LOOP) if loops else tokens_of(SAID)
    after = said[0] if loops else _SECOND
    table = {START: ENGLISH, TRANSCRIBE: _BEGIN, TRANSLATE: _BEGIN_TRANSLATED, WITHOUT_TIMES: said[0], _SECOND: END}
    for begin, words, end in ((_BEGIN, said, after), (_BEGIN_TRANSLATED, tokens_of(TRANSLATED), _SECOND)):
        table |= dict(zip((begin, *words), (*words, end), strict=True))
    return table


@dataclass(frozen=True)
class Script:
    """The decoder's weights, [out, in]; every other output of its layers is to be nothing, and so are its positions.

    `embeddings` serve as projection too, as Whisper ties them. `rise` and `rise_bias` are the first half of the last layer's
    feed-forward part, `fall` the second, `norm_bias` that of the last normalisation: it ends what no table knows.
    """

    embeddings: Weight
    rise: Weight
    rise_bias: Weight
    fall: Weight
    norm_bias: Weight


def script(table: Mapping[str, str], vocabulary: Sequence[str], width: int, inner: int) -> Script:
    """The weights for a table of successors.

    Args:
        vocabulary: every token by its number.
        inner: width of the feed-forward part.
    """
    places = {token: place for place, token in enumerate(dict.fromkeys((*table, *table.values())))}
    assert len(places) <= min(width, inner), "every token of the table has a direction of its own"
    numbers = {token: number for number, token in enumerate(vocabulary)}
    shapes: tuple[tuple[int, ...], ...] = ((len(vocabulary), width), (inner, width), (inner,), (width, inner), (width,))
    made = Script(*(np.zeros(shape, np.float32) for shape in shapes))
    for token, place in places.items():
        made.embeddings[numbers[token], place] = 8
        made.rise[place, place] = 4
    made.rise_bias[:] = -2 * np.sqrt(width)  # half of what a token's own direction gives after the normalisation
    for token, successor in table.items():
        made.fall[places[successor], places[token]] = 4
    made.norm_bias[places[END]] = 2
    return made
