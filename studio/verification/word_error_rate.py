"""The word error rate between the expected and the recognised text, and the differences. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from media.messages.message import Message
from studio.verification.text_normalisation import comparable_words

_SHOWN_WORDS = 6
_LONGEST_REPEAT = 12
_AS_LONG = 0.7
_Edit = tuple[tuple[str, ...], tuple[str, ...], tuple[int, int]]

_HARDLY_SAID = frozenset(
    {
        "a", "an", "and", "are", "as", "at", "be", "by", "for", "had", "has", "have", "he", "her", "him", "his", "i",
        "if", "in", "is", "it", "its", "me", "my", "of", "on", "or", "our", "she", "so", "that", "the", "their",
        "them", "then", "they", "this", "to", "us", "was", "we", "were", "will", "you", "your",
    }
)  # fmt: skip
"""English words that fluent speech reduces until a recogniser loses them; one of them alone is no finding."""


@dataclass(frozen=True)
class TranscriptComparison:
    """The recognised text compared with the expected one.

    Args:
        error_rate: (replaced + dropped + inserted) / expected words; 0 if both are empty, may be above 1.
        words: number of expected words.
        dropped, inserted, repeated: runs of words, as text; an inserted run that repeats its neighbours counts as repeated.
        replaced: pairs of expected and recognised words.
    """

    error_rate: float
    words: int
    dropped: tuple[str, ...] = ()
    inserted: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()

    @property
    def finding(self) -> Message | None:
        """The differences, None if there are none."""
        parts = []
        if self.dropped:
            parts.append(Message.of("take.words-left-out", words=_shown(self.dropped)))
        if self.repeated:
            parts.append(Message.of("take.words-said-twice", words=_shown(self.repeated)))
        if self.inserted:
            parts.append(Message.of("take.words-added", words=_shown(self.inserted)))
        if self.replaced:
            wanted, heard = self.replaced[0]
            words, more = _shown((wanted,)), len(self.replaced) - 1
            parts.append(Message.of("take.words-heard-otherwise", words=words, heard=_shown((heard,)), more=more))
        return Message.of("take.words-differ", parts=parts) if parts else None

    @property
    def missing_or_twice(self) -> bool:
        """Whether a word that carries meaning, or three small ones in a row, is not there at all or is said again; a word that is
        heard as another does not count."""
        return _carries_meaning(run.split() for run in (*self.dropped, *self.repeated))

    @property
    def weighty(self) -> bool:
        """Whether a word that carries meaning was left out or said again, or three small ones in a row.

        Of a run that was replaced only the words count that one side has and the other has not.
        """
        runs = [run.split() for run in (*self.dropped, *self.repeated)]
        for wanted, heard in self.replaced:
            counted, got = Counter(wanted.split()), Counter(heard.split())
            runs += [list((counted - got).elements()), list((got - counted).elements())]
        return _carries_meaning(runs)


def _carries_meaning(runs: Iterable[Sequence[str]]) -> bool:
    return any(len(run) >= 3 or any(word not in _HARDLY_SAID for word in run) for run in runs)


def word_error_rate(reference: str, heard: str, language: str = "en") -> float:
    """Return the share of wrong words, by the least number of edits, over the expected words; both texts are normalised."""
    return compare(reference, heard, language).error_rate


def compare(reference: str, heard: str, language: str = "en") -> TranscriptComparison:
    """Compare the recognised text with the expected one."""
    return compare_words(comparable_words(reference, language), comparable_words(heard, language))


def compare_words(wanted: Sequence[str], heard: Sequence[str]) -> TranscriptComparison:
    """Compare words that are normalised already."""
    wanted, heard = tuple(wanted), _parted_alike(tuple(wanted), tuple(heard))
    if not wanted:
        return TranscriptComparison(1.0 if heard else 0.0, 0, inserted=(" ".join(heard),) if heard else ())
    if not heard:
        return TranscriptComparison(1.0, len(wanted), dropped=(" ".join(wanted),))
    import jiwer  # here: only takes that were heard need it

    aligned = jiwer.process_words(" ".join(wanted), " ".join(heard))
    found: dict[str, list[Any]] = {kind: [] for kind in ("dropped", "inserted", "repeated", "replaced")}
    for said, got, place in _edits(aligned.alignments[0], wanted, heard):
        if said and got:
            found["replaced"].append((" ".join(said), " ".join(got)))
        elif said:
            found["dropped"].append(" ".join(said))
        else:
            found["repeated" if _says_again(heard, *place) else "inserted"].append(" ".join(got))
    runs = {kind: tuple(those) for kind, those in found.items()}
    return TranscriptComparison(round(aligned.wer, 4), len(wanted), **runs)


def _edits(alignment: Iterable[Any], wanted: Sequence[str], heard: Sequence[str]) -> Iterator[_Edit]:
    """What was to be said, what was heard for it, and where among what was heard, for each place at which they differ.

    A word that is missing beside one that was heard as a longer word is no word left out: "Alice sighed" is heard as "allaside".
    """
    held: _Edit | None = None
    for part in alignment:
        if part.type == "equal":
            if held is not None:
                yield held
            held = None
            continue
        said, got = (tuple(wanted[part.ref_start_idx : part.ref_end_idx]), tuple(heard[part.hyp_start_idx : part.hyp_end_idx]))
        place = part.hyp_start_idx, part.hyp_end_idx
        if held is not None and _one_mishearing(held[0] + said, held[1] + got):
            held = held[0] + said, held[1] + got, (held[2][0], place[1])
            continue
        if held is not None:
            yield held
        held = said, got, place
    if held is not None:
        yield held


def _one_mishearing(said: Sequence[str], got: Sequence[str]) -> bool:
    """Whether fewer words were heard in the place of more that are about as long."""
    return 0 < len(got) < len(said) and len("".join(got)) >= _AS_LONG * len("".join(said))


def _parted_alike(wanted: Sequence[str], heard: Sequence[str]) -> tuple[str, ...]:
    """What was heard, its compounds in one word or in two as in the text: where a word ends cannot be heard."""
    whole, known = set(wanted), set(heard)
    in_two = {one + other: (one, other) for one, other in pairwise(wanted) if one + other not in whole}
    parted = [part for word in heard for part in in_two.get(word, (word,))]
    joined: list[str] = []
    for word in parted:
        compound = joined[-1] + word if joined else ""
        if compound in whole and compound not in known:
            joined[-1] = compound
        else:
            joined.append(word)
    return tuple(joined)


def _says_again(heard: Sequence[str], start: int, end: int) -> bool:
    """Whether an inserted run stands right before or after the same words."""
    run, size = tuple(heard[start:end]), end - start
    return size <= _LONGEST_REPEAT and run in (tuple(heard[max(0, start - size) : start]), tuple(heard[end : end + size]))


def _shown(runs: Sequence[str]) -> str:
    words = " … ".join(runs).split()
    return " ".join(words[:_SHOWN_WORDS]) + (" …" if len(words) > _SHOWN_WORDS else "")
