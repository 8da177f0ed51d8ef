"""What was to be said against what was heard: the word error rate, and in words what is wrong. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from studio.verification.text_normalisation import comparable_words

_SHOWN_WORDS = 6
_LONGEST_REPEAT = 12

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
    """What was heard, held against what was to be said.

    Args:
        error_rate: (replaced + dropped + inserted) / words to be said; 0 when both are empty, may be above 1.
        words: how many were to be said.
        dropped, inserted, repeated: runs of words, as text; an inserted run that says again what stands beside it is repeated.
        replaced: pairs of what was to be said and what was heard.
    """

    error_rate: float
    words: int
    dropped: tuple[str, ...] = ()
    inserted: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()

    @property
    def sentence(self) -> str:
        """What is wrong in one sentence, "" when nothing is."""
        parts = []
        if self.dropped:
            parts.append(f"“{_shown(self.dropped)}” is left out")
        if self.repeated:
            parts.append(f"“{_shown(self.repeated)}” is said twice")
        if self.inserted:
            parts.append(f"“{_shown(self.inserted)}” is added")
        if self.replaced:
            wanted, heard = self.replaced[0]
            more = f" and {len(self.replaced) - 1} more" if len(self.replaced) > 1 else ""
            parts.append(f"“{_shown((wanted,))}” is heard as “{_shown((heard,))}”{more}")
        return f"{', '.join(parts)}." if parts else ""

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
    """Share of words that are wrong, by the least number of edits, over the words to be said; both texts made comparable."""
    return compare(reference, heard, language).error_rate


def compare(reference: str, heard: str, language: str = "en") -> TranscriptComparison:
    """Hold what was heard against what was to be said."""
    return compare_words(comparable_words(reference, language), comparable_words(heard, language))


def compare_words(wanted: Sequence[str], heard: Sequence[str]) -> TranscriptComparison:
    """The same for words that are comparable already."""
    wanted, heard = tuple(wanted), tuple(heard)
    if not wanted:
        return TranscriptComparison(1.0 if heard else 0.0, 0, inserted=(" ".join(heard),) if heard else ())
    if not heard:
        return TranscriptComparison(1.0, len(wanted), dropped=(" ".join(wanted),))
    import jiwer  # here: only takes that were heard need it

    aligned = jiwer.process_words(" ".join(wanted), " ".join(heard))
    dropped: list[str] = []
    inserted: list[str] = []
    repeated: list[str] = []
    replaced: list[tuple[str, str]] = []
    for part in aligned.alignments[0]:
        said = wanted[part.ref_start_idx : part.ref_end_idx]
        got = heard[part.hyp_start_idx : part.hyp_end_idx]
        if part.type == "delete":
            dropped.append(" ".join(said))
        elif part.type == "insert":
            again = _says_again(heard, part.hyp_start_idx, part.hyp_end_idx)
            (repeated if again else inserted).append(" ".join(got))
        elif part.type == "substitute":
            replaced.append((" ".join(said), " ".join(got)))
    return TranscriptComparison(
        round(aligned.wer, 4), len(wanted), tuple(dropped), tuple(inserted), tuple(repeated), tuple(replaced)
    )  # fmt: skip


def _says_again(heard: Sequence[str], start: int, end: int) -> bool:
    """Whether an inserted run stands right before or after the same words."""
    run, size = tuple(heard[start:end]), end - start
    return size <= _LONGEST_REPEAT and run in (tuple(heard[max(0, start - size) : start]), tuple(heard[end : end + size]))


def _shown(runs: Sequence[str]) -> str:
    words = " … ".join(runs).split()
    return " ".join(words[:_SHOWN_WORDS]) + (" …" if len(words) > _SHOWN_WORDS else "")
