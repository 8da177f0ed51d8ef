"""Division of words into portions that fit a model, preferably at ends of sentences, and their time marks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from engines.contract import TimedMark
from engines.speech.common.kokoro_times import BEFORE_SOUNDS, LENGTH_MARKS, is_sound, phoneme_marks, symbol_times
from engines.speech.common.read_word import ReadWord

_SENTENCE_ENDS, _PAUSES = ".!?…", ",;:—.!?…"


@dataclass(frozen=True)
class Portion:
    """Words for one pass of a model; `symbols` is its input, `word_of[i]` the word of symbol i."""

    words: tuple[ReadWord, ...]
    symbols: tuple[str, ...]
    word_of: tuple[int, ...]

    def marks(
        self, durations: Sequence[float], start: float, seconds: float
    ) -> tuple[list[TimedMark], list[tuple[int, float, float]]]:
        """Phonemes, and (number of the word, start, end) of the words that sound, in seconds; nothing where the durations are
        not those of these symbols."""
        if len(durations) != len(self.symbols) + 2:
            return [], []
        times = symbol_times(durations, seconds)
        words: dict[int, tuple[float, float]] = {}
        for symbol, word, (first, last) in zip(self.symbols, self.word_of, times, strict=True):
            if is_sound(symbol) or symbol in BEFORE_SOUNDS + LENGTH_MARKS:
                words[word] = (words.get(word, (first, last))[0], last)
        return list(phoneme_marks(self.symbols, times, start)), [
            (word, start + first, start + last) for word, (first, last) in sorted(words.items())
        ]


def portions(lines: Sequence[Sequence[ReadWord]], known: Collection[str], most: int) -> Iterator[Portion]:
    """Yield all words in order, in portions of at most `most` symbols.

    Args:
        known: the symbols of the model; others are dropped.
    """
    for line in lines:
        held: list[ReadWord] = []
        for word in _fitting(line, most):
            if held and (_ends_sentence(held[-1]) or _length([*held, word]) > most):
                cut = len(held) if _ends_sentence(held[-1]) else _pause_in(held)
                yield from _portion(held[:cut], known)
                held = held[cut:]
            held.append(word)
        yield from _portion(held, known)


def word_marks(given: str, words: Sequence[tuple[ReadWord, float, float]]) -> tuple[TimedMark, ...]:
    """Return the spoken words of the given text with their positions; one that is spoken in two halves is one mark."""
    marks: list[TimedMark] = []
    for word, start, end in words:
        if word.start < 0:
            continue
        if marks and marks[-1].offset == word.start:
            marks[-1] = TimedMark(marks[-1].text, marks[-1].start, end, word.start, marks[-1].length)
        else:
            marks.append(TimedMark(given[word.start : word.end], start, end, word.start, word.end - word.start))
    return tuple(marks)


def _portion(words: Sequence[ReadWord], known: Collection[str]) -> Iterator[Portion]:
    symbols: list[str] = []
    word_of: list[int] = []
    for number, word in enumerate(words):
        spoken = [symbol for symbol in word.phonemes if symbol in known]
        if not spoken:
            continue
        if symbols:
            symbols.append(" ")
            word_of.append(number)
        symbols += spoken
        word_of += [number] * len(spoken)
    if any(map(is_sound, symbols)):
        yield Portion(tuple(words), tuple(symbols), tuple(word_of))


def _fitting(line: Sequence[ReadWord], most: int) -> Iterator[ReadWord]:
    """The words; one that is too long by itself comes in slices."""
    for word in line:
        for at in range(0, max(1, len(word.phonemes)), most):
            yield ReadWord(word.phonemes[at : at + most], word.start, word.end)


def _length(words: Sequence[ReadWord]) -> int:
    return sum(len(word.phonemes) + 1 for word in words) - 1


def _ends_sentence(word: ReadWord) -> bool:
    return word.phonemes.rstrip('"”)').endswith(tuple(_SENTENCE_ENDS))


def _pause_in(words: Sequence[ReadWord]) -> int:
    """The number of words before the last pause in the second half, else all."""
    for number in range(len(words), len(words) // 2, -1):
        if words[number - 1].phonemes.endswith(tuple(_PAUSES)):
            return number
    return len(words)
