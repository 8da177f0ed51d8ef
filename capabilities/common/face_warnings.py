"""Warnings of a finished face job, shown with its result."""

from __future__ import annotations

from capabilities.common.rendering import RenderReport
from media.messages.message import Message
from studio.jobs.capability import JobContext

LOOSE_SYNC = 0.6
"""Correlation of the mouth with the speech below which a warning is given."""
_LIKE_A_PERSON = 0.88
"""People are found with 0.9 and more, painted and drawn ones too; dogs, llamas and monkeys with 0.55 to 0.85, and covered faces
with about as much."""
_MUCH = 0.25
"""The share of pictures without an edit from which a warning is given."""


def face_warnings(report: RenderReport, likeness: float | None = None, what: str = "speech") -> tuple[str, ...]:
    """Return sentences about possible defects of a result, () if there are none.

    Args:
        likeness: the confidence that the chosen face is human, 0 to 1; None if it was not measured.
        what: what the mouth follows.
    """
    found: list[str] = []
    if likeness is not None and likeness < _LIKE_A_PERSON:
        found.append(Message.of("face-result.unlike-a-person").reason())
    if report.audible is False:
        found.append(Message.of("face-result.silent").reason())
    if report.correlation is not None and report.correlation < LOOSE_SYNC:
        found.append(Message.of("face-result.follows-loosely", what=what, sync=max(0.0, report.correlation)).reason())
    left = report.frames - report.edited
    if not report.edited:
        found.append(Message.of("face-result.nowhere").reason())
    elif left > _MUCH * report.frames:
        found.append(Message.of("face-result.left-alone", left=left, pictures=report.frames).reason())
    return tuple(found)


def warned(context: JobContext, warnings: tuple[str, ...]) -> tuple[str, ...]:
    """Report the same as a warning of the job."""
    for sentence in warnings:
        context.warn(sentence)
    return warnings
