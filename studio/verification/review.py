"""The result of recognising a take, and the choice of the best of several takes. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from media.messages.message import Message
from studio.verification.findings import as_stored, read_stored
from studio.verification.verifiers import BASIC, FOLLOWER, LikenessBand, band
from studio.verification.word_error_rate import compare

FORMAT = 2
NEVER = LikenessBand(0.0, 0.0)
SHORT_CRY = 2
"""Words of a take, "Ah!", that a recogniser may take for no speech at all; where the follower hears them they are there."""


@dataclass(frozen=True)
class Review:
    """The review of one take.

    Args:
        listener: id and version of the recogniser, "" if there was none.
        heard: the recognised text.
        error_rate: word error rate, None without a recogniser.
        likeness: similarity to the reference, by an embedding model, None if none was ready or the voice has no reference.
        problems: what is wrong with it, () if nothing is.
        redo: whether it should be rendered again if the job repairs takes.
        score: 0 to 1, for comparing takes of the same text.
    """

    listener: str
    heard: str = ""
    error_rate: float | None = None
    likeness: float | None = None
    problems: tuple[Message, ...] = ()
    redo: bool = False
    score: float = 1.0

    @property
    def sentences(self) -> list[str]:
        """Its problems in the language of this request."""
        return [str(problem) for problem in self.problems]

    def as_data(self) -> dict[str, Any]:
        """Return the review as JSON; `of` reads it."""
        return {"format": FORMAT, **asdict(replace(self, problems=())), **as_stored(self.problems)}

    @classmethod
    def of(cls, data: Mapping[str, Any] | None) -> Review | None:
        """Return a stored review, None if it is no review or has another format."""
        if not data or data.get("format") != FORMAT:
            return None
        try:
            return cls(**{name: data[name] for name in cls.__dataclass_fields__} | {"problems": read_stored(data)})
        except (KeyError, TypeError):
            return None


def review(
    text: str,
    heard: str | None,
    listener: str,
    version: str,
    language: str,
    *,
    options: dict[str, object] | None = None,
    followed: str | None = None,
    cheap_problems: Sequence[Message] = (),
    cheap_score: float = 1.0,
    unlike: Message | None = None,
    likeness: float | None = None,
    likeness_band: LikenessBand = NEVER,
) -> Review:
    """Combine what is known of a take.

    Args:
        heard: None without a recogniser.
        followed: what the reading follower recognised beside another recogniser, None if it was not used.
        cheap_problems, cheap_score: results of the take's own checks (length, silence, clipping).
        unlike: tells of a voice that differs from its reference by classical measures; only flags.
        likeness, likeness_band: by an embedding model; below the lower limit the take is another person's.
    """
    problems, redo, penalty, rate = _words_wrong(text, heard, followed, listener, language, options)
    if likeness is not None:
        said, other, added = _voice_wrong(likeness, likeness_band)
        problems, redo, penalty = [*problems, *said], redo or other, penalty + added
    elif unlike is not None:
        problems.append(unlike)
        penalty += 0.1
    return Review(
        listener=f"{listener} {version}".strip(),
        heard=heard or "",
        error_rate=rate,
        likeness=None if likeness is None else round(likeness, 4),
        problems=tuple(problems),
        redo=redo or bool(cheap_problems),
        score=round(max(0.0, cheap_score - penalty), 4),
    )


def _voice_wrong(likeness: float, limits: LikenessBand) -> tuple[list[Message], bool, float]:
    """What is wrong with the voice, whether to make the take again, and the penalty."""
    if likeness >= max(limits.flag, limits.redo):
        return [], False, 0.0
    other = likeness < limits.redo
    least = limits.redo if other else limits.flag
    problem = Message.of("take.other-voice", sure=other, likeness=likeness, least=least)
    return [problem], other, (0.3 if other else 0.1) + (least - likeness) / 2


def _words_wrong(
    text: str, heard: str | None, followed: str | None, listener: str, language: str, options: dict[str, object] | None
) -> tuple[list[Message], bool, float, float | None]:
    """What is wrong with the words, whether to make the take again, the penalty, and the error rate."""
    problems, redo, penalty, rate = list[Message](), False, 0.0, None
    along = compare(text, followed, language) if followed is not None else None
    if along is not None and not along.error_rate and not (heard or "").strip() and along.words <= SHORT_CRY:
        heard = None
    if heard is not None:
        found = compare(text, heard, language)
        rate = found.error_rate
        if listener == FOLLOWER:
            flagged = redo = found.weighty
        else:
            limits = band(listener, language, options)
            plain = listener not in BASIC and language.split("-")[0].lower() == "en" and found.missing_or_twice
            flagged = plain or rate >= limits.flag
            redo = plain or (limits.redo is not None and rate >= limits.redo)
        if flagged and (wrong := found.finding) is not None:
            problems.append(Message.of("take.roughly-heard", found=wrong) if listener in BASIC else wrong)
        penalty += min(0.6, rate)
    if along is not None and along.weighty:
        redo, penalty = True, penalty + min(0.6, along.error_rate)
        if (wrong := along.finding) is not None and wrong not in problems:
            problems.append(wrong)
    return problems, redo, penalty, rate


def best(reviews: Sequence[Review]) -> int:
    """Return the index of the take to keep: the best score, the earliest among equals."""
    return max(range(len(reviews)), key=lambda index: (reviews[index].score, -index))
