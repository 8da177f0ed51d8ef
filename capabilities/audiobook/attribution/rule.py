"""Attribution of quotes to speakers by rules, with a confidence.

A verb of speech with a name beside a quote decides. Otherwise everyone who was named or spoke nearby is scored: turns alternate,
nobody speaks twice in a row, a person who is addressed by name is not the speaker and answers next, and "she said" excludes
everyone who is called he.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from capabilities.audiobook.attribution.names import BookCast, cast_of, named_in, plain, pronoun_in
from capabilities.audiobook.attribution.quotes import QuotePiece, marks_of, pieces_of

SURE = 2.5
"""A margin from which a line is not shown for review."""

_NAMED, _UNKNOWN = 10.0, 0.0
_TWO_BACK, _TWO_AHEAD, _NEIGHBOUR = 2.2, 1.8, -2.5
_CALLED, _ANSWERS = -5.0, 1.8
_GENDER, _OTHER_GENDER = 1.5, -6.0
_NEAR, _FADING = 1.5, 0.6
_REACH = 4
_SWEEPS = 3


@dataclass(frozen=True)
class Attribution:
    """The speaker of a paragraph, "" without a likely one, with the margin to the second and that one's name."""

    who: str
    margin: float
    second: str = ""


@dataclass
class _QuotedTurn:
    """A paragraph with quoted speech."""

    paragraph: int
    pieces: list[QuotePiece]
    named: str
    pronoun: str
    called: frozenset[str]
    near: Mapping[str, float]
    found: Attribution


def attributed(paragraphs: Sequence[str]) -> tuple[list[list[QuotePiece]], list[Attribution | None]]:
    """Return the pieces of each paragraph, and its speaker; None without quoted speech."""
    marks = marks_of(paragraphs)
    pieces = [pieces_of(text, marks) for text in paragraphs]
    cast = cast_of(" ".join(one.text for one in parts if not one.quoted) for parts in pieces)
    turns = _turns(pieces, cast)
    for sweep in range(_SWEEPS):
        order = range(len(turns)) if sweep % 2 == 0 else range(len(turns) - 1, -1, -1)
        for at in order:
            if not turns[at].named:
                turns[at].found = _weighed(turns, at, cast)
    found: list[Attribution | None] = [None] * len(paragraphs)
    for turn in turns:
        found[turn.paragraph] = turn.found
    return pieces, found


def _turns(pieces: Sequence[Sequence[QuotePiece]], cast: BookCast) -> list[_QuotedTurn]:
    turns = []
    told = [" ".join(one.text for one in parts if not one.quoted) for parts in pieces]
    mentions = [[name for _, name in cast.mentioned(text)] for text in told]
    for number, parts in enumerate(pieces):
        if not any(one.quoted for one in parts):
            continue
        named = cast.of(_name_beside(parts))
        said = " ".join(one.text for one in parts if one.quoted)
        near: dict[str, float] = {}
        for distance in range(_REACH):
            for name in mentions[number - distance] if number >= distance else ():
                near.setdefault(name, _NEAR * _FADING**distance)
        called = frozenset(name for _, name in cast.mentioned(said) if _is_called(said, name))
        first = Attribution(named, _NAMED) if named else Attribution("", _UNKNOWN)
        turns.append(_QuotedTurn(number, list(parts), named, pronoun_in(told[number]), called, near, first))
    return turns


def _name_beside(parts: Sequence[QuotePiece]) -> str:
    for at, one in enumerate(parts):
        if not one.quoted and at and (name := named_in(one.text.split(". ")[0], after=True)):
            return name
    first = parts[0]
    return "" if first.quoted else named_in(first.text.split(". ")[-1], after=False)


def _is_called(said: str, name: str) -> bool:
    """Return whether a name is a form of address: between commas or at an edge of the speech."""
    last = plain(name).split()[-1]
    lowered = said.casefold()
    at = lowered.find(last)
    while at >= 0:
        before, after = lowered[:at].rstrip(' “‘"«'), lowered[at + len(last) : at + len(last) + 1]
        if (not before or before[-1] in ",!?.;—") and after in ',!?.;”’"»':
            return True
        at = lowered.find(last, at + len(last))
    return False


def _weighed(turns: Sequence[_QuotedTurn], at: int, cast: BookCast) -> Attribution:
    turn = turns[at]
    if turn.pronoun == "they":  # several at once, whom the narrator reads
        return Attribution("", _UNKNOWN)
    close = [
        other for other in turns[max(0, at - _REACH) : at + _REACH + 1] if abs(other.paragraph - turn.paragraph) <= 2 * _REACH
    ]
    names = {
        *turn.near,
        *(other.found.who for other in close if other.found.who),
        *(name for other in close for name in other.called),
    }
    scores = {name: turn.near.get(name, 0.0) for name in names}
    neighbours = {step: turns[at + step] for step in (-2, -1, 1, 2) if 0 <= at + step < len(turns)}
    for step, weight in ((-2, _TWO_BACK), (2, _TWO_AHEAD), (-1, _NEIGHBOUR), (1, _NEIGHBOUR)):
        other = neighbours.get(step)
        if other is not None and other.found.who in scores and abs(other.paragraph - turn.paragraph) <= abs(step) + 1:
            sure = step < 0 or bool(other.named)
            scores[other.found.who] += weight if sure else weight / 2
    for name in scores:
        scores[name] += _CALLED if name in turn.called else 0.0
        if (before := neighbours.get(-1)) is not None and name in before.called:
            scores[name] += _ANSWERS
        if turn.pronoun in ("he", "she"):
            gender = cast.gender.get(name, "")
            scores[name] += _GENDER if gender == turn.pronoun else _OTHER_GENDER if gender else 0.0
    ranked = sorted(scores.items(), key=lambda one: (-one[1], one[0]))
    if not ranked or ranked[0][1] <= 0:
        return Attribution("", _UNKNOWN, ranked[0][0] if ranked else "")
    second = ranked[1] if len(ranked) > 1 else ("", 0.0)
    return Attribution(ranked[0][0], min(_NAMED - 1, ranked[0][1] - second[1]), second[0])
